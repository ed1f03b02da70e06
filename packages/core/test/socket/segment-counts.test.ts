import { afterEach, describe, expect, it } from "vitest";
import { MSG_CTRUNC, SO_RCVBUFFORCE, SOL_SOCKET } from "../../src/constants/index.js";
import type { Message, Socket } from "../../src/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { closeAll } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { expectSameBuffers } from "../support/same-buffers.js";
import { skipUnless } from "../support/skip-unless.js";
import { next, udp4, udp6 } from "../support/sockets.js";
import { isEmulated, isRoot } from "../support/target.js";

// Counts near the limits of kernels and of other libraries: 64 and 128 segments, 65,507 bytes; 45 and 54 segments of 1452 and 1200
// bytes are the most in one call.

/** Bytes: a socket takes all datagrams before the test receives the first. Only root may have so many. */
const RECEIVE_BUFFER = 64 * 1024 * 1024;

const asRoot = skipUnless("it takes root to make the receive buffer large enough", isRoot && !isEmulated());

const COUNTS = [1, 2, 44, 45, 46, 54, 55, 63, 64, 65, 127, 128, 129, 200];
const SIZES = [1, 500, 1200, 1472, 9000, 65_507];

afterEach(closeAll);

const makers = { ipv4: udp4, ipv6: udp6 };

function datagrams(count: number, size: number, last: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => {
    const data = Buffer.alloc(i === count - 1 ? last : size, i + 1);
    if (data.length >= 4) data.writeUInt32LE(i);
    return data;
  });
}

function widen({ fd }: Socket): void {
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
}

/** Receives until `count` datagrams have come, joined or not. */
async function receive(socket: Socket, count: number): Promise<{ messages: Message[]; segments: Buffer[] }> {
  const messages: Message[] = [];
  const segments: Buffer[] = [];
  while (segments.length < count) {
    const message = await next(socket);
    messages.push(message);
    segments.push(...message.segments());
  }
  expect(socket.tryRecvmsg()).toBeUndefined();
  return { messages, segments };
}

for (const [family, make] of Object.entries(makers)) {
  describe.each([false, true])(`sendmsg({ segmentSize }), ${family}, connected: %s`, (connected) => {
    for (const size of SIZES) {
      const counts = size > 9000 ? [1, 2, 64, 65] : COUNTS;
      asRoot(`sends ${counts.join(", ")} datagrams of ${size} bytes`, () =>
        withSockets(async () => {
          const to = await make();
          const from = await make();
          widen(to.socket);
          if (connected) await from.socket.connect(to.at);
          for (const count of counts) {
            for (const last of new Set([size, 1])) {
              const sent = datagrams(count, size, last);
              const data = Buffer.concat(sent);
              const result = await from.socket.sendmsg({
                data,
                segmentSize: size,
                ...(connected ? {} : { address: to.at }),
              });
              expect(result).toEqual({ bytes: data.length });
              const { segments } = await receive(to.socket, count);
              expectSameBuffers(segments, sent);
            }
          }
          expect(from.socket.segmentation.refusals).toBeLessThanOrEqual(1);
        }),
      );
    }
  });

  // User-mode emulation has no SO_TIMESTAMPNS.
  describe.skipIf(isEmulated())(`receive: ["udpGro"], ${family}, on a real kernel`, () => {
    const RECEIVED =
      family === "ipv4"
        ? (["udpGro", "ipTos", "ipPktInfo", "ipTtl", "timestampNs"] as const)
        : (["udpGro", "ipv6Tclass", "ipv6PktInfo", "ipv6HopLimit", "timestampNs"] as const);
    const [ecn, pktinfo] = [RECEIVED[1], RECEIVED[2]];

    it.each([2, 15, 54])(
      "%i segments come whole, with ECN, the destination and the time, and nothing is cut",
      async (count) => {
        const to = await make([...RECEIVED]);
        const from = await make();
        for (const mark of [0, 1, 2, 3]) {
          const sent = datagrams(count, 1200, 700);
          await from.socket.sendmsg({
            data: Buffer.concat(sent),
            segmentSize: 1200,
            address: to.at,
            control: [{ name: ecn, value: mark } as never],
          });
          const { messages, segments } = await receive(to.socket, count);
          expectSameBuffers(segments, sent);
          for (const message of messages) {
            expect(message.flags & MSG_CTRUNC).toBe(0);
            expect(message.controlTruncated).toBe(false);
            expect(message.control.map(({ name }) => name)).toEqual(
              expect.arrayContaining(RECEIVED.filter((name) => name !== "udpGro")),
            );
            expect(message.control).toContainEqual({ name: ecn, value: mark });
            expect(message.control.find(({ name }) => name === pktinfo)).toBeDefined();
          }
          expect(messages[0]!.segmentSize).toBe(1200);
        }
      },
    );

    it("batches keep the segments of each message, and nothing is cut", async () => {
      const to = await make([...RECEIVED]);
      const from = await make();
      const outgoing = from.socket.createBatch({ slots: 4, size: 65_536 });
      const incoming = to.socket.createBatch({ slots: 4, size: 65_536 });
      for (let round = 0; round < 20; round++) {
        const sent = [
          datagrams(10, 1200, 9),
          datagrams(1, 1200, 800),
          datagrams(20, 500, 500),
          datagrams(3, 1, 1),
        ];
        outgoing.clear();
        for (const [i, each] of sent.entries())
          outgoing.push({
            data: Buffer.concat(each),
            segmentSize: each[0]!.length,
            address: to.at,
            control: [{ name: ecn, value: i } as never],
          });
        expect(await from.socket.sendBatch(outgoing)).toBe(4);
        expect(await to.socket.recvBatch(incoming)).toBe(4);
        for (const [i, each] of sent.entries()) {
          expectSameBuffers(incoming.segments(i), each);
          expect(incoming.segmentSize(i)).toBe(each.length > 1 ? each[0]!.length : undefined);
          expect(incoming.flags(i) & MSG_CTRUNC).toBe(0);
          expect(incoming.control(i)).toContainEqual({ name: ecn, value: i });
          expect(incoming.control(i).some(({ name }) => name === pktinfo)).toBe(true);
          expectSameBuffers(incoming.message(i).segments(), each);
        }
      }
    });
  });
}
