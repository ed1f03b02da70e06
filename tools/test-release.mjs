// Tries tools/release.mjs in a clone, and tools/publish.mjs with stand-ins for the packages, on a registry on loopback.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
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
import semver from "semver";
import { architectures } from "./architectures.mjs";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";
import { startRegistry } from "./registry.mjs";
import { describeCounts, record } from "./results.mjs";

const LIMIT = 5 * 60 * 1000;
const PACKAGES = ["sendmsg", ...Object.keys(architectures).map((arch) => `@sendmsg/native-linux-${arch}`)];

requirePackages(["git"]);
const folder = mkdtempSync(join(tmpdir(), "sendmsg-release-"));
const gitConfiguration = join(folder, "gitconfig");
// In a container the checkout may be another user's.
writeFileSync(gitConfiguration, "[safe]\n\tdirectory = *\n");

// What is around the tests does not count: no tag's workflow, no user's git.
const neutral = { ...process.env };
for (const name of Object.keys(neutral)) if (/^(GITHUB|ACTIONS|GIT)_/.test(name)) delete neutral[name];
Object.assign(neutral, {
  ...{ GIT_CONFIG_GLOBAL: gitConfiguration, GIT_CONFIG_NOSYSTEM: "1" },
  ...{ GIT_AUTHOR_NAME: "test", GIT_AUTHOR_EMAIL: "test@localhost" },
  ...{ GIT_COMMITTER_NAME: "test", GIT_COMMITTER_EMAIL: "test@localhost" },
});

const counts = { passed: 0, failed: 0 };
let registry;
try {
  testRelease(join(folder, "clone"));
  registry = await startRegistry();
  testPublish(join(folder, "packages"));
} catch (error) {
  counts.failed++;
  console.log(`FAILED: ${error.stack}`);
} finally {
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
}
record("release", counts);
console.log(describeCounts(counts));
process.exit(counts.failed === 0 ? 0 : 1);

function testRelease(clone) {
  // Above the clone, where git does not see it.
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  run(folder, "git", "clone", "--quiet", "--no-hardlinks", repository, clone);
  // The tools as they are now, not as they were committed.
  cpSync(join(repository, "tools"), join(clone, "tools"), { recursive: true });
  const git = (...args) => run(clone, "git", ...args).stdout.trim();
  const read = (file) => readFileSync(join(clone, file), "utf8");
  const manifest = (file) => JSON.parse(read(file));
  const write = (file, content) => writeFileSync(join(clone, file), content);
  const release = (...args) => attempt(clone, {}, "node", "tools/release.mjs", ...args);
  const commit = (message) => {
    git("add", "--all");
    git("commit", "--quiet", "--allow-empty", "--message", message);
  };

  const first = manifest("packages/core/package.json").version;
  const next = semver.inc(first, "minor");
  for (const tag of git("tag").split("\n").filter(Boolean)) git("tag", "--delete", tag);
  write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- The beginning.\n");
  commit("What has yet to be released");

  const refuses = (name, args, reason) =>
    test(`release refuses ${name}`, () => {
      const [head, state] = [git("rev-parse", "HEAD"), git("status", "--porcelain")];
      const { status, output } = release(...args);
      expect(status === 1 && reason.test(output), output);
      expect(
        git("rev-parse", "HEAD") === head && git("status", "--porcelain") === state,
        "something changed",
      );
    });

  test("the packages are in lockstep", () => expect(release("--check").status === 0, "--check failed"));
  test("the first release is of the version that the packages have", () => {
    const { status, output } = release(first);
    expect(status === 0, output);
    expect(git("show", "--format=%s", "--name-only") === `Release ${first}\n\nCHANGELOG.md`, git("show"));
    expect(git("cat-file", "-t", `v${first}`) === "tag", "the tag is not an annotated one");
  });
  refuses("a changelog without anything new", ["patch"], /CHANGELOG\.md lists nothing under/);
  write("CHANGELOG.md", read("CHANGELOG.md").replace("[Unreleased]\n", "[Unreleased]\n\n- More.\n"));
  refuses("what is not committed", ["patch"], /not committed:\n M CHANGELOG\.md/);
  commit("More");
  write("untracked", "");
  refuses("files that git does not know", ["patch"], /\?\? untracked/);
  rmSync(join(clone, "untracked"));
  refuses("a version that has a tag", [first], /tag v.* exists already/);
  refuses("an older version", ["0.0.0"], /0\.0\.0 is not newer than/);
  refuses("what is not a version", ["newest"], /newest is not a version/);
  refuses("what is almost a version", ["v9.9.9"], /v9\.9\.9 is not a version/);
  refuses("to guess", [], /Which version\?/);
  git("tag", `v${next}`);
  refuses("a tag that is taken", ["minor"], new RegExp(`tag v${next} exists already`));
  git("tag", "--delete", `v${next}`);
  git("tag", "--delete", `v${first}`);
  refuses("a version of the changelog", [first], new RegExp(`${first} is not newer than ${first}`));
  mkdirSync(join(clone, ".git/hooks"), { recursive: true });
  writeFileSync(join(clone, ".git/hooks/pre-commit"), "#!/bin/sh\necho no >&2\nexit 1\n", { mode: 0o755 });
  refuses("when git does, and puts all back", ["minor"], /git commit .* failed: status 1\nno/);
  rmSync(join(clone, ".git/hooks/pre-commit"));

  test("a release is one commit and its tag", () => {
    const head = git("rev-parse", "HEAD");
    const { status, output } = release("minor");
    expect(status === 0, output);
    expect(git("rev-parse", "HEAD^") === head, "not one commit");
    expect(git("status", "--porcelain") === "", git("status"));
    expect(git("rev-parse", `v${next}^{commit}`) === git("rev-parse", "HEAD"), "the tag is elsewhere");
    expect(git("cat-file", "-t", `v${next}`) === "tag", "the tag is not an annotated one");
    const files = readdirSync(join(clone, "packages")).map((name) => `packages/${name}/package.json`);
    const wanted = ["CHANGELOG.md", "package-lock.json", ...files].sort().join("\n");
    expect(git("diff", "--name-only", "HEAD^") === wanted, git("diff", "--stat", "HEAD^"));
  });
  test("all versions and pins are the new one", () => {
    for (const name of readdirSync(join(clone, "packages"))) {
      const { version } = manifest(`packages/${name}/package.json`);
      expect(version === next, `${name}: ${version}`);
    }
    const pins = manifest("packages/core/package.json").optionalDependencies;
    const wanted = PACKAGES.slice(1).sort();
    expect(Object.keys(pins).sort().join() === wanted.join(), `pins of ${Object.keys(pins)}`);
    expect(
      Object.values(pins).every((pin) => pin === next),
      JSON.stringify(pins),
    );
    const changed = git("diff", "--unified=0", "HEAD^", "--", "packages", "package-lock.json")
      .split("\n")
      .filter((line) => /^[+] /.test(line));
    expect(changed.length === 2 * (PACKAGES.length + Object.keys(pins).length), changed.join("\n"));
    expect(
      changed.every((line) => line.includes(`"${next}"`)),
      changed.join("\n"),
    );
  });
  test("the lock file is what npm makes of it", () => {
    run(clone, "npm", "install", "--package-lock-only", "--offline", "--ignore-scripts", "--no-audit");
    expect(git("status", "--porcelain") === "", git("diff"));
  });
  test("the changelog has a part for it, and an empty one for the next", () => {
    const today = /\d{4}-\d\d-\d\d/.source;
    const wanted = `## \\[Unreleased\\]\n\n## \\[${next}\\] - ${today}\n\n- More\\.\n\n## \\[${first}\\] - ${today}\n\n### Added\n\n- The beginning\\.\n$`;
    expect(new RegExp(wanted).test(read("CHANGELOG.md")), read("CHANGELOG.md"));
  });

  test("--check takes the tag of a workflow, and no other", () => {
    const checked = (tag, type) =>
      attempt(clone, { GITHUB_REF_TYPE: type, GITHUB_REF_NAME: tag }, "node", "tools/release.mjs", "--check");
    expect(checked(`v${next}`, "tag").status === 0, checked(`v${next}`, "tag").output);
    expect(checked("main", "branch").status === 0, checked("main", "branch").output);
    const other = checked(`v${first}`, "tag");
    expect(other.status === 1 && other.output.includes(`the tag is v${first}, not v${next}`), other.output);
  });
  const findsFault = (name, file, change, reason) =>
    test(`--check finds ${name}`, () => {
      const before = read(file);
      write(file, change(before));
      const { status, output } = release("--check", `v${next}`);
      write(file, before);
      expect(status === 1 && reason.test(output), output);
    });
  const newer = semver.inc(next, "patch");
  const pin = (text) => text.replace(`-x64": "${next}"`, `-x64": "^${next}"`);
  findsFault(
    "a package of another version",
    "packages/native-linux-ia32/package.json",
    (text) => text.replace(next, newer),
    /the version in packages\/native-linux-ia32\/package\.json is/,
  );
  findsFault(
    "a pin that is a range",
    "packages/core/package.json",
    pin,
    /the pin of .*-x64 in packages\/core/,
  );
  findsFault("one in the lock file", "package-lock.json", pin, /the pin of .*-x64 in package-lock\.json/);
  findsFault(
    "a changelog without the version",
    "CHANGELOG.md",
    (text) => text.replace(next, newer),
    /CHANGELOG\.md has no/,
  );
  test("--notes tells what changed and the checksums", () => {
    const tarballs = join(folder, "notes");
    mkdirSync(tarballs);
    writeFileSync(join(tarballs, "sendmsg-1.0.0.tgz"), "");
    const { status, output } = release("--notes", tarballs);
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const wanted = `- More.\n\n### SHA-256\n\n\`\`\`\n${empty}  sendmsg-1.0.0.tgz\n\`\`\`\n`;
    expect(status === 0 && output === wanted, output);
  });
}

function testPublish(packages) {
  const publish = (version, ...args) => publishWith({}, version, ...args);
  const publishWith = (environment, version, ...args) =>
    attempt(
      repository,
      { ...registry.environment, ...environment },
      ...["node", "tools/publish.mjs", join(packages, version), ...args, "--", `--registry=${registry.url}`],
    );
  const published = (version) =>
    PACKAGES.filter((name) => {
      const record = join(registry.folder, "storage", name, "package.json");
      return existsSync(record) && version in JSON.parse(readFileSync(record, "utf8")).versions;
    });

  standIns(join(packages, "1.0.0"), "1.0.0");
  test("--dry-run publishes nothing", () => {
    const { status, output } = publish("1.0.0", "--dry-run");
    expect(status === 0 && /sendmsg@1\.0\.0 would be published as latest/.test(output), output);
    expect(published("1.0.0").length === 0, `published: ${published("1.0.0")}`);
  });
  test("a pre-release gets a tag of its own", () => {
    standIns(join(packages, "1.0.0-rc.1"), "1.0.0-rc.1");
    const { status, output } = publish("1.0.0-rc.1", "--dry-run");
    expect(status === 0 && /sendmsg@1\.0\.0-rc\.1 would be published as next/.test(output), output);
  });
  test("the native packages are published, then sendmsg, then they are tried", () => {
    const { status, output } = publish("1.0.0");
    expect(status === 0, output);
    const order = [...output.matchAll(/^(.*)@1\.0\.0 has been published as latest$/gm)].map(
      ([, name]) => name,
    );
    expect(order.length === PACKAGES.length && order.at(-1) === "sendmsg", output);
    expect(/^passed: the example.*\n(.*\n)*\d+ passed, 0 failed$/m.test(output), output);
    expect(published("1.0.0").length === PACKAGES.length, `published: ${published("1.0.0")}`);
  });
  test("what is published already stays", () => {
    const { status, output } = publish("1.0.0");
    expect(status === 0 && !output.includes("has been published"), output);
    expect(output.match(/@1\.0\.0 is published$/gm)?.length === PACKAGES.length, output);
  });
  test("other contents under a published version are an error", () => {
    standIns(join(packages, "1.0.0"), "1.0.0", { description: "something else" });
    const { status, output } = publish("1.0.0");
    expect(status === 1 && /@1\.0\.0 is published with other contents/.test(output), output);
  });

  standIns(join(packages, "1.1.0"), "1.1.0");
  test("a publication that was interrupted is completed", () => {
    const [name] = readdirSync(join(packages, "1.1.0")).filter((file) => file.includes("arm64"));
    const args = ["npm", "publish", join(packages, "1.1.0", name), "--access=public"];
    const { status: begun, output: said } = attempt(packages, registry.environment, ...args);
    expect(begun === 0, said);
    const { status, output } = publish("1.1.0");
    expect(status === 0 && output.includes("arm64@1.1.0 is published"), output);
    expect(output.match(/has been published/g)?.length === PACKAGES.length - 1, output);
  });

  test("a package that does not work is told", () => {
    standIns(join(packages, "1.2.0"), "1.2.0", { exports: { ".": "./missing.js" } });
    const { status, output } = publish("1.2.0");
    expect(status === 1 && /sendmsg@1\.2\.0 is published, and does not work/.test(output), output);
  });
  test("a missing tarball is told before anything is published", () => {
    standIns(join(packages, "1.3.0"), "1.3.0");
    const [name] = readdirSync(join(packages, "1.3.0")).filter((file) => file.includes("ia32"));
    rmSync(join(packages, "1.3.0", name));
    const { status, output } = publish("1.3.0");
    expect(status === 1 && /sendmsg@1\.3\.0 goes with .*ia32@1\.3\.0/.test(output), output);
    expect(published("1.3.0").length === 0, `published: ${published("1.3.0")}`);
  });
  test("a registry that does not answer is told", () => {
    const args = ["--", "--registry=http://127.0.0.1:1/", "--fetch-retries=0"];
    const script = ["node", "tools/publish.mjs", join(packages, "1.1.0"), ...args];
    const { status, output } = attempt(repository, registry.environment, ...script);
    expect(status === 1 && /ECONNREFUSED/.test(output), output);
  });
  test("provenance is refused for another repository before anything is published", () => {
    standIns(join(packages, "1.4.0"), "1.4.0", { repository: { url: "git+https://localhost/a/b.git" } });
    const workflow = { ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/", GITHUB_REPOSITORY: "c/b" };
    const { status, output } = publishWith(workflow, "1.4.0");
    expect(status === 1 && /provenance takes the URL of c\/b/.test(output), output);
    expect(published("1.4.0").length === 0, `published: ${published("1.4.0")}`);
    const own = publishWith({ ...workflow, GITHUB_REPOSITORY: "a/b" }, "1.4.0", "--dry-run");
    expect(own.status === 0, own.output);
  });
}

/** Tarballs with the names and the manifests of the packages. Instead of a descriptor, this sendmsg sends its path in /proc. */
function standIns(folder, version, changes = {}) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pack = (manifest, files) => {
    const stage = join(folder, "stage");
    mkdirSync(join(stage, "package"), { recursive: true });
    for (const [name, content] of Object.entries({ "package.json": JSON.stringify(manifest), ...files })) {
      writeFileSync(join(stage, "package", name), content);
    }
    const tarball = `${manifest.name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    run(stage, "tar", "-czf", join(folder, tarball), "package");
    rmSync(stage, { recursive: true });
  };
  for (const arch of Object.keys(architectures)) {
    const name = `@sendmsg/native-linux-${arch}`;
    pack({ name, version, os: ["linux"], cpu: [arch], ...changes, exports: undefined }, {});
  }
  pack(
    {
      ...{ name: "sendmsg", version, type: "module", bin: "./doctor.js", exports: { ".": "./index.js" } },
      optionalDependencies: Object.fromEntries(PACKAGES.slice(1).map((name) => [name, version])),
      ...changes,
    },
    {
      "doctor.js": `#!/usr/bin/env node\nconsole.log(JSON.stringify({ version: "${version}" }));\n`,
      "index.js": `
import { once } from "node:events";
import { openSync } from "node:fs";
import { connect, createServer } from "node:net";
Symbol.dispose ??= Symbol("dispose");
export class Socket {
  constructor(socket) { this.socket = socket; }
  static async connect({ path }) { return new Socket(connect(path)); }
  async sendmsg({ data, fds = [] }) {
    this.socket.write(JSON.stringify({ data, paths: fds.map(({ fd }) => \`/proc/\${process.pid}/fd/\${fd}\`) }));
  }
  async recvmsg() {
    const [bytes] = await once(this.socket, "data");
    const { data, paths } = JSON.parse(bytes);
    const fds = paths.map((path) => openSync(path));
    return { data, takeFds: () => fds.map((fd) => ({ handOver: (take) => take(fd) })), [Symbol.dispose]() {} };
  }
  async close() { this.socket.end(); }
}
export class Listener {
  static async listen({ path }) {
    const server = createServer().listen(path);
    await once(server, "listening");
    return { accept: async () => new Socket((await once(server, "connection"))[0]), close: async () => server.close() };
  }
}
`,
    },
  );
  expect(existsSync(join(folder, `sendmsg-${version}.tgz`)), "no tarball was made");
}

function test(name, body) {
  try {
    body();
    counts.passed++;
  } catch (error) {
    counts.failed++;
    console.log(`FAILED: ${name}\n${error.message}`);
  }
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

function attempt(cwd, environment, program, ...args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...neutral, ...environment },
    encoding: "utf8",
    timeout: LIMIT,
  });
  return { status, stdout, output: `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}` };
}

function run(cwd, program, ...args) {
  const result = attempt(cwd, {}, program, ...args);
  if (result.status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${result.output}`);
  return result;
}
