// What one UDP datagram costs, by each way of sending and receiving: docs/throughput.md has the figures.
//
//   node bench/throughput.mjs [ROUNDS [BATCHES]]
//
// One thread sends 64 datagrams of 1200 bytes over the loopback interface, then receives them. Only one of the two is measured. What
// counts is processor time, user and system: it is what limits one thread, and other processes on the machine hardly change it. The
// ways take turns.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { cpus, loadavg, release } from "node:os";
import { Socket } from "sendmsg";
import { recvmmsg, sendmmsg } from "sendmsg/syscalls";

const ROUNDS = Number(process.argv[2] ?? 25);
const BATCHES = Number(process.argv[3] ?? 100);
const SIZE = 1200;
const COUNT = 64;
/** 64 KiB is the most that one system call sends: 54 datagrams of this size. */
const SEGMENTS = 48;
/** How many messages of that many datagrams are in a batch. */
const LONG = 4;
const LOOPBACK = { address: "127.0.0.1", port: 0 };

const data = Buffer.alloc(SIZE, "x");
const long = Buffer.alloc(SIZE * SEGMENTS, "x");
const batch = Array.from({ length: COUNT }, () => ({ data }));
const memory = Array.from({ length: COUNT }, () => ({ buffers: Buffer.alloc(2048) }));

const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** A receiver and a sender that is connected to it. */
async function pair(options = {}) {
  const receiver = await Socket.bind(LOOPBACK, options);
  receiver.options.set("rcvBuf", 1 << 20);
  const sender = await Socket.connect(receiver.getsockname(), { type: "dgram" });
  return [receiver, sender];
}

const open = [];
async function ours(options) {
  const [receiver, sender] = await pair(options);
  open.push(receiver, sender);
  return {
    receiver,
    sender,
    fill: () => {
      if (sendmmsg(sender.fd, batch) !== COUNT) throw new Error("not all were sent");
    },
    drain: () => {
      if (recvmmsg(receiver.fd, memory).length !== COUNT) throw new Error("some were lost");
    },
  };
}

/** Receives at least one datagram, and looks at each. Returns how many there were. */
async function received(socket, batch) {
  const length = await socket.recvBatch(batch);
  for (let i = 0; i < length; i++) if (batch.data(i).length !== SIZE) throw new Error("wrong");
  return length;
}

/** Sends one message as often as the batch has slots. */
async function sent(socket, batch, message) {
  batch.clear();
  while (!batch.isFull) batch.push(message);
  if ((await socket.sendBatch(batch)) !== batch.slots) throw new Error("not all were sent");
}

/** Each way: what is done before the measurement, what is measured, and what is done after it. */
async function ways() {
  const nodeReceiver = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
  nodeReceiver.bind(0, "127.0.0.1");
  await once(nodeReceiver, "listening");
  const feeder = await Socket.connect({ ...LOOPBACK, port: nodeReceiver.address().port }, { type: "dgram" });
  open.push(nodeReceiver, feeder);
  let left = 0;
  let done;
  nodeReceiver.on("message", () => {
    if (--left === 0) done();
  });
  const plain = await ours();
  const iterated = await ours();
  const iterator = iterated.receiver.messages();
  const buffered = await ours();
  const own = Buffer.alloc(2048);
  const batched = await ours();
  const room = batched.receiver.createBatch({ slots: COUNT });
  const sending = await ours();
  const outgoing = sending.sender.createBatch({ slots: COUNT, size: SIZE });
  const segments = await ours({ receive: ["udpGro"] });
  const joined = segments.receiver.messages();
  const longRoom = segments.receiver.createBatch({ slots: LONG, size: 65_536 });
  const longOutgoing = segments.sender.createBatch({ slots: LONG, size: long.length });
  const longMessage = { data: long, segmentSize: SIZE };
  const drainSegments = async (count) => {
    for (let left = count; left > 0; ) left -= (await joined.next()).value.segments().length;
  };
  const nodeSending = await ours();
  const nodeOut = createSocket("udp4");
  nodeOut.connect(nodeSending.receiver.getsockname().port, "127.0.0.1");
  await once(nodeOut, "connect");
  open.push(nodeOut);

  return {
    "receive: node:dgram": {
      count: COUNT,
      before: () => sendmmsg(feeder.fd, batch),
      measured: () =>
        new Promise((resolve) => {
          left = COUNT;
          done = resolve;
        }),
    },
    "receive: for await": {
      count: COUNT,
      before: iterated.fill,
      measured: async () => {
        for (let i = 0; i < COUNT; i++) await iterator.next();
      },
    },
    "receive: tryRecvmsg()": {
      count: COUNT,
      before: plain.fill,
      measured: () => {
        for (let i = 0; i < COUNT; i++) plain.receiver.tryRecvmsg();
      },
    },
    "receive: tryRecvmsg({ buffers })": {
      count: COUNT,
      before: buffered.fill,
      measured: () => {
        for (let i = 0; i < COUNT; i++) buffered.receiver.tryRecvmsg({ buffers: own });
      },
    },
    "receive: recvBatch(), up to 64": {
      count: COUNT,
      before: batched.fill,
      measured: async () => {
        for (let i = 0; i < COUNT; ) i += await received(batched.receiver, room);
      },
    },
    "receive: recvBatch() of 64, but only one is there": {
      count: 1,
      before: () => batched.sender.trySendmsg({ data }),
      measured: () => received(batched.receiver, room),
    },
    "receive: recvmmsg() of sendmsg/syscalls, up to 64": {
      count: COUNT,
      before: batched.fill,
      measured: batched.drain,
    },
    "receive: recvmmsg() of 64, but only one is there": {
      count: 1,
      before: () => batched.sender.trySendmsg({ data }),
      measured: () => {
        if (recvmmsg(batched.receiver.fd, memory).length !== 1) throw new Error("it was lost");
      },
    },
    "receive: for await, but only one is there": {
      count: 1,
      before: () => iterated.sender.trySendmsg({ data }),
      measured: () => iterator.next(),
    },
    "receive: for await with GRO": {
      count: SEGMENTS,
      before: () => segments.sender.trySendmsg(longMessage),
      measured: () => drainSegments(SEGMENTS),
    },
    "receive: recvBatch() with GRO": {
      count: LONG * SEGMENTS,
      before: () => sent(segments.sender, longOutgoing, longMessage),
      measured: async () => {
        for (let left = LONG * SEGMENTS; left > 0; ) {
          const length = await segments.receiver.recvBatch(longRoom);
          for (let i = 0; i < length; i++) left -= longRoom.segments(i).length;
        }
      },
    },
    "send: node:dgram": {
      count: COUNT,
      measured: () =>
        new Promise((resolve, reject) => {
          let open = COUNT;
          const sent = (error) => (error ? reject(error) : --open === 0 && resolve());
          for (let i = 0; i < COUNT; i++) nodeOut.send(data, sent);
        }),
      after: nodeSending.drain,
    },
    "send: await sendmsg()": {
      count: COUNT,
      measured: async () => {
        for (let i = 0; i < COUNT; i++) await sending.sender.sendmsg({ data });
      },
      after: sending.drain,
    },
    "send: trySendmsg()": {
      count: COUNT,
      measured: () => {
        for (let i = 0; i < COUNT; i++) sending.sender.trySendmsg({ data });
      },
      after: sending.drain,
    },
    "send: sendBatch() of 64": {
      count: COUNT,
      measured: () => sent(sending.sender, outgoing, { data }),
      after: sending.drain,
    },
    "send: sendmmsg() of sendmsg/syscalls, 64": {
      count: COUNT,
      measured: sending.fill,
      after: sending.drain,
    },
    "send: await sendmsg({ segmentSize })": {
      count: SEGMENTS,
      measured: () => segments.sender.sendmsg(longMessage),
      after: () => drainSegments(SEGMENTS),
    },
    "send: sendBatch() with segmentSize": {
      count: LONG * SEGMENTS,
      measured: () => sent(segments.sender, longOutgoing, longMessage),
      after: () => drainSegments(LONG * SEGMENTS),
    },
  };
}

const contenders = Object.entries(await ways());
const results = new Map(contenders.map(([name]) => [name, []]));
// The first rounds are for the compiler.
const WARM_UP = ROUNDS > 1 ? 2 : 0;
for (let round = 0; round < ROUNDS + WARM_UP; round++) {
  for (const [name, { count, before, measured, after }] of contenders) {
    let total = 0;
    for (let i = 0; i < BATCHES; i++) {
      await before?.();
      const start = processorTime();
      await measured();
      total += processorTime() - start;
      await after?.();
    }
    if (round >= WARM_UP) results.get(name).push(total / BATCHES / count);
  }
}
for (const socket of open) socket.close();

console.log(
  `${cpus()[0].model} (${cpus().length} processors), Linux ${release()}, Node ${process.version}; ${ROUNDS} rounds, at a load of ${loadavg()[0].toFixed(1)}.`,
);
console.log("\n| | least, µs | median, µs | × node:dgram (least) |\n|---|---:|---:|---:|");
for (const direction of ["receive", "send"]) {
  const base = Math.min(...results.get(`${direction}: node:dgram`));
  for (const [name, times] of results) {
    if (!name.startsWith(direction)) continue;
    times.sort((a, b) => a - b);
    const [least, median] = [times[0], times[times.length >> 1]];
    console.log(`| ${name} | ${least.toFixed(2)} | ${median.toFixed(2)} | ${(least / base).toFixed(2)} |`);
  }
}
