import { afterEach, describe, expect, it, vi } from "vitest";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
} from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { OFF_LOOP } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { dup, recvmsg } from "../../src/syscalls/index.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { bytesOf, cramp, read, TYPES, withPair } from "../support/pairs.js";
import { onRealKernel } from "../support/skip-unless.js";
import { turn } from "../support/waiting.js";

const PACKETS = ["seqpacket", "dgram"] as const;

it("a socket that closes leaves its queue to other owners of the same socket", () =>
  withPair("seqpacket", async (a, b) => {
    const other = dup(b.fd);
    await a.sendmsg({ data: "for the other", fds: [0] });
    await b.close();
    const heir = Socket.from(other);
    using message = await heir.recvmsg({ maxFds: 1 });
    expect([String(message.data), message.fds.length]).toEqual(["for the other", 1]);
    await heir.close();
  }));

it("a receive that did not ask the kernel gets what is there when the socket closes, even at the end of a burst", () =>
  withPair("dgram", (other) =>
    withPair("dgram", async (a, b) => {
      // After these, a receive waits without asking the kernel.
      for (const data of ["1", "2", "3", "4"]) {
        const waiting = b.recvmsg();
        await turn();
        a.trySendmsg({ data });
        await waiting;
        await turn();
      }
      a.trySendmsg({ data: "last" });
      const failing = Array.from({ length: 200 }, () => rejection(other.recvmsg({ size: 0 })));
      const waiting = b.recvmsg();
      await b.close();
      expect(String((await waiting).data)).toBe("last");
      await Promise.all(failing);
    }),
  ));

describe.each(TYPES)("%s", (type) => {
  it("hides MSG_CMSG_CLOEXEC, which the kernel echoes, from the flags", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0] });
      using message = await b.recvmsg({ maxFds: 1 });
      expect(message.flags & (MSG_CMSG_CLOEXEC | MSG_CTRUNC | MSG_TRUNC)).toBe(0);
    }));

  it("serves waiting receives in order", () =>
    withPair(type, async (a, b) => {
      const receives = [1, 2, 3].map(() => b.recvmsg({ size: 1 }));
      await turn();
      for (const letter of "abc") a.trySendmsg({ data: letter });
      expect((await Promise.all(receives)).map(({ data }) => String(data))).toEqual(["a", "b", "c"]);
    }));

  it("an aborted receive consumes nothing, and the next one gets its turn", () =>
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

  it("a receive with an aborted signal consumes nothing", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "whole" });
      const signal = AbortSignal.abort("why");
      expect(await rejection(b.recvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(thrown(() => b.tryRecvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(String((await b.recvmsg()).data)).toBe("whole");
    }));

  it("close() rejects all waiting receives and all later calls", () =>
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

  it("tryRecvmsg() returns undefined if no message is there, or if a receive waits", () =>
    withPair(type, async (a, b) => {
      expect(b.tryRecvmsg()).toBeUndefined();
      const waiting = b.recvmsg();
      a.trySendmsg({ data: "first" });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(String((await waiting).data)).toBe("first");
      a.trySendmsg({ data: "second" });
      expect(String(b.tryRecvmsg()!.data)).toBe("second");
    }));

  it("delivers the sender's credentials on request, whether the kernel or the sender fills them in", () =>
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

  it("delivers the sender's security label on request, if a security module gives one", () =>
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

  it("delivers no control message without a request", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      expect((await b.recvmsg()).control).toEqual([]);
    }));
});

describe.each(PACKETS)("%s", (type) => {
  it("delivers an empty message, with or without descriptors, and does not take it for the end", () =>
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

  it("cuts a message that is longer than the room, and says so", () =>
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

  onRealKernel("delivers a message of 200,000 bytes whole, with its descriptor", () =>
    withPair(type, async (a, b) => {
      const data = Buffer.alloc(200_000, "0123456789abcdef");
      // The default of a 32-bit kernel is smaller.
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

  it("MSG_PEEK does not consume the message", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "01234567" });
      const peeked = await b.recvmsg({ flags: MSG_PEEK, size: 2 });
      expect([String(peeked.data), peeked.fullLength]).toEqual(["01", 8]);
      expect(String((await b.recvmsg()).data)).toBe("01234567");
    }));

  it("an unnamed datagram peer has an address without a name", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      const { address } = await b.recvmsg();
      expect(address).toEqual(type === "dgram" ? { family: "unix" } : undefined);
    }));
});

describe("stream", () => {
  it("refuses MSG_TRUNC", () =>
    withPair("stream", async (_, b) => {
      expect(await rejection(b.recvmsg({ flags: MSG_TRUNC }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "options.flags",
      });
    }));

  it("delivers a long message in parts, none of which is truncated", () =>
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

  it("delivers no sender's address", () =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "x" });
      expect((await b.recvmsg()).address).toBeUndefined();
    }));

  it("goes on receiving while a send waits for room", () =>
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

/** Fills a stream. Returns how many bytes it took. */
function fill6(socket: { trySendmsg(message: { data: string }): { bytes: number } | undefined }): number {
  let bytes = 0;
  for (let sent = socket.trySendmsg({ data: "filler" }); sent; sent = socket.trySendmsg({ data: "filler" })) {
    bytes += sent.bytes;
  }
  return bytes;
}

describe("a message that a thread receives because few descriptors are left", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("is whole if the caller has room for it, even if another process has taken the message before it", () =>
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
