// Users replace unix-dgram by @sendmsg/unix-dgram as the README of packages/unix-dgram says, with each package manager and without a
// compiler. Then a metric of hot-shots arrives at a server.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { datagramServer } from "./datagram-server.mjs";
import { project, withYarn } from "./project.mjs";
import { publishFolder } from "./publish-installed.mjs";
import { forMaintainers, forNpm, forPnpm, forYarn } from "./readme-override.mjs";
import { bun, cli, inToolbox, nodes } from "./toolbox.mjs";

const own = process.versions.node.split(".")[0];

/** Sends a metric to the server whose path is the argument, and prints which package hot-shots has for unix-dgram. */
const programOf = (library) => `
const { createRequire } = require("node:module");
const StatsD = require("${library}");
const client = new StatsD({ protocol: "uds", path: process.argv[2], errorHandler: ({ message }) => console.log(message) });
client.increment("visits");
client.close(() => console.log(createRequire(require.resolve("${library}"))("unix-dgram/package.json").name));
`;

/** What hot-shots says where unix-dgram could not be built. */
const NOT_INSTALLED =
  "The library `unix_dgram`, needed for the uds protocol to work, is not installed. You need to pick another protocol to use hot-shots.";

const DEPENDENCY = { "hot-shots": "17.1.1" };

function userOfHotShots(options) {
  const user = project({ ...options, manifest: { type: "commonjs", dependencies: DEPENDENCY } });
  user.write("metric.js", programOf("hot-shots"));
  return user;
}

/** Adds keys to the project's package.json. */
const addToManifest = (user, keys) =>
  user.write("package.json", JSON.stringify({ ...JSON.parse(user.read("package.json")), ...keys }));

async function expectMetric(user, ...runtime) {
  const { path, next } = await datagramServer(user);
  expect(await user.run(...runtime, "metric.js", path)).toBe("@sendmsg/unix-dgram\n");
  expect(await next()).toMatch(/^visits:1\|c\n?$/);
}

/** The original needs these packages to build and find its binary. */
function expectNoTraceOfTheOriginal(user, lockfile) {
  const text = user.read(lockfile);
  expect(text).toContain("@sendmsg/unix-dgram");
  expect(text).not.toMatch(/\b(nan|bindings|node-gyp)\b/);
}

async function expectNotInstalled(user, ...runtime) {
  const { stdout, stderr } = await user.start(...runtime, "metric.js", "server.sock").ended;
  expect(stdout + stderr).toContain(NOT_INSTALLED);
}

describe.each([
  ["npm10", 18],
  ["npm11", own],
  ["npm12", 24],
])("%s on Node %s", (name, major) => {
  test("an override replaces a unix-dgram that could not be built", async () => {
    const user = userOfHotShots({ node: nodes[major] });
    user.command("npm", cli("npm", name));
    await user.run("npm", "install");
    await expectNotInstalled(user, "node");
    addToManifest(user, forNpm());
    await user.run("npm", "install");
    expectNoTraceOfTheOriginal(user, "package-lock.json");
    await expectMetric(user, "node");
  });
});

/** Makes a library that depends on @sendmsg/unix-dgram as the README says to maintainers. */
function maintainersLibrary(root, name) {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name, version: "1.0.0", main: "index.js", ...forMaintainers() }),
  );
  writeFileSync(
    join(folder, "index.js"),
    `const { createSocket } = require("unix-dgram");
     module.exports = class {
       constructor({ path }) { this.socket = createSocket("unix_dgram"); this.socket.connect(path); }
       increment(name) { this.socket.send(Buffer.from(name + ":1|c")); }
       close(callback) { this.socket.close(); callback(); }
     };`,
  );
  return folder;
}

test("npm: with a lockfile and --ignore-scripts, npm ci installs the same", async () => {
  const user = userOfHotShots();
  user.command("npm", cli("npm"));
  addToManifest(user, forNpm());
  await user.run("npm", "install", "--package-lock-only");
  await user.run("npm", "ci", "--ignore-scripts");
  await expectMetric(user, "node");
});

test("npm: a library's users get it without an override if the library depends on it", async () => {
  const user = project({ manifest: { type: "commonjs" } });
  user.command("npm", cli("npm"));
  const library = "small-statsd";
  await publishFolder(inject("registry"), maintainersLibrary(user.root, library));
  await user.run("npm", "install", library);
  expectNoTraceOfTheOriginal(user, "package-lock.json");
  user.write("metric.js", programOf(library));
  await expectMetric(user, "node");
});

describe("pnpm", () => {
  const withPnpm = () => {
    const user = userOfHotShots();
    user.command("pnpm", inToolbox("pnpm/bin/pnpm.cjs"));
    return user;
  };
  const install = (user) => user.run("pnpm", "install", "--no-frozen-lockfile", `--registry=${user.url}`);

  test("an override replaces a unix-dgram that was not built", async () => {
    const user = withPnpm();
    await install(user);
    await expectNotInstalled(user, "node");
    user.write("pnpm-workspace.yaml", forPnpm());
    await install(user);
    expectNoTraceOfTheOriginal(user, "pnpm-lock.yaml");
    await expectMetric(user, "node");
  });
});

describe("Yarn", () => {
  test.each([
    ["node_modules", "node-modules", ["node"]],
    ["Plug'n'Play", "pnp", ["yarn", "node"]],
  ])("a resolution replaces unix-dgram, with %s", async (_, linker, runtime) => {
    const user = withYarn(linker, userOfHotShots);
    addToManifest(user, forYarn());
    await user.run("yarn", "install");
    expectNoTraceOfTheOriginal(user, "yarn.lock");
    await expectMetric(user, ...runtime);
  });
});

test("Bun: an override replaces a unix-dgram that was not built", async () => {
  const user = userOfHotShots();
  await user.run(bun, "install", `--registry=${user.url}`);
  await expectNotInstalled(user, bun);
  addToManifest(user, forNpm());
  await user.run(bun, "install", `--registry=${user.url}`);
  expectNoTraceOfTheOriginal(user, "bun.lock");
  await expectMetric(user, bun);
});
