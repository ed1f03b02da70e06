import { describe, expect, it } from "vitest";
import { MSG_CTRUNC } from "../../src/constants/index.js";
import {
  type Descriptor,
  type FileDescriptor,
  Message,
  type MessageSocket,
  StreamReader,
  socketpair,
} from "../../src/index.js";
import { memorySocketpair } from "../../src/testing/index.js";
import { counted } from "../support/counted.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { turn } from "../support/waiting.js";
import { countNativeCalls, kernel, memory } from "../testing/both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("StreamReader on $name sockets", ({ withPair, openFile }) => {
  it("waits until enough bytes have come, and returns them in the pieces that the program asks for", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      const four = reader.need(4);
      await a.sendmsg({ data: "abc" });
      expect(await isSettled(four)).toBe(false);
      await a.sendmsg({ data: "defgh" });
      expect(await four).toBe(true);
      expect(String(reader.take(2))).toBe("ab");
      expect(String(reader.peek(3))).toBe("cde");
      expect(await reader.need(6)).toBe(true);
      expect(reader.length).toBe(6);
      expect(String(reader.take(6))).toBe("cdefgh");
      expect(String(reader.take(0))).toBe("");
    }));

  it("resolves with false at the end of the stream, again each time", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      await a.sendmsg({ data: "abc" });
      await a.close();
      expect(await reader.need(3)).toBe(true);
      reader.take(3);
      expect(await reader.need(1)).toBe(false);
      expect(await reader.need(1)).toBe(false);
      expect(await reader.need(0)).toBe(true);
    }));

  it("says how many bytes there were if the stream ends too early, and leaves them", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      await a.sendmsg({ data: "abc" });
      await a.close();
      for (const _ of [1, 2]) {
        expect(await rejection(reader.need(8))).toMatchObject({
          code: "ERR_SENDMSG_STREAM_ENDED",
          message: "The stream ended after 3 of 8 bytes",
          bytesAvailable: 3,
          bytesNeeded: 8,
        });
      }
      expect(await reader.need(3)).toBe(true);
      expect(String(reader.take(3))).toBe("abc");
    }));

  it("keeps descriptors until the program takes them, first in, first out", () =>
    withPair("stream", async (a, b) => {
      const files = [openFile(), openFile(), openFile()];
      const [one, two, three] = files.map(({ sendable }) => sendable);
      const reader = new StreamReader(b, { maxFds: 3 });
      await a.sendmsg({ data: "ab", fds: [one!, two!] });
      await a.sendmsg({ data: "cd", fds: [three!] });
      await reader.need(4);
      expect(reader.fdCount).toBe(3);
      const taken = [...reader.takeFds(1), ...reader.takeFds(0), ...reader.takeFds(2)];
      expect(taken.map((fd, i) => files[i]!.isBehind(fd))).toEqual([true, true, true]);
      expect(thrown(() => reader.takeFds(1))).toMatchObject({
        code: "ERR_SENDMSG_MISSING_FDS",
        message: "1 descriptor is needed, and the peer has sent 0",
      });
      for (const each of [...taken, ...files]) each.close();
    }));

  it("keeps descriptors for which takeFds() asked too early", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, { maxFds: 2 });
      await a.sendmsg({ data: "a", fds: [file.sendable] });
      await reader.need(1);
      expect(thrown(() => reader.takeFds(2)).message).toBe(
        "2 descriptors are needed, and the peer has sent 1",
      );
      for (const fd of reader.takeFds(1)) fd.close();
      file.close();
    }));

  it.each(["close", "Symbol.dispose", "end", "early end"])(
    "closes the descriptors that nobody has taken: %s",
    (how) =>
      withPair("stream", async (a, b) => {
        const file = openFile();
        const reader = new StreamReader(b, { maxFds: "all" });
        await a.sendmsg({ data: "abc", fds: [file.sendable, file.sendable] });
        file.close();
        await reader.need(3);
        await a.close();
        if (how === "close") reader.close();
        if (how === "Symbol.dispose") reader[Symbol.dispose]();
        if (how === "end") {
          reader.take(3);
          expect(await reader.need(1)).toBe(false);
        }
        if (how === "early end") await rejection(reader.need(4));
        expect(reader.fdCount).toBe(0);
      }),
  );

  it.each([
    [2, "The peer has sent 3 descriptors that nobody has taken, and maxFds is 2"],
    [0, "The peer has sent 1 descriptor that nobody has taken, and maxFds is 0"],
    [
      undefined,
      "The peer has sent 1 descriptor that nobody has taken, and the socket accepts fewer. " +
        "Give maxFds to the reader, or where the socket is made",
    ],
  ])("fails if more descriptors come than may wait, and closes them: maxFds %s", (maxFds, message) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, maxFds === undefined ? {} : { maxFds });
      for (let i = 0; i < 3; i++) await a.sendmsg({ data: "abc", fds: [file.sendable] });
      file.close();
      for (const _ of [1, 2]) {
        expect(await rejection(reader.need(9))).toMatchObject({ code: "ERR_SENDMSG_TOO_MANY_FDS", message });
      }
      expect({ length: reader.length, fdCount: reader.fdCount }).toEqual({ length: 0, fdCount: 0 });
    }),
  );

  it("accepts what the socket accepts, if it has no maxFds of its own", () =>
    withPair(
      "stream",
      async (a, b) => {
        const file = openFile();
        const reader = new StreamReader(b);
        await a.sendmsg({ data: "a", fds: [file.sendable] });
        file.close();
        await reader.need(1);
        expect(reader.fdCount).toBe(1);
        reader.close();
      },
      { maxFds: 1 },
    ));

  // The rest of a frame and the first byte of the next one can arrive in one receive.
  it("does not count the descriptors of the next frame to those of this one", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, { maxFds: 2 });
      const fds = [file.sendable, file.sendable];
      await a.sendmsg({ data: "a", fds });
      await a.sendmsg({ data: "bcd" });
      await a.sendmsg({ data: "efgh", fds });
      for (const frame of ["abcd", "efgh"]) {
        for (const length of [1, 3, 4]) expect(await reader.need(length)).toBe(true);
        expect(String(reader.take(4))).toBe(frame);
        for (const fd of reader.takeFds(2)) fd.close();
      }
      file.close();
    }));

  it("refuses to wait for more than maxLength, and never holds more", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b, { maxLength: 10 });
      await a.sendmsg({ data: Buffer.alloc(25, "x") });
      expect(await rejection(reader.need(4_294_967_295))).toMatchObject({
        code: "ERR_SENDMSG_TOO_LONG",
        message: "4294967295 bytes are needed, and maxLength is 10",
      });
      await reader.need(1);
      expect(reader.length).toBe(10);
      reader.take(9);
      await reader.need(2);
      expect(reader.length).toBe(10);
    }));

  it("loses nothing if need() is aborted, and goes on", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, { maxFds: 1 });
      await a.sendmsg({ data: "abc", fds: [file.sendable] });
      file.close();
      for (const reason of ["first", "second"]) {
        const aborting = new AbortController();
        const need = reader.need(5, { signal: aborting.signal });
        expect(await isSettled(need)).toBe(false);
        aborting.abort(reason);
        expect(await rejection(need)).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: reason });
        expect({ length: reader.length, fdCount: reader.fdCount }).toEqual({ length: 3, fdCount: 1 });
      }
      const need = reader.need(5);
      await a.sendmsg({ data: "de" });
      expect(await need).toBe(true);
      expect(String(reader.take(5))).toBe("abcde");
      for (const fd of reader.takeFds(1)) fd.close();
    }));

  it("rejects at once with a signal that has aborted, even if the bytes are there", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      await a.sendmsg({ data: "abc" });
      await reader.need(3);
      expect((await rejection(reader.need(3, { signal: AbortSignal.abort() }))).code).toBe("ABORT_ERR");
      expect(reader.length).toBe(3);
    }));

  it("lets one call wait at a time", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      const first = reader.need(1);
      const busy = {
        code: "ERR_INVALID_STATE",
        message: "A need() of this reader waits already. One consumer at a time can take from a reader",
      };
      expect(await rejection(reader.need(1))).toMatchObject(busy);
      expect(thrown(() => reader.detach())).toMatchObject(busy);
      await a.sendmsg({ data: "a" });
      expect(await first).toBe(true);
      expect(await reader.need(1)).toBe(true);
    }));

  it("ends a need() that waits when the reader is closed, and takes nothing more from the socket", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      const closed = { code: "ERR_SENDMSG_CLOSED", message: "The reader is closed" };
      const failing = rejection(reader.need(1));
      await turn();
      reader.close();
      reader.close();
      expect(await failing).toMatchObject(closed);
      expect(await rejection(reader.need(1))).toMatchObject(closed);
      for (const call of [
        () => reader.take(0),
        () => reader.peek(0),
        () => reader.takeFds(0),
        () => reader.detach(),
      ]) {
        expect(thrown(call)).toMatchObject(closed);
      }
      expect(reader.closed).toBe(true);
      await a.sendmsg({ data: "for somebody else" });
      expect(String((await b.recvmsg()).data)).toBe("for somebody else");
    }));

  it("rejects when the socket is closed", () =>
    withPair("stream", async (_, b) => {
      const reader = new StreamReader(b);
      const closed = { code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" };
      const failing = rejection(reader.need(1));
      await turn();
      await b.close();
      expect(await failing).toMatchObject(closed);
      expect(await rejection(reader.need(1))).toMatchObject(closed);
    }));

  it("gives what is left to somebody else: detach()", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const reader = new StreamReader(b, { maxFds: 1 });
      await a.sendmsg({ data: "first" });
      await a.sendmsg({ data: "rest", fds: [file.sendable] });
      await reader.need(7);
      reader.take(5);
      const { data, fds } = reader.detach();
      expect(String(data)).toBe("rest");
      expect(fds.map((fd) => file.isBehind(fd))).toEqual([true]);
      expect(reader.closed).toBe(true);
      for (const each of [...fds, file]) each.close();
      await a.sendmsg({ data: "more" });
      expect(String((await b.recvmsg()).data)).toBe("more");
    }));

  it("says what is wrong with a call", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b, { maxFds: 1 });
      await a.sendmsg({ data: "abc" });
      await reader.need(3);
      expect(thrown(() => reader.take(4))).toMatchObject({
        code: "ERR_OUT_OF_RANGE",
        message:
          'The value of "count" is out of range. It must be <= 3, the length of the reader. Received 4',
      });
      for (const count of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY]) {
        expect((await rejection(reader.need(count))).code).toBe("ERR_OUT_OF_RANGE");
        for (const method of ["take", "peek", "takeFds"] as const) {
          expect(thrown(() => reader[method](count)).code).toBe("ERR_OUT_OF_RANGE");
        }
      }
      expect((await rejection(reader.need(1n as never))).code).toBe("ERR_INVALID_ARG_TYPE");
      expect((await rejection(reader.need(1, AbortSignal.abort() as never))).code).toBe(
        "ERR_INVALID_ARG_TYPE",
      );
      expect((await rejection(reader.need(1, { signal: 1 as never }))).code).toBe("ERR_INVALID_ARG_TYPE");
      expect(reader.length).toBe(3);
    }));

  it("gives the event loop its turn although all bytes are there", () =>
    withPair("stream", async (a, b) => {
      const reader = new StreamReader(b);
      await a.sendmsg({ data: Buffer.alloc(10_000) });
      let turned = false;
      setImmediate(() => {
        turned = true;
      });
      while (!turned) {
        await reader.need(1);
        reader.take(1);
      }
      expect(reader.length).toBeGreaterThan(0);
    }));
});

describe("StreamReader", () => {
  it("is for streams", () =>
    counted(async () => {
      for (const [a, b] of [socketpair("seqpacket"), memorySocketpair("dgram")]) {
        expect(thrown(() => new StreamReader<Descriptor>(a))).toMatchObject({
          code: "ERR_INVALID_ARG_VALUE",
          message:
            'The "socket" argument must be a stream. Other sockets keep the boundaries of messages, so recvmsg() returns one message at a time',
        });
        await Promise.all([a.close(), b.close()]);
      }
      expect(thrown(() => new StreamReader({} as MessageSocket<FileDescriptor>)).message).toBe(
        'The "socket" argument must be a Socket, or an object that behaves like one. Received an instance of Object',
      );
    }));

  it("checks its options", async () => {
    const [socket] = memorySocketpair();
    for (const maxLength of [0, Number.NaN, 2 ** 31, 1.5]) {
      expect(thrown(() => new StreamReader(socket, { maxLength })).code).toBe("ERR_OUT_OF_RANGE");
    }
    expect(thrown(() => new StreamReader(socket, { maxFds: 254 })).code).toBe("ERR_OUT_OF_RANGE");
    expect(thrown(() => new StreamReader(socket, { maxFds: "none" as never })).message).toBe(
      'The "options.maxFds" argument must be of type number, or "all". Received type string ("none")',
    );
  });

  it("has the control messages of the last receive", () =>
    counted(async () => {
      const [a, b] = socketpair("stream", { receive: ["credentials"] });
      const reader = new StreamReader(b);
      expect(reader.control).toEqual([]);
      await a.sendmsg({ data: "a" });
      await reader.need(1);
      expect(reader.control).toMatchObject([{ name: "credentials", value: { pid: process.pid } }]);
      await Promise.all([a.close(), b.close()]);
    }));

  it("keeps the error of the socket, and closes the descriptors that wait", async () => {
    const [a, b] = memorySocketpair("stream", { maxFds: 1 });
    const reader = new StreamReader(b);
    await a.sendmsg({ data: "abc", fds: [0] });
    await reader.need(3);
    b.failNext("recvmsg", "ECONNRESET");
    for (const _ of [1, 2]) expect((await rejection(reader.need(4))).code).toBe("ECONNRESET");
    expect(reader.fdCount).toBe(0);
    expect(String(reader.take(3))).toBe("abc");
  });

  it("tries again after a shortage of memory", async () => {
    const [a, b] = memorySocketpair();
    const reader = new StreamReader(b);
    b.failNext("recvmsg", "ENOMEM");
    b.failNext("recvmsg", "ENOBUFS");
    await a.sendmsg({ data: "a" });
    expect(await reader.need(1)).toBe(true);
  });

  it("fails if the kernel dropped descriptors", async () => {
    const [, b] = memorySocketpair();
    const socket: MessageSocket = Object.assign(Object.create(b), {
      recvmsg: async () => Message.from({ data: Buffer.from("a"), flags: MSG_CTRUNC }),
    });
    expect(await rejection(new StreamReader(socket).need(1))).toMatchObject({
      code: "ERR_SENDMSG_LOST_FDS",
      message:
        "The kernel dropped descriptors (MSG_CTRUNC): the process is at its limit of open files (RLIMIT_NOFILE), or a security " +
        "module forbids them. Those that follow can't be matched with their bytes: close the socket",
    });
  });
});
