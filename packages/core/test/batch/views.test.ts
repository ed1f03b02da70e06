import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { closeAll } from "../support/closing.js";
import { holds, timeout } from "../support/property.js";
import { udp4 } from "../support/sockets.js";

// A batch keeps the views that it has made, for the next message of the same length.

const SLOTS = 3;
const SIZE = 12;

const message = fc.record({
  data: fc.uint8Array({ maxLength: SIZE }),
  segmentSize: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  // More control data than before: the batch then takes other memory.
  hopLimits: fc.integer({ min: 0, max: 3 }),
});
const rounds = fc.array(fc.array(message, { minLength: 1, maxLength: SLOTS }), {
  minLength: 1,
  maxLength: 8,
});

function cut(data: Uint8Array, size: number | undefined): Uint8Array[] {
  if (size === undefined || data.length <= size) return [data];
  return Array.from({ length: Math.ceil(data.length / size) }, (_, i) =>
    data.subarray(i * size, (i + 1) * size),
  );
}

const plain = (bytes: Uint8Array) => [...bytes];

afterEach(closeAll);

describe("data() and segments()", () => {
  it(
    "show the message that the slot holds now, whatever it held before, and whatever a program did with the list",
    async () => {
      const { socket, at } = await udp4();
      await holds(
        fc.property(rounds, (all) => {
          const batch = socket.createBatch({ slots: SLOTS, size: SIZE });
          for (const messages of all) {
            for (const { data, segmentSize, hopLimits } of messages) {
              const control = Array.from({ length: hopLimits }, () => ({ name: "ipTtl", value: 9 }) as const);
              batch.push({ data, address: at, segmentSize, control });
            }
            for (const [i, { data, segmentSize }] of messages.entries()) {
              expect(plain(batch.data(i))).toEqual(plain(data));
              const segments = batch.segments(i);
              expect(segments.map(plain)).toEqual(cut(data, segmentSize).map(plain));
              segments.splice(0);
            }
            batch.clear();
          }
        }),
      );
    },
    timeout,
  );

  it("are the same view again for a message of the same length", async () => {
    const { socket, at } = await udp4();
    const batch = socket.createBatch({ slots: 1, size: 8 });
    const first = batch.push({ data: "abcdefgh", address: at, segmentSize: 4 }).data(0);
    const [segment] = batch.segments(0);
    batch.clear();
    expect(batch.push({ data: "ABCDEFGH", address: at, segmentSize: 4 }).data(0)).toBe(first);
    expect(batch.segments(0)[0]).toBe(segment);
    expect(first.toString()).toBe("ABCDEFGH");
  });
});
