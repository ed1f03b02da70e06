// Uses the packages that npm has installed in every runtime that can.
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repository } from "../../tools/paths.mjs";
import { projectWithSendmsg, runReadme } from "./project.mjs";
import { bun, deno, nodes } from "./toolbox.mjs";

describe.each(Object.keys(nodes))("Node %s", (major) => {
  test("runs the README's programs", async () => {
    const user = projectWithSendmsg({ node: nodes[major] });
    await runReadme(user, ["node"]);
  });

  test("hands an HTTP server over three times, and no request fails", async () => {
    const user = projectWithSendmsg({ node: nodes[major] });
    cpSync(join(repository, "examples/handover"), user.folder, { recursive: true });
    expect(await user.run("node", "run.mjs")).toMatch(/^0 failed;/m);
  });

  test("doctor names the runtime, the binary and the features", async () => {
    const user = projectWithSendmsg({ node: nodes[major] });
    const found = JSON.parse(await user.run("node", "node_modules/.bin/sendmsg", "doctor", "--json"));
    expect(found).toMatchObject({
      ok: true,
      target: `linux-${process.arch}`,
      libc: { name: "glibc" },
      native: { package: `@sendmsg/native-linux-${process.arch}`, published: true },
      systemCalls: { path: "direct", denied: [] },
    });
    expect(found.runtime).toMatch(new RegExp(`^Node\\.js ${major}\\.`));
    expect(found.features.length).toBeGreaterThan(8);
  });
});

// require() of ESM works in Node 20.19 or newer, in 22.12 or newer, and not in 18.
test.each(Object.keys(nodes).filter((major) => Number(major) >= 20))("Node %s: require()", async (major) => {
  const user = projectWithSendmsg({ node: nodes[major], manifest: { type: "commonjs" } });
  user.write(
    "main.cjs",
    `const { socketpair } = require("sendmsg");
     const { CMSG_SPACE } = require("sendmsg/control");
     const { sendmsg } = require("sendmsg/syscalls");
     const [a, b] = socketpair();
     a.sendmsg({ data: "x", fds: [0] }).then(() => b.recvmsg({ maxFds: 1 })).then((message) => {
       console.log(message.fds.length, CMSG_SPACE(4), typeof sendmsg);
       message[Symbol.dispose](); a.close(); b.close();
     });`,
  );
  expect(await user.run("node", "--no-warnings", "main.cjs")).toBe("1 24 function\n");
});

test("Bun", async () => {
  const user = projectWithSendmsg();
  await runReadme(user, [bun]);
  expect(JSON.parse(await user.run(bun, "node_modules/.bin/sendmsg", "doctor", "--json"))).toMatchObject({
    ok: true,
  });
});

test("Deno", async () => {
  const user = projectWithSendmsg({ environment: { DENO_NO_UPDATE_CHECK: "1" } });
  // Deno's node:fs refuses a descriptor that Deno did not open.
  await runReadme(user, [deno, "run", "--allow-all"], (code) =>
    code.replace('createReadStream("", { fd })', 'createReadStream("/proc/self/fd/" + fd)'),
  );
  expect(
    JSON.parse(
      await user.run(deno, "run", "--allow-all", "node_modules/sendmsg/dist/cli/main.js", "doctor", "--json"),
    ),
  ).toMatchObject({ ok: true });
});

// Node 18 has no permission model.
describe.each(Object.keys(nodes).filter((major) => Number(major) >= 20))("Node %s: permissions", (major) => {
  const permission = Number(major) === 20 ? "--experimental-permission" : "--permission";

  test("the README's programs need only the permissions that docs/runtimes.md names, and leave no file", async () => {
    const user = projectWithSendmsg({ node: nodes[major] });
    const allowed = [`--allow-fs-read=${user.folder}`, `--allow-fs-write=${user.folder}`];
    await runReadme(user, [
      "node",
      permission,
      "--allow-addons",
      ...allowed,
      "--allow-fs-write=/proc/self/fd",
    ]);
    expect(readdirSync(user.folder).filter((name) => /sock|\.sendmsg/.test(name))).toEqual([]);
  });

  test("a program that may only read its own folder passes a descriptor; without --allow-addons, the error asks for it", async () => {
    const user = projectWithSendmsg({ node: nodes[major] });
    user.write(
      "main.mjs",
      `import { socketpair } from "sendmsg";
       try {
         const [a, b] = socketpair("stream", { maxFds: 1 });
         await a.sendmsg({ data: "x", fds: [0] });
         const message = await b.recvmsg();
         console.log(message.fds.length);
         message[Symbol.dispose]();
         a.close(); b.close();
       } catch ({ code, fix, attempts }) {
         console.log(code, attempts[0].error.code, fix);
       }`,
    );
    const flags = [permission, `--allow-fs-read=${user.folder}`];
    expect(await user.run("node", ...flags, "--allow-addons", "main.mjs")).toBe("1\n");
    expect(await user.run("node", ...flags, "main.mjs")).toBe(
      "ERR_SENDMSG_NATIVE_LOAD ERR_DLOPEN_DISABLED start it without --no-addons, and under Node's permission model with --allow-addons\n",
    );
  });
});
