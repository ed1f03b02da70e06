// Programs that call unix-dgram themselves run with @sendmsg/unix-dgram in its place.
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { datagramServer } from "./datagram-server.mjs";
import { projectWithUsersOfUnixDgram } from "./project.mjs";
import { bun, inToolbox, nodes } from "./toolbox.mjs";

/** Sends a datagram with what `load` has imported. */
const program = (load) => `${load}
const socket = createSocket("unix_dgram");
socket.on("connect", () => socket.send(Buffer.from("hello"), (error) => {
  console.log(error ?? "sent");
  socket.close();
}));
socket.connect(process.argv[2]);
`;

/** How programs load unix-dgram: each with a file name that says of which type the module is. */
const LOADS = [
  ["require()", "main.cjs", 'const { createSocket } = require("unix-dgram");'],
  [
    "require() of the original's file",
    "main.cjs",
    'const { createSocket } = require("unix-dgram/lib/unix_dgram");',
  ],
  ["import of a name", "main.mjs", 'import { createSocket } from "unix-dgram";'],
  ["import of the default", "main.mjs", 'import unix from "unix-dgram"; const { createSocket } = unix;'],
  ["import of everything", "main.mjs", 'import * as unix from "unix-dgram"; const { createSocket } = unix;'],
];

async function expectHello(user, runtime, file) {
  const { path, next } = await datagramServer(user);
  expect(await user.run(...runtime, file, path)).toBe("sent\n");
  expect(await next()).toBe("hello");
}

describe.each(Object.keys(nodes))("Node %s", (major) => {
  test.each(LOADS)("%s", async (_, file, load) => {
    const user = projectWithUsersOfUnixDgram({ node: nodes[major] });
    user.write(file, program(load));
    await expectHello(user, ["node"], file);
  });

  test("import() in CommonJS has createSocket, also as a property of the default", async () => {
    const user = projectWithUsersOfUnixDgram({ node: nodes[major] });
    user.write(
      "main.cjs",
      `import("unix-dgram").then((unix) => console.log(unix.createSocket === unix.default.createSocket && unix.createSocket === require("unix-dgram").createSocket));`,
    );
    expect(await user.run("node", "main.cjs")).toBe("true\n");
  });

  test("the tests of unix-dgram 2.0.7 pass, unchanged", async () => {
    const user = projectWithUsersOfUnixDgram({ node: nodes[major] });
    cpSync(inToolbox("unix-dgram/test"), join(user.folder, "test"), { recursive: true });
    user.write("lib/unix_dgram.js", 'module.exports = require("unix-dgram");');
    const tests = readdirSync(join(user.folder, "test"));
    expect(tests).toHaveLength(4);
    // One after the other: they use the same path.
    for (const each of tests) await user.run("node", join("test", each));
  });
});

test("Bun", async () => {
  const user = projectWithUsersOfUnixDgram();
  const [[, file, load]] = LOADS;
  user.write(file, program(load));
  await expectHello(user, [bun], file);
});

describe("sd_notify(3), as services do it that know only unix-dgram", () => {
  const notify = (user, name) =>
    user.start("env", `NOTIFY_SOCKET=${name}`, "node", "notify.cjs", "READY=1").ended;
  const told = { status: 0, stdout: "told\n", stderr: "" };

  test("systemd's socket is a file", async () => {
    const user = projectWithUsersOfUnixDgram();
    const { path, next } = await datagramServer(user);
    expect(await notify(user, path)).toEqual(told);
    expect(await next()).toBe("READY=1");
  });

  test("systemd's socket has an abstract name", async () => {
    const user = projectWithUsersOfUnixDgram();
    const name = `notify-${process.pid}-${Date.now()}`;
    const { next } = await datagramServer(user, { family: "unix", abstract: name });
    expect(await notify(user, `@${name}`)).toEqual(told);
    expect(await next()).toBe("READY=1");
  });

  test("if systemd is not there, the callback gets the error", async () => {
    const user = projectWithUsersOfUnixDgram();
    expect(await notify(user, "nobody.sock")).toEqual({ ...told, stdout: "send ENOENT\n" });
  });
});
