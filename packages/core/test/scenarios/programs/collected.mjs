// Drops messages without closing the descriptors in them.
//
//   node [--expose-gc] collected.mjs CASE
import { openSync } from "node:fs";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { FileDescriptor, Listener, socketpair } from "sendmsg";
import { descriptorTable, leftOver } from "./open-files.mjs";

const warnings = [];
process.on("warning", ({ code, message }) => void warnings.push({ code, message }));

/** Gives the event loop a turn, in which finalizers run. */
async function collect(until, rounds = 500) {
  for (let i = 0; i < rounds && !until(); i++) {
    globalThis.gc();
    await pause(5);
  }
}

const cases = {
  async message() {
    const [sender, receiver] = socketpair("stream", { maxFds: 253, receive: ["credentials"] });
    await sender.sendmsg({ data: "x", fds: [0, 0, 0] });
    await receiver.recvmsg();
    await collect(() => warnings.length >= 3);
    await Promise.all([sender.close(), receiver.close()]);
    return { codes: warnings.map(({ code }) => code), says: warnings[0]?.message.replace(/\d+/, "N") };
  },

  /** Objects that are held are not collected. Descriptors that were closed or taken cause no warning. */
  async held() {
    const [sender, receiver] = socketpair("stream", { maxFds: 253 });
    await sender.sendmsg({ data: "x", fds: [0, 0] });
    const [held] = (await receiver.recvmsg()).takeFds();
    await collect(() => warnings.length >= 1);
    await sender.sendmsg({ data: "x", fds: [0] });
    (await receiver.recvmsg())[Symbol.dispose]();
    await sender.sendmsg({ data: "x", fds: [0] });
    const detached = (await receiver.recvmsg()).fds[0].detach();
    await collect(() => warnings.length >= 2, 10);
    const open = descriptorTable().some((entry) => entry.startsWith(`${held.fd} `));
    FileDescriptor.adopt(detached).close();
    held.close();
    await Promise.all([sender.close(), receiver.close()]);
    return { warnings: warnings.length, open };
  },

  /** Sockets and listeners on which nothing waits, and that were never closed. */
  async sockets() {
    const make = async (i) => {
      const [a, b] = socketpair();
      const waiting = b.recvmsg(); // the event loop watches this one
      await a.sendmsg({ data: "x" });
      await waiting;
      await Listener.listen({ family: "unix", abstract: `sendmsg-collected-${process.pid}-${i}` });
    };
    for (let i = 0; i < 10; i++) await make(i);
    await collect(() => warnings.length >= 30);
    return { codes: [...new Set(warnings.map(({ code }) => code))], warnings: warnings.length };
  },

  /** Nothing refers to the receiving socket but its waiting receive. */
  async waiting() {
    const senders = [];
    const waits = [];
    const make = () => {
      const [sender, receiver] = socketpair();
      senders.push(sender);
      waits.push(receiver.recvmsg());
    };
    for (let i = 0; i < 10; i++) make();
    await collect(() => warnings.length > 0, 10);
    for (const sender of senders) await sender.sendmsg({ data: "x" });
    const arrived = (await Promise.all(waits)).map(({ data }) => String(data)).join("");
    await Promise.all(senders.map((sender) => sender.close()));
    await collect(() => warnings.length >= 10);
    return { arrived, warnings: warnings.length };
  },

  /** The program never asks for a garbage collection. The library must ask for one in time. */
  async flood() {
    const [COUNT, each, megabytes = 0] = process.argv.slice(3).map(Number);
    globalThis.objects = liveHeap(megabytes);
    const [sender, receiver] = socketpair("stream", { maxFds: 253 });
    let highest = 0;
    let arrived = 0;
    for (let i = 0; i < COUNT / each; i++) {
      await sender.sendmsg({ data: "x", fds: new Array(each).fill(0) });
      const message = await receiver.recvmsg();
      if (message.controlTruncated) throw new Error(`no descriptor left after ${arrived}`);
      arrived += message.fds.length;
      if (i % 10 === 0) highest = Math.max(highest, descriptorTable().length);
    }
    await Promise.all([sender.close(), receiver.close()]);
    return { arrived, highest, collected: warnings.length > 0 };
  },

  /** Counts collections of the whole heap while descriptors are received and closed at once. */
  async closed() {
    const collections = countCollections();
    const [sender, receiver] = socketpair("stream", { maxFds: 253 });
    const fds = new Array(100).fill(0);
    for (let i = 0; i < 200; i++) {
      await sender.sendmsg({ data: "x", fds });
      const message = await receiver.recvmsg();
      message[Symbol.dispose]();
    }
    await Promise.all([sender.close(), receiver.close()]);
    return { collections: collections() };
  },

  /** Counts collections of the whole heap while descriptors are received and kept. */
  async kept() {
    const collections = countCollections();
    const kept = [];
    const own = FileDescriptor.adopt(openSync("/dev/null", "r"));
    for (let i = 0; i < 8; i++) {
      for (let k = 0; k < 1000; k++) kept.push(own.dup());
      // The library checks after each thousand whether it must ask for a collection.
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    }
    const open = kept.every(({ fd }) => fd >= 0);
    for (const descriptor of [own, ...kept]) descriptor.close();
    return { open, collections: collections() };
  },
};

/** Makes small objects of this many MB, which the collector must visit. */
function liveHeap(megabytes) {
  const objects = [];
  const enough = process.memoryUsage().heapUsed + megabytes * 2 ** 20;
  while (process.memoryUsage().heapUsed < enough) {
    for (let i = 0; i < 10_000; i++) objects.push({ i, text: `object ${i}`, list: [i] });
  }
  return objects;
}

/** Starts to count collections of the whole heap. Returns a function that returns their number. */
function countCollections() {
  let count = 0;
  const add = (entries) => {
    for (const { detail } of entries) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) count++;
  };
  const counting = new PerformanceObserver((list) => add(list.getEntries()));
  counting.observe({ entryTypes: ["gc"] });
  return () => {
    add(counting.takeRecords());
    counting.disconnect();
    return count;
  };
}

await Promise.all(socketpair().map((socket) => socket.close()));
await pause(10);
const before = descriptorTable();
const found = await cases[process.argv[2]]();
if (globalThis.gc) globalThis.gc();
console.log(JSON.stringify({ ...found, leftOver: globalThis.gc ? await leftOver(before) : [] }));
