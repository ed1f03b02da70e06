// Runs tools/publish.mjs with stand-ins for the packages, on a registry on loopback. Each test continues from the one before it.
import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ALL } from "../architectures.mjs";
import { packages as checkedOut, inGroups } from "../packages.mjs";
import { repository } from "../paths.mjs";
import { startRegistry } from "../registry.mjs";
import { run } from "../run.mjs";

const NATIVES = ALL.map((arch) => `@sendmsg/native-linux-${arch}`);
const [, , DEPENDENTS] = inGroups(checkedOut()).map((group) => group.map(({ manifest }) => manifest.name));
const PACKAGES = [...NATIVES, "sendmsg", ...DEPENDENTS];

const packages = mkdtempSync(join(tmpdir(), "sendmsg-publish-"));
let registry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(async () => {
  await registry?.stop();
  rmSync(packages, { recursive: true, force: true });
});

const environment = (changes) => ({ ...process.env, ...registry.environment, ...changes });

// Not run() of tools/run.mjs, which blocks this process: vitest's worker must answer meanwhile.
const execute = promisify(execFile);

/** Runs tools/publish.mjs on the stand-ins of this version. */
function publish(version, { options = [], workflow = {}, flags = [`--registry=${registry.url}`] } = {}) {
  const args = ["tools/publish.mjs", join(packages, version), ...options, "--", ...flags];
  return execute("node", args, { cwd: repository, env: environment(workflow) });
}

const succeeds = async (version, how) => (await publish(version, how)).stdout;

const fails = (version, reason, how) =>
  expect(publish(version, how)).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(reason) });

/** The packages of which the registry has this version. */
const published = (version) =>
  PACKAGES.filter((name) => {
    const record = join(registry.folder, "storage", name, "package.json");
    return existsSync(record) && version in JSON.parse(readFileSync(record, "utf8")).versions;
  });

const tarball = (version, name) =>
  join(
    packages,
    version,
    readdirSync(join(packages, version)).find((file) => file.includes(name)),
  );

const DRY = { options: ["--dry-run"] };

test("--dry-run publishes nothing", async () => {
  standIns("1.0.0");
  expect(await succeeds("1.0.0", DRY)).toContain("sendmsg@1.0.0 would be published as latest");
  expect(published("1.0.0")).toEqual([]);
});

test("a pre-release gets the tag next", async () => {
  standIns("1.0.0-rc.1");
  expect(await succeeds("1.0.0-rc.1", DRY)).toContain("sendmsg@1.0.0-rc.1 would be published as next");
});

test("publishes the native packages, then sendmsg, then what depends on it, and then tries the published packages", async () => {
  const output = await succeeds("1.0.0");
  const order = [...output.matchAll(/^(.*)@1\.0\.0 has been published as latest$/gm)].map(([, name]) => name);
  expect(order.slice(0, NATIVES.length).sort()).toEqual([...NATIVES].sort());
  expect(order.slice(NATIVES.length)).toEqual(["sendmsg", ...DEPENDENTS]);
  expect(output).toMatch(/^(# |ℹ )pass 7$/m);
  expect(output).toContain("the example passes an open file");
  expect(output).toContain("@sendmsg/unix-dgram works under the name unix-dgram");
  expect(published("1.0.0")).toEqual(PACKAGES);
});

test("skips packages that are already published", async () => {
  const output = await succeeds("1.0.0");
  expect(output).not.toContain("has been published");
  expect(output.match(/@1\.0\.0 is published$/gm)).toHaveLength(PACKAGES.length);
});

test("fails if a version is already published with other contents", async () => {
  standIns("1.0.0", { description: "something else" });
  await fails("1.0.0", "@1.0.0 is published with other contents");
});

test("completes a publication that was interrupted", async () => {
  standIns("1.1.0");
  const args = ["publish", tarball("1.1.0", "arm64"), "--access=public"];
  await execute("npm", args, { cwd: packages, env: environment() });
  const output = await succeeds("1.1.0");
  expect(output).toContain("arm64@1.1.0 is published");
  expect(output.match(/has been published/g)).toHaveLength(PACKAGES.length - 1);
});

test("fails if the published package does not work", async () => {
  standIns("1.2.0", { exports: { ".": "./missing.js" } });
  await fails(
    "1.2.0",
    [
      "Version 1.2.0 is published, but the tests above failed.",
      "If npm could not download a package, run this command again: it skips what is published, and repeats the tests.",
      "If a package is broken, release the next version, because a published version can't be replaced. " +
        'Until then, warn users: npm deprecate PACKAGE@1.2.0 "REASON"',
    ].join("\n"),
  );
});

test.each(["ia32", "unix-dgram"])(
  "fails before publishing anything if the tarball of %s is missing",
  async (name) => {
    standIns("1.3.0");
    rmSync(tarball("1.3.0", name));
    await fails("1.3.0", new RegExp(`1\\.3\\.0 needs the tarballs .*${name}@1\\.3\\.0.*; in .*: `));
    expect(published("1.3.0")).toEqual([]);
  },
);

test("fails before publishing anything if a package needs another version of sendmsg", async () => {
  standIns("1.3.0", { dependencies: { sendmsg: "^1.3.0" } });
  await fails("1.3.0", /@sendmsg\/unix-dgram@1\.3\.0 needs sendmsg@\^1\.3\.0, and not 1\.3\.0/);
  expect(published("1.3.0")).toEqual([]);
});

test("fails if the registry does not answer", async () => {
  await fails("1.1.0", "ECONNREFUSED", { flags: ["--registry=http://127.0.0.1:1/", "--fetch-retries=0"] });
});

test("fails before publishing anything if the workflow runs in another repository than the package names", async () => {
  standIns("1.4.0", { repository: { url: "git+https://localhost/a/b.git" } });
  const workflow = (repository) => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/",
    GITHUB_REPOSITORY: repository,
  });
  await fails("1.4.0", "provenance takes the URL of c/b", { workflow: workflow("c/b") });
  expect(published("1.4.0")).toEqual([]);
  await succeeds("1.4.0", { ...DRY, workflow: workflow("a/b") });
});

const UNIX_DGRAM = `
const bound = {};
exports.createSocket = (type, listener) => ({
  bind(path) { bound[path] = listener; },
  connect(path) { this.send = (data, callback) => { bound[path](data); callback(); }; },
  close() {},
});
`;

/**
 * Makes tarballs with the names and manifests of the packages. This sendmsg does not send a descriptor, but its path in /proc. The
 * sockets of unix-dgram are only in this process.
 */
function standIns(version, changes = {}) {
  const folder = join(packages, version);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const pack = (manifest, files) => {
    const stage = join(folder, "stage");
    mkdirSync(join(stage, "package"), { recursive: true });
    for (const [name, content] of Object.entries({ "package.json": JSON.stringify(manifest), ...files })) {
      writeFileSync(join(stage, "package", name), content);
    }
    const tarball = `${manifest.name.replace("@", "").replace("/", "-")}-${version}.tgz`;
    run("tar", ["-czf", join(folder, tarball), "package"], { cwd: stage });
    rmSync(stage, { recursive: true });
  };
  for (const arch of ALL) {
    const name = `@sendmsg/native-linux-${arch}`;
    pack(
      { name, version, os: ["linux"], cpu: [arch], ...changes, exports: undefined, dependencies: undefined },
      {},
    );
  }
  for (const name of DEPENDENTS) {
    pack(
      {
        name,
        version,
        main: "./index.js",
        dependencies: { sendmsg: version },
        ...changes,
        exports: undefined,
      },
      { "index.js": UNIX_DGRAM },
    );
  }
  pack(
    {
      ...{ name: "sendmsg", version, type: "module", bin: "./doctor.js", exports: { ".": "./index.js" } },
      ...changes,
      optionalDependencies: Object.fromEntries(NATIVES.map((name) => [name, version])),
      dependencies: undefined,
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
}
