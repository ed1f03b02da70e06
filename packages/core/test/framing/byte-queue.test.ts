import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ByteQueue } from "../../src/framing/byte-queue.js";
import { thrown } from "../support/outcome.js";
import { holds, timeout } from "../support/property.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const PATTERN = Buffer.from(Uint8Array.from({ length: 1_000_000 }, (_, i) => i % 251));

/** Bytes that count up, so that a byte in the wrong place shows. In memory of their own. */
function counting(from: number, length: number): Buffer {
  const start = from % 251;
  const bytes = Buffer.allocUnsafeSlow(length);
  PATTERN.copy(bytes, 0, start, start + length);
  return bytes;
}

describe("ByteQueue", () => {
  const size = fc.oneof(fc.nat(40), fc.nat(3000), fc.nat(70_000));
  const step = fc.record({ push: size, peek: size, take: size });

  it("returns the bytes in the order in which they came, however they were cut", { timeout }, () =>
    holds(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const queue = new ByteQueue();
        let pushed = 0;
        let taken = 0;
        for (const { push, peek, take } of steps) {
          queue.push(counting(pushed, push));
          pushed += push;
          expect(queue.length).toBe(pushed - taken);
          const seen = Math.min(peek, queue.length);
          expect(queue.peek(seen).equals(counting(taken, seen))).toBe(true);
          const count = Math.min(take, queue.length);
          expect(queue.take(count).equals(counting(taken, count))).toBe(true);
          taken += count;
        }
        expect(queue.take(queue.length).equals(counting(taken, pushed - taken))).toBe(true);
        expect(queue.length).toBe(0);
      }),
    ),
  );

  it("does not change bytes that were taken when others arrive", () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 10; i++) queue.push(counting(i, 1));
    const taken = [queue.take(4), queue.peek(3)];
    for (let i = 10; i < 3000; i++) queue.push(counting(i, 1));
    expect(taken).toEqual([counting(0, 4), counting(4, 3)]);
  });

  it("copies nothing of a piece that has whole frames", () => {
    const piece = counting(0, 100);
    const queue = new ByteQueue();
    queue.push(piece);
    const frames = [queue.take(40), queue.take(60)];
    expect(frames.map(({ buffer, byteOffset }) => [buffer === piece.buffer, byteOffset])).toEqual([
      [true, piece.byteOffset],
      [true, piece.byteOffset + 40],
    ]);
  });

  /** How many bytes are copied, and how many are allocated, while `use` runs. */
  function cost(use: () => void): { copied: number; allocated: number } {
    const result = { copied: 0, allocated: 0 };
    const { copy } = Buffer.prototype;
    vi.spyOn(Buffer.prototype, "copy").mockImplementation(function (this: Buffer, ...args) {
      const count = copy.apply(this, args);
      result.copied += count;
      return count;
    });
    const allocate = Buffer.allocUnsafeSlow;
    vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementation((length) => {
      result.allocated += length;
      return allocate(length);
    });
    use();
    vi.restoreAllMocks();
    return result;
  }

  const MANY = 100_000;

  it.each([
    ["one byte at a time", 1],
    ["pieces just too short to be kept", 16_383],
    ["pieces just long enough to be kept", 16_384],
    ["pieces as long as a receive", 65_536],
  ])("%s: copies each byte at most twice, and allocates at most three bytes for each", (_, length) => {
    const piece = Buffer.alloc(length);
    const queue = new ByteQueue();
    const { copied, allocated } = cost(() => {
      while (queue.length < MANY) queue.push(piece);
      queue.take(queue.length);
    });
    expect(copied).toBeLessThanOrEqual(2 * (MANY + length));
    expect(allocated).toBeLessThanOrEqual(3 * (MANY + length));
  });

  it.each([1, 16_384])("copies each byte a few times if somebody peeks after each %i", (length) => {
    const piece = Buffer.alloc(length);
    const queue = new ByteQueue();
    const { copied } = cost(() => {
      while (queue.length < MANY) {
        queue.push(piece);
        queue.peek(queue.length);
      }
    });
    expect(copied).toBeLessThanOrEqual(5 * (MANY + length));
  });

  it("says so if bytes that wait are gone, and returns no memory that nobody has written to", () => {
    const queue = new ByteQueue();
    for (const from of [0, 20_000]) queue.push(counting(from, 20_000));
    const { buffer } = queue.take(10);
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const call of [() => queue.take(100), () => queue.peek(100), () => queue.take(30_000)]) {
      expect(thrown(call)).toMatchObject({
        code: "ERR_INVALID_STATE",
        message:
          "Bytes that wait to be taken are gone: the ArrayBuffer of an earlier take() or peek() was transferred. Copy before you transfer",
      });
    }
  });
});
