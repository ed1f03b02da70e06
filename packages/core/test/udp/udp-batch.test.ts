import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import type { UdpBatch, UdpMessage, UdpSocket } from "../../src/udp/index.js";
import { closeAll } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { PATIENCE } from "../support/sockets.js";
import { bound, ends, WAYS } from "./ways.js";

afterEach(closeAll);

const LOOPBACK = 1;
const IPV4 = WAYS[0]!;
const signal = () => AbortSignal.timeout(PATIENCE);

/** Receives until there are so many packets, and returns what `each` makes of them. */
async function received<T>(
  socket: UdpSocket,
  batch: UdpBatch,
  count: number,
  each: (i: number) => T,
): Promise<T[]> {
  const all: T[] = [];
  while (all.length < count) {
    const length = await socket.recvBatch(batch, { signal: signal() });
    expect(length).toBe(batch.length);
    for (let i = 0; i < length; i++) all.push(each(i));
  }
  return all;
}

describe.each(WAYS)("$name", (way) => {
  onRealKernel("each packet of a batch has its own facts", async () => {
    await counted(async () => {
      const { receiver, sender, address } = await ends(way, { timestamp: true });
      const facts: UdpMessage[] = [
        {},
        { ecn: 2 },
        { dscp: 46, hopLimit: 7 },
        { ecn: 3, interfaceIndex: LOOPBACK, source: way.destination },
      ];
      const batch = sender.createBatch({ slots: 4, size: 100 });
      for (const [i, each] of facts.entries()) batch.push({ data: `${i}`, address, ...each });
      expect(batch.isFull).toBe(true);
      expect(await sender.sendBatch(batch)).toBe(4);
      expect(batch.sent).toBe(4);
      const incoming = receiver.createBatch({ slots: 8 });
      const packets = await received(receiver, incoming, 4, (i) => incoming.copy(i));
      for (const [i, { ecn = 0, dscp = 0, hopLimit = packets[0]!.hopLimit }] of facts.entries()) {
        const { destination } = way;
        const expected = { ecn, dscp, hopLimit, destination, local: destination, interfaceIndex: LOOPBACK };
        expect(packets[i]).toMatchObject({ ...expected, truncated: false });
        expect(String(packets[i]!.data)).toBe(`${i}`);
        expect(packets[i]!.timestamp).toBeTypeOf("bigint");
        expect(packets[i]!.address.port).toBe(sender.getsockname().port);
      }
      await closeAll();
    });
  });

  it("an encoded address is as good as an address", async () => {
    const { receiver, sender, address } = await ends(way);
    const batch = sender.createBatch();
    batch.push({ data: "x", address: encodeAddress(address), ecn: 1, hopLimit: 5 });
    expect(sender.trySendBatch(batch)).toBe(1);
    const incoming = receiver.createBatch();
    const [packet] = await received(receiver, incoming, 1, (i) => incoming.packet(i));
    expect(packet).toMatchObject({ ecn: 1, hopLimit: 5 });
  });

  it("a packet of a batch can be many datagrams, and come as such", async () => {
    const { receiver, sender, address } = await ends(way);
    const batch = sender.createBatch({ size: 4000 });
    batch.push({ data: Buffer.alloc(3500, "a"), address, segmentSize: 1000, ecn: 2 });
    batch.push({ data: "b", address });
    await sender.sendBatch(batch);
    const sizes: number[] = [];
    while (sizes.length < 5) {
      for await (const incoming of receiver.batches({ signal: signal() })) {
        for (let i = 0; i < incoming.length; i++) {
          expect(incoming.packet(i)).toMatchObject({
            ecn: incoming.data(i)[0] === 0x61 ? 2 : 0,
            truncated: false,
          });
          expect(incoming.packet(i).segments()).toEqual(incoming.segments(i));
          for (const segment of incoming.segments(i)) sizes.push(segment.length);
        }
        if (sizes.length >= 5) break;
      }
    }
    expect(sizes).toEqual([1000, 1000, 1000, 500, 1]);
    const { offloaded, plain } = sender.segmentation;
    expect(offloaded + plain).toBe(4);
  });
});

describe("a batch", () => {
  it("has slots for joined datagrams if the socket receives them", async () => {
    const joins = await bound("127.0.0.1");
    const single = await bound("127.0.0.1", { gro: false });
    expect(joins.createBatch().size).toBe(joins.capabilities.gro ? 65_536 : 2048);
    expect(single.createBatch()).toMatchObject({ size: 2048, slots: 64, length: 0, sent: 0, isFull: false });
  });

  it("says which packets were longer than their slots", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    for (const data of ["long", "ab"]) await sender.send({ data, address });
    const batch = receiver.createBatch({ slots: 2, size: 2 });
    const packets = await received(receiver, batch, 2, (i) => batch.copy(i));
    expect(packets.map(({ data, truncated }) => [String(data), truncated])).toEqual([
      ["lo", true],
      ["ab", false],
    ]);
  });

  it("overwrites the data of packet(), and not those of copy()", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    const batch = receiver.createBatch({ slots: 1, size: 10 });
    await sender.send({ data: "first", address });
    await receiver.recvBatch(batch, { signal: signal() });
    const [view, copy] = [batch.packet(0), batch.copy(0)];
    expect(view.data.buffer).toBe(batch.data(0).buffer);
    await sender.send({ data: "other", address });
    await receiver.recvBatch(batch, { signal: signal() });
    expect([view, copy].map(({ data }) => String(data))).toEqual(["other", "first"]);
    expect(batch.counters).toEqual({ calls: 2, messages: 2, full: 2 });
  });

  it("takes data that were written into its memory", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    const batch = sender.createBatch({ slots: 1, size: 10 });
    const room = batch.room();
    const length = room.write("written");
    batch.push({ data: room.subarray(0, length), address, ecn: 1 });
    await sender.sendBatch(batch);
    expect(String((await receiver.receive({ signal: signal() })).data)).toBe("written");
  });

  it("sends the rest behind a packet that failed, and nothing twice", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    const batch = sender.createBatch({ size: 70_000 });
    for (const data of ["a", Buffer.alloc(70_000), "b"]) batch.push({ data, address, ecn: 1 });
    expect(await sender.sendBatch(batch)).toBe(1);
    expect(await rejection(sender.sendBatch(batch))).toMatchObject({ code: "EMSGSIZE", index: 1 });
    batch.skip();
    expect(await sender.sendBatch(batch)).toBe(1);
    const incoming = receiver.createBatch();
    const texts = await received(receiver, incoming, 2, (i) => String(incoming.data(i)));
    expect(texts).toEqual(["a", "b"]);
  });

  it("can be emptied, and is shown with its numbers", async () => {
    const sender = await bound("127.0.0.1");
    const batch = sender.createBatch({ slots: 2, size: 5 });
    batch.push({ data: "x" }).push({ data: "y" });
    const shown = (value: unknown) => inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: 100 });
    const counters = "counters: { calls: 0, messages: 0, full: 0 }";
    expect(shown(batch)).toBe(`UdpBatch { slots: 2, size: 5, length: 2, ${counters} }`);
    batch.clear();
    expect(batch.length).toBe(0);
  });

  it("returns nothing at once if nothing is there", async () => {
    const socket = await bound("127.0.0.1");
    expect(socket.tryRecvBatch(socket.createBatch())).toBeUndefined();
  });

  it("iterates until the socket is closed", async () => {
    const { receiver, sender, address } = await ends(IPV4);
    await sender.send({ data: "x", address });
    const lengths: number[] = [];
    for await (const batch of receiver.batches({ slots: 4, size: 8 })) {
      lengths.push(batch.length);
      receiver.close();
    }
    expect(lengths).toEqual([1]);
  });
});

describe("what a batch refuses", () => {
  it.each<[UdpMessage, string]>([
    [
      { data: "x", ecn: 4 },
      'The value of "message.ecn" is out of range. It must be >= 0 && <= 3. Received 4',
    ],
    [
      { data: "long" },
      'The value of "message.data.length" is out of range. It must be <= 3, which is the size of a slot. Received 4',
    ],
    [{ data: "x", tos: 1 } as never, 'The "message" argument has no property "tos". Did you mean "dscp"?'],
    [
      "x" as never,
      'The "message" argument must be of type object. Received type string ("x"). Write push({ data: … })',
    ],
  ])("%o", async (message, expected) => {
    const batch = (await bound("127.0.0.1")).createBatch({ size: 3 });
    expect(thrown(() => batch.push(message)).message).toBe(expected);
    expect(batch.length).toBe(0);
  });

  it("another object, or options that it does not have", async () => {
    const socket = await bound("127.0.0.1");
    const message =
      'The "batch" argument must be a UdpBatch. createBatch() of a UdpSocket makes one. Received an instance of Object';
    const none = {} as never;
    for (const call of ["sendBatch", "recvBatch"] as const) {
      expect(await rejection(socket[call](none))).toMatchObject({ message, argument: "batch" });
    }
    for (const call of ["trySendBatch", "tryRecvBatch"] as const) {
      expect(thrown(() => socket[call](none)).message).toBe(message);
    }
    expect(thrown(() => socket.createBatch({ count: 3 } as never)).message).toBe(
      'The "options" argument has no option "count". It can have "slots" and "size"',
    );
    expect((await rejection(socket.batches({ maxFds: 1 } as never).next())).message).toBe(
      'The "options" argument has no option "maxFds". It can have "slots", "size", "signal" and "onError"',
    );
    expect((await rejection(socket.recvBatch(socket.createBatch(), { size: 1 } as never))).message).toBe(
      'The "options" argument has no option "size". It can have only "signal"',
    );
  });

  it("packets that it has not received", async () => {
    const batch = (await bound("127.0.0.1")).createBatch();
    batch.push({ data: "x" });
    expect(thrown(() => batch.packet(0)).message).toBe(
      "The batch holds messages to send: only received messages have that",
    );
  });
});
