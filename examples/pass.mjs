// Runs receive.mjs and send.mjs together, as two processes:
//
//   node examples/pass.mjs [FILE]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const [file = here("send.mjs")] = process.argv.slice(2);
const directory = await mkdtemp(join(tmpdir(), "sendmsg-example-"));
const path = join(directory, "example.sock");

/** Starts an example and shows what it says, line by line. */
function start(name, ...args) {
  const child = spawn(process.execPath, [here(name), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => console.log(`${name}: ${line}`));
  return { lines, exited: once(child, "exit") };
}

try {
  const receiver = start("receive.mjs", path);
  await Promise.race([once(receiver.lines, "line"), receiver.exited]); // it says that it listens
  const sender = start("send.mjs", file, path);
  for (const { exited } of [sender, receiver]) {
    const [code] = await exited;
    if (code !== 0) process.exitCode = 1;
  }
} finally {
  await rm(directory, { recursive: true });
}
