// Starts workers, and ends them while they have open descriptors. Afterwards no descriptor may be left.
//
//   node workers.mjs STATE,STATE… COUNT END     (COUNT workers of each state)
import { readFileSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { FileDescriptor, socketpair } from "sendmsg";
import { fstatSync, openSync } from "../../support/files.mjs";
import { descriptorTable, leftOver } from "./open-files.mjs";

const [states, count, end] = process.argv.slice(2);
const plans = states
  .split(",")
  .flatMap((state) => Array.from({ length: Number(count) }, (_, number) => ({ state, number })));

// A first worker and a wait open the descriptors that the process keeps.
await Promise.all(socketpair().map((socket) => socket.close()));
const worker = (data) => new Worker(new URL("worker.mjs", import.meta.url), { workerData: data });
const ended = (one) => new Promise((resolve) => one.once("exit", resolve));
const first = worker({ state: "closing", end: "exit" });
await ended(first);
await pause(50);
const before = descriptorTable();

const file = new URL(import.meta.url);
const results = await Promise.all(
  plans.map(async ({ state, number }) => {
    let ticket;
    if (state === "claimed") ticket = FileDescriptor.adopt(openSync(file, "r")).transfer();
    const one = worker({ state, ticket, number, end });
    const exit = ended(one);
    const errors = [];
    one.on("error", (error) => void errors.push(error.message));
    const said = await Promise.race([new Promise((resolve) => one.once("message", resolve)), exit]);
    if (end === "terminate") await one.terminate();
    const code = await exit;
    if (!said?.made) return [code, ...errors].join(" ");
    const descriptor = FileDescriptor.claim(said.made);
    const content = readFileSync(`/proc/self/fd/${descriptor.fd}`, "utf8");
    const same = fstatSync(descriptor.fd).ino === statSync(file).ino;
    descriptor.close();
    return [code, same, content.includes("Starts workers")].join(" ");
  }),
);
console.log(
  JSON.stringify({
    results: [...new Set(results)],
    leftOver: await leftOver(before, { eventLoops: plans.length }),
  }),
);
