import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeControl } from "../../src/control/index.js";
import { EAGAIN, EINVAL, EIO, EMSGSIZE } from "../../src/errno.js";
import { SegmentedSending } from "../../src/socket/segmentation.js";
import { holds, timeout } from "../support/property.js";

// A kernel in memory, which refuses what real ones refuse. Whatever it refuses, each datagram must go out once, in order.

interface Route {
  /** The errno with which the kernel refuses to cut data for this route. 0: it cuts. */
  refusal: number;
  mtu: number;
}

/** UDP_MAX_SEGMENTS of old kernels and of new ones. */
const LIMITS = [64, 128];
const MOST_BYTES = 65_507;
/** UIO_MAXIOV: sendmmsg(2) takes so many messages. */
const MOST_MESSAGES = 1024;

const bytesOf = (data: Uint8Array | Uint8Array[]): Buffer => Buffer.concat([data].flat());
const cut = (data: Uint8Array, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / size) }, (_, i) =>
    Buffer.from(data.subarray(i * size, (i + 1) * size)),
  );

class Kernel {
  readonly limit: number;
  readonly routes: readonly Route[];
  /** How many datagrams still have room. */
  room = 0;
  readonly wire: { route: number; data: Buffer }[] = [];
  cutByKernel = 0;

  constructor(limit: number, routes: readonly Route[]) {
    this.limit = limit;
    this.routes = routes;
  }

  sendmsg = (
    data: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
  ): number => {
    const sizes = decodeControl(control!).filter(({ name }) => name === "udpSegment");
    expect(sizes).toHaveLength(1);
    const size = (sizes[0] as { value: number }).value;
    const bytes = bytesOf(data);
    const datagrams = cut(bytes, size);
    // Some devices refuse UDP_SEGMENT on one datagram: cloudflare/quiche#2551.
    expect(datagrams.length).toBeGreaterThan(1);
    expect(bytes.length).toBeLessThanOrEqual(MOST_BYTES);
    const { refusal, mtu } = this.routes[address![4]!]!;
    if (this.room === 0) return -EAGAIN;
    if (size > mtu) return -EMSGSIZE;
    if (datagrams.length > this.limit) return -EINVAL;
    if (refusal !== 0) return -refusal;
    this.room--;
    this.cutByKernel += datagrams.length;
    this.#deliver(address!, datagrams);
    return bytes.length;
  };

  sendSegments = (
    data: Uint8Array,
    size: number,
    control: Uint8Array | null,
    address: Uint8Array | null,
  ): number => {
    expect(control).toBeNull();
    const all = cut(data, size).slice(0, Math.min(MOST_MESSAGES, this.room));
    if (all.length === 0) return -EAGAIN;
    this.room -= all.length;
    this.#deliver(address!, all);
    return all.reduce((sum, { length }) => sum + length, 0);
  };

  #deliver(address: Uint8Array, datagrams: Buffer[]): void {
    for (const data of datagrams) this.wire.push({ route: address[4]!, data });
  }
}

const routes = fc.array(
  fc.record({
    refusal: fc.constantFrom(0, EIO, EINVAL),
    mtu: fc.constantFrom(500, 1200, 1472, 65_507),
  }),
  { minLength: 1, maxLength: 3 },
);

const messages = fc.array(
  fc.record({
    route: fc.nat(2),
    count: fc.oneof(
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom(44, 45, 46, 54, 55, 63, 64, 65, 127, 128, 129, 200),
    ),
    size: fc.constantFrom(1, 100, 500, 1200, 1472, 9000),
    shorter: fc.nat(40),
    pieces: fc.integer({ min: 1, max: 4 }),
    enabled: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

it("each datagram goes out once, in order, whatever the kernel refuses, and the counters add up", {
  timeout,
}, async () => {
  await holds(
    fc.property(
      fc.constantFrom(...LIMITS),
      routes,
      messages,
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
      (limit, ways, all, rooms) => {
        const kernel = new Kernel(limit, ways);
        const sending = new SegmentedSending(kernel);
        let turn = 0;
        let count = 0;
        for (const message of all) {
          const route = message.route % ways.length;
          const data = Buffer.alloc(
            Math.max(1, message.count * message.size - (message.shorter % message.size)),
            0,
          );
          for (let i = 0; i + 1 < data.length; i += 2) data.writeUInt16LE(++count % 65_536, i);
          sending.enabled = message.enabled;
          const before = kernel.wire.length;
          const iov = cut(data, Math.ceil(data.length / message.pieces));
          const wanted = {
            iov: iov.length === 1 ? iov[0]! : iov,
            total: data.length,
            control: null,
            address: Uint8Array.of(2, 0, 0, 9, route),
            flags: 0,
            segmentSize: message.size,
          };
          kernel.room = rooms[turn++ % rooms.length]!;
          for (let at = 0; at < data.length; ) {
            const sent = sending.send(wanted, at);
            if (sent === -EAGAIN) {
              expect(kernel.room).toBe(0);
              kernel.room = rooms[turn++ % rooms.length]!;
              continue;
            }
            expect(sent).toBeGreaterThan(0);
            at += sent;
            if (at < data.length) expect(at % message.size).toBe(0);
          }
          const went = kernel.wire.slice(before);
          expect(went.map((datagram) => [datagram.route, datagram.data.length])).toEqual(
            cut(data, message.size).map((datagram) => [route, datagram.length]),
          );
          // toEqual() takes minutes to compare megabytes.
          expect(Buffer.concat(went.map((datagram) => datagram.data)).equals(data)).toBe(true);
        }
        expect(sending.offloaded).toBe(kernel.cutByKernel);
        expect(sending.offloaded + sending.plain).toBe(kernel.wire.length);
      },
    ),
  );
});
