// Receives descriptors that take seconds to close, and measures the event loop's delay meanwhile.
//
//   node hostile.mjs CASE END
//
// CASE says where the descriptors are when they are closed. END says how the process ends: "natural" or "exit".
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Listener, Socket, socketpair } from "sendmsg";
import { MSG_OOB } from "sendmsg/constants";
import { binding } from "../../../dist/native/load.js";
import { largestDelay } from "./delay.mjs";
import { LINGER, sendLingering } from "./lingering.mjs";

const DESCRIPTORS = 253;
/** Milliseconds, fewer than close(2) of one descriptor takes. */
const WATCHED = 300;
const [place, end] = process.argv.slice(2);

/** Each prepares the descriptors, and returns the function that is measured. */
const places = {
  async closed() {
    const [sender, receiver] = socketpair("stream", { maxFds: DESCRIPTORS });
    await sendLingering(sender, DESCRIPTORS);
    return async () => {
      const message = await receiver.recvmsg();
      for (const descriptor of message.fds) descriptor.close();
    };
  },
  async disposed() {
    const [sender, receiver] = socketpair("seqpacket", { maxFds: DESCRIPTORS });
    await sendLingering(sender, DESCRIPTORS);
    return async () => (await receiver.recvmsg())[Symbol.dispose]();
  },
  async dropped() {
    const [sender, receiver] = socketpair("stream");
    await sendLingering(sender, DESCRIPTORS);
    return async () => void (await receiver.recvmsg());
  },
  async droppedDatagram() {
    const [sender, receiver] = socketpair("dgram");
    await sendLingering(sender, DESCRIPTORS);
    return async () => void (await receiver.recvmsg());
  },
  /** Without SO_OOBINLINE, the kernel itself closes them, inside recvmsg(2). */
  async outOfBand() {
    const [sender, receiver] = socketpair("stream");
    await sendLingering(sender, 1, LINGER, MSG_OOB);
    await sender.sendmsg({ data: "x" });
    return async () => void (await receiver.recvmsg());
  },
  async collected() {
    const [sender, receiver] = socketpair("stream", { maxFds: DESCRIPTORS });
    await sendLingering(sender, DESCRIPTORS);
    process.removeAllListeners("warning");
    await receiver.recvmsg();
    return async () => {
      // The sockets may be collected before, and then are closed at once.
      while (binding().closing() < DESCRIPTORS) {
        globalThis.gc();
        await pause(1);
      }
    };
  },
  async receiveQueue() {
    const [sender, receiver] = socketpair("stream");
    await sendLingering(sender, DESCRIPTORS);
    return async () => void receiver.close();
  },
  async acceptQueue() {
    const address = { family: "unix", abstract: `sendmsg-hostile-${process.pid}` };
    const listener = await Listener.listen(address);
    const sender = await Socket.connect(address);
    await sendLingering(sender, DESCRIPTORS);
    return async () => void listener.close();
  },
  async worker() {
    const worker = new Worker(new URL("hostile-worker.mjs", import.meta.url));
    await new Promise((resolve) => worker.once("message", resolve));
    return async () => {
      const before = performance.now();
      await worker.terminate();
      terminated = performance.now() - before;
    };
  },
  /** Still open when the process ends. */
  async open() {
    const [sender, receiver] = socketpair("stream", { maxFds: DESCRIPTORS });
    await sendLingering(sender, DESCRIPTORS);
    kept = await receiver.recvmsg();
    return async () => {};
  },
};

let kept;
let terminated = 0;
const act = await places[place]();
// The machine causes the delay of an event loop that has no such descriptors.
const control = new Worker(new URL("delay.mjs", import.meta.url), { workerData: WATCHED });
const controlled = new Promise((resolve) => control.on("message", resolve));
await new Promise((resolve) => control.once("online", resolve));
const watching = largestDelay(WATCHED);
await act();
await pause(50);
// How many descriptors hang in close(2), or wait for it.
const closing = binding().closing();
const { largest, starved } = await watching;
const noise = (await controlled).largest;
console.log(JSON.stringify({ largest, starved, noise, closing, terminated, held: kept?.fds.length ?? 0 }));
if (end === "exit") process.exit();
