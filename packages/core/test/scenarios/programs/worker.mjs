// A worker that stays in one of these states until it is terminated.
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { FileDescriptor, Listener, Socket, socketpair } from "sendmsg";

const { state, ticket, number } = workerData;
const kept = [];

const states = {
  /** Descriptors that objects hold. */
  async held() {
    const [sender, receiver] = socketpair("stream", { maxFds: 3 });
    await sender.sendmsg({ data: "x", fds: [0, 1, 2] });
    kept.push(...(await receiver.recvmsg()).takeFds(), kept[0]?.dup(), sender, receiver);
  },
  /** Descriptors in messages, one of which is a copy. */
  async messages() {
    const [sender, receiver] = socketpair("seqpacket", { maxFds: 3, receive: ["credentials"] });
    for (let i = 0; i < 2; i++) await sender.sendmsg({ data: "x", fds: [0, 1, 2] });
    kept.push(await receiver.recvmsg(), (await receiver.recvmsg()).copy());
  },
  /** Descriptors in the queues of sockets. */
  async queued() {
    const [sender, receiver] = socketpair("stream");
    await sender.sendmsg({ data: "x", fds: [0, 1, sender] });
    kept.push(sender, receiver);
  },
  /** Waiting calls of recvmsg(), accept() and recvError(), some of which can never end. */
  async waiting() {
    const address = { family: "unix", abstract: `sendmsg-worker-${process.pid}-${state}-${number}` };
    const listener = await Listener.listen(address);
    const client = await Socket.connect(address);
    const accepted = await listener.accept();
    const udp = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 }, { type: "dgram" });
    for (const wait of [
      listener.accept(),
      client.recvmsg(),
      accepted.recvmsg(),
      udp.recvmsg(),
      udp.recvError(),
    ]) {
      wait.catch(() => {});
    }
    (async () => {
      for await (const _ of accepted);
    })();
  },
  /** More waits than one batch of events has room for, with a message for every second one. */
  async crowd() {
    const pairs = Array.from({ length: 300 }, () => socketpair());
    for (const socket of pairs.flat()) socket.recvmsg().catch(() => {});
    await pause(0);
    for (const [a] of pairs) a.trySendmsg({ data: "x" });
    kept.push(...pairs.flat());
  },
  /** Sends that wait for room with duplicates of their descriptors, one of them by a timer. */
  async sending() {
    const address = { family: "unix", abstract: `sendmsg-worker-${process.pid}-${state}-${number}` };
    const [sender, receiver] = socketpair("stream");
    while (sender.trySendmsg({ data: "filler" }));
    for (let i = 0; i < 3; i++) sender.sendmsg({ data: Buffer.alloc(1 << 20), fds: [0, 1, 2] });
    const full = await Socket.bind(address, { type: "dgram" });
    const [datagrams] = socketpair("dgram");
    const unconnected = await Socket.bind(
      { family: "unix", abstract: `${address.abstract}-b` },
      { type: "dgram" },
    );
    while (unconnected.trySendmsg({ data: "filler", address }));
    unconnected.sendmsg({ data: "waits", fds: [0], address });
    kept.push(full, receiver, datagrams);
  },
  /** An exchange that never ends. */
  async busy() {
    const [a, b] = socketpair("stream", { maxFds: 3 });
    const forever = async (from, to) => {
      for (;;) {
        await from.sendmsg({ data: "x", fds: [0, 1] });
        const message = await to.recvmsg();
        if (message.data.length % 2) message[Symbol.dispose]();
      }
    };
    forever(a, b);
    forever(b, a);
    await pause(20);
  },
  /** Descriptors that threads are still closing. */
  async closing() {
    for (let i = 0; i < 50; i++) for (const socket of socketpair()) socket.close();
  },
  /** A descriptor from the main thread, and one for it. */
  async claimed() {
    const descriptor = FileDescriptor.claim(ticket);
    kept.push(descriptor);
    const [sender, receiver] = socketpair("stream", { maxFds: 1 });
    await sender.sendmsg({ data: "x", fds: [descriptor] });
    const [copy] = (await receiver.recvmsg()).takeFds();
    return copy.transfer();
  },
};

const made = await states[state]();
parentPort.postMessage({ made, held: kept.length });
if (workerData.end === "natural") {
  for (const one of kept) one?.close?.();
} else if (workerData.end === "exit") {
  process.exit(0);
} else if (workerData.end === "throw") {
  throw new Error("the worker's own");
} else {
  setInterval(() => kept, 1000);
}
