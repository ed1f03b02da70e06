import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AF_INET, NETLINK_USERSOCK, SOCK_DGRAM } from "../../src/constants/index.js";
import { type ControlMessage, Socket, socketpair } from "../../src/index.js";
import { mayTry } from "../../src/socket/fairness.js";
import { close, dup, socket as syscallSocket } from "../../src/syscalls/index.js";
import { counted } from "../counted.js";
import { openFile, sameFile } from "../descriptors.js";
import { closeSync, readSync } from "../files.mjs";
import {
  bytesOf,
  calls,
  cramp,
  drop,
  fill,
  isSettled,
  pass,
  read,
  rejection,
  TYPES,
  thrown,
  turn,
  withPair,
} from "../pairs.js";
import { isRoot, kernelIsAtLeast, onRealKernel, skipUnless } from "../target.js";
import { freshPath } from "../transports.js";
import { refuseToWatch } from "../watching.js";

/** A megabyte in which every place can be told from its neighbours. */
const megabyte = Buffer.alloc(1 << 20, "the quick brown fox jumps over the lazy dog ");

function content(fd: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
}

describe.each(TYPES)("%s", (type) => {
  it("settles within the call when the kernel takes all", () =>
    withPair(type, async (a, b) => {
      const sending = a.sendmsg({ data: "at once" });
      expect(String(b.tryRecvmsg()!.data)).toBe("at once");
      expect(await sending).toEqual({ bytes: 7 });
    }));

  it("keeps the order of many sends and receives that wait at the same time", () =>
    withPair(type, async (a, b) => {
      const file = openFile("content");
      cramp(a);
      const count = 500;
      const sends = Array.from({ length: count }, (_, i) =>
        a.sendmsg({ data: String(i).padStart(4, "0"), fds: [file] }),
      );
      const receives = Array.from({ length: count }, () => b.recvmsg({ maxFds: 1 }));
      for (let i = 0; i < count; i++) {
        using message = await receives[i]!;
        expect(String(message.data)).toBe(String(i).padStart(4, "0"));
        expect(sameFile(message.fds[0]!.fd, file)).toBe(true);
      }
      expect(await Promise.all(sends)).toEqual(new Array(count).fill({ bytes: 4 }));
      closeSync(file);
    }));

  it("trap 27: no descriptor is lost when the send must wait", () =>
    withPair(type, async (a, b) => {
      const file = openFile("sixty");
      cramp(a);
      const filled = fill(a);
      const sends = Array.from({ length: 60 }, () => a.sendmsg({ data: "x", fds: [file] }));
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      for (let i = 0; i < 60; i++) {
        using message = await b.recvmsg({ maxFds: 253 });
        expect(message.fds.map(({ fd }) => content(fd))).toEqual(["sixty"]);
      }
      await Promise.all(sends);
      closeSync(file);
    }));

  it("takes hold of descriptors within the call: the caller may close them", () =>
    withPair(type, async (a, b) => {
      const file = openFile("still there");
      const filled = fill(a);
      const sending = a.sendmsg({ data: "x", fds: [file] });
      closeSync(file);
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(content(message.fds[0]!.fd)).toBe("still there");
      await sending;
    }));

  it("takes hold of control data within the call", () =>
    withPair(
      type,
      async (a, b) => {
        const filled = fill(a);
        const value = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };
        const control: ControlMessage[] = [{ name: "credentials", value }];
        const sending = a.sendmsg({ data: "x", control });
        const before = { ...value };
        value.pid = 1;
        control.length = 0;
        if (type === "stream") await read(b, filled * 6);
        else await drop(b, filled);
        expect((await b.recvmsg()).control).toEqual([{ name: "credentials", value: before }]);
        await sending;
      },
      { receive: ["credentials"] },
    ));

  it("abort before anything went: nothing was sent, and the others keep their turn", () =>
    withPair(type, async (a, b) => {
      const file = openFile("never sent");
      const filled = fill(a);
      const controller = new AbortController();
      const { signal } = controller;
      const first = a.sendmsg({ data: "first!" });
      const aborted = [1, 2].map(() => rejection(a.sendmsg({ data: "never!", fds: [file] }, { signal })));
      const last = a.sendmsg({ data: "last!!" });
      const reason = new Error("changed my mind");
      controller.abort(reason);
      for (const error of await Promise.all(aborted)) {
        expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", bytesSent: 0 });
        expect(error.cause).toBe(reason);
      }
      if (type === "stream") {
        expect(String(bytesOf(await read(b, filled * 6 + 12))).slice(-18)).toBe("fillerfirst!last!!");
      } else {
        await drop(b, filled);
        expect(String((await b.recvmsg()).data)).toBe("first!");
        expect(String((await b.recvmsg()).data)).toBe("last!!");
      }
      await Promise.all([first, last]);
      expect(b.tryRecvmsg()).toBeUndefined();
      closeSync(file);
    }));

  it("abort of the send that is next: the one behind it goes", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const controller = new AbortController();
      const aborted = rejection(a.sendmsg({ data: "never!" }, { signal: controller.signal }));
      const next = a.sendmsg({ data: "next!!" });
      controller.abort();
      expect((await aborted).code).toBe("ABORT_ERR");
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(String((await b.recvmsg()).data)).toBe("next!!");
      await next;
    }));

  it("a signal that is aborted already sends nothing", () =>
    withPair(type, async (a, b) => {
      const error = await rejection(a.sendmsg({ data: "x" }, { signal: AbortSignal.abort("why") }));
      expect(error).toMatchObject({ code: "ABORT_ERR", cause: "why", bytesSent: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
    }));

  it("lets go of the signal once it has settled", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const { signal } = new AbortController();
      const sending = a.sendmsg({ data: "x" }, { signal });
      expect(getEventListeners(signal, "abort").length).toBe(1);
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      await sending;
      expect(getEventListeners(signal, "abort").length).toBe(0);
    }));

  it("many waits on one signal have one listener, and all end when it aborts", () =>
    withPair(type, async (a, b) => {
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [a, b].flatMap((end) => Array.from({ length: 20 }, () => end.recvmsg({ signal })));
      expect(getEventListeners(signal, "abort").length).toBe(1);
      controller.abort("why");
      const settled = await Promise.allSettled(waits);
      const rejected = settled.flatMap((wait) => (wait.status === "rejected" ? [wait.reason] : []));
      expect(new Set(rejected).size).toBe(rejected.length);
      for (const error of rejected) expect(error).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(rejected.length).toBe(40);
      expect(getEventListeners(signal, "abort").length).toBe(0);
    }));

  it("close: what waits rejects, what was duplicated is closed", () =>
    withPair(type, async (a) => {
      const file = openFile("x");
      fill(a);
      const sends = [1, 2, 3].map(() => rejection(a.sendmsg({ data: "x", fds: [file, file] })));
      await turn();
      const closing = a.close();
      for (const error of await Promise.all(sends)) {
        expect(error).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
      }
      await closing;
      closeSync(file);
    }));

  it("a buffer that is transferred while it waits is a clear error, and the next send goes", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const buffer = new Uint8Array(6);
      const broken = rejection(a.sendmsg({ data: ["x", buffer] }));
      const next = a.sendmsg({ data: "next!!" });
      structuredClone(buffer, { transfer: [buffer.buffer] });
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(await broken).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
      expect(String((await b.recvmsg()).data)).toBe("next!!");
      await next;
    }));

  // Younger than Node 18.
  it.runIf("resizable" in ArrayBuffer.prototype)("a buffer that is resized while it waits: the same", () =>
    withPair(type, async (a, b) => {
      const make = ArrayBuffer as unknown as new (
        size: number,
        options: object,
      ) => ArrayBuffer & {
        resize(size: number): void;
      };
      const filled = fill(a);
      const buffer = new make(6, { maxByteLength: 12 });
      const view = new Uint8Array(buffer).fill(0x61);
      const broken = [view, buffer].map((data) => rejection(a.sendmsg({ data })));
      buffer.resize(12);
      const next = a.sendmsg({ data: view });
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      for (const error of broken) {
        expect(await error).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
      }
      expect(String((await b.recvmsg()).data)).toBe("aaaaaa\0\0\0\0\0\0");
      expect(await next).toEqual({ bytes: 12 });
    }),
  );

  it("a view that says it has another length", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: Buffer.alloc(60, "secret") });
      await b.recvmsg();
      for (const stated of [0, 60, 2000]) {
        const data = Object.defineProperty(Buffer.from("short"), "byteLength", { value: stated });
        expect(await a.sendmsg({ data })).toEqual({ bytes: 5 });
        expect(String((await b.recvmsg()).data)).toBe("short");
      }
    }));

  it("trySendmsg: undefined when the kernel has no room, or while others wait", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      expect(a.trySendmsg({ data: "x" })).toBeUndefined();
      const waiting = a.sendmsg({ data: "x" });
      if (type === "stream") b.tryRecvmsg({ size: filled * 6 });
      else for (let i = 0; i < filled; i++) b.tryRecvmsg();
      expect(a.trySendmsg({ data: "out of turn" })).toBeUndefined();
      await waiting;
      expect(a.trySendmsg({ data: "y" })).toEqual({ bytes: 1 });
    }));

  it("shutdown('write') waits for what is queued; then sending is EPIPE", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const sending = a.sendmsg({ data: "queued" });
      const ending = a.shutdown("write");
      expect(await isSettled(ending)).toBe(false);
      expect(await rejection(a.sendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      expect(thrown(() => a.trySendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(String((await b.recvmsg()).data)).toBe("queued");
      await Promise.all([sending, ending]);
    }));

  it("close while shutdown('write') waits rejects it", () =>
    withPair(type, async (a) => {
      fill(a);
      const sending = rejection(a.sendmsg({ data: "queued" }));
      const ending = rejection(a.shutdown("write"));
      await a.close();
      expect((await sending).code).toBe("ERR_SENDMSG_CLOSED");
      expect((await ending).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("an error of the kernel says how much went, and which call it was", () =>
    withPair(type, async (a, b) => {
      await b.close();
      const error = await rejection(a.sendmsg({ data: "x" }));
      expect(error).toMatchObject({
        code: type === "dgram" ? "ECONNREFUSED" : "EPIPE",
        syscall: "sendmsg",
        bytesSent: 0,
      });
      expect(error.errno).toBeLessThan(0);
    }));

  it("both directions at once, each under back-pressure", () =>
    withPair(type, async (a, b) => {
      cramp(a, b);
      const count = 300;
      const send = (socket: typeof a) =>
        Promise.all(Array.from({ length: count }, () => socket.sendmsg({ data: "12345678" })));
      const receive = async (socket: typeof a) => {
        if (type === "stream") return bytesOf(await read(socket, count * 8)).length;
        let length = 0;
        for (let i = 0; i < count; i++) length += (await socket.recvmsg()).data.length;
        return length;
      };
      const [, , atA, atB] = await Promise.all([send(a), send(b), receive(a), receive(b)]);
      expect([atA, atB]).toEqual([count * 8, count * 8]);
    }));
});

describe("stream", () => {
  it("sends a long message in parts: every byte once, the descriptors with the first", () =>
    withPair("stream", async (a, b) => {
      const file = openFile("once");
      cramp(a);
      const pieces = [megabyte.subarray(0, 5), "", megabyte.subarray(5, 70_000), megabyte.subarray(70_000)];
      const sending = a.sendmsg({ data: pieces, fds: [file, file, file] });
      const messages = await read(b, megabyte.length, { maxFds: 253 });
      expect(await sending).toEqual({ bytes: megabyte.length });
      expect(bytesOf(messages).equals(megabyte)).toBe(true);
      expect(messages.map(({ fds }) => fds.length).filter((length) => length > 0)).toEqual([3]);
      expect(messages[0]!.fds.map(({ fd }) => content(fd))).toEqual(["once", "once", "once"]);
      for (const message of messages) message[Symbol.dispose]();
      closeSync(file);
    }));

  skipUnless("only root may send another user's credentials", isRoot)(
    "repeats the other control messages with every part: all bytes have the credentials that were given",
    () =>
      withPair(
        "stream",
        async (a, b) => {
          const file = openFile("once");
          const given = { pid: process.pid, uid: 65_534, gid: 65_534 };
          const message = {
            data: megabyte,
            fds: [file],
            control: [{ name: "credentials", value: given }] as const,
          };
          for (const waits of [false, true]) {
            // A send that has to wait passes through the queue before its first byte goes.
            const filled = waits ? 6 * fill(a) : 0;
            const sending = a.sendmsg(message);
            await read(b, filled);
            const messages = await read(b, megabyte.length, { maxFds: 253 });
            expect(await sending).toEqual({ bytes: megabyte.length });
            const bytesByUid = new Map<unknown, number>();
            for (const { data, control } of messages) {
              for (const item of control) {
                if (item.name !== "credentials") continue;
                const { uid } = item.value;
                bytesByUid.set(uid, (bytesByUid.get(uid) ?? 0) + data.length);
              }
            }
            expect([...bytesByUid]).toEqual([[given.uid, megabyte.length]]);
            expect(messages.map(({ fds }) => fds.length).filter((length) => length > 0)).toEqual([1]);
            for (const each of messages) each[Symbol.dispose]();
          }
          closeSync(file);
        },
        { receive: ["credentials"] },
      ),
  );

  it("long messages behind each other do not mix", () =>
    withPair("stream", async (a, b) => {
      cramp(a);
      const size = 100_000;
      const sends = ["a", "b", "c"].map((letter) => a.sendmsg({ data: Buffer.alloc(size, letter) }));
      const all = bytesOf(await read(b, 3 * size));
      expect(all.equals(Buffer.concat(["a", "b", "c"].map((letter) => Buffer.alloc(size, letter))))).toBe(
        true,
      );
      await Promise.all(sends);
    }));

  it("abort of a message that is partly out: it and all behind it reject, the peer sees the end", () =>
    withPair("stream", async (a, b) => {
      const file = openFile("went");
      const controller = new AbortController();
      const partly = rejection(a.sendmsg({ data: megabyte, fds: [file] }, { signal: controller.signal }));
      const behind = rejection(a.sendmsg({ data: "behind", fds: [file] }));
      await turn();
      controller.abort("enough");
      const error = await partly;
      expect(error).toMatchObject({ code: "ABORT_ERR", cause: "enough" });
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(error.bytesSent).toBeLessThan(megabyte.length);
      expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0, cause: error });
      expect((await rejection(a.sendmsg({ data: "after" }))).code).toBe("EPIPE");

      const arrived = await read(b, megabyte.length, { maxFds: 1 });
      expect(bytesOf(arrived).length).toBe(error.bytesSent);
      expect((await b.recvmsg()).eof).toBe(true);
      expect(arrived.flatMap(({ fds }) => fds.map(({ fd }) => content(fd)))).toEqual(["went"]);
      for (const message of arrived) message[Symbol.dispose]();
      closeSync(file);
    }));

  it("close of a message that is partly out says how much went", () =>
    withPair("stream", async (a, b) => {
      const sending = rejection(a.sendmsg({ data: megabyte }));
      await a.close();
      const error = await sending;
      expect(error.code).toBe("ERR_SENDMSG_CLOSED");
      expect(bytesOf(await read(b, megabyte.length)).length).toBe(error.bytesSent);
    }));

  it("a message that is partly out when the peer closes is EPIPE or ECONNRESET, with what went", () =>
    withPair("stream", async (a, b) => {
      const sending = rejection(a.sendmsg({ data: megabyte }));
      const behind = rejection(a.sendmsg({ data: "behind" }));
      await b.close();
      const error = await sending;
      expect(["EPIPE", "ECONNRESET"]).toContain(error.code);
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0 });
    }));

  it("a buffer that is transferred when part of it has gone breaks the stream", () =>
    withPair("stream", async (a, b) => {
      const copy = new Uint8Array(megabyte);
      const sending = rejection(a.sendmsg({ data: copy }));
      structuredClone(copy, { transfer: [copy.buffer] });
      const arrived = read(b, megabyte.length);
      const error = await sending;
      expect(error.code).toBe("ERR_INVALID_STATE");
      expect(bytesOf(await arrived).length).toBe(error.bytesSent);
    }));

  it("trySendmsg says how many bytes went", () =>
    withPair("stream", async (a, b) => {
      const { bytes } = a.trySendmsg({ data: megabyte })!;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(megabyte.length);
      await a.shutdown("write");
      expect(bytesOf(await read(b, megabyte.length)).length).toBe(bytes);
    }));

  it("an empty message is nothing, and waits its turn", () =>
    withPair("stream", async (a, b) => {
      expect(await a.sendmsg({})).toEqual({ bytes: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
      const filled = fill(a);
      const sends = [a.sendmsg({ data: "before" }), a.sendmsg({ data: [] }), a.sendmsg({ data: "behind" })];
      expect(String(bytesOf(await read(b, filled * 6 + 12))).slice(-12)).toBe("beforebehind");
      expect(await Promise.all(sends)).toEqual([{ bytes: 6 }, { bytes: 0 }, { bytes: 6 }]);
    }));
});

describe("a number that is closed behind the socket's back while a send waits", () => {
  const GONE = { code: "ERR_SENDMSG_CLOSED", bytesSent: 0 };

  it("rejects that send, and other sockets get their turn", () =>
    withPair("stream", async (a, b) => {
      const [c, d] = socketpair();
      // The file lives on, and with it the events that were registered under the number.
      const copy = dup(a.fd);
      fill(a);
      const sends = [a.sendmsg({ data: "1" }), a.sendmsg({ data: "2" })].map(rejection);
      const receiving = d.recvmsg();
      close(a.fd);
      while (b.tryRecvmsg() !== undefined);
      c.trySendmsg({ data: "there" });
      // Both events find the burst used up, and are dealt with in the same turn.
      while (mayTry());
      for (const error of await Promise.all(sends)) expect(error).toMatchObject(GONE);
      expect(String((await receiving).data)).toBe("there");
      close(copy);
      await Promise.all([b, c, d].map((socket) => socket.close()));
    }));

  it("rejects a datagram that waits by timer", () =>
    counted(async () => {
      const stuck = await Socket.bind({ family: "unix" }, { type: "dgram" });
      const sender = await Socket.bind({ family: "unix" }, { type: "dgram" });
      const address = stuck.getsockname();
      while (sender.trySendmsg({ data: "filler", address }));
      const sending = rejection(sender.sendmsg({ data: "x", address }));
      close(sender.fd);
      expect(await sending).toMatchObject(GONE);
      await Promise.all([sender.close(), stuck.close()]);
    }));
});

describe("a message whose getters take its bytes away", () => {
  it("is refused: nothing shorter is sent", () =>
    counted(async () => {
      const [sender, receiver] = await Promise.all(
        [freshPath(), freshPath()].map((path) => Socket.bind({ path }, { type: "dgram" })),
      );
      const { path } = receiver!.getsockname() as { path: string };
      // At each of its readings in turn.
      for (let last = 1; last <= 6; last++) {
        const data = new Uint8Array(5000);
        let readings = 0;
        const address = {
          get path() {
            if (++readings === last) structuredClone(data.buffer, { transfer: [data.buffer] });
            return path;
          },
        };
        const sent = await sender!.sendmsg({ data, address }).catch((error) => error);
        if (readings < last) expect(sent).toEqual({ bytes: 5000 });
        else expect(sent).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "message.data" });
      }
      await Promise.all([sender!.close(), receiver!.close()]);
    }));
});

describe("the caller's list of descriptors", () => {
  it("may change as soon as the call has returned", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("listed");
      const filled = fill(a);
      const fds = [file];
      const sending = a.sendmsg({ data: "x", fds });
      fds.length = 0;
      await drop(b, filled);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(content(message.fds[0]!.fd)).toBe("listed");
      await sending;
      closeSync(file);
    }));
});

describe("bytes of a subclass of Uint8Array", () => {
  /** Its constructor takes no offset, so that its subarray() begins at the start of the memory. */
  class FromTheStart extends Uint8Array {
    constructor(memory: ArrayBuffer) {
      super(memory);
    }
  }
  /** It says another length than it has. */
  class Shorter extends Uint8Array {
    override get byteLength(): number {
      return super.byteLength - 1;
    }
    override get length(): number {
      return super.length - 1;
    }
  }
  const memory = new Uint8Array(300_000).map((_, i) => (i * 7) >> 3).buffer;

  /** A plain one, whose subarray() is another's, and calls another's constructor. */
  const disguised = (): Uint8Array =>
    Object.assign(new Uint8Array(memory), {
      constructor: { [Symbol.species]: FromTheStart },
      subarray: () => new Uint8Array(5),
    });

  it.each([
    ["one, whose subarray() is another", () => new FromTheStart(memory)],
    ["one that pretends to be of another class", disguised],
    ["several", () => [new FromTheStart(memory.slice(0, 150_000)), new FromTheStart(memory.slice(150_000))]],
    ["one with another length", () => new Shorter(memory)],
  ])("are sent as they are, a part at a time: %s", (_, make) =>
    withPair("stream", async (a, b) => {
      cramp(a);
      const [sent, messages] = await Promise.all([a.sendmsg({ data: make() }), read(b, memory.byteLength)]);
      expect(sent).toEqual({ bytes: memory.byteLength });
      expect(bytesOf(messages).equals(Buffer.from(memory))).toBe(true);
    }),
  );
});

describe("a stream on which part of a message went, and the rest cannot be waited for", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("takes no other message: the peer could not tell where it begins", () =>
    withPair("stream", async (a, b) => {
      const endRefusal = refuseToWatch();
      const error = await rejection(a.sendmsg({ data: megabyte }));
      expect(error.code).toBe("ENOSPC");
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(await rejection(a.sendmsg({ data: "next" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      expect(thrown(() => a.trySendmsg({ data: "next" }))).toMatchObject({ code: "EPIPE" });
      endRefusal();
      const arrived = bytesOf(await read(b, megabyte.length));
      expect(arrived.equals(megabyte.subarray(0, error.bytesSent as number))).toBe(true);
      expect((await b.recvmsg()).eof).toBe(true);
    }));
});

describe("EAGAIN of a socket that is writable, which no readiness ends", () => {
  const userSocket = (): Promise<Socket> =>
    Socket.bind({ family: "netlink" }, { type: "dgram", protocol: NETLINK_USERSOCK });

  onRealKernel("netlink to a full socket of another: goes as soon as there is room", () =>
    counted(async () => {
      const [sender, receiver] = [await userSocket(), await userSocket()];
      const address = receiver.getsockname();
      let count = 0;
      while (sender.trySendmsg({ data: `${count}`, address }) !== undefined) count++;
      const sends = [count, count + 1].map((data) => sender.sendmsg({ data: `${data}`, address }));
      expect(await isSettled(sends[0]!)).toBe(false);
      for (let i = 0; i < count + 2; i++) expect(String((await receiver.recvmsg()).data)).toBe(`${i}`);
      expect(await Promise.all(sends)).toEqual(
        [count, count + 1].map((data) => ({ bytes: `${data}`.length })),
      );
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );

  /** A socket without a port may be given one port only, and somebody has it. */
  const inRange = kernelIsAtLeast(6, 3)
    ? onRealKernel
    : skipUnless("needs IP_LOCAL_PORT_RANGE, Linux 6.3", false);

  inRange("UDP without a free port: goes as soon as there is one, and so does what waits behind it", () =>
    counted(async () => {
      const receiver = await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" });
      const holder = await Socket.bind({ address: "0.0.0.0", port: 0 }, { type: "dgram" });
      const { port } = holder.getsockname() as { port: number };
      const sender = Socket.from(syscallSocket(AF_INET, SOCK_DGRAM));
      sender.options.set("ipLocalPortRange", { low: port, high: port });
      const address = receiver.getsockname();
      const sends = ["first", "second"].map((data) => sender.sendmsg({ data, address }));
      expect(await isSettled(sends[0]!)).toBe(false);
      await holder.close();
      expect(await Promise.all(sends)).toEqual([{ bytes: 5 }, { bytes: 6 }]);
      for (const data of ["first", "second"]) {
        const message = await receiver.recvmsg();
        expect(String(message.data)).toBe(data);
        expect(message.address).toMatchObject({ port });
      }
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );

  onRealKernel("it is tried by a timer, not all the time", () =>
    counted(async () => {
      const [sender, receiver] = [await userSocket(), await userSocket()];
      const address = receiver.getsockname();
      while (sender.trySendmsg({ data: "filler", address }) !== undefined);
      const controller = new AbortController();
      const sending = rejection(sender.sendmsg({ data: "x", address }, { signal: controller.signal }));
      expect(await calls("send", () => pass(200))).toBeLessThan(50);
      controller.abort();
      expect((await sending).code).toBe("ABORT_ERR");
      await Promise.all([sender.close(), receiver.close()]);
    }),
  );
});
