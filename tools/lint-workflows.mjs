// Checks the workflows with actionlint, and the shell scripts with shellcheck. Also checks that each action is pinned by the hash
// of a commit, and that the scripts which the workflows run exist.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";
import { finish, noCounts, record } from "./results.mjs";
import { attempt } from "./run.mjs";
import { toolbox } from "./toolbox.mjs";

// These runners are newer than this actionlint.
const RUNNERS = /^label "ubuntu-24\.04(-arm)?" is unknown/;
// These warnings are wrong here: commas within qemu's options, dollars that are not for the shell, and variables that a sourced
// file sets for others.
const SHELLCHECK_IS_WRONG = ["SC2054", "SC2016", "SC2034"];

requirePackages(["shellcheck"]);
const { createLinter } = createRequire(join(toolbox(), "package.json"))("actionlint");
const actionlint = await createLinter();
const counts = noCounts();

const names = readdirSync(join(repository, ".github/workflows"));
for (const file of names.map((name) => `.github/workflows/${name}`)) {
  const text = readFileSync(join(repository, file), "utf8");
  check(
    `${file}: actionlint`,
    actionlint(text, file)
      .filter(({ message }) => !RUNNERS.test(message))
      .map(({ line, column, message, kind }) => `${line}:${column} ${message} [${kind}]`),
  );
  check(
    `${file}: actions are pinned`,
    matches(text, /\buses:\s*(.*)/g).filter(
      (action) => !action.startsWith("./") && !/^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action),
    ),
  );
  check(
    `${file}: what it runs is there`,
    matches(text, /(?<![\w/])((?:tools|\.github|\.ci)\/[\w./-]*\w)/g).filter(
      (path) => !existsSync(join(repository, path)),
    ),
  );
}

const roots = readdirSync(join(repository, "tools/roots")).map((name) => `tools/roots/${name}`);
for (const file of [".ci/run", ".github/container.sh", ...roots]) {
  const isSourced = !readFileSync(join(repository, file), "utf8").startsWith("#!");
  const options = [
    ...(isSourced ? ["--shell=bash"] : []),
    `--exclude=${SHELLCHECK_IS_WRONG}`,
    "--format=gcc",
  ];
  const args = [...options, "--external-sources", "--source-path=SCRIPTDIR", file];
  const { stdout, error } = attempt("shellcheck", args, { cwd: repository });
  check(`${file}: shellcheck`, error ? [error.message] : stdout.split("\n").filter(Boolean));
}

record("workflows", counts);
finish(counts);

function check(what, faults) {
  counts[faults.length === 0 ? "passed" : "failed"]++;
  if (faults.length > 0) console.log(`FAILED ${what}\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
}

function matches(text, pattern) {
  return [...text.matchAll(pattern)].map((match) => match[1].trim());
}
