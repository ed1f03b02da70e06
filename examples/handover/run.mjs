// The demonstration: three servers, one after the other, each a process of its own, and a client that notices nothing.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sendmsg-handover-"));
const controlPath = join(folder, "control.sock");
const logPath = join(folder, "requests.log");
const children = [];

/** Starts a process and waits for the first thing it says. */
async function start(file, ...args) {
  const child = fork(here(file), args);
  children.push(child);
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${file} ${args[0]} ended with ${code} before it was ready`);
  });
  failed.catch(() => {});
  return { child, ready: () => Promise.race([once(child, "message").then(([message]) => message), failed]) };
}

async function main() {
  const first = await start("server.mjs", "server 1", controlPath, logPath);
  const { pid, port } = await first.ready();
  console.log(`server 1 (pid ${pid}) listens on 127.0.0.1:${port} and logs to ${logPath}`);

  const client = await start("client.mjs", String(port));
  await pause(500);

  let last = first;
  for (const name of ["server 2", "server 3"]) {
    const exited = once(last.child, "exit");
    const successor = await start("server.mjs", name, controlPath, logPath);
    const { pid, tookOver } = await successor.ready();
    const { address, port } = tookOver.address;
    console.log(`${name} (pid ${pid}) took over from pid ${tookOver.from}:`);
    console.log(`  the listening TCP socket ${address}:${port}, and the open log file`);
    const [code] = await exited;
    console.log(`  pid ${tookOver.from} has answered what it had accepted, and exited with ${code}`);
    if (code !== 0) throw new Error(`pid ${tookOver.from} exited with ${code}`);
    await pause(500);
    last = successor;
  }

  const finished = client.ready();
  client.child.send("stop");
  const { sent, answered, failed } = await finished;
  const exited = once(last.child, "exit");
  last.child.kill("SIGTERM");
  await exited;

  const lines = readFileSync(logPath, "utf8").trimEnd().split("\n").length;
  const counts = Object.entries(answered);
  console.log(
    `${sent} requests: ${counts.map(([name, count]) => `${count} answered by ${name}`).join(", ")}`,
  );
  console.log(
    `${failed.length} failed; ${lines} lines in the one log file (${statSync(logPath).size} bytes)`,
  );
  for (const failure of failed.slice(0, 10)) console.error(`  failed: ${failure}`);
  const everybody = counts.length === 3 && counts.every(([, count]) => count > 0);
  if (failed.length > 0 || lines !== sent || !everybody) throw new Error("the handover was not seamless");
}

try {
  await main();
} catch (error) {
  console.error(`demo failed: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const child of children) if (child.exitCode === null) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
