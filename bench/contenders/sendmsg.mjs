import { openSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "sendmsg/constants";
import { library } from "./library.mjs";
import { buffers, inTurn, main, processorTime, timed, timedWithServer } from "./timing.mjs";

const { Listener, Socket, socketpair } = await library();

async function echo(socket) {
  for (;;) {
    const message = await socket.recvmsg();
    if (message.eof) return;
    await socket.sendmsg({ data: message.data });
  }
}

async function roundtrips(socket, payload, count) {
  for (let i = 0; i < count; i++) {
    await socket.sendmsg({ data: payload() });
    await socket.recvmsg();
  }
}

const PAIRS = 4;
const payload = () => inTurn(buffers(16, 64));

async function roundtrip() {
  const pairs = Array.from({ length: PAIRS }, () => socketpair());
  for (const [, right] of pairs) echo(right);
  const next = inTurn(pairs);
  const data = payload();
  return timed(30_000, async (count) => {
    for (let i = 0; i < count; i++) await roundtrips(next()[0], data, 1);
  });
}

/** The other process of `processes`. It answers, and prints the processor time that each connection took. */
async function server() {
  const listener = await Listener.listen({ abstract: `sendmsg-bench-${process.ppid}` });
  console.log("ready");
  for await (const peer of listener) {
    const before = processorTime();
    await echo(peer);
    console.log(processorTime() - before);
  }
}

const processes = () =>
  timedWithServer(fileURLToPath(import.meta.url), {
    connect: () => Socket.connect({ abstract: `sendmsg-bench-${process.pid}` }),
    roundtrips: (socket, count) => roundtrips(socket, payload(), count),
    close: (socket) => socket.close(),
  });

async function descriptor() {
  const pairs = Array.from({ length: PAIRS }, () => socketpair());
  const next = inTurn(pairs);
  const file = openSync("/dev/null", "r");
  return timed(30_000, async (count) => {
    for (let i = 0; i < count; i++) {
      const [left, right] = next();
      await left.sendmsg({ data: "x", fds: [file] });
      const message = await right.recvmsg({ maxFds: 1 });
      message.takeFds()[0].close();
    }
  });
}

/** Sends datagrams, one at a time: the receiver of one makes the next socket send to its partner. */
async function udp(connected) {
  const sockets = await Promise.all(
    Array.from({ length: PAIRS }, () => Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" })),
  );
  const partners = sockets.map((_, i) => sockets[i ^ 1].getsockname());
  if (connected) for (const [i, socket] of sockets.entries()) await socket.connect(partners[i]);
  const data = inTurn(buffers(16, 1200));
  const sender = inTurn([...sockets.keys()]);
  let left = 0;
  let done;
  const send = () => {
    const i = sender();
    return sockets[i].sendmsg(connected ? { data: data() } : { data: data(), address: partners[i] });
  };
  for (const socket of sockets) receive(socket);
  async function receive(socket) {
    for await (const message of socket) {
      if (message.data.length !== 1200) throw new Error("wrong");
      if (--left > 0) await send();
      else done();
    }
  }
  return timed(30_000, async (count) => {
    left = count;
    const end = new Promise((resolve) => {
      done = resolve;
    });
    await send();
    await end;
  });
}

/** Makes round trips while `waiting` other sockets wait. */
async function crowd(waiting) {
  for (let i = 0; i < waiting / 2; i++) {
    for (const socket of socketpair()) socket.recvmsg().catch(() => {});
  }
  return roundtrip();
}

/** Fills `megabytes` of the heap with small objects, which the garbage collector has to visit. */
function liveHeap(megabytes) {
  const objects = [];
  const enough = process.memoryUsage().heapUsed + megabytes * 2 ** 20;
  while (process.memoryUsage().heapUsed < enough) {
    for (let i = 0; i < 10_000; i++) objects.push({ i, text: `object ${i}`, list: [i] });
  }
  return objects;
}

/** Sends messages with 100 descriptors each, while the heap is large. */
async function many(megabytes) {
  globalThis.objects = liveHeap(Number(megabytes));
  const [left, right] = socketpair();
  const fds = Array.from({ length: 100 }, () => openSync("/dev/null", "r"));
  return timed(Number(process.argv[4] ?? 2_000), async (count) => {
    for (let i = 0; i < count; i++) {
      await left.sendmsg({ data: "x", fds });
      const message = await right.recvmsg({ maxFds: 100 });
      for (const fd of message.takeFds()) fd.close();
    }
  });
}

/** Opens sockets while the heap is large. */
async function open(megabytes) {
  globalThis.objects = liveHeap(Number(megabytes));
  const start = process.hrtime.bigint();
  const pairs = Array.from({ length: 1_000 }, () => socketpair());
  const elapsed = Number(process.hrtime.bigint() - start);
  if (pairs.length !== 1_000) throw new Error("wrong");
  return elapsed / 2_000;
}

const openFiles = () => readdirSync("/proc/self/fd").length;

/** How many more bytes and descriptors there are after `count` messages than after a hundredth of them. */
async function memory(count) {
  const [left, right] = socketpair("dgram");
  const data = payload();
  const file = openSync("/dev/null", "r");
  const exchange = async (messages) => {
    for (let i = 0; i < messages; i++) {
      await left.sendmsg(i % 16 === 0 ? { data: data(), fds: [file] } : { data: data() });
      const message = await right.recvmsg({ maxFds: 1 });
      message[Symbol.dispose]();
    }
  };
  const settled = async () => {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return [process.memoryUsage.rss(), openFiles()];
  };
  await exchange(count / 100);
  const [bytes, files] = await settled();
  await exchange(Number(count));
  const [bytesAfter, filesAfter] = await settled();
  return [(bytesAfter - bytes) / 2 ** 20, filesAfter - files];
}

async function syscallsDatagram() {
  const syscalls = await library("sendmsg/syscalls");
  const pairs = Array.from({ length: PAIRS }, () => syscalls.socketpair(AF_UNIX, SOCK_DGRAM));
  const next = inTurn(pairs);
  const data = payload();
  const room = inTurn(buffers(16, 64));
  return timed(200_000, (count) => {
    for (let i = 0; i < count; i++) {
      const [left, right] = next();
      syscalls.sendmsg(left, data());
      if (syscalls.recvmsg(right, room()).bytes !== 64) throw new Error("wrong");
    }
  });
}

async function syscallsDescriptor() {
  const syscalls = await library("sendmsg/syscalls");
  const { encodeControl, decodeControl } = await library("sendmsg/control");
  const pairs = Array.from({ length: PAIRS }, () => syscalls.socketpair(AF_UNIX, SOCK_STREAM));
  const next = inTurn(pairs);
  const file = openSync("/dev/null", "r");
  const byte = Buffer.from("x");
  const buffer = Buffer.alloc(1);
  const space = new Uint8Array(64);
  return timed(100_000, (count) => {
    for (let i = 0; i < count; i++) {
      const [left, right] = next();
      syscalls.sendmsg(left, byte, { control: encodeControl([{ name: "rights", value: [file] }]) });
      const { controlLength } = syscalls.recvmsg(right, buffer, { control: space });
      const [rights] = decodeControl(space.subarray(0, controlLength));
      syscalls.close(rights.value[0]);
    }
  });
}

async function decode() {
  const { decodeControl, encodeControl } = await library("sendmsg/control");
  const bytes = encodeControl([
    { name: "credentials", value: { pid: 4711, uid: 1000, gid: 1000 } },
    { name: "rights", value: [7] },
  ]);
  let sum = 0;
  const nanoseconds = await timed(500_000, (count) => {
    sum = 0;
    for (let i = 0; i < count; i++) {
      const [credentials, rights] = decodeControl(bytes);
      sum += credentials.value.pid + rights.value[0];
    }
  });
  if (sum !== 500_000 * (4711 + 7)) throw new Error("wrong");
  return nanoseconds;
}

async function encode() {
  const { encodeControl } = await library("sendmsg/control");
  let sum = 0;
  const nanoseconds = await timed(500_000, (count) => {
    sum = 0;
    for (let i = 0; i < count; i++) sum += encodeControl([{ name: "rights", value: [7] }])[16];
  });
  if (sum !== 500_000 * 7) throw new Error("wrong");
  return nanoseconds;
}

await main({
  roundtrip,
  processes,
  server,
  descriptor,
  "udp-addressed": () => udp(false),
  "udp-connected": () => udp(true),
  crowd,
  many,
  open,
  memory,
  "syscalls-datagram": syscallsDatagram,
  "syscalls-descriptor": syscallsDescriptor,
  decode,
  encode,
});
