// Closes sockets while descriptors hang in close(2), and reports after how long the last peer saw the end of its stream.
//
//   node closing-in-time.mjs PLACE MESSAGES [DESCRIPTORS OF EACH]
import { setTimeout as pause } from "node:timers/promises";
import { socketpair } from "sendmsg";
import { close } from "sendmsg/syscalls";
import { binding } from "../../../dist/native/load.js";
import { sendLingering } from "./lingering.mjs";
import { descriptorTable, leftOver } from "./open-files.mjs";

const LINGER = 60;
const PAIRS = 50;
const [place, messages, each = "1"] = process.argv.slice(2);
const peers = [];
const still = [];

async function send(socket) {
  peers.push(...(await sendLingering(socket, Number(each), LINGER)));
}

/** The time from a socket's close() until its peer sees the end of the stream. */
async function untilEof([ours, theirs]) {
  const end = theirs.recvmsg();
  const before = performance.now();
  ours.close();
  if (!(await end).eof) throw new Error("No end of stream");
  const taken = performance.now() - before;
  await theirs.close();
  return taken;
}

async function times() {
  const taken = [];
  for (let i = 0; i < PAIRS; i++) {
    taken.push(untilEof(socketpair()));
    await pause(10);
  }
  return Promise.all(taken);
}

async function dropped(gap) {
  const [sender, receiver] = socketpair("stream");
  still.push(sender, receiver);
  for (let i = 0; i < messages; i++) {
    await send(sender);
    await receiver.recvmsg();
    if (gap > 0) await pause(gap);
  }
  return times();
}

/** Each returns the times after which the peers saw the end. */
const places = {
  async itself() {
    const [sender, receiver] = socketpair("stream");
    await send(sender);
    await receiver.recvmsg();
    return [await untilEof([receiver, sender])];
  },
  dropped: () => dropped(0),
  apart: () => dropped(30),
  async queues() {
    for (let i = 0; i < messages; i++) {
      const [sender, receiver] = socketpair("stream");
      await send(sender);
      receiver.close();
      still.push(sender);
    }
    return times();
  },
  /** Received descriptors that are sent on to a peer that does not read, and closed with that connection. */
  async relayed() {
    for (let i = 0; i < messages; i++) {
      const [sender, receiver] = socketpair("stream", { maxFds: 1 });
      await send(sender);
      const [next, sleeping] = socketpair("stream");
      while (next.trySendmsg({ data: Buffer.alloc(65_536) }));
      const message = await receiver.recvmsg();
      next.sendmsg({ data: "y", fds: message.fds }).catch(() => {});
      message[Symbol.dispose]();
      next.close();
      still.push(sender, receiver, sleeping);
    }
    return times();
  },
};

// Opens the event loop's own descriptors first.
await Promise.all(socketpair().map((socket) => socket.close()));
const before = descriptorTable();
const latest = Math.max(...(await places[place]()));
const waiting = binding().closing();
for (const peer of peers) close(peer);
await Promise.all(still.map((socket) => socket.close()));
console.log(JSON.stringify({ latest, waiting, leftOver: await leftOver(before) }));
