// Several threads receive from one UDP port. The kernel chooses a socket by the addresses and ports of a packet. So packets of one
// sender come to the same thread, in order, as long as no thread's socket is opened or closed.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Socket } from "sendmsg";

const THREADS = 2;
const SENDERS = 32;
const EACH = 10;

if (isMainThread) {
  // Reserves a port. A socket that is bound gets packets, so this one is closed before the first packet is sent.
  const reserved = await Socket.bind({ address: "127.0.0.1", port: 0 }, { reusePort: true });
  const address = reserved.getsockname();
  const workers = [];
  for (let i = 0; i < THREADS; i++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: address });
    await once(worker, "message"); // it is bound
    workers.push(worker);
  }
  await reserved.close();

  let received = 0;
  const counts = workers.map(() => 0);
  const all = new Promise((resolve) => {
    for (const [i, worker] of workers.entries()) {
      worker.on("message", (count) => {
        counts[i] += count;
        received += count;
        if (received === SENDERS * EACH) resolve();
      });
    }
  });
  for (let i = 0; i < SENDERS; i++) {
    const sender = await Socket.connect(address, { type: "dgram" });
    for (let j = 0; j < EACH; j++) await sender.sendmsg({ data: `${j}` });
    await sender.close();
  }
  await all;
  for (const worker of workers) worker.postMessage("end");
  console.log(`${received} datagrams from ${SENDERS} senders`);
  console.error(counts.map((count, i) => `thread ${i}: ${count}`).join(", "));
} else {
  const socket = await Socket.bind(workerData, { reusePort: true });
  socket.options.set("rcvBuf", 1 << 20);
  parentPort.once("message", () => socket.close()); // ends the loop
  parentPort.postMessage("bound");
  for await (const _ of socket) parentPort.postMessage(1);
}
