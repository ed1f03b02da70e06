// Threads of a worker call on sockets that are closed meanwhile. The worker ends before it gets the results. By then, the
// sockets' numbers belong to other files: the main thread reports how many of those were closed.
import { closeSync, fstatSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { socketpair } from "sendmsg";

const SOCKETS = 100;
const [NUMBERS_FREE, NUMBERS_TAKEN] = [0, 1];

async function lost() {
  await Promise.all(socketpair().map((socket) => socket.close()));
  const gates = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: gates });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  await Atomics.waitAsync(gates, NUMBERS_FREE, 0).value;
  const files = Array.from({ length: 3 * SOCKETS }, () => openSync("/dev/null"));
  Atomics.store(gates, NUMBERS_TAKEN, 1);
  Atomics.notify(gates, NUMBERS_TAKEN);
  await ended;
  // The worker ends before its threads do.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return files.filter((file) => {
    try {
      fstatSync(file);
      closeSync(file);
      return false;
    } catch {
      return true;
    }
  }).length;
}

async function closeDuringCalls(gates) {
  const pairs = Array.from({ length: SOCKETS }, () => socketpair("dgram"));
  for (const [, b] of pairs) await b.sendmsg({ data: "unread: a thread sends" });
  for (const [a] of pairs) {
    a.sendmsg({ data: "x" }).catch(() => {});
    a.close();
  }
  // The event loop gets no turn, so that nobody takes the results of the calls.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  Atomics.store(gates, NUMBERS_FREE, 1);
  Atomics.notify(gates, NUMBERS_FREE);
  Atomics.wait(gates, NUMBERS_TAKEN, 0);
  process.exit();
}

if (isMainThread) console.log(JSON.stringify({ lost: await lost() }));
else await closeDuringCalls(workerData);
