import { describe, expect, it, vi } from "vitest";
import { MSG_DONTWAIT, SO_SNDBUF, SOL_SOCKET } from "../../src/constants/index.js";
import type { Message, ReceiveOptions } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { isBun } from "../../src/runtime.js";
import { recvmsg, sendmsg, setsockopt } from "../../src/syscalls/index.js";
import { changingLimit, withOpenFileLimit } from "../support/open-file-limit.js";
import { rejection } from "../support/outcome.js";
import { TYPES, withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";

const PACKETS = ["seqpacket", "dgram"] as const;

describe.each(TYPES)("%s", (type) => {
  it("fills the caller's buffer, and returns the filled part as `data`", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "abc" });
      const memory = new Uint16Array(4);
      const { data } = await b.recvmsg({ buffers: memory });
      expect(data.buffer).toBe(memory.buffer);
      expect(String(data)).toBe("abc");
    }));

  it("fills several buffers in order", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "abcdef" });
      const buffers = [Buffer.alloc(1), Buffer.alloc(0), Buffer.alloc(2), new ArrayBuffer(10)];
      const message = await b.recvmsg({ buffers });
      expect(buffers.slice(0, 3).map(String)).toEqual(["a", "", "bc"]);
      expect(Buffer.from(buffers[3] as ArrayBuffer).toString("latin1", 0, 3)).toBe("def");
      expect(String(message.data)).toBe("abcdef");
    }));

  it("rejects if the buffer is transferred while the receive waits, and consumes nothing", () =>
    withPair(type, async (a, b) => {
      const buffer = new ArrayBuffer(8);
      const waiting = b.recvmsg({ buffers: buffer });
      structuredClone(buffer, { transfer: [buffer] });
      await a.sendmsg({ data: "still here" });
      await expect(waiting).rejects.toMatchObject({ code: "ERR_INVALID_STATE" });
      expect(String((await b.recvmsg()).data)).toBe("still here");
    }));

  it("shares no memory between messages, nor with anything else", () =>
    withPair(type, async (a, b) => {
      setsockopt(a.fd, SOL_SOCKET, SO_SNDBUF, 1 << 20);
      const secret = Buffer.alloc(60_000, "secret");
      const options: ReceiveOptions[] = [
        {},
        { size: 100_000 },
        { buffers: [Buffer.alloc(30_000), Buffer.alloc(70_000)] },
      ];
      for (const each of options) {
        const seen = new Set<ArrayBufferLike>();
        // A long message comes first. A receive into the same memory would bring along its bytes.
        for (const data of [secret, "no", Buffer.alloc(1200, "x"), secret, Buffer.alloc(40_000, "y"), ""]) {
          if (type === "stream" && data === "") continue;
          await a.sendmsg({ data });
          const message = await b.recvmsg(each);
          expect(message.data.equals(Buffer.from(data))).toBe(true);
          const whole = Buffer.from(message.data.buffer);
          if (data !== secret) expect(whole.includes("secret")).toBe(false);
          // If the memory is longer than the message, the rest must be zeros.
          whole.fill(0, message.data.byteOffset, message.data.byteOffset + message.data.length);
          expect(whole.every((byte) => byte === 0)).toBe(true);
          expect(seen.has(message.data.buffer)).toBe(false);
          seen.add(message.data.buffer);
        }
      }
    }));

  it("gives each message memory that can be transferred alone, and structured clone copies nothing else", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "one" });
      const one = await b.recvmsg();
      await a.sendmsg({ data: "two" });
      const two = await b.recvmsg();
      expect(structuredClone(one.data).buffer.byteLength).toBe(3);
      structuredClone(null, { transfer: [one.data.buffer as ArrayBuffer] });
      expect(one.data.length).toBe(0);
      expect(String(two.data)).toBe("two");
    }));

  it("does not receive into memory that a byte stream has taken, and loses no message and no descriptor", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "first" });
      const { data } = await b.recvmsg();
      try {
        // Before Node 24, a byte stream takes memory that is marked as not transferable.
        new ReadableStream({ type: "bytes", start: (controller) => controller.enqueue(data) });
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        expect(String(data)).toBe("first");
      }
      for (const text of ["second", "third"]) {
        await a.sendmsg({ data: text, fds: [0, 1] });
        using message = await b.recvmsg({ maxFds: 2 });
        expect([String(message.data), message.fds.length]).toEqual([text, 2]);
      }
    }));

  it("loses a message for which there is no memory, and closes its descriptors", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0, 1] });
      const allocate = vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementationOnce(() => {
        throw new RangeError("Array buffer allocation failed");
      });
      const buffers = [Buffer.alloc(1), Buffer.alloc(1)];
      await expect(b.recvmsg({ buffers, maxFds: 2 })).rejects.toThrow(RangeError);
      allocate.mockRestore();
    }));
});

describe.each(PACKETS)("%s", (type) => {
  it("loses a long message for which there is no memory, closes its descriptors, and receives the next one whole", () =>
    withPair(type, async (a, b) => {
      const data = Buffer.alloc(70_000, "0123456789abcdef");
      a.options.set("sndBuf", 4 * data.length);
      for (const fds of [[0, 1], [0]]) await a.sendmsg({ data, fds });
      const allocate = vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementation((size) => {
        if (size === data.length) throw new RangeError("Array buffer allocation failed");
        return Buffer.alloc(size);
      });
      await expect(b.recvmsg({ maxFds: 2 })).rejects.toThrow(RangeError);
      allocate.mockRestore();
      using message = await b.recvmsg({ maxFds: 2 });
      expect([message.data.equals(data), message.fds.length]).toEqual([true, 1]);
    }));

  changingLimit("does the same near the limit of open files, where a thread receives", () =>
    withPair(type, async (a, b) => {
      const data = Buffer.alloc(70_000, "0123456789abcdef");
      a.options.set("sndBuf", 4 * data.length);
      for (const fds of [[0, 1], [0]]) await a.sendmsg({ data, fds });
      await withOpenFileLimit(290, async () => {
        const allocate = vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementation((size) => {
          if (size === data.length) throw new RangeError("Array buffer allocation failed");
          return Buffer.alloc(size);
        });
        const thread = vi.spyOn(binding(), "startReceive");
        await expect(b.recvmsg({ maxFds: 2 })).rejects.toThrow(RangeError);
        expect(thread).toHaveBeenCalledOnce();
        allocate.mockRestore();
        thread.mockRestore();
        using message = await b.recvmsg({ maxFds: 2 });
        expect([message.data.equals(data), message.fds.length]).toEqual([true, 1]);
      });
    }),
  );
});

describe("the memory of messages", () => {
  it("is not overwritten while the messages are kept", () =>
    withPair("seqpacket", async (a, b) => {
      const kept: Message[] = [];
      for (let i = 0; i < 200; i++) {
        await a.sendmsg({ data: Buffer.alloc(i * 100, i) });
        kept.push(await b.recvmsg());
      }
      expect(kept.every(({ data }, i) => data.equals(Buffer.alloc(i * 100, i)))).toBe(true);
    }));

  it("is not shared with a receive that waits", () =>
    withPair("dgram", async (a, b) => {
      const back = a.recvmsg();
      await a.sendmsg({ data: "first" });
      const first = await b.recvmsg();
      await b.sendmsg({ data: "other" });
      expect([String(first.data), String((await back).data)]).toEqual(["first", "other"]);
    }));
});

describe.each([2 ** 31 - 1, 2 ** 31, 3 * 2 ** 30, 2 ** 32])("a buffer of %i bytes", (size) => {
  /** Undefined: this runtime has no buffers of this size. */
  function allocate(): Uint8Array | undefined {
    try {
      return new Uint8Array(size);
    } catch {
      return undefined;
    }
  }
  const onHuge = skipUnless(
    "needs 64 bits, and memory that is not filled",
    !isBun && allocate() !== undefined,
  );

  onHuge("can be received into and sent on a stream", () =>
    withPair("stream", async (a, b) => {
      const huge = allocate()!;
      await a.sendmsg({ data: "hello" });
      const message = await b.recvmsg({ buffers: huge });
      expect([String(message.data), message.eof]).toEqual(["hello", false]);
      await a.sendmsg({ data: "again" });
      expect(recvmsg(b.fd, huge, { flags: MSG_DONTWAIT }).bytes).toBe(5);
      expect(Buffer.from(huge.buffer, 0, 6).toString()).toBe("again\0");
      expect(a.trySendmsg({ data: huge })!.bytes).toBeGreaterThan(5);
      expect(sendmsg(b.fd, [huge, huge], { flags: MSG_DONTWAIT })).toBeGreaterThan(5);
    }),
  );

  onHuge("can be received into, and is too long to send as one message", () =>
    withPair("seqpacket", async (a, b) => {
      const huge = allocate()!;
      expect((await rejection(a.sendmsg({ data: huge }))).code).toBe("EMSGSIZE");
      await a.sendmsg({ data: "hello" });
      expect(String((await b.recvmsg({ buffers: huge })).data)).toBe("hello");
    }),
  );
});
