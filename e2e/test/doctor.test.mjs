// The commands of `npx sendmsg`: doctor, with an installation that works and with broken ones, and build.
import { appendFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectWithSendmsg, runReadme } from "./project.mjs";
import { cli } from "./toolbox.mjs";

const NATIVE = `@sendmsg/native-linux-${process.arch}`;

// The program that npx starts. npx itself takes a second, so only the first test, the last one and managers.test.mjs use npx.
const SENDMSG = "node_modules/.bin/sendmsg";

function withNpm(user) {
  for (const command of ["npm", "npx"]) user.command(command, cli(command));
}

/** A project in which npm has left out the native package. */
function withoutNative() {
  const user = projectWithSendmsg();
  rmSync(join(user.folder, "node_modules/@sendmsg"), { recursive: true });
  return user;
}

describe("npx sendmsg doctor", () => {
  test("shows the versions, the binary and the kernel's features", async () => {
    const user = projectWithSendmsg();
    withNpm(user);
    const text = await user.run("npx", "sendmsg", "doctor");
    expect(text).toMatch(/^sendmsg \d+\.\d+\.\d+ on linux-/);
    expect(text).toMatch(/sha256 [0-9a-f]{64} \(as published\)/);
    expect(text).toContain(`node_modules/${NATIVE}/prebuilds/linux-${process.arch}/sendmsg.node`);
    for (const name of [
      "UDP_SEGMENT",
      "UDP_GRO",
      "SO_ZEROCOPY",
      "SO_PASSPIDFD",
      "SO_PASSRIGHTS",
      "SO_TIMESTAMPING_NEW",
    ]) {
      expect(text).toMatch(new RegExp(`(yes|no ) {2}${name}`));
    }
  });

  test("says if the binary is not the published one", async () => {
    const user = projectWithSendmsg();
    appendFileSync(
      join(user.folder, "node_modules", NATIVE, `prebuilds/linux-${process.arch}/sendmsg.node`),
      "\n",
    );
    expect(await user.run(SENDMSG, "doctor")).toContain("(NOT the file that was published)");
  });

  test("without a native package, says what is wrong and what to do", async () => {
    const user = withoutNative();
    const { status, stdout } = await user.start(SENDMSG, "doctor").ended;
    expect(status).toBe(1);
    expect(stdout).toContain("The native part does not load.");
    expect(stdout).toContain("To fix it: npm install --include=optional");
    const json = await user.start(SENDMSG, "doctor", "--json").ended;
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: false,
      problem: { fix: "npm install --include=optional", looked: [{ for: NATIVE }, {}] },
    });
  });

  test("names both packages if their versions differ", async () => {
    const user = projectWithSendmsg();
    const path = `node_modules/${NATIVE}/package.json`;
    user.write(path, JSON.stringify({ ...JSON.parse(user.read(path)), version: "0.0.1" }));
    const { problem } = JSON.parse((await user.start(SENDMSG, "doctor", "--json").ended).stdout);
    expect(problem.message).toContain(join(user.folder, "node_modules/sendmsg"));
    expect(problem.message).toContain(join(user.folder, "node_modules", NATIVE));
  });

  test.each([
    [[], "a command is missing"],
    [["cure"], "no such command: cure"],
    [["doctor", "now"], "unexpected argument: now"],
    [["doctor", "--xml"], "--xml"],
    [["build", "--json"], "--json is for doctor"],
  ])("refuses %j", async (args, message) => {
    const user = projectWithSendmsg();
    const { status, stderr } = await user.start(SENDMSG, ...args).ended;
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).toContain("Usage: sendmsg doctor");
  });
});

test("npx sendmsg build compiles a missing binary, and the library uses it", async () => {
  const user = withoutNative();
  withNpm(user);
  // Let the build find this machine's compiler, headers and Python.
  user.env.PATH = `${user.bin}:${process.env.PATH}`;
  if (process.env.npm_config_nodedir) user.env.npm_config_nodedir = process.env.npm_config_nodedir;
  else if (existsSync("/usr/include/node/node_api.h")) user.env.npm_config_nodedir = "/usr";
  expect(await user.run("npx", "sendmsg", "build")).toContain("native/build/Release/sendmsg.node");
  await runReadme(user, ["node"]);
  const found = JSON.parse(await user.run(SENDMSG, "doctor", "--json"));
  expect(found.ok).toBe(true);
  expect(found.native.package).toBeUndefined();
  expect(found.native.path).toBe(join(user.folder, "node_modules/sendmsg/native/build/Release/sendmsg.node"));
});
