import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import { SCM_RIGHTS, SO_SNDBUF, SOL_SOCKET } from "../../src/constants/index.js";
import {
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_ZEROCOPY,
} from "../../src/constants/message-flags.js";
import {
  type Descriptor,
  Listener,
  type Message,
  type MessageListener,
  type MessageSocket,
  type Sendable,
  Socket,
  socketpair,
} from "../../src/index.js";
import * as native from "../../src/native/load.js";
import { setsockopt } from "../../src/syscalls/index.js";
import {
  FakeDescriptor,
  MemoryListener,
  memorySocketpair,
  openDescriptors,
} from "../../src/testing/index.js";
import { counted } from "../counted.js";
import { openFile, sameFile } from "../descriptors.js";
import { closeSync } from "../files.mjs";
import { isSettled, rejection, thrown, turn } from "../pairs.js";
import { has, skipUnless } from "../target.js";

// What sockets in memory promise is what sockets do: each behaviour is checked on both.

/** Counts the calls of what runs in it: the kernel's sockets of an earlier test may still be told that something is closed. */
const memoryOnly = new AsyncLocalStorage<{ nativeCalls: number }>();
const { binding } = native;
beforeAll(() => {
  vi.spyOn(native, "binding").mockImplementation(() => {
    const counts = memoryOnly.getStore();
    if (counts) counts.nativeCalls++;
    return binding();
  });
});
afterAll(() => {
  vi.restoreAllMocks();
});

type Type = "stream" | "seqpacket" | "dgram";
type Body = (a: MessageSocket, b: MessageSocket) => unknown;

interface File {
  sendable: Sendable;
  isBehind(descriptor: Descriptor): boolean;
  close(): void;
}

interface Transport {
  name: string;
  /** Runs the body with two connected sockets, which it closes; every descriptor must be gone afterwards. */
  withPair(
    type: Type,
    body: Body,
    options?: { maxFds?: number | "refuse"; cramped?: boolean },
  ): Promise<void>;
  /** The same with a listener, and what connects to it. */
  withListener(
    type: "stream" | "seqpacket",
    body: (listener: MessageListener, connect: () => Promise<MessageSocket>) => unknown,
  ): Promise<void>;
  openFile(): File;
  /** A `test` of a socket that refuses descriptors. */
  itRefuses: typeof test | typeof test.skip;
}

const kernel: Transport = {
  name: "the kernel's",
  itRefuses: skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights()),
  withPair: (type, body, { maxFds = 0, cramped = false } = {}) =>
    counted(async () => {
      const pair = socketpair(type, { maxFds });
      // The kernel's minimum: socket(7).
      if (cramped) for (const { fd } of pair) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 1);
      try {
        await body(...pair);
      } finally {
        await Promise.all(pair.map((socket) => socket.close()));
      }
    }),
  withListener: (type, body) =>
    counted(async () => {
      const at = { abstract: `sendmsg-contract-${process.pid}-${Math.random()}` };
      const connected: Socket[] = [];
      const listener = await Listener.listen(at, { type, maxFds: 1 });
      try {
        await body(listener, async () => {
          const socket = await Socket.connect(at, { type });
          connected.push(socket);
          return socket;
        });
      } finally {
        await Promise.all([listener, ...connected].map((socket) => socket.close()));
      }
    }),
  openFile: () => {
    const fd = openFile("content");
    return {
      sendable: fd,
      isBehind: (descriptor) => descriptor.fd !== fd && sameFile(descriptor.fd, fd),
      close: () => closeSync(fd),
    };
  },
};

/** What memory does must not need the binary. */
async function keepingDescriptors(body: () => unknown): Promise<void> {
  const before = openDescriptors();
  const counts = { nativeCalls: 0 };
  await memoryOnly.run(counts, async () => body());
  expect({ fds: openDescriptors(), ...counts }).toEqual({ fds: before, nativeCalls: 0 });
}

const memory: Transport = {
  name: "memory's",
  itRefuses: test,
  withPair: (type, body, { cramped = false, ...options } = {}) =>
    keepingDescriptors(async () => {
      const pair = memorySocketpair(type, { ...options, ...(cramped ? { capacity: 4096 } : {}) });
      await body(...pair);
      await Promise.all(pair.map((socket) => socket.close()));
    }),
  withListener: (type, body) =>
    keepingDescriptors(async () => {
      const listener = new MemoryListener({ type, maxFds: 1 });
      await body(listener, () => listener.connect());
      await listener.close();
    }),
  openFile: () => {
    const descriptor = new FakeDescriptor();
    const { fd } = descriptor;
    return {
      sendable: descriptor,
      isBehind: (other) =>
        other.fd !== fd && other instanceof FakeDescriptor && other.file === descriptor.file,
      close: () => descriptor.close(),
    };
  },
};

const TYPES: Type[] = ["stream", "seqpacket", "dgram"];
const CONNECTED = ["stream", "seqpacket"] as const;
const PACKETS = ["seqpacket", "dgram"] as const;

/** Sends until no more goes; how many. */
function fill(socket: MessageSocket, data: string): number {
  let count = 0;
  while (socket.trySendmsg({ data }) !== undefined) count++;
  return count;
}

/** Reads to the end of a stream. */
async function readAll(socket: MessageSocket): Promise<{ bytes: Buffer; messages: Message<Descriptor>[] }> {
  const messages: Message<Descriptor>[] = [];
  for await (const message of socket) messages.push(message);
  return { bytes: Buffer.concat(messages.map(({ data }) => data)), messages };
}

const text = (message: Message<Descriptor> | undefined): string => String(message!.data);

describe.each([kernel, memory])("$name sockets", ({ withPair, withListener, openFile, itRefuses }) => {
  describe.each(TYPES)("%s", (type) => {
    it("carries a message, within the calls", () =>
      withPair(type, async (a, b) => {
        const sending = a.sendmsg({ data: ["he", Buffer.from("llo")] });
        expect(b.tryRecvmsg()).toMatchObject({
          data: Buffer.from("hello"),
          fds: [],
          control: [],
          flags: 0,
          eof: false,
          truncated: false,
          fullLength: 5,
          controlTruncated: false,
          droppedFds: 0,
        });
        expect(await sending).toEqual({ bytes: 5 });
        expect(b.tryRecvmsg()).toBeUndefined();
        await b.sendmsg({ data: "back" });
        const back = await a.recvmsg();
        expect(text(back)).toBe("back");
        expect(back.address).toEqual(type === "dgram" ? { family: "unix" } : undefined);
      }));

    it("waits for what is not there yet; several receives in order", () =>
      withPair(type, async (a, b) => {
        const receives = [b.recvmsg({ size: 1 }), b.recvmsg({ size: 1 }), b.recvmsg({ size: 1 })];
        expect(b.tryRecvmsg()).toBeUndefined();
        for (const data of ["1", "2", "3"]) await a.sendmsg({ data });
        expect((await Promise.all(receives)).map(text)).toEqual(["1", "2", "3"]);
      }));

    it("keeps boundaries, or glues what several sends brought", () =>
      withPair(type, async (a, b) => {
        const first = b.recvmsg();
        for (const data of ["one", "two", "three"]) a.trySendmsg({ data });
        const received = [text(await first)];
        for (let message = b.tryRecvmsg(); message; message = b.tryRecvmsg()) received.push(text(message));
        expect(received).toEqual(type === "stream" ? ["onetwothree"] : ["one", "two", "three"]);
      }));

    it("cuts what there is no room for", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "abcdef" });
        const cut = await b.recvmsg({ size: 4 });
        expect(text(cut)).toBe("abcd");
        const isPacket = type !== "stream";
        expect(cut.truncated).toBe(isPacket);
        expect(cut.flags).toBe(isPacket ? MSG_TRUNC : 0);
        expect(cut.fullLength).toBe(isPacket ? 6 : 4);
        if (isPacket) expect(b.tryRecvmsg()).toBeUndefined();
        else expect(text(b.tryRecvmsg())).toBe("ef");
      }));

    it("fills the caller's buffers", () =>
      withPair(type, async (a, b) => {
        const one = new Uint8Array(4);
        await a.sendmsg({ data: "abc" });
        const { data } = await b.recvmsg({ buffers: one });
        expect([String(data), data.buffer === one.buffer]).toEqual(["abc", true]);
        const two = [Buffer.alloc(2), new Uint16Array(2)];
        await a.sendmsg({ data: "abcde" });
        expect(text(await b.recvmsg({ buffers: two }))).toBe("abcde");
        expect(String(two[0])).toBe("ab");
        expect(Buffer.from(two[1]!.buffer, 0, 3).toString()).toBe("cde");
      }));

    it("passes descriptors: the same file, another number, one owner", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const sending = a.sendmsg({ data: "x", fds: [file.sendable, file.sendable] });
          const message = await b.recvmsg();
          await sending;
          expect(message.droppedFds).toBe(0);
          const copy = message.copy();
          expect(message.fds).toEqual([]);
          expect(copy.fds.map((descriptor) => file.isBehind(descriptor))).toEqual([true, true]);
          const [first, second] = copy.takeFds();
          expect(copy.fds).toEqual([]);
          const duplicate = first!.dup();
          expect(duplicate.fd).not.toBe(first!.fd);
          expect(file.isBehind(duplicate)).toBe(true);
          first!.close();
          first!.close();
          expect(first!.fd).toBe(-1);
          expect(thrown(() => first!.dup())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
          expect(thrown(() => first!.detach())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
          expect(
            thrown(() =>
              second!.handOver(() => {
                throw new Error("not mine");
              }),
            ).message,
          ).toBe("not mine");
          expect(file.isBehind(second!)).toBe(true);
          duplicate[Symbol.dispose]();
          second!.close();
          expect(await rejection(a.sendmsg({ data: "x", fds: [first!] }))).toMatchObject({
            code: "ERR_SENDMSG_CLOSED",
            bytesSent: 0,
          });
          file.close();
        },
        { maxFds: 2 },
      ));

    it("lets in no more descriptors than were asked for", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const fds = [file.sendable, file.sendable, file.sendable];
          for (let i = 0; i < 3; i++) await a.sendmsg({ data: "x", fds });
          const kept: number[][] = [];
          for (const options of [{ maxFds: 0 }, {}, { maxFds: 253 }]) {
            const message = await b.recvmsg(options);
            kept.push([message.fds.length, message.droppedFds]);
            message[Symbol.dispose]();
          }
          expect(kept).toEqual([
            [0, 3],
            [1, 2],
            [3, 0],
          ]);
          file.close();
        },
        { maxFds: 1 },
      ));

    itRefuses(`maxFds: "refuse": a send with descriptors fails whole, on a ${type} socket`, () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const message = { data: "with", fds: [file.sendable] };
          const refused = { code: "EPERM", syscall: "sendmsg", bytesSent: 0 };
          const error = await rejection(a.sendmsg(message));
          expect(error).toMatchObject(refused);
          expect(error.message).toContain("SO_PASSRIGHTS");
          expect(thrown(() => a.trySendmsg(message))).toMatchObject(refused);
          file.close();
          await a.sendmsg({ data: "without" });
          expect(text(await b.recvmsg())).toBe("without");
          const argument = { code: "ERR_INVALID_ARG_VALUE", argument: "options.maxFds" };
          expect(await rejection(b.recvmsg({ maxFds: 1 }))).toMatchObject(argument);
        },
        { maxFds: "refuse" },
      ),
    );

    it("peeks: each time descriptors anew, and nothing is consumed", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          await a.sendmsg({ data: "abc", fds: [file.sendable] });
          const peeks = [await b.recvmsg({ flags: MSG_PEEK }), await b.recvmsg({ flags: MSG_PEEK, size: 2 })];
          expect(peeks.map(text)).toEqual(["abc", "ab"]);
          const real = await b.recvmsg();
          const numbers = [...peeks, real].map(({ fds }) => fds[0]!.fd);
          expect(new Set(numbers).size).toBe(3);
          expect(text(real)).toBe("abc");
          expect(b.tryRecvmsg()).toBeUndefined();
          for (const message of [...peeks, real]) message[Symbol.dispose]();
          file.close();
        },
        { maxFds: 1 },
      ));

    it("an aborted receive consumes nothing, and the next one in line gets the message", () =>
      withPair(type, async (a, b) => {
        const controller = new AbortController();
        const aborted = b.recvmsg({ signal: controller.signal });
        const next = b.recvmsg();
        controller.abort("enough");
        expect(await rejection(aborted)).toMatchObject({
          name: "AbortError",
          code: "ABORT_ERR",
          cause: "enough",
        });
        await a.sendmsg({ data: "for the next" });
        expect(text(await next)).toBe("for the next");
        const { signal } = controller;
        await a.sendmsg({ data: "still there" });
        expect(await rejection(b.recvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR" });
        expect(thrown(() => b.tryRecvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR" });
        expect(await rejection(a.sendmsg({ data: "never" }, { signal }))).toMatchObject({
          code: "ABORT_ERR",
          bytesSent: 0,
        });
        expect(text(b.tryRecvmsg())).toBe("still there");
      }));

    it("gives each message memory of its own, which can be transferred", () =>
      withPair(type, async (a, b) => {
        const buffers = [Buffer.alloc(1), Buffer.alloc(8)];
        for (const options of [{}, { size: 2 }, { buffers }]) {
          await a.sendmsg({ data: "ab" });
          const data = (await b.recvmsg(options)).data;
          expect([String(data), data.buffer.byteLength]).toEqual(["ab", 2]);
          structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
        }
      }));

    it("refuses MSG_ZEROCOPY: the kernel would read the memory after the send has settled", () =>
      withPair(type, async (a, b) => {
        const message = { data: "x", flags: MSG_ZEROCOPY };
        const expected = {
          name: "TypeError",
          code: "ERR_INVALID_ARG_VALUE",
          argument: "message.flags",
          message: expect.stringMatching(/MSG_ZEROCOPY.*sendmsg\/syscalls/),
          bytesSent: 0,
        };
        expect(await rejection(a.sendmsg(message))).toMatchObject(expected);
        expect(thrown(() => a.trySendmsg(message))).toMatchObject(expected);
        expect(b.tryRecvmsg()).toBeUndefined();
      }));

    it("back-pressure: a send waits, order is kept, an aborted one leaves no trace", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const controller = new AbortController();
          const count = fill(a, "filler");
          expect(count).toBeGreaterThan(0);
          const first = a.sendmsg({ data: "first!", fds: [file.sendable] });
          const aborted = a.sendmsg({ data: "never!", fds: [file.sendable] }, { signal: controller.signal });
          const last = a.sendmsg({ data: "last!!" });
          // The descriptors are no longer the caller's affair.
          file.close();
          expect(a.trySendmsg({ data: "no" })).toBeUndefined();
          expect(await isSettled(first)).toBe(false);
          controller.abort();
          expect(await rejection(aborted)).toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
          let received = "";
          let descriptors = 0;
          while (!received.endsWith("last!!")) {
            const message = await b.recvmsg({ maxFds: 253 });
            received += text(message);
            descriptors += message.fds.length;
            message[Symbol.dispose]();
          }
          // On a stream a filler may have gone in part.
          expect(received.replace(/^(filler)*(?:f|fi|fil|fill|fille)?(?=first!)/, "")).toBe("first!last!!");
          expect(descriptors).toBe(1);
          expect(await Promise.all([first, last])).toEqual([{ bytes: 6 }, { bytes: 6 }]);
        },
        { cramped: true },
      ));

    it("shutdown of writing waits for what is queued; then EPIPE", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const queued = a.sendmsg({ data: "queued" });
          const shutDown = a.shutdown("write");
          expect(await isSettled(shutDown)).toBe(false);
          expect(await rejection(a.sendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
          expect(thrown(() => a.trySendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
          let received = "";
          while (!received.endsWith("queued")) received += text(await b.recvmsg());
          await Promise.all([queued, shutDown]);
          if (type === "dgram") expect(b.tryRecvmsg()).toBeUndefined();
          else expect(await b.recvmsg()).toMatchObject({ eof: true, fullLength: 0, flags: 0 });
          // The other direction goes on.
          await b.sendmsg({ data: "back" });
          expect(text(await a.recvmsg())).toBe("back");
        },
        { cramped: true },
      ));

    it("shutdown of reading is the end here, after what has arrived, and EPIPE there", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "before" });
        await b.shutdown("read");
        expect(text(await b.recvmsg())).toBe("before");
        for (let i = 0; i < 2; i++) expect(await b.recvmsg()).toMatchObject({ eof: true });
        expect(await rejection(a.sendmsg({ data: "after" }))).toMatchObject({
          code: "EPIPE",
          syscall: "sendmsg",
          message: "sendmsg EPIPE",
          bytesSent: 0,
        });
      }));

    it("shutdown of reading ends a receive that waits", () =>
      withPair(type, async (_, b) => {
        const waiting = b.recvmsg();
        await b.shutdown("both");
        expect(await waiting).toMatchObject({ eof: true });
        expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE" });
      }));

    it("close rejects all who wait, and everything after", () =>
      withPair(
        type,
        async (a) => {
          fill(a, "filler");
          const closed = { code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" };
          const file = openFile();
          const waits = [a.recvmsg(), a.recvmsg({ size: 1 })];
          const sends = [a.sendmsg({ data: "queued", fds: [file.sendable] }), a.sendmsg({ data: "behind" })];
          file.close();
          const errors = Promise.all([...waits, ...sends].map(rejection));
          expect(a.closed).toBe(false);
          await Promise.all([a.close(), a.close()]);
          for (const error of await errors) expect(error).toMatchObject(closed);
          expect((await errors).map(({ bytesSent }) => bytesSent)).toEqual([undefined, undefined, 0, 0]);
          expect(a.closed).toBe(true);
          expect(await rejection(a.sendmsg({ data: "x" }))).toMatchObject({ ...closed, bytesSent: 0 });
          expect(await rejection(a.recvmsg())).toMatchObject(closed);
          expect(await rejection(a.shutdown("write"))).toMatchObject(closed);
          expect(thrown(() => a.trySendmsg({ data: "x" }))).toMatchObject({ ...closed, bytesSent: 0 });
          expect(thrown(() => a.tryRecvmsg())).toMatchObject(closed);
          await a[Symbol.asyncDispose]();
        },
        { cramped: true },
      ));

    it("close ends a loop; leaving a loop does not close", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "one" });
        for await (const message of b) {
          expect(text(message)).toBe("one");
          break;
        }
        expect(b.closed).toBe(false);
        const loop = (async () => {
          for await (const message of b.messages()) expect(text(message)).toBe("two");
        })();
        await a.sendmsg({ data: "two" });
        await turn();
        await b.close();
        await loop;
      }));

    it("takes no buffer for what is queued that has been transferred away", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const data = new Uint8Array(16);
          const failure = rejection(a.sendmsg({ data }));
          structuredClone(data.buffer, { transfer: [data.buffer] });
          b.tryRecvmsg();
          while (!(await isSettled(failure))) b.tryRecvmsg();
          expect(await failure).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
        },
        { cramped: true },
      ));
  });

  describe.each(CONNECTED)("%s", (type) => {
    it("the end is a message with eof, again each time; iteration does not yield it", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "last" });
        const waiting = [b.recvmsg(), b.recvmsg()];
        await a.close();
        expect((await Promise.all(waiting)).map(({ eof, data }) => [eof, String(data)])).toEqual([
          [false, "last"],
          [true, ""],
        ]);
        for (let i = 0; i < 2; i++) expect(b.tryRecvmsg()).toMatchObject({ eof: true, fds: [] });
        expect((await readAll(b)).messages).toEqual([]);
        expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      }));

    it("a peer that closes without reading all resets the connection", () =>
      withPair(type, async (a, b) => {
        await b.sendmsg({ data: "unread" });
        await a.sendmsg({ data: "what came" });
        await a.close();
        // On a stream the error comes when everything is read, on the others before.
        if (type === "stream") expect(text(await b.recvmsg())).toBe("what came");
        expect(await rejection(b.recvmsg())).toMatchObject({ code: "ECONNRESET", syscall: "recvmsg" });
        if (type !== "stream") expect(text(await b.recvmsg())).toBe("what came");
        expect(await b.recvmsg()).toMatchObject({ eof: true });
      }));

    it("queued sends fail when the peer closes", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const failures = [a.sendmsg({ data: "queued" }), a.sendmsg({ data: "behind" })].map(rejection);
          await b.close();
          for (const error of await Promise.all(failures)) {
            expect(error.bytesSent).toBe(0);
            expect(["EPIPE", "ECONNRESET"]).toContain(error.code);
          }
        },
        { cramped: true },
      ));

    it("a listener accepts what connects, in order, sooner or later", () =>
      withListener(type, async (listener, connect) => {
        expect(listener.tryAccept()).toBeUndefined();
        const waiting = listener.accept();
        const clients = [await connect(), await connect(), await connect()];
        for (const [i, client] of clients.entries()) await client.sendmsg({ data: `client ${i}` });
        const servers = [await waiting, listener.tryAccept()!, await listener.accept()];
        const received = [];
        for (const server of servers) received.push(text(await server.recvmsg()));
        expect(received).toEqual(["client 0", "client 1", "client 2"]);
        for (const server of servers) await server.close();
        expect((await clients[0]!.recvmsg()).eof).toBe(true);
      }));

    it("a listener's maxFds passes on", () =>
      withListener(type, async (listener, connect) => {
        const client = await connect();
        const file = openFile();
        await client.sendmsg({ data: "x", fds: [file.sendable, file.sendable] });
        file.close();
        const server = await listener.accept();
        const message = await server.recvmsg();
        expect([message.fds.length, message.droppedFds]).toEqual([1, 1]);
        message[Symbol.dispose]();
        await server.close();
      }));

    it("a listener's accept can be aborted; close rejects those who wait and resets those who were not accepted", () =>
      withListener(type, async (listener, connect) => {
        const controller = new AbortController();
        const aborted = listener.accept({ signal: controller.signal });
        const next = listener.accept();
        controller.abort();
        expect(await rejection(aborted)).toMatchObject({ code: "ABORT_ERR" });
        await connect();
        await (await next).close();

        const waiting = rejection(listener.accept());
        const loop = (async () => {
          for await (const _ of listener) throw new Error("nobody connects");
        })();
        await turn();
        await listener.close();
        const closed = { code: "ERR_SENDMSG_CLOSED", message: "The listener is closed" };
        expect(await waiting).toMatchObject(closed);
        await loop;
        expect(listener.closed).toBe(true);
        expect(await rejection(listener.accept())).toMatchObject(closed);
        expect(thrown(() => listener.tryAccept())).toMatchObject(closed);
        expect(await rejection(connect())).toMatchObject({ code: "ECONNREFUSED", syscall: "connect" });
      }));

    it("connections that nobody accepted are reset when the listener closes", () =>
      withListener(type, async (listener, connect) => {
        const client = await connect();
        await listener.close();
        expect(await rejection(client.recvmsg())).toMatchObject({ code: "ECONNRESET" });
        expect(await client.recvmsg()).toMatchObject({ eof: true });
      }));
  });

  describe.each(PACKETS)("%s", (type) => {
    it("an empty message is a message, with descriptors if need be", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          await a.sendmsg({});
          await a.sendmsg({ fds: [file.sendable] });
          expect(await b.recvmsg()).toMatchObject({ eof: false, fds: [], fullLength: 0 });
          const message = await b.recvmsg();
          expect([message.eof, message.data.length, message.fds.length]).toEqual([false, 0, 1]);
          message[Symbol.dispose]();
          file.close();
        },
        { maxFds: 1 },
      ));

    it("a message that is too long is refused whole; any that goes arrives whole", () =>
      withPair(type, async (a, b) => {
        expect(await rejection(a.sendmsg({ data: Buffer.alloc(1 << 22) }))).toMatchObject({
          code: "EMSGSIZE",
          bytesSent: 0,
        });
        await a.sendmsg({ data: Buffer.alloc(100_000, "long") });
        expect((await b.recvmsg()).data.equals(Buffer.alloc(100_000, "long"))).toBe(true);
      }));
  });

  it("dgram: there is no end; the first send to a peer that is gone finds out", () =>
    withPair("dgram", async (a, b) => {
      await a.close();
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "ECONNREFUSED" });
      expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "ENOTCONN" });
    }));

  it("stream: an empty send is nothing, and descriptors need a byte", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      expect(await a.sendmsg({})).toEqual({ bytes: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(await rejection(a.sendmsg({ fds: [file.sendable] }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "message.fds",
        bytesSent: 0,
      });
      file.close();
    }));

  it.each([
    [100, "aaaabbb+1 ccccdddd+1 ee"],
    [6, "aaaabb+1 bccccd+1 dddee"],
    [5, "aaaab+1 bbccc cdddd+1 ee"],
    [3, "aaa abb+1 bcc ccd+1 ddd ee"],
  ])("stream: descriptors come with their send's first byte, room for %i", (size, expected) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      for (const data of ["aaaa", "bbb", "cccc", "dddd", "ee"]) {
        await a.sendmsg({ data, fds: data === "bbb" || data === "dddd" ? [file.sendable] : [] });
      }
      await a.close();
      const received: string[] = [];
      for await (const message of b.messages({ size, maxFds: 253 })) {
        received.push(`${text(message)}${message.fds.length > 0 ? `+${message.fds.length}` : ""}`);
        message[Symbol.dispose]();
      }
      expect(received.join(" ")).toBe(expected);
      file.close();
    }),
  );

  const megabyte = Buffer.alloc(1 << 20, "the quick brown fox jumps over the lazy dog ");

  it("stream: a message that goes in parts arrives whole, its descriptors once, before the next", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const sends = [
        a.sendmsg({ data: megabyte, fds: [file.sendable] }),
        a.sendmsg({ data: "next", fds: [file.sendable] }),
      ];
      file.close();
      const ending = a.shutdown("write");
      let length = 0;
      const at: number[] = [];
      const pieces: Buffer[] = [];
      for await (const message of b.messages({ maxFds: 9 })) {
        for (const _ of message.fds) at.push(length);
        length += message.data.length;
        pieces.push(message.data);
        message[Symbol.dispose]();
      }
      expect(Buffer.concat(pieces).equals(Buffer.concat([megabyte, Buffer.from("next")]))).toBe(true);
      expect(at).toHaveLength(2);
      expect(at[0]).toBe(0);
      expect(await Promise.all(sends)).toEqual([{ bytes: megabyte.length }, { bytes: 4 }]);
      await ending;
    }));

  it("stream: trySendmsg may take a part", () =>
    withPair("stream", async (a, b) => {
      const { bytes } = a.trySendmsg({ data: megabyte })!;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(megabyte.length);
      await a.close();
      expect((await readAll(b)).bytes.length).toBe(bytes);
    }));

  it.each(["abort", "close"] as const)("stream: %s when a part has gone ends the stream there", (how) =>
    withPair("stream", async (a, b) => {
      const controller = new AbortController();
      const partial = rejection(a.sendmsg({ data: megabyte }, { signal: controller.signal }));
      const behind = rejection(a.sendmsg({ data: "behind" }));
      await turn();
      if (how === "abort") controller.abort();
      else await a.close();
      const error = await partial;
      expect(error.code).toBe(how === "abort" ? "ABORT_ERR" : "ERR_SENDMSG_CLOSED");
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(error.bytesSent).toBeLessThan(megabyte.length);
      if (how === "abort") {
        expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0, cause: error });
        expect(await rejection(a.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
        await b.sendmsg({ data: "receiving goes on" });
        expect(text(await a.recvmsg())).toBe("receiving goes on");
      } else {
        expect(await behind).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
      }
      expect((await readAll(b)).bytes.length).toBe(error.bytesSent);
    }),
  );

  it("stream: an address is EISCONN", () =>
    withPair("stream", async (a) => {
      const address = { path: "/nowhere" };
      expect(await rejection(a.sendmsg({ data: "x", address }))).toMatchObject({
        code: "EISCONN",
        bytesSent: 0,
      });
    }));
});

describe("arguments are refused with the same words", () => {
  type Call = (socket: MessageSocket, anything: (value: unknown) => never) => unknown;
  const calls: Record<string, Call> = {
    "sendmsg(null)": (socket, any) => socket.sendmsg(any(null)),
    "sendmsg data": (socket, any) => socket.sendmsg({ data: any(5) }),
    "sendmsg data list": (socket, any) => socket.sendmsg({ data: ["x", any({})] }),
    "sendmsg fds": (socket, any) => socket.sendmsg({ data: "x", fds: any("0") }),
    "sendmsg fds entry": (socket, any) => socket.sendmsg({ data: "x", fds: [0, any("0")] }),
    "sendmsg 254 fds": (socket) => socket.sendmsg({ data: "x", fds: new Array(254).fill(0) }),
    "sendmsg control": (socket, any) => socket.sendmsg({ data: "x", control: any({}) }),
    "sendmsg rights": (socket, any) => socket.sendmsg({ data: "x", control: [any({ name: "rights" })] }),
    "sendmsg control entry": (socket, any) => socket.sendmsg({ data: "x", control: [any(null)] }),
    "sendmsg no such control": (socket, any) =>
      socket.sendmsg({ data: "x", control: [any({ name: "nonsense" })] }),
    "sendmsg control of others": (socket) =>
      socket.sendmsg({ data: "x", control: [{ name: "ipTos", value: 1 }] }),
    "sendmsg credentials": (socket, any) =>
      socket.sendmsg({ data: "x", control: [{ name: "credentials", value: any({ pid: 1 }) }] }),
    "sendmsg raw rights": (socket) =>
      socket.sendmsg({
        data: "x",
        control: [{ name: "unknown", level: SOL_SOCKET, type: SCM_RIGHTS, data: new Uint8Array(4) }],
      }),
    "sendmsg address family": (socket, any) =>
      socket.sendmsg({ data: "x", address: any({ family: "nope" }) }),
    "sendmsg address": (socket, any) =>
      socket.sendmsg({ data: "x", address: { family: "unix", path: any(5) } }),
    "sendmsg flags": (socket, any) => socket.sendmsg({ data: "x", flags: any("MSG_EOR") }),
    "sendmsg options": (socket, any) => socket.sendmsg({ data: "x" }, any(1)),
    "sendmsg signal": (socket, any) => socket.sendmsg({ data: "x" }, { signal: any({}) }),
    "trySendmsg data": (socket, any) => socket.trySendmsg({ data: any(5) }),
    "recvmsg(null)": (socket, any) => socket.recvmsg(any(null)),
    "recvmsg maxFds": (socket) => socket.recvmsg({ maxFds: 254 }),
    "recvmsg size": (socket) => socket.recvmsg({ size: 0 }),
    "recvmsg size and buffers": (socket) => socket.recvmsg({ size: 1, buffers: new Uint8Array(1) }),
    "recvmsg no room": (socket) => socket.recvmsg({ buffers: [] }),
    "recvmsg buffers": (socket, any) => socket.recvmsg({ buffers: any("x") }),
    "recvmsg flags": (socket) => socket.recvmsg({ flags: 0.5 }),
    "recvmsg MSG_ERRQUEUE": (socket) => socket.recvmsg({ flags: MSG_ERRQUEUE }),
    "recvmsg MSG_TRUNC": (socket) => socket.recvmsg({ flags: MSG_TRUNC }),
    "recvmsg MSG_OOB": (socket) => socket.recvmsg({ flags: MSG_OOB }),
    "recvmsg signal": (socket, any) => socket.recvmsg({ signal: any("now") }),
    "tryRecvmsg maxFds": (socket, any) => socket.tryRecvmsg({ maxFds: any("1") }),
    "shutdown how": (socket, any) => socket.shutdown(any("all")),
  };

  it.each(Object.entries(calls))("%s", async (_, call) => {
    const errors: unknown[] = [];
    for (const { withPair } of [kernel, memory]) {
      await withPair("stream", async (socket) => {
        const error = await rejection((async () => call(socket, (value) => value as never))());
        const { name, message, code, argument, bytesSent } = error;
        errors.push({ name, message, code, argument, bytesSent });
      });
    }
    expect(errors[1]).toEqual(errors[0]);
    expect(errors[0]).toHaveProperty("code", expect.stringMatching(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/));
  });
});
