// Runs tools/release.mjs in a clone of this repository. Each test continues from the one before it.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import semver from "semver";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ALL } from "../architectures.mjs";
import { requirePackages } from "../debian.mjs";
import { repository } from "../paths.mjs";
import { attempt, run } from "../run.mjs";

requirePackages(["git"]);
const folder = mkdtempSync(join(tmpdir(), "sendmsg-release-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const clone = join(folder, "clone");
// While git or npm runs, vitest's worker can't answer. So let it answer between the tests.
beforeEach(() => setImmediate());

// In a container, the checkout may belong to another user. git refuses that, unless the folder counts as safe.
writeFileSync(join(folder, "gitconfig"), "[safe]\n\tdirectory = *\n");
const env = {
  ...process.env,
  ...{ GIT_CONFIG_GLOBAL: join(folder, "gitconfig"), GIT_CONFIG_NOSYSTEM: "1" },
  ...{ GIT_AUTHOR_NAME: "test", GIT_AUTHOR_EMAIL: "test@localhost" },
  ...{ GIT_COMMITTER_NAME: "test", GIT_COMMITTER_EMAIL: "test@localhost" },
};
const git = (...args) => run("git", args, { cwd: clone, env }).trim();
const read = (file) => readFileSync(join(clone, file), "utf8");
const manifest = (file) => JSON.parse(read(file));
const write = (file, content) => writeFileSync(join(clone, file), content);
const commit = (message) => {
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", message);
};
const release = (args, environment) =>
  attempt("node", ["tools/release.mjs", ...args], { cwd: clone, env: { ...env, ...environment } });
const succeeds = (args, environment) => {
  const { failure, stdout } = release(args, environment);
  expect(failure).toBeUndefined();
  return stdout;
};
const fails = (args, reason, environment) => {
  const { status, stderr } = release(args, environment);
  expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(reason) });
};

run("git", ["clone", "--quiet", "--no-hardlinks", repository, clone], { env });
// Use the tools as they are in the checkout, even if they are not committed. Put their dependencies above the clone, where git does
// not see them.
cpSync(join(repository, "tools"), join(clone, "tools"), { recursive: true });
symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
for (const tag of git("tag").split("\n").filter(Boolean)) git("tag", "--delete", tag);
write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- The beginning.\n");
commit("What has yet to be released");

const first = manifest("packages/core/package.json").version;
const next = semver.inc(first, "minor");
const today = /\d{4}-\d\d-\d\d/.source;

test("--check finds the same version in all packages", () => {
  succeeds(["--check"]);
});

test("the first release has the version that the packages already have", () => {
  succeeds([first]);
  expect(git("show", "--format=%s", "--name-only")).toBe(`Release ${first}\n\nCHANGELOG.md`);
  expect(git("cat-file", "-t", `v${first}`)).toBe("tag");
});

describe("refuses", () => {
  /** `prepare` may return a function that undoes what it did. */
  const refuses = (name, args, reason, prepare) =>
    test(name, () => {
      const undo = prepare?.();
      const state = () => [git("rev-parse", "HEAD"), git("status", "--porcelain")];
      const before = state();
      fails(args, reason);
      expect(state()).toEqual(before);
      undo?.();
    });

  refuses("a changelog that lists nothing new", ["patch"], /CHANGELOG\.md lists nothing under/);
  refuses("to release changes that are not committed", ["patch"], /not committed:\n M CHANGELOG\.md/, () => {
    write("CHANGELOG.md", read("CHANGELOG.md").replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"));
    return () => commit("More");
  });
  refuses("files that git does not know", ["patch"], /\?\? untracked/, () => {
    write("untracked", "");
    return () => rmSync(join(clone, "untracked"));
  });
  refuses("a version that has a tag", [first], /tag v.* exists already/);
  refuses("an older version", ["0.0.0"], /0\.0\.0 is not newer than/);
  refuses("a word that is no version", ["newest"], /newest is not a version/);
  refuses("a version with a v before it", ["v9.9.9"], /v9\.9\.9 is not a version/);
  refuses("to guess the version", [], /Which version\?/);
  refuses(
    "a version that somebody has already tagged",
    ["minor"],
    new RegExp(`tag v${next} exists already`),
    () => {
      git("tag", `v${next}`);
      return () => git("tag", "--delete", `v${next}`);
    },
  );
  refuses(
    "a version that the changelog already has",
    [first],
    new RegExp(`${first} is not newer than ${first}`),
    () => {
      git("tag", "--delete", `v${first}`);
    },
  );
  refuses(
    "if git commit fails, and undoes all changes",
    ["minor"],
    /git commit .* failed: status 1\nno/,
    () => {
      const hook = join(clone, ".git/hooks/pre-commit");
      mkdirSync(join(hook, ".."), { recursive: true });
      writeFileSync(hook, "#!/bin/sh\necho no >&2\nexit 1\n", { mode: 0o755 });
      return () => rmSync(hook);
    },
  );
});

describe("a release", () => {
  test("is one commit and its tag", () => {
    const head = git("rev-parse", "HEAD");
    succeeds(["minor"]);
    expect(git("rev-parse", "HEAD^")).toBe(head);
    expect(git("status", "--porcelain")).toBe("");
    expect(git("rev-parse", `v${next}^{commit}`)).toBe(git("rev-parse", "HEAD"));
    expect(git("cat-file", "-t", `v${next}`)).toBe("tag");
    const manifests = readdirSync(join(clone, "packages")).map((name) => `packages/${name}/package.json`);
    const changed = ["CHANGELOG.md", "package-lock.json", ...manifests].sort();
    expect(git("diff", "--name-only", "HEAD^").split("\n")).toEqual(changed);
  });

  test("sets the new version in all packages, and where they need each other", () => {
    const natives = ALL.map((arch) => `@sendmsg/native-linux-${arch}`);
    for (const name of readdirSync(join(clone, "packages"))) {
      expect(manifest(`packages/${name}/package.json`).version, name).toBe(next);
    }
    const pins = manifest("packages/core/package.json").optionalDependencies;
    expect(pins).toEqual(Object.fromEntries(natives.map((name) => [name, next])));
    const changed = git("diff", "--unified=0", "HEAD^", "--", "packages", "package-lock.json")
      .split("\n")
      .filter((line) => /^[+] /.test(line));
    const others = readdirSync(join(clone, "packages")).filter(
      (name) => !/^(core|native-linux-.*)$/.test(name),
    );
    for (const name of others) {
      expect(manifest(`packages/${name}/package.json`).dependencies.sendmsg, name).toBe(next);
    }
    // The version of each package, of each native package that core needs, and of the sendmsg that the others need: both in the
    // manifests and in the lock file.
    expect(changed).toHaveLength(2 * (natives.length + 1 + natives.length + 2 * others.length));
    expect(changed.filter((line) => !line.includes(`"${next}"`))).toEqual([]);
  });

  test("has the same lock file that npm would make", () => {
    const args = ["install", "--package-lock-only", "--offline", "--ignore-scripts", "--no-audit"];
    run("npm", args, { cwd: clone, env });
    expect(git("diff")).toBe("");
    expect(git("status", "--porcelain")).toBe("");
  });

  test("has its own part in the changelog, below an empty part for the next release", () => {
    expect(read("CHANGELOG.md")).toMatch(
      new RegExp(
        `## \\[Unreleased\\]\n\n## \\[${next}\\] - ${today}\n\n- More\\.\n\n## \\[${first}\\] - ${today}\n\n### Added\n\n- The beginning\\.\n$`,
      ),
    );
  });
});

describe("--check", () => {
  test("accepts the tag of a workflow if it is the version's, and refuses others", () => {
    const ref = (type, name) => ({ GITHUB_REF_TYPE: type, GITHUB_REF_NAME: name });
    succeeds(["--check"], ref("tag", `v${next}`));
    succeeds(["--check"], ref("branch", "main"));
    fails(["--check"], `the tag is v${first}, not v${next}`, ref("tag", `v${first}`));
  });

  const newer = (text) => text.replace(next, semver.inc(next, "patch"));
  const range = (text) => text.replace(`-x64": "${next}"`, `-x64": "^${next}"`);
  const rangeOfCore = (text) => text.replace(`"sendmsg": "${next}"`, `"sendmsg": "^${next}"`);
  const unrelated = (text) => text.replace('"sendmsg": ', '"other": ');
  const dependent = "packages/unix-dgram/package.json";
  const native = "packages/native-linux-ia32/package.json";
  test.each([
    ["a package of another version", native, newer, `the version in ${native} is`],
    ["a pin that is a range", "packages/core/package.json", range, /the pin of .*-x64 in packages\/core/],
    [
      "a range in the lock file",
      "package-lock.json",
      range,
      /the pin of .*-x64 of packages\/core in package-lock/,
    ],
    [
      "a range of sendmsg",
      dependent,
      rangeOfCore,
      /the pin of sendmsg in packages\/unix-dgram\/package\.json is \^/,
    ],
    [
      "a range of sendmsg in the lock file",
      "package-lock.json",
      rangeOfCore,
      /the pin of sendmsg of packages\/unix-dgram in package-lock\.json is \^/,
    ],
    [
      "a package without a kind",
      dependent,
      unrelated,
      /unix-dgram neither is sendmsg or its binary nor depends on/,
    ],
    ["a changelog without the version", "CHANGELOG.md", newer, /CHANGELOG\.md has no/],
  ])("finds %s", (_, file, change, reason) => {
    const before = read(file);
    write(file, change(before));
    fails(["--check", `v${next}`], reason);
    write(file, before);
  });
});

test("--notes prints the changes and the checksums", () => {
  const tarballs = join(folder, "notes");
  mkdirSync(tarballs);
  writeFileSync(join(tarballs, "sendmsg-1.0.0.tgz"), "");
  const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  expect(succeeds(["--notes", tarballs])).toBe(
    `- More.\n\n### SHA-256\n\n\`\`\`\n${empty}  sendmsg-1.0.0.tgz\n\`\`\`\n`,
  );
});
