// A worker ends after its threads have made calls on sockets that were closed meanwhile, and before it hears of it. Their numbers
// have become other files' by then: the main thread tells how many of those it has lost.
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
  // The threads outlive the worker.
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
  // Without the event loop: nobody takes what the calls have given.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  Atomics.store(gates, NUMBERS_FREE, 1);
  Atomics.notify(gates, NUMBERS_FREE);
  Atomics.wait(gates, NUMBERS_TAKEN, 0);
  process.exit();
}

if (isMainThread) console.log(JSON.stringify({ lost: await lost() }));
else await closeDuringCalls(workerData);
