// How many datagrams a second one thread receives from a UDP port, and two threads that share it: docs/reuse-port.md.
//
//   node bench/reuse-port.mjs [ROUNDS [MILLISECONDS]]
//
// Child processes send as fast as they can, over the loopback interface, so most datagrams are lost. What counts is how many the
// threads receive. The kernel distributes the datagrams by chance, so that both threads have the same load. One and two threads take
// turns. The loopback interface makes the senders do a part of the receivers' work: with few processors, the senders are the limit.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus, loadavg, release } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { reusePortProgram, Socket } from "sendmsg";
import { sendmmsg } from "sendmsg/syscalls";

const SIZE = 1200;
const BATCH = 64;
const [first, second] = process.argv.slice(2);

if (!isMainThread) await receive();
else if (first === "send") send(JSON.parse(second));
else await measure(Number(first ?? 5), Number(second ?? 1000));

/** Receives, and answers each message of the main thread with how many datagrams have come so far. */
async function receive() {
  const socket = await Socket.bind(workerData.address, { reusePort: true });
  socket.options.set("rcvBuf", 1 << 22);
  if (workerData.sockets > 1 && workerData.isLast) {
    const program = reusePortProgram({ by: "random", sockets: workerData.sockets });
    socket.options.set("attachReusePortCbpf", program);
  }
  let received = 0;
  parentPort.on("message", (what) => {
    if (what === "count") parentPort.postMessage(received);
    else {
      socket.close(); // ends the loop
      parentPort.close();
    }
  });
  parentPort.postMessage(socket.getsockname());
  const buffers = Buffer.alloc(2048);
  for await (const _ of socket.messages({ buffers })) {
    received++;
    while (socket.tryRecvmsg({ buffers }) !== undefined) received++;
  }
}

/** Sends until it is killed. */
async function send(to) {
  const socket = await Socket.connect(to, { type: "dgram" });
  const batch = Array.from({ length: BATCH }, () => ({ data: Buffer.alloc(SIZE) }));
  for (;;) {
    try {
      sendmmsg(socket.fd, batch);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      await socket.writable();
    }
  }
}

async function counts(workers) {
  let sum = 0;
  for (const worker of workers) {
    worker.postMessage("count");
    const [count] = await once(worker, "message");
    sum += count;
  }
  return sum;
}

/** Datagrams a second, with this many threads. */
async function rate(threads, milliseconds) {
  let address = { address: "127.0.0.1", port: 0 };
  const workers = [];
  for (let i = 0; i < threads; i++) {
    const data = { address, sockets: threads, isLast: i === threads - 1 };
    const worker = new Worker(new URL(import.meta.url), { workerData: data });
    [address] = await once(worker, "message");
    workers.push(worker);
  }
  const program = fileURLToPath(import.meta.url);
  const sender = spawn(process.execPath, [program, "send", JSON.stringify(address)], { stdio: "inherit" });
  try {
    while ((await counts(workers)) === 0) await pause(1);
    const start = performance.now();
    const before = await counts(workers);
    await pause(milliseconds);
    return ((await counts(workers)) - before) / ((performance.now() - start) / 1000);
  } finally {
    const ended = once(sender, "exit");
    sender.kill();
    await ended;
    const exits = workers.map((worker) => once(worker, "exit"));
    for (const worker of workers) worker.postMessage("end");
    await Promise.all(exits);
  }
}

async function measure(rounds, milliseconds) {
  const rates = { 1: [], 2: [] };
  for (let round = 0; round < rounds; round++) {
    for (const threads of [1, 2]) rates[threads].push(await rate(threads, milliseconds));
  }
  const [{ model }] = cpus();
  console.log(`${model} (${cpus().length} processors), Linux ${release()}, Node ${process.version}`);
  console.log(
    `${rounds} rounds of ${milliseconds} ms, ${SIZE} bytes, at a load of ${loadavg()[0].toFixed(1)}\n`,
  );
  console.log("| threads | most, datagrams/s | median, datagrams/s |\n|---|---:|---:|");
  for (const [threads, all] of Object.entries(rates)) {
    const sorted = all.sort((a, b) => a - b).map((each) => Math.round(each).toLocaleString("en"));
    console.log(`| ${threads} | ${sorted.at(-1)} | ${sorted[sorted.length >> 1]} |`);
  }
}
