import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SO_SNDBUF,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { type Message, type ReceiveOptions, Socket } from "../../src/index.js";
import { OFF_LOOP } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { isBun } from "../../src/runtime.js";
import { dup, recvmsg, sendmsg, setsockopt } from "../../src/syscalls/index.js";
import { isCloseOnExec, openFile, sameFile } from "../descriptors.js";
import { closeSync, fstatSync } from "../files.mjs";
import { bytesOf, cramp, isSettled, read, rejection, TYPES, thrown, turn, withPair } from "../pairs.js";
import { has, onRealKernel, skipUnless } from "../target.js";

const PACKETS = ["seqpacket", "dgram"] as const;

it("what is queued in a socket that is closed stays for whoever else has it", () =>
  withPair("seqpacket", async (a, b) => {
    const other = dup(b.fd);
    await a.sendmsg({ data: "for the other", fds: [0] });
    await b.close();
    const heir = Socket.from(other);
    using message = await heir.recvmsg({ maxFds: 1 });
    expect([String(message.data), message.fds.length]).toEqual(["for the other", 1]);
    await heir.close();
  }));

describe.each(TYPES)("%s", (type) => {
  it.each([
    [0, 3, 0, 3],
    [2, 3, 2, 1],
    [3, 3, 3, 0],
    [253, 253, 253, 0],
    [252, 253, 252, 1],
    [0, 253, 0, 253],
  ])("maxFds %i of %i: %i kept, %i dropped", (maxFds, sent, kept, dropped) =>
    withPair(type, async (a, b) => {
      const file = openFile("x");
      await a.sendmsg({ data: "x", fds: new Array(sent).fill(file) });
      using message = await b.recvmsg({ maxFds });
      expect([message.fds.length, message.droppedFds]).toEqual([kept, dropped]);
      expect(message.controlTruncated).toBe(false);
      expect(message.fds.every(({ fd }) => sameFile(fd, file) && isCloseOnExec(fd))).toBe(true);
      closeSync(file);
    }),
  );

  it("trap 1: by default no descriptor is let in, and the byte arrives all the same", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0, 1] });
      const message = await b.recvmsg();
      expect(message).toMatchObject({ fds: [], droppedFds: 2, controlTruncated: false });
      expect(String(message.data)).toBe("x");
    }));

  it("the socket's maxFds holds for every receive that says nothing else", () =>
    withPair(
      type,
      async (a, b) => {
        for (const expected of [2, 1, 0]) {
          await a.sendmsg({ data: "x", fds: [0, 1, 2] });
          using message = await b.recvmsg(expected === 2 ? {} : { maxFds: expected });
          expect(message.fds.length).toBe(expected);
        }
      },
      { maxFds: 2 },
    ));

  it("shows the kernel's flags without MSG_CMSG_CLOEXEC, trap 20", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0] });
      using message = await b.recvmsg({ maxFds: 1 });
      expect(message.flags & (MSG_CMSG_CLOEXEC | MSG_CTRUNC | MSG_TRUNC)).toBe(0);
    }));

  it("several receives wait in order", () =>
    withPair(type, async (a, b) => {
      const receives = [1, 2, 3].map(() => b.recvmsg({ size: 1 }));
      await turn();
      for (const letter of "abc") a.trySendmsg({ data: letter });
      expect((await Promise.all(receives)).map(({ data }) => String(data))).toEqual(["a", "b", "c"]);
    }));

  it("an aborted receive has consumed nothing, and the next one gets its turn", () =>
    withPair(type, async (a, b) => {
      const controller = new AbortController();
      const aborted = [1, 2].map(() => rejection(b.recvmsg({ signal: controller.signal, maxFds: 1 })));
      const next = b.recvmsg({ maxFds: 1 });
      await turn();
      controller.abort("why");
      await a.sendmsg({ data: "whole", fds: [0] });
      for (const error of await Promise.all(aborted)) {
        expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
      }
      using message = await next;
      expect([String(message.data), message.fds.length]).toEqual(["whole", 1]);
    }));

  it("a signal that is aborted already consumes nothing", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "whole" });
      const signal = AbortSignal.abort("why");
      expect(await rejection(b.recvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(thrown(() => b.tryRecvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(String((await b.recvmsg()).data)).toBe("whole");
    }));

  it("close: all who wait are told", () =>
    withPair(type, async (a, b) => {
      const waits = [b.recvmsg(), b.recvmsg({ maxFds: 5 })].map(rejection);
      await turn();
      const closing = b.close();
      for (const error of await Promise.all(waits)) expect(error.code).toBe("ERR_SENDMSG_CLOSED");
      await closing;
      expect((await rejection(b.recvmsg())).code).toBe("ERR_SENDMSG_CLOSED");
      expect((await rejection(b.recvError())).code).toBe("ERR_SENDMSG_CLOSED");
      expect(thrown(() => b.tryRecvmsg()).code).toBe("ERR_SENDMSG_CLOSED");
      expect((await rejection(b.sendmsg({ data: "x" }))).code).toBe("ERR_SENDMSG_CLOSED");
      expect(b.closed).toBe(true);
      expect(b.fd).toBe(-1);
      await b.close();
      void a;
    }));

  it("close with messages unread loses no descriptor", () =>
    withPair(type, async (a) => {
      for (let i = 0; i < 5; i++) await a.sendmsg({ data: "x", fds: [0, 1, 2] });
    }));

  it("tryRecvmsg: undefined when nothing is there, or while others wait", () =>
    withPair(type, async (a, b) => {
      expect(b.tryRecvmsg()).toBeUndefined();
      const waiting = b.recvmsg();
      a.trySendmsg({ data: "first" });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(String((await waiting).data)).toBe("first");
      a.trySendmsg({ data: "second" });
      expect(String(b.tryRecvmsg()!.data)).toBe("second");
    }));

  it("fills the caller's buffer, of which `data` is the filled part", () =>
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

  it("trap 4: MSG_PEEK brings fresh descriptors at every call, and each is closed", () =>
    withPair(type, async (a, b) => {
      const file = openFile("peeked");
      await a.sendmsg({ data: "x", fds: [file, file] });
      const numbers = new Set<number>();
      for (const flags of [MSG_PEEK, MSG_PEEK, 0]) {
        const message = await b.recvmsg({ flags, maxFds: 1 });
        expect([String(message.data), message.fds.length, message.droppedFds]).toEqual(["x", 1, 1]);
        expect(sameFile(message.fds[0]!.fd, file)).toBe(true);
        numbers.add(message.fds[0]!.fd);
        if (numbers.size === 2) message[Symbol.dispose]();
        else message.takeFds()[0]!.close();
      }
      expect(b.tryRecvmsg()).toBeUndefined();
      closeSync(file);
    }));

  it("a buffer that is transferred while the receive waits: an error, and nothing is consumed", () =>
    withPair(type, async (a, b) => {
      const buffer = new ArrayBuffer(8);
      const waiting = b.recvmsg({ buffers: buffer });
      structuredClone(buffer, { transfer: [buffer] });
      await a.sendmsg({ data: "still here" });
      await expect(waiting).rejects.toMatchObject({ code: "ERR_INVALID_STATE" });
      expect(String((await b.recvmsg()).data)).toBe("still here");
    }));

  it("no message shares memory with another, nor with anything else", () =>
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
        // A long message first: what receives next into the same memory would bring its bytes along.
        for (const data of [secret, "no", Buffer.alloc(1200, "x"), secret, Buffer.alloc(40_000, "y"), ""]) {
          if (type === "stream" && data === "") continue;
          await a.sendmsg({ data });
          const message = await b.recvmsg(each);
          expect(message.data.equals(Buffer.from(data))).toBe(true);
          const whole = Buffer.from(message.data.buffer);
          if (data !== secret) expect(whole.includes("secret")).toBe(false);
          // Where it is longer than the message, the rest says nothing.
          whole.fill(0, message.data.byteOffset, message.data.byteOffset + message.data.length);
          expect(whole.every((byte) => byte === 0)).toBe(true);
          expect(seen.has(message.data.buffer)).toBe(false);
          seen.add(message.data.buffer);
        }
      }
    }));

  it("structured clone gives a message away and nothing else, and its memory can be transferred", () =>
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

  it("memory that a byte stream has taken is not received into again: no message and no descriptor is lost", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "first" });
      const { data } = await b.recvmsg();
      try {
        // Node before 24 lets it take what is marked as not to be transferred.
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

  it("a message for which there is no memory is lost, its descriptors are closed", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0, 1] });
      const allocate = vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementationOnce(() => {
        throw new RangeError("Array buffer allocation failed");
      });
      const buffers = [Buffer.alloc(1), Buffer.alloc(1)];
      await expect(b.recvmsg({ buffers, maxFds: 2 })).rejects.toThrow(RangeError);
      allocate.mockRestore();
    }));

  it("iteration yields message after message; leaving it does not close the socket", () =>
    withPair(type, async (a, b) => {
      const seen: string[] = [];
      for (const letter of "abc") a.trySendmsg({ data: letter });
      for await (const message of b.messages({ size: 1 })) {
        seen.push(String(message.data));
        if (seen.length === 3) break;
      }
      a.trySendmsg({ data: "d" });
      for await (const message of b) {
        seen.push(String(message.data));
        break;
      }
      expect(seen.join("")).toBe("abcd");
      expect(b.closed).toBe(false);
    }));

  it("an error in the loop's body leaves the socket usable and loses no descriptor that was disposed of", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0] });
      const loop = async () => {
        for await (using message of b.messages({ maxFds: 1 })) throw new Error(`${message.fds.length}`);
      };
      expect((await rejection(loop())).message).toBe("1");
      await a.sendmsg({ data: "y" });
      expect(String((await b.recvmsg()).data)).toBe("y");
    }));

  it("iteration can be aborted", () =>
    withPair(type, async (_, b) => {
      const controller = new AbortController();
      const loop = async () => {
        for await (const message of b.messages({ signal: controller.signal }))
          expect(message).toBeUndefined();
      };
      const looping = rejection(loop());
      await turn();
      controller.abort("why");
      expect(await looping).toMatchObject({ code: "ABORT_ERR", cause: "why" });
    }));

  it("close ends the iteration", () =>
    withPair(type, async (_, b) => {
      const looping = b.messages().next();
      await turn();
      await b.close();
      expect(await looping).toEqual({ done: true, value: undefined });
    }));

  it("brings the sender's credentials where they were asked for, made by the kernel or given explicitly", () =>
    withPair(
      type,
      async (a, b) => {
        const value = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
        await a.sendmsg({ data: "x" });
        expect((await b.recvmsg()).control).toEqual([{ name: "credentials", value }]);
        await a.sendmsg({ data: "x", fds: [0], control: [{ name: "credentials", value }] });
        using message = await b.recvmsg({ maxFds: 1 });
        expect(message.control).toEqual([{ name: "credentials", value }]);
        expect(message.fds.length).toBe(1);
      },
      { receive: ["credentials"] },
    ));

  it("brings the sender's security label, where a security module gives one", () =>
    withPair(
      type,
      async (a, b) => {
        await a.sendmsg({ data: "x" });
        const { control, controlTruncated } = await b.recvmsg();
        const label = { name: "security", value: expect.stringMatching(/./) };
        expect([[], [label]]).toContainEqual(control);
        expect(controlTruncated).toBe(false);
      },
      { receive: ["security"] },
    ));

  it("no control message comes that was not asked for", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      expect((await b.recvmsg()).control).toEqual([]);
    }));

  const withPidfd = skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd());

  withPidfd("trap 3: the sender's pidfd is a descriptor with an owner", () =>
    withPair(
      type,
      async (a, b) => {
        const isOurs = (fd: number) =>
          new RegExp(`^Pid:\\s+${process.pid}$`, "m").test(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
        await a.sendmsg({ data: "x" });
        const message = await b.recvmsg();
        expect(message.control).toEqual([]);
        const pidfd = message.takePidfd()!;
        expect(message.pidfd).toBeUndefined();
        expect(message.takePidfd()).toBeUndefined();
        expect(isOurs(pidfd.fd) && isCloseOnExec(pidfd.fd)).toBe(true);
        pidfd.close();
        await a.sendmsg({ data: "x" });
        using disposed = await b.recvmsg();
        expect(isOurs(disposed.pidfd!.fd)).toBe(true);
      },
      { receive: ["pidfd"] },
    ),
  );
});

describe("the end of the stream", () => {
  it.each(["stream", "seqpacket"] as const)("%s: ends the iteration without being yielded", (type) =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      await a.shutdown("write");
      const seen: Message[] = [];
      for await (const message of b) seen.push(message);
      expect(seen.map(({ data }) => String(data))).toEqual(["x"]);
      for (let i = 0; i < 3; i++) {
        const end = await b.recvmsg();
        expect(end).toMatchObject({ eof: true, fullLength: 0, truncated: false, fds: [], control: [] });
        expect(end.data.length).toBe(0);
      }
      await b.sendmsg({ data: "the other direction is open" });
      expect(String((await a.recvmsg()).data)).toBe("the other direction is open");
    }),
  );

  it.each(["stream", "seqpacket"] as const)("%s: wakes all who wait", (type) =>
    withPair(type, async (a, b) => {
      const waits = [b.recvmsg(), b.recvmsg()];
      await turn();
      await a.close();
      expect((await Promise.all(waits)).map(({ eof }) => eof)).toEqual([true, true]);
    }),
  );

  it.each(TYPES)("%s: comes of shutting down reading, too", (type) =>
    withPair(type, async (_, b) => {
      const waiting = b.recvmsg();
      await turn();
      await b.shutdown("read");
      expect((await waiting).eof).toBe(true);
      expect((await b.recvmsg()).eof).toBe(true);
    }),
  );
});

describe.each(PACKETS)("%s", (type) => {
  it("trap 34: an empty message is a message, with or without descriptors; trap 5", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({});
      await a.sendmsg({ fds: [0] });
      await a.sendmsg({ data: "x" });
      const empty = await b.recvmsg();
      expect(empty).toMatchObject({ eof: false, fullLength: 0, control: [] });
      using withFd = await b.recvmsg({ maxFds: 1 });
      expect([withFd.eof, withFd.data.length, withFd.fds.length]).toEqual([false, 0, 1]);
      expect(String((await b.recvmsg()).data)).toBe("x");
      if (type === "dgram") return;
      await a.close();
      expect((await b.recvmsg()).eof).toBe(true);
    }));

  it("a message that is longer than the room is delivered in part, and says so", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "0123456789", fds: [0] });
      using message = await b.recvmsg({ size: 4, maxFds: 1 });
      expect([String(message.data), message.truncated, message.fullLength]).toEqual(["0123", true, 10]);
      expect(message.flags & MSG_TRUNC).toBe(MSG_TRUNC);
      expect(message.fds.length).toBe(1);
      await a.sendmsg({ data: "0123456789" });
      const inBuffers = await b.recvmsg({ buffers: [Buffer.alloc(1), Buffer.alloc(2)] });
      expect([String(inBuffers.data), inBuffers.truncated, inBuffers.fullLength]).toEqual(["012", true, 10]);
      await a.sendmsg({ data: "0123" });
      expect((await b.recvmsg({ size: 4 })).truncated).toBe(false);
    }));

  onRealKernel("trap 35: a message of 200,000 bytes arrives whole, with its descriptor", () =>
    withPair(type, async (a, b) => {
      const data = Buffer.alloc(200_000, "0123456789abcdef");
      // A 32-bit kernel's usual one is smaller.
      a.options.set("sndBuf", data.length);
      const waiting = b.recvmsg({ maxFds: 1 });
      await turn();
      for (const receiving of [waiting, undefined]) {
        await a.sendmsg({ data, fds: [0] });
        using message = await (receiving ?? b.recvmsg({ maxFds: 1 }));
        expect(message.data.equals(data)).toBe(true);
        expect([message.truncated, message.fullLength, message.fds.length]).toEqual([false, 200_000, 1]);
      }
    }),
  );

  it("a long message for which there is no memory is lost, its descriptors are closed, and the next one is whole", () =>
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

  it("looking ahead does not consume", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "01234567" });
      const peeked = await b.recvmsg({ flags: MSG_PEEK, size: 2 });
      expect([String(peeked.data), peeked.fullLength]).toEqual(["01", 8]);
      expect(String((await b.recvmsg()).data)).toBe("01234567");
    }));

  it("an unnamed peer has an address that says so", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      const { address } = await b.recvmsg();
      expect(address).toEqual(type === "dgram" ? { family: "unix" } : undefined);
    }));
});

describe("stream", () => {
  it("trap 6: descriptors come with the first byte of their send, and end what one receive brings", () =>
    withPair("stream", async (a, b) => {
      const [first, second] = [openFile("1"), openFile("2")];
      await a.sendmsg({ data: "aaaa" });
      await a.sendmsg({ data: "b", fds: [first] });
      await a.sendmsg({ data: "cccc" });
      await a.sendmsg({ data: "d", fds: [second] });
      for (const [data, file] of [
        ["aaaab", first],
        ["ccccd", second],
      ] as const) {
        using message = await b.recvmsg({ maxFds: 253 });
        expect(String(message.data)).toBe(data);
        expect(message.fds.map(({ fd }) => fstatSync(fd).ino)).toEqual([fstatSync(file).ino]);
      }
      closeSync(first);
      closeSync(second);
    }));

  it("the rest of a send that is read in parts brings no descriptor again", () =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "abc", fds: [0] });
      for (const [letter, count] of [
        ["a", 1],
        ["b", 0],
        ["c", 0],
      ] as const) {
        using message = await b.recvmsg({ size: 1, maxFds: 5 });
        expect([String(message.data), message.fds.length, message.truncated]).toEqual([letter, count, false]);
      }
    }));

  it("trap 36: MSG_TRUNC is refused", () =>
    withPair("stream", async (_, b) => {
      expect(await rejection(b.recvmsg({ flags: MSG_TRUNC }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "options.flags",
      });
    }));

  it("a long message is received in what was there, and is never called truncated", () =>
    withPair("stream", async (a, b) => {
      const data = Buffer.alloc(300_000, "0123456789");
      cramp(a);
      const sending = a.sendmsg({ data });
      const messages = await read(b, data.length);
      expect(bytesOf(messages).equals(data)).toBe(true);
      expect(
        messages.every(({ truncated, fullLength, data: { length } }) => !truncated && fullLength === length),
      ).toBe(true);
      await sending;
    }));

  it("has no sender's address", () =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "x" });
      expect((await b.recvmsg()).address).toBeUndefined();
    }));

  it("trap 26: waiting for room does not end the receiving", () =>
    withPair("stream", async (a, b) => {
      const filled = fill6(a);
      const sending = a.sendmsg({ data: "queued" });
      const receiving = a.recvmsg();
      expect(await isSettled(sending)).toBe(false);
      for (const letter of "abc") {
        await b.sendmsg({ data: letter });
        expect(String((await (letter === "a" ? receiving : a.recvmsg())).data)).toBe(letter);
      }
      expect(await isSettled(sending)).toBe(false);
      await read(b, filled + 6);
      await sending;
    }));
});

/** Fills a stream; how many bytes it took. */
function fill6(socket: { trySendmsg(message: { data: string }): { bytes: number } | undefined }): number {
  let bytes = 0;
  for (let sent = socket.trySendmsg({ data: "filler" }); sent; sent = socket.trySendmsg({ data: "filler" })) {
    bytes += sent.bytes;
  }
  return bytes;
}

describe("memory", () => {
  it("messages that are kept do not overwrite each other", () =>
    withPair("seqpacket", async (a, b) => {
      const kept: Message[] = [];
      for (let i = 0; i < 200; i++) {
        await a.sendmsg({ data: Buffer.alloc(i * 100, i) });
        kept.push(await b.recvmsg());
      }
      expect(kept.every(({ data }, i) => data.equals(Buffer.alloc(i * 100, i)))).toBe(true);
    }));

  it("a receive that waits does not hold the memory that others receive into", () =>
    withPair("dgram", async (a, b) => {
      const back = a.recvmsg();
      await a.sendmsg({ data: "first" });
      const first = await b.recvmsg();
      await b.sendmsg({ data: "other" });
      expect([String(first.data), String((await back).data)]).toEqual(["first", "other"]);
    }));
});

describe("a message that a thread receives, because few descriptors are left", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("is whole, if the caller has room for it, though another process has taken the one before", () =>
    withPair("seqpacket", async (a, b) => {
      const native = binding();
      const { startReceive } = native;
      await a.sendmsg({ data: "first" });
      const long = Buffer.alloc(100_000, 7);
      await a.sendmsg({ data: long });
      vi.spyOn(native, "receive").mockReturnValueOnce(OFF_LOOP);
      vi.spyOn(native, "startReceive").mockImplementationOnce((...args) => {
        recvmsg(b.fd, new Uint8Array(5), { flags: MSG_DONTWAIT });
        return startReceive(...args);
      });
      const message = await b.recvmsg({ buffers: new Uint8Array(200_000) });
      expect([message.data.equals(long), message.truncated]).toEqual([true, false]);
    }));
});

describe.each([2 ** 31 - 1, 2 ** 31, 3 * 2 ** 30, 2 ** 32])("a buffer of %i bytes", (size) => {
  /** Undefined: this runtime has none of that size. */
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

  onHuge("is filled from the front, and sent", () =>
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

  onHuge("has room for a message, and is too long for one", () =>
    withPair("seqpacket", async (a, b) => {
      const huge = allocate()!;
      expect((await rejection(a.sendmsg({ data: huge }))).code).toBe("EMSGSIZE");
      await a.sendmsg({ data: "hello" });
      expect(String((await b.recvmsg({ buffers: huge })).data)).toBe("hello");
    }),
  );
});
