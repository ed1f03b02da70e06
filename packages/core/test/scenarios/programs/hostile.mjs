// Meets descriptors that take seconds to close, and watches how late the event loop gets meanwhile.
//
//   node hostile.mjs CASE END
//
// CASE says where the descriptors are when they are to be closed, END how the process ends: "natural" or "exit".
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Listener, Socket, socketpair } from "sendmsg";
import { MSG_OOB } from "sendmsg/constants";
import { binding } from "../../../dist/native/load.js";
import { largestDelay } from "./delay.mjs";
import { LINGER, sendLingering } from "./lingering.mjs";

const DESCRIPTORS = 253;
/** Milliseconds, fewer than closing one takes. */
const WATCHED = 300;
const [place, end] = process.argv.slice(2);

/** Each gets everything ready, and returns what is watched. */
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
  /** The kernel closes them itself, in recvmsg, unless SO_OOBINLINE is on. */
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
      // The sockets may be collected first, and are closed at once.
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
// What delays an event loop that has nothing to do with them is the machine's.
const control = new Worker(new URL("delay.mjs", import.meta.url), { workerData: WATCHED });
const controlled = new Promise((resolve) => control.on("message", resolve));
await new Promise((resolve) => control.once("online", resolve));
const watching = largestDelay(WATCHED);
await act();
await pause(50);
// A close(2) that does not return is what this is about.
const closing = binding().closing();
const { largest, starved } = await watching;
const noise = (await controlled).largest;
console.log(JSON.stringify({ largest, starved, noise, closing, terminated, held: kept?.fds.length ?? 0 }));
if (end === "exit") process.exit();
