// Makes a release: all packages get the same version. It changes only this checkout, and pushes or publishes nothing.
//   node tools/release.mjs VERSION           or patch, minor, major: sets versions and pins, edits the changelog, commits, tags
//   node tools/release.mjs --check [TAG]     checks that all versions agree; for a tag, that it agrees and is in the changelog
//   node tools/release.mjs --notes FOLDER    prints the release's text: its part of the changelog, the tarballs' checksums
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import semver from "semver";
import { CORE, coreOf, packages, pins } from "./packages.mjs";
import { repository } from "./paths.mjs";
import { ProgramFailure, run } from "./run.mjs";

const CHANGELOG = "CHANGELOG.md";
const LOCK = "package-lock.json";
const UNRELEASED = "## [Unreleased]";

class Refusal extends Error {}

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean" }, notes: { type: "boolean" } },
  allowPositionals: true,
});
const [argument] = positionals;
try {
  if (values.check) check(argument ?? tagOfWorkflow());
  else if (values.notes && argument) process.stdout.write(notes(argument));
  else if (argument) release(argument);
  else throw new Refusal("Which version? node tools/release.mjs VERSION, or patch, minor, major");
} catch (error) {
  if (!(error instanceof Refusal || error instanceof ProgramFailure)) throw error;
  console.error(error.message);
  process.exit(1);
}

function release(wanted) {
  const { version: current } = coreOf(packages()).manifest;
  const version = nextVersion(current, wanted);
  const tag = `v${version}`;

  const changes = git("status", "--porcelain");
  if (changes) throw new Refusal(`Commit or put away first what is not committed:\n${changes}`);
  if (git("tag", "--list", tag)) throw new Refusal(`The tag ${tag} exists already.`);
  const changelog = read(CHANGELOG);
  const released = sections(changelog).flatMap(({ version }) => version ?? []);
  // The packages may already have a version that is not released yet.
  const notNewer = semver.gt(current, version)
    ? current
    : released.find((other) => semver.gte(other, version));
  if (notNewer) throw new Refusal(`${version} is not newer than ${notNewer}.`);
  const unreleased = sections(changelog).find((section) => section.version === undefined);
  if (!unreleased || !/^- /m.test(unreleased.text)) {
    throw new Refusal(`${CHANGELOG} lists nothing under ${UNRELEASED}: say what changed.`);
  }

  const all = packages();
  const lock = JSON.parse(read(LOCK));
  for (const { folder, manifest } of all) {
    const needed = pins(manifest, all);
    for (const entry of [manifest, lock.packages[folder]]) {
      entry.version = version;
      for (const { field, name } of needed) entry[field][name] = version;
    }
  }
  const files = new Map(all.map(({ file, manifest }) => [file, json(manifest)]));
  files.set(LOCK, json(lock));
  const date = new Date().toISOString().slice(0, 10);
  files.set(CHANGELOG, changelog.replace(UNRELEASED, `${UNRELEASED}\n\n## [${version}] - ${date}`));

  try {
    for (const [file, content] of files) writeFileSync(join(repository, file), content);
    check(tag);
    git("add", "--", ...files.keys());
    git("commit", "--quiet", "--message", `Release ${version}`);
    git("tag", "--annotate", tag, "--message", `${CORE} ${version}`);
  } catch (error) {
    git("restore", "--staged", "--worktree", "--", ...files.keys());
    throw error;
  }
  console.log(`Committed and tagged. To publish: git push --atomic origin HEAD ${tag}`);
}

function check(tag) {
  const faults = [];
  const expect = (what, found, wanted) => {
    if (found !== wanted) faults.push(`${what} is ${found ?? "missing"}, not ${wanted}`);
  };
  const all = packages();
  const { version } = coreOf(all).manifest;
  const locked = JSON.parse(read(LOCK)).packages;
  for (const { folder, file, manifest } of all) {
    expect(`the version in ${file}`, manifest.version, version);
    expect(`the version of ${folder} in ${LOCK}`, locked[folder]?.version, version);
    for (const { field, name, version: pin } of pins(manifest, all)) {
      expect(`the pin of ${name} in ${file}`, pin, version);
      expect(`the pin of ${name} of ${folder} in ${LOCK}`, locked[folder]?.[field]?.[name], version);
    }
  }
  if (tag) {
    expect("the tag", tag, `v${version}`);
    if (!section(version)) faults.push(`${CHANGELOG} has no "## [${version}] - DATE"`);
  }
  if (faults.length > 0) throw new Refusal(faults.join("\n"));
  console.log(`${all.length} packages in lockstep at ${version}${tag ? `, as ${tag} says` : ""}`);
}

function notes(folder) {
  const { version } = coreOf(packages()).manifest;
  const found = section(version);
  if (!found) throw new Refusal(`${CHANGELOG} has no "## [${version}] - DATE"`);
  const tarballs = readdirSync(folder)
    .filter((name) => name.endsWith(".tgz"))
    .sort();
  if (tarballs.length === 0) throw new Refusal(`No tarballs in ${folder}.`);
  const sha256 = (name) =>
    createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
  const sums = tarballs.map((name) => `${sha256(name)}  ${name}`);
  return `${found.text.trim()}\n\n### SHA-256\n\n\`\`\`\n${sums.join("\n")}\n\`\`\`\n`;
}

function tagOfWorkflow() {
  const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
  return GITHUB_REF_TYPE === "tag" ? GITHUB_REF_NAME : undefined;
}

/** The parts of the changelog: each with its version (undefined: unreleased) and the text below its heading. */
function sections(changelog) {
  return changelog
    .split(/^(?=## \[)/m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      const name = /^## \[(.*?)\]/.exec(part)[1];
      return { version: name === "Unreleased" ? undefined : name, text: part.slice(end) };
    });
}

function section(version) {
  return sections(read(CHANGELOG)).find((found) => found.version === version);
}

function nextVersion(current, wanted) {
  if (["major", "minor", "patch"].includes(wanted)) return semver.inc(current, wanted);
  if (semver.valid(wanted) === wanted) return wanted;
  throw new Refusal(`${wanted} is not a version such as 1.2.0 or 1.2.0-rc.1, nor patch, minor, major.`);
}

function read(file) {
  return readFileSync(join(repository, file), "utf8");
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function git(...args) {
  return run("git", args, { cwd: repository }).trimEnd();
}
