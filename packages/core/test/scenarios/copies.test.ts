import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { loadedBinding } from "../../src/native/load.js";
import { compileTo } from "../support/compiled.js";
import { evaluate } from "../support/evaluate.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** Two copies of the JavaScript over one native file: two that are installed, two bundles, or one that a test tool has loaded anew. */
async function copies(): Promise<string[]> {
  const names = ["a", "b"].map((name) => join(temporaryDirectory(), name));
  for (const folder of names) {
    await compileTo(folder);
    const release = join(folder, "native/build/Release");
    mkdirSync(release, { recursive: true });
    // Node knows a file by its real path.
    symlinkSync(loadedBinding().path!, join(release, "sendmsg.node"));
  }
  return names.map((folder) => pathToFileURL(join(folder, "dist/index.js")).href);
}

test("two copies of the library over one native file wait, receive and close beside each other", async () => {
  const source = `
    const copies = await Promise.all(${JSON.stringify(await copies())}.map((file) => import(file)));
    const pairs = copies.map(({ socketpair }) => socketpair("stream", { maxFds: 1 }));
    const waits = pairs.map(([, right]) => right.recvmsg());
    await new Promise(setImmediate);
    for (const [left] of pairs) await left.sendmsg({ data: "x", fds: [0] });
    const messages = await Promise.all(waits);
    const found = messages.map(({ data, fds }) => String(data) + fds.length);
    for (const message of messages) message[Symbol.dispose]();
    for (const pair of pairs) for (const socket of pair) await socket.close();
    console.log(copies[0].Socket !== copies[1].Socket, found.join());
  `;
  const child = spawnSync(process.execPath, evaluate(source), { encoding: "utf8", timeout: 60_000 });
  expect(child.stdout, child.stderr).toBe("true x1,x1\n");
});
