// Each package manager installs sendmsg from a registry, without a compiler. Then the README's programs run.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ALL } from "../../tools/architectures.mjs";
import { project, runReadme, withYarn } from "./project.mjs";
import { bun, cli, inToolbox, nodes } from "./toolbox.mjs";

const own = process.versions.node.split(".")[0];
const VERSION = JSON.parse(
  readFileSync(new URL("../../packages/core/package.json", import.meta.url), "utf8"),
).version;

/** The versions of npm, each with a version of Node that it supports. */
const npms = [
  ["npm10", 18],
  ["npm11", own],
  ["npm12", 24],
];

function withNpm(name, major) {
  const user = project({ node: nodes[major] });
  for (const command of ["npm", "npx"]) user.command(command, cli(command, name));
  return user;
}

const installedNatives = (user) =>
  ALL.filter((arch) => existsSync(join(user.folder, "node_modules/@sendmsg", `native-linux-${arch}`)));

describe.each(npms)("%s on Node %s", (name, major) => {
  test("npm install installs one native package, and the README's programs run", async () => {
    const user = withNpm(name, major);
    await user.run("npm", "install", "sendmsg");
    expect(installedNatives(user)).toEqual([process.arch]);
    await runReadme(user, ["node"]);
    expect(await user.run("npx", "sendmsg", "--version")).toBe(`${VERSION}\n`);
  });

  test("the README's programs run after npm install --ignore-scripts", async () => {
    const user = withNpm(name, major);
    await user.run("npm", "install", "--ignore-scripts", "sendmsg");
    await runReadme(user, ["node"]);
  });

  test("npm ci installs this machine's native package from a lockfile of another architecture", async () => {
    const user = withNpm(name, major);
    await user.run("npm", "install", "--package-lock-only", "--os=linux", "--cpu=arm64", "sendmsg");
    for (const arch of ALL) {
      expect(user.read("package-lock.json")).toContain(`"node_modules/@sendmsg/native-linux-${arch}"`);
    }
    await user.run("npm", "ci");
    expect(installedNatives(user)).toEqual([process.arch]);
    await runReadme(user, ["node"]);
  });

  test("npm install --cpu installs the native package of that architecture, and no other", async () => {
    const user = withNpm(name, major);
    await user.run("npm", "install", "--os=linux", "--cpu=arm64", "sendmsg");
    expect(installedNatives(user)).toEqual(["arm64"]);
  });

  test("after npm install --omit=optional, the error says what is missing and what to do", async () => {
    const user = withNpm(name, major);
    await user.run("npm", "install", "--omit=optional", "sendmsg");
    expect(installedNatives(user)).toEqual([]);
    user.write(
      "first.mjs",
      'import { socketpair } from "sendmsg";\ntry { socketpair(); } catch (e) { console.log(e.code + "\\n" + e.message); }\n',
    );
    const version = (await user.run("node", "-p", "process.versions.node")).trim();
    const target = `@sendmsg/native-linux-${process.arch}`;
    expect((await user.run("node", "first.mjs")).trimEnd().split("\n")).toEqual([
      "ERR_SENDMSG_NATIVE_LOAD",
      `sendmsg has no native binary to run with on linux-${process.arch} (Node.js ${version}).`,
      `${target} is not installed: it is an optional dependency, and was left out (--omit=optional, --no-optional), or the lockfile was made on another platform and does not list it.`,
      "Looked for:",
      `  - ${target}: Cannot find module '${target}/package.json'`,
      `  - ${user.folder}/node_modules/sendmsg/native/build/Release: no local build`,
      "To fix it: npm install --include=optional",
    ]);
    // Do what the error says.
    await user.run("npm", "install", "--include=optional");
    await runReadme(user, ["node"]);
  });
});

test("the README's programs run after pnpm add", async () => {
  const user = project();
  user.command("pnpm", inToolbox("pnpm/bin/pnpm.cjs"));
  await user.run("pnpm", "install", `--registry=${user.url}`);
  await user.run("pnpm", "add", "sendmsg", `--registry=${user.url}`);
  await runReadme(user, ["node"]);
  expect(await user.run("pnpm", "exec", "sendmsg", "--version")).toBe(`${VERSION}\n`);
});

describe("Yarn", () => {
  test("the README's programs run with node_modules", async () => {
    const user = withYarn("node-modules");
    await user.run("yarn", "add", "sendmsg");
    expect(installedNatives(user)).toEqual([process.arch]);
    await runReadme(user, ["node"]);
  });

  test("the README's programs run with Plug'n'Play", async () => {
    const user = withYarn("pnp");
    await user.run("yarn", "add", "sendmsg");
    expect(existsSync(join(user.folder, "node_modules"))).toBe(false);
    // Yarn replaces node:fs. Its FileHandle has no Symbol.asyncDispose.
    await runReadme(user, ["yarn", "node"]);
  });
});

test("after bun add, Bun runs the README's programs", async () => {
  const user = project();
  await user.run(bun, "add", "sendmsg", `--registry=${user.url}`);
  expect(installedNatives(user)).toEqual([process.arch]);
  await runReadme(user, [bun]);
});
