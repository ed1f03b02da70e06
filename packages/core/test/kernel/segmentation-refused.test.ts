import { afterEach, describe, expect } from "vitest";
import { type Address, encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_UDPLITE,
  MSG_DONTWAIT,
  SO_NO_CHECK,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { encodeControl } from "../../src/control/index.js";
import type { SystemError } from "../../src/errors.js";
import { Socket } from "../../src/index.js";
import { sendmsg, setsockopt } from "../../src/syscalls/index.js";
import { closeAll, own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { rejection } from "../support/outcome.js";
import { expectSameBuffers } from "../support/same-buffers.js";
import { skipUnless } from "../support/skip-unless.js";
import { next } from "../support/sockets.js";
import { kernelIsAtLeast } from "../support/target.js";
import { type CableEnd, cable, cables, FAMILIES, type Family, tun, tuns, udpAt } from "./cable.js";
import { firstOf, sockets } from "./missing.js";
import { namespace } from "./namespace.js";
import type { Missing } from "./proves.js";

// UDP_SEGMENT: udp(7). The kernel refuses it in udp_send_skb() of net/ipv4/udp.c, and in udp_v6_send_skb() of net/ipv6/udp.c.

const when = (missing: Missing) => skipUnless(missing ?? "", missing === undefined);

const noCables = cables();
const noTuns = tuns();
const onCable = when(noCables);

/** Sends with one system call and UDP_SEGMENT. Returns the number of bytes, or the error's code. */
function plainCall(socket: Socket, address: Address, length: number, segmentSize: number): number | string {
  const family = address.family as "ipv4" | "ipv6";
  try {
    return sendmsg(socket.fd, Buffer.alloc(length), {
      address: encodeAddress(address),
      control: encodeControl([{ name: "udpSegment", value: segmentSize }], { family }),
      flags: MSG_DONTWAIT,
    });
  } catch (error) {
    return (error as SystemError).code;
  }
}

/** The reason if the kernel makes no UDP-Lite sockets. */
const udpLite = sockets("UDP-Lite", AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE);

/** A packet to this end goes through ESP: ip-xfrm(8). */
const encrypt = (from: CableEnd, to: CableEnd, family: Family): void => {
  const way = `src ${from[family]} dst ${to[family]}`;
  const key = `0x${"7a".repeat(20)}`;
  for (const { place } of [from, to])
    place.run(
      `ip xfrm state add ${way} proto esp spi 0x100 mode transport aead rfc4106(gcm(aes)) ${key} 128`,
    );
  const policy = (dir: string) => `ip xfrm policy add ${way} dir ${dir} tmpl ${way} proto esp mode transport`;
  from.place.run(policy("out"));
  to.place.run(policy("in"));
};

/** The reason if the kernel has no ESP. */
async function ipsec(): Promise<Missing> {
  const missing = noCables;
  if (missing !== undefined) return missing;
  try {
    await withSockets(async () => {
      const [a, b] = await cable();
      for (const family of FAMILIES) encrypt(a, b, family);
    });
    return undefined;
  } catch (error) {
    return `this kernel has no ESP: ${(error as Error).message.trim()}`;
  }
}

const encrypted = await ipsec();

afterEach(closeAll);

describe("sendmsg(2) with UDP_SEGMENT", () => {
  onCable("is refused with EINVAL if the socket sends no checksums, also for one datagram", () =>
    withSockets(async () => {
      const [a, b] = await cable();
      const { socket } = await udpAt(a, "ipv4");
      const { at } = await udpAt(b, "ipv4");
      setsockopt(socket.fd, SOL_SOCKET, SO_NO_CHECK, 1);
      expect(plainCall(socket, at, 2400, 1200)).toBe("EINVAL");
      expect(plainCall(socket, at, 1200, 1200)).toBe("EINVAL");
      setsockopt(socket.fd, SOL_SOCKET, SO_NO_CHECK, 0);
      expect(plainCall(socket, at, 2400, 1200)).toBe(2400);
    }),
  );

  for (const family of FAMILIES) {
    onCable(`is refused for too many segments, and for segments longer than the MTU: ${family}`, () =>
      withSockets(async () => {
        const [a, b] = await cable();
        const { socket } = await udpAt(a, family);
        const { at } = await udpAt(b, family);
        const outcomes = [64, 65, 128, 129].map((count) => plainCall(socket, at, count * 100, 100));
        // UDP_MAX_SEGMENTS was 64. Since Linux 6.9 it is 128, and distributions have changed older kernels, too.
        expect([
          [6400, 6500, 12_800, "EINVAL"],
          [6400, "EINVAL", "EINVAL", "EINVAL"],
        ]).toContainEqual(outcomes);
        expect(["EINVAL", "EMSGSIZE"]).toContain(plainCall(socket, at, 4000, 2000));
        // A plain datagram goes out in fragments. Shorter segments are taken, too.
        expect(sendmsg(socket.fd, Buffer.alloc(2000), { address: encodeAddress(at) })).toBe(2000);
        expect(plainCall(socket, at, 2400, 1200)).toBe(2400);
      }),
    );

    when(firstOf(noCables, udpLite))(`is refused with EIO by UDP-Lite: ${family}`, () =>
      withSockets(async () => {
        const [a, b] = await cable();
        const { socket } = await udpAt(a, family, { protocol: IPPROTO_UDPLITE });
        const { at } = await udpAt(b, family, { protocol: IPPROTO_UDPLITE });
        expect(plainCall(socket, at, 2400, 1200)).toBe("EIO");
        expect(plainCall(socket, at, 1200, 1200)).toBe("EIO");
      }),
    );

    when(noTuns)(`is refused with EIO before Linux 6.11 if the device computes no checksums: ${family}`, () =>
      withSockets(async () => {
        const place = await namespace();
        const device = tun(place);
        const socket = place.open(family === "ipv4" ? AF_INET : AF_INET6, SOCK_DGRAM);
        const at = { family, address: device[family], port: 9 };
        const taken = kernelIsAtLeast(6, 11);
        expect(plainCall(socket, at, 2400, 1200)).toBe(taken ? 2400 : "EIO");
        expect(device.datagrams().map(({ length }) => length)).toEqual(taken ? [1200, 1200] : []);
      }),
    );

    when(encrypted)(`is refused with EIO by a route through IPsec: ${family}`, () =>
      withSockets(async () => {
        const [a, b] = await cable();
        encrypt(a, b, family);
        const { socket } = await udpAt(a, family);
        const { at } = await udpAt(b, family);
        expect(plainCall(socket, at, 2400, 1200)).toBe("EIO");
      }),
    );
  }
});

/** Datagrams of this many bytes, each with its own content. The last may be shorter. */
function datagrams(count: number, size: number, last = size): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const data = Buffer.alloc(i === count - 1 ? last : size, i + 1);
    if (data.length >= 4) data.writeUInt32LE(i);
    return data;
  });
}

/** The next datagrams must be these. */
async function expectNext(socket: Socket, sent: readonly Buffer[]): Promise<void> {
  const received: Buffer[] = [];
  while (received.length < sent.length) received.push((await next(socket)).data);
  expectSameBuffers(received, sent);
}

/** What became of the datagrams so far: how many did the kernel cut, how many did the library? */
const cuts = ({ segmentation: { offloaded, plain } }: Socket) => ({ offloaded, plain });

/** Nothing else may have arrived. */
const expectEmpty = (socket: Socket) => expect(socket.tryRecvmsg()).toBeUndefined();

interface Route {
  name: string;
  missing?: Missing;
  /** Whether the kernel refuses UDP_SEGMENT there. */
  refuses: boolean;
  segmentSize?: number;
  families?: readonly Family[];
  prepare?: (from: CableEnd, to: CableEnd, family: Family) => void;
  adjust?: (socket: Socket) => void;
}

const ROUTES: Route[] = [
  { name: "a plain route", refuses: false },
  {
    name: "a socket that sends no checksums",
    refuses: true,
    families: ["ipv4"],
    adjust: (socket) => setsockopt(socket.fd, SOL_SOCKET, SO_NO_CHECK, 1),
  },
  { name: "segments longer than the MTU", refuses: true, segmentSize: 2000 },
  {
    name: "a route through IPsec",
    missing: encrypted,
    refuses: true,
    prepare: encrypt,
  },
];

interface Way {
  socket: Socket;
  receiver: Socket;
  at: Address;
  segmentSize: number;
  refuses: boolean;
}

/** What the library does on each route. */
const STEPS: Record<string, (way: Way) => Promise<void>> = {
  "sends every datagram, in order, in the same call": async ({ socket, receiver, at, segmentSize }) => {
    for (const connected of [false, true]) {
      if (connected) await socket.connect(at);
      const to = connected ? {} : { address: at };
      for (const count of [2, 15, 64, 65, 129]) {
        const sent = datagrams(count, segmentSize, 77);
        const data = Buffer.concat(sent);
        expect(await socket.sendmsg({ data, segmentSize, ...to })).toEqual({ bytes: data.length });
        await expectNext(receiver, sent);
        expectEmpty(receiver);
      }
    }
  },

  "counts what happened, and asks the kernel once": async ({
    socket,
    receiver,
    at,
    segmentSize,
    refuses,
  }) => {
    const sent = datagrams(10, segmentSize);
    const data = Buffer.concat(sent);
    for (const round of [1, 2, 3]) {
      await socket.sendmsg({ data, segmentSize, address: at });
      await expectNext(receiver, sent);
      const { offloaded, plain, refusals } = socket.segmentation;
      expect([offloaded, plain]).toEqual(refuses ? [0, 10 * round] : [10 * round, 0]);
      expect(refusals).toBe(refuses ? 1 : 0);
    }
  },

  "one datagram never carries UDP_SEGMENT": async ({ socket, receiver, at, segmentSize }) => {
    // These routes refuse UDP_SEGMENT also on one datagram.
    for (const length of [segmentSize, segmentSize - 1, 1, 0]) {
      const data = Buffer.alloc(length, "x");
      expect(await socket.sendmsg({ data, segmentSize, address: at })).toEqual({ bytes: length });
      expect((await next(receiver)).data).toEqual(data);
      expectEmpty(receiver);
    }
    expect([socket.segmentation.offloaded, socket.segmentation.refusals]).toEqual([0, 0]);
  },

  "sends plain datagrams if it is switched off": async ({ socket, receiver, at, segmentSize }) => {
    socket.segmentation.enabled = false;
    const sent = datagrams(70, segmentSize, 1);
    const data = Buffer.concat(sent);
    expect(await socket.sendmsg({ data, segmentSize, address: at })).toEqual({ bytes: data.length });
    await expectNext(receiver, sent);
    expectEmpty(receiver);
    expect(cuts(socket)).toEqual({ offloaded: 0, plain: 70 });
    expect(socket.segmentation.refusals).toBe(0);
  },

  "trySendmsg() sends a whole number of segments, and the rest can follow": async ({
    socket,
    receiver,
    at,
    segmentSize,
  }) => {
    const sent = datagrams(150, segmentSize, 13);
    let data = Buffer.concat(sent);
    while (data.length > 0) {
      const { bytes } = socket.trySendmsg({ data, segmentSize, address: at })!;
      if (bytes < data.length) expect(bytes % segmentSize).toBe(0);
      data = data.subarray(bytes);
    }
    await expectNext(receiver, sent);
    expectEmpty(receiver);
  },

  "sends batches of segments completely": async ({ socket, receiver, at, segmentSize }) => {
    const batch = socket.createBatch({ slots: 6, size: 65_507 });
    const sent = datagrams(6 * 20, segmentSize);
    for (let i = 0; i < 6; i++)
      batch.push({ data: Buffer.concat(sent.slice(i * 20, i * 20 + 20)), segmentSize, address: at });
    for (let i = 0; i < 6; ) i += await socket.sendBatch(batch);
    expect(batch.sent).toBe(6);
    await expectNext(receiver, sent);
    expectEmpty(receiver);
  },
};

describe("sendmsg({ segmentSize })", () => {
  for (const { name, missing, refuses, segmentSize = 1200, families = FAMILIES, prepare, adjust } of ROUTES) {
    for (const family of families) {
      when(firstOf(noCables, missing))(`sends every datagram within the call: ${name}, ${family}`, () =>
        withSockets(async () => {
          const [a, b] = await cable();
          prepare?.(a, b, family);
          for (const [what, step] of Object.entries(STEPS)) {
            const { socket } = await udpAt(a, family);
            const { socket: receiver, at } = await udpAt(b, family);
            adjust?.(socket);
            try {
              await step({ socket, receiver, at, segmentSize, refuses });
            } catch (error) {
              throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
            }
          }
        }),
      );
    }
  }

  when(udpLite)("is refused on a UDP-Lite socket, whose datagrams no kernel cuts", () =>
    withSockets(async () => {
      const socket = own(await Socket.open({ family: "ipv4", type: "dgram", protocol: IPPROTO_UDPLITE }));
      const error = await rejection(socket.sendmsg({ data: "abcd", segmentSize: 2 }));
      expect(error.message).toBe('The "message.segmentSize" argument needs a UDP socket');
    }),
  );

  for (const family of FAMILIES) {
    onCable(`still offloads to other destinations of the socket after one refused: ${family}`, () =>
      withSockets(async () => {
        const [a, narrow] = await cable({ mtu: 1300 });
        const [b, wide] = await cable({ from: a.place });
        const socket = a.place.open(family === "ipv4" ? AF_INET : AF_INET6, SOCK_DGRAM);
        await socket.bind({ family, address: family === "ipv4" ? "0.0.0.0" : "::", port: 0 });
        expect(b.place).toBe(a.place);
        const far = await udpAt(narrow, family);
        const near = await udpAt(wide, family);
        const sent = datagrams(20, 1400);
        const message = { data: Buffer.concat(sent), segmentSize: 1400 };
        for (const round of [1, 2]) {
          await socket.sendmsg({ ...message, address: far.at });
          expect(cuts(socket)).toEqual({ plain: 20 * round, offloaded: 20 * (round - 1) });
          await socket.sendmsg({ ...message, address: near.at });
          expect(cuts(socket)).toEqual({ plain: 20 * round, offloaded: 20 * round });
          expect(socket.segmentation.refusals).toBe(1);
          await expectNext(far.socket, sent);
          await expectNext(near.socket, sent);
        }
        expectEmpty(far.socket);
        expectEmpty(near.socket);
      }),
    );

    onCable(`still offloads to one destination if only long segments were refused: ${family}`, () =>
      withSockets(async () => {
        const [a, b] = await cable();
        const { socket } = await udpAt(a, family);
        const { socket: receiver, at } = await udpAt(b, family);
        await socket.sendmsg({ data: Buffer.alloc(4000), segmentSize: 2000, address: at });
        expect(cuts(socket)).toEqual({ plain: 2, offloaded: 0 });
        expect(socket.segmentation.refusals).toBe(1);
        const sent = datagrams(20, 1200);
        await socket.sendmsg({ data: Buffer.concat(sent), segmentSize: 1200, address: at });
        expect(cuts(socket)).toEqual({ plain: 2, offloaded: 20 });
        expect(socket.segmentation.refusals).toBe(1);
        await expectNext(receiver, [Buffer.alloc(2000), Buffer.alloc(2000), ...sent]);
      }),
    );

    when(noTuns)(`gives each datagram to a device without checksum offload: ${family}`, () =>
      withSockets(async () => {
        const place = await namespace();
        const device = tun(place);
        const socket = place.open(family === "ipv4" ? AF_INET : AF_INET6, SOCK_DGRAM);
        const address = { family, address: device[family], port: 9 };
        const sent = datagrams(200, 1200, 5);
        const data = Buffer.concat(sent);
        expect(await socket.sendmsg({ data, segmentSize: 1200, address })).toEqual({ bytes: data.length });
        expectSameBuffers(device.datagrams(), sent);
        expect(socket.segmentation.refusals).toBe(kernelIsAtLeast(6, 11) ? 0 : 1);
      }),
    );
  }
});
