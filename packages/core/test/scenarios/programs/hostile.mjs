// Meets descriptors that take seconds to close, and watches how late the event loop gets meanwhile.
//
//   node hostile.mjs CASE END
//
// CASE says where the descriptors are when they are to be closed, END how the process ends: "natural" or "exit".
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Listener, Socket, socketpair } from "sendmsg";
import { close } from "sendmsg/syscalls";
import { binding } from "../../../dist/native/load.js";
import { lingering } from "./lingering.mjs";

const DESCRIPTORS = 3;
const [place, end] = process.argv.slice(2);

/** The largest pause between two turns of the event loop, in milliseconds, beyond the timer's own. */
async function largestDelay(milliseconds) {
  const INTERVAL = 5;
  let largest = 0;
  let last = performance.now();
  const ticking = setInterval(() => {
    const now = performance.now();
    largest = Math.max(largest, now - last - INTERVAL);
    last = now;
  }, INTERVAL);
  await pause(milliseconds);
  clearInterval(ticking);
  return largest;
}

/** Sends descriptors that linger; afterwards only the receiver has them. */
async function sendLingering(socket) {
  const made = Array.from({ length: DESCRIPTORS }, lingering);
  await socket.sendmsg({ data: "x", fds: made.map(({ fd }) => fd) });
  for (const { fd } of made) close(fd);
}

/** Each gets everything ready, and returns what is watched. */
const places = {
  async closed() {
    const [sender, receiver] = socketpair("stream", { maxFds: DESCRIPTORS });
    await sendLingering(sender);
    return async () => {
      const message = await receiver.recvmsg();
      for (const descriptor of message.fds) descriptor.close();
    };
  },
  async disposed() {
    const [sender, receiver] = socketpair("seqpacket", { maxFds: DESCRIPTORS });
    await sendLingering(sender);
    return async () => (await receiver.recvmsg())[Symbol.dispose]();
  },
  async dropped() {
    const [sender, receiver] = socketpair("stream");
    await sendLingering(sender);
    return async () => void (await receiver.recvmsg());
  },
  async droppedDatagram() {
    const [sender, receiver] = socketpair("dgram");
    await sendLingering(sender);
    return async () => void (await receiver.recvmsg());
  },
  async collected() {
    const [sender, receiver] = socketpair("stream", { maxFds: DESCRIPTORS });
    await sendLingering(sender);
    process.removeAllListeners("warning");
    await receiver.recvmsg();
    return async () => {
      while (binding().closing() === 0) {
        globalThis.gc();
        await pause(1);
      }
    };
  },
  async receiveQueue() {
    const [sender, receiver] = socketpair("stream");
    await sendLingering(sender);
    return async () => void receiver.close();
  },
  async acceptQueue() {
    const address = { family: "unix", abstract: `sendmsg-hostile-${process.pid}` };
    const listener = await Listener.listen(address);
    const sender = await Socket.connect(address);
    await sendLingering(sender);
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
    await sendLingering(sender);
    kept = await receiver.recvmsg();
    return async () => {};
  },
};

let kept;
let terminated = 0;
const act = await places[place]();
const baseline = await largestDelay(200);
const watching = largestDelay(500);
await act();
await pause(50);
// A close(2) that does not return is what this is about.
const closing = binding().closing();
const largest = await watching;
console.log(JSON.stringify({ baseline, largest, closing, terminated, held: kept?.fds.length ?? 0 }));
if (end === "exit") process.exit();
