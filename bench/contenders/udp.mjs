// UDP datagrams of 1200 bytes over the loopback interface, with the library: in batches, and with segmentation offload.
import { library } from "./library.mjs";
import { buffers, inTurn, main, processorTime, timedTwice } from "./timing.mjs";

const { Socket } = await library();

const SIZE = 1200;
const SEGMENTS = 48;

/** A receiver, and a sender that is connected to it. */
async function pair(options) {
  const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram", ...options });
  // The default has room for 92 datagrams of this size. Only a privileged process may exceed the sysctl net.core.rmem_max.
  try {
    receiver.options.set("rcvBufForce", 1 << 20);
  } catch {
    receiver.options.set("rcvBuf", 1 << 20);
  }
  return [receiver, await Socket.connect(receiver.getsockname(), { type: "dgram" })];
}

const singles = () => inTurn(buffers(16, SIZE));

/** How often a task that repeats `each` operations at once should repeat them, to reach at least `count`. */
const multipleOf = (each, count) => Math.ceil(count / each) * each;

/** Fills a batch and sends it, then receives as many datagrams. Looks at the data of each. */
async function batches(slots, exchange) {
  const [receiver, sender] = await pair();
  const outgoing = sender.createBatch({ slots, size: SIZE });
  const incoming = receiver.createBatch({ slots, size: 2048 });
  const data = singles();
  const fill = () => {
    outgoing.clear();
    for (let i = 0; i < slots; i++) outgoing.push({ data: data() });
  };
  const look = () => {
    for (let i = 0; i < incoming.length; i++) if (incoming.data(i).length !== SIZE) throw new Error("wrong");
  };
  return timedTwice(multipleOf(slots, 160_000), (count) =>
    exchange({ receiver, sender, outgoing, incoming, fill, look, slots, count }),
  );
}

const atOnce = (slots) =>
  batches(slots, ({ receiver, sender, outgoing, incoming, fill, look, count }) => {
    for (let done = 0; done < count; done += slots) {
      fill();
      if (sender.trySendBatch(outgoing) !== slots) throw new Error("not all were sent");
      for (let left = slots; left > 0; left -= incoming.length) {
        if (receiver.tryRecvBatch(incoming) === undefined) throw new Error("some were lost");
        look();
      }
    }
  });

const waiting = (slots) =>
  batches(slots, async ({ receiver, sender, outgoing, incoming, fill, look, count }) => {
    for (let done = 0; done < count; done += slots) {
      fill();
      if ((await sender.sendBatch(outgoing)) !== slots) throw new Error("not all were sent");
      for (let left = slots; left > 0; ) {
        left -= await receiver.recvBatch(incoming);
        look();
      }
    }
  });

/** One message of 48 datagrams, cut by the kernel and joined by the kernel. `exchange` sends it and looks at each datagram. */
async function offload(exchange) {
  const [receiver, sender] = await pair({ receive: ["udpGro"] });
  const data = inTurn(buffers(4, SEGMENTS * SIZE));
  // One slot: like C, each call receives one message. With more slots, each call also looks for the next one.
  const incoming = receiver.createBatch({ slots: 1, size: 65_536 });
  const look = (segments) => {
    for (const segment of segments) if (segment.length !== SIZE) throw new Error("wrong");
    return segments.length;
  };
  return timedTwice(multipleOf(SEGMENTS, 1_200_000), async (count) => {
    for (let done = 0; done < count; done += SEGMENTS) {
      await exchange({ receiver, sender, incoming, look, message: { data: data(), segmentSize: SIZE } });
    }
  });
}

const intoMessages = async ({ receiver, sender, look, message }) => {
  await sender.sendmsg(message);
  for (let left = SEGMENTS; left > 0; ) left -= look((await receiver.recvmsg()).segments());
};

const intoBatches = async ({ receiver, sender, incoming, look, message }) => {
  await sender.sendmsg(message);
  for (let left = SEGMENTS; left > 0; ) {
    await receiver.recvBatch(incoming);
    for (let i = 0; i < incoming.length; i++) left -= look(incoming.segments(i));
  }
};

const intoBatchesAtOnce = ({ receiver, sender, incoming, look, message }) => {
  if (sender.trySendmsg(message)?.bytes !== SEGMENTS * SIZE) throw new Error("no room");
  for (let left = SEGMENTS; left > 0; ) {
    if (receiver.tryRecvBatch(incoming) === undefined) throw new Error("some were lost");
    for (let i = 0; i < incoming.length; i++) left -= look(incoming.segments(i));
  }
};

const now = () => process.hrtime.bigint();

/** Sends `each` datagrams at a time to one destination. Measures only the sends. */
async function sending(each, send) {
  const [receiver, sender] = await pair();
  const room = Buffer.alloc(65_536);
  const data = inTurn(buffers(16, each * SIZE));
  const datagram = singles();
  const groups = Math.ceil(120 / each);
  const rounds = 1_500;
  let elapsed = 0n;
  let used = 0;
  const run = (count) => {
    elapsed = 0n;
    used = 0;
    for (let round = 0; round < count; round++) {
      const before = processorTime();
      const start = now();
      for (let i = 0; i < groups; i++) send(sender, each, data, datagram);
      elapsed += now() - start;
      used += processorTime() - before;
      while (receiver.tryRecvmsg({ buffers: room }) !== undefined);
    }
  };
  run(rounds / 5);
  run(rounds);
  const datagrams = rounds * groups * each;
  return [Number(elapsed) / datagrams, (used * 1000) / datagrams];
}

const plainly = (sender, each, _, datagram) => {
  for (let i = 0; i < each; i++) {
    if (sender.trySendmsg({ data: datagram() }) === undefined) throw new Error("no room");
  }
};

const offloaded = (sender, each, data) => {
  if (sender.trySendmsg({ data: data(), segmentSize: SIZE })?.bytes !== each * SIZE)
    throw new Error("no room");
};

const tasks = {
  offload: () => offload(intoBatches),
  "offload-try": () => offload(intoBatchesAtOnce),
  "offload-messages": () => offload(intoMessages),
};
for (const slots of [1, 8, 64, 256]) {
  tasks[`batch-${slots}`] = () => atOnce(slots);
  tasks[`batch-${slots}-await`] = () => waiting(slots);
}
for (const each of [1, 2, 4, 8, 15]) {
  tasks[`send-${each}`] = () => sending(each, plainly);
  tasks[`send-${each}-offload`] = () => sending(each, offloaded);
}
await main(tasks);
