// Two threads receive from one UDP port. The first byte of each datagram says which thread gets it, as a server of QUIC does with the
// connection IDs that it gives out. So a client keeps its thread, even when its address changes.
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { reusePortProgram, Socket } from "sendmsg";

const THREADS = 2;
const CLIENTS = 8;
const MOVES = 3;

if (isMainThread) {
  const workers = [];
  let address = { address: "127.0.0.1", port: 0 };
  for (let index = 0; index < THREADS; index++) {
    // One after the other: the first socket that is bound has the index 0, the next one 1.
    const worker = new Worker(new URL(import.meta.url), { workerData: { address, index } });
    [address] = await once(worker, "message");
    workers.push(worker);
  }
  const ended = Promise.all(workers.map((worker) => once(worker, "message")));
  for (let id = 0; id < CLIENTS; id++) {
    for (let move = 0; move < MOVES; move++) {
      const client = await Socket.connect(address, { type: "dgram" }); // from another port each time
      await client.sendmsg({ data: Uint8Array.of(id) });
      await client.close();
    }
  }
  for (const [index, [ids]] of (await ended).entries())
    console.log(`thread ${index} serves the clients ${ids}`);
} else {
  const { address, index } = workerData;
  const socket = await Socket.bind(address, { reusePort: true });
  // The last one sets the rule, for all. Before that, the kernel would choose by the addresses and ports.
  if (index === THREADS - 1) {
    const program = reusePortProgram({ by: "payload", offset: 0, sockets: THREADS });
    socket.options.set("attachReusePortCbpf", program);
  }
  parentPort.postMessage(socket.getsockname());
  const ids = new Set();
  for (let received = 0; received < (CLIENTS / THREADS) * MOVES; received++) {
    const { data } = await socket.recvmsg();
    ids.add(data[0]);
  }
  parentPort.postMessage([...ids].join(", "));
  await socket.close();
}
