import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { loadedBinding } from "../../src/native/load.js";
import { compileTo } from "../support/compiled.js";
import { evaluate, FILES } from "../support/evaluate.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

/** Installs the library twice, with the native file that `put` makes at the path it is given. The copies' entry points. */
async function twoCopies(put: (path: string) => void): Promise<string> {
  const parent = mkdtempSync(join(temporaryDirectory(), "copies-"));
  const folders = ["a", "b"].map((name) => join(parent, name));
  for (const folder of folders) {
    await compileTo(folder);
    const release = join(folder, "native/build/Release");
    mkdirSync(release, { recursive: true });
    put(join(release, "sendmsg.node"));
  }
  return JSON.stringify(folders.map((folder) => pathToFileURL(join(folder, "dist/index.js")).href));
}

/** What the module prints. */
function outputOf(source: string): string {
  const child = spawnSync(process.execPath, evaluate(source), { encoding: "utf8", timeout: 60_000 });
  expect(child.stderr).toBe("");
  return child.stdout.trim();
}

// Such copies are two installed packages, two bundles, or one package that a test tool has loaded anew.
test("two copies of the library that share one native file wait, receive and close beside each other", async () => {
  // Node knows a file by its real path.
  const copies = await twoCopies((path) => symlinkSync(loadedBinding().path!, path));
  const source = `
    const copies = await Promise.all(${copies}.map((file) => import(file)));
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
  expect(outputOf(source)).toBe("true x1,x1");
});

test("two copies of the library with a native file each refuse each other's tickets", async () => {
  const copies = await twoCopies((path) => cpSync(loadedBinding().path!, path));
  const source = `
    const copies = await Promise.all(${copies}.map((file) => import(file)));
    const [A, B] = copies.map(({ FileDescriptor }) => FileDescriptor);
    const { openSync } = await import(${FILES});
    const [ofA, ofB] = [A, B].map((Copy) => Copy.adopt(openSync("/proc/self/status", "r")).transfer());
    const claim = (Copy, ticket) => {
      try {
        return Copy.claim(ticket).fd > 0;
      } catch (error) {
        return error.code;
      }
    };
    console.log(JSON.stringify([claim(B, ofA), claim(A, ofB), claim(A, ofA), claim(B, ofB)]));
  `;
  expect(outputOf(source)).toBe('["ENOENT","ENOENT",true,true]');
});
