import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import type { Socket } from "../../src/index.js";
import { closeAll } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { rejection, thrown } from "../support/outcome.js";
import { cramp } from "../support/pairs.js";
import { soon, unix } from "../support/sockets.js";
import { turn } from "../support/waiting.js";

// The kernel reads and writes a batch's memory at addresses that the native layer keeps. Nothing that a program does with its
// buffers may free or move that memory.

afterEach(closeAll);

type Detach = (buffer: ArrayBufferLike) => void;

const DETACH: Record<string, Detach> = {
  structuredClone: (buffer) => {
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
  },
  "ArrayBuffer.prototype.transfer": (buffer) => {
    (buffer as unknown as { transfer(): void }).transfer();
  },
  postMessage: (buffer) => {
    const { port1, port2 } = new MessageChannel();
    try {
      port1.postMessage(buffer, [buffer as ArrayBuffer]);
    } finally {
      port1.close();
      port2.close();
    }
  },
};

const transfers = Object.entries(DETACH).filter(
  ([name]) => name !== "ArrayBuffer.prototype.transfer" || "transfer" in ArrayBuffer.prototype,
);

const GONE = {
  code: "ERR_INVALID_STATE",
  message:
    "The batch's memory was transferred, together with a view of a message: make another batch, and transfer the data of " +
    "batch.message(i) instead",
};

/** The two sockets still work, with other batches. */
async function expectUsable(a: Socket, b: Socket): Promise<void> {
  const outgoing = a.createBatch({ slots: 4, size: 64 });
  const incoming = b.createBatch({ slots: 4, size: 64 });
  for (let i = 0; i < 4; i++) outgoing.push({ data: `m ${i}` });
  expect(await a.sendBatch(outgoing)).toBe(4);
  expect(await b.recvBatch(incoming)).toBe(4);
  expect(incoming.data(3).toString()).toBe("m 3");
}

describe.each(transfers)("memory that a program gives away with %s", (_, detach) => {
  it("before a batch is sent: every call throws, and nothing is sent", () =>
    withSockets(async () => {
      const [a, b] = unix("dgram");
      const batch = a.createBatch({ slots: 4, size: 64 });
      batch.push({ data: "first", fds: [0] });
      detach(batch.data(0).buffer);
      expect(() => batch.data(0)).toThrow(GONE.message);
      expect(() => batch.room()).toThrow(GONE.message);
      expect(() => batch.push({ data: "second" })).toThrow(GONE.message);
      expect(() => batch.push({ data: "second", fds: [0] })).toThrow(GONE.message);
      expect(() => a.trySendBatch(batch)).toThrow(GONE.message);
      expect(await rejection(a.sendBatch(batch))).toMatchObject(GONE);
      expect(b.tryRecvmsg()).toBeUndefined();
      await expectUsable(a, b);
      batch.clear(); // closes the duplicate
    }));

  it("before a batch is received into: every call throws, and nothing is consumed", () =>
    withSockets(async () => {
      const [a, b] = unix("dgram", { maxFds: 1 });
      const batch = b.createBatch({ slots: 4, size: 64 });
      await a.sendmsg({ data: "first", fds: [0] });
      expect(await b.recvBatch(batch)).toBe(1);
      detach(batch.data(0).buffer);
      expect(() => batch.message(0)).toThrow(GONE.message);
      await a.sendmsg({ data: "second" });
      expect(() => b.tryRecvBatch(batch)).toThrow(GONE.message);
      expect(await rejection(b.recvBatch(batch))).toMatchObject(GONE);
      expect((await b.recvmsg()).data.toString()).toBe("second");
      await expectUsable(a, b);
      batch.clear();
    }));

  it("while a batch waits to be sent: the wait ends, each message went once, and others still go", () =>
    withSockets(async () => {
      const [a, b] = unix("dgram");
      cramp(a, b);
      const batch = a.createBatch({ slots: 300, size: 64 });
      for (let i = 0; i < 300; i++) batch.push({ data: `m ${i}` });
      const view = batch.data(299);
      const sent = a.sendBatch(batch, { signal: soon() }).catch((error) => error);
      const behind = a.sendmsg({ data: "behind" }, { signal: soon() });
      await turn();
      detach(view.buffer);
      const got: string[] = [];
      while (got.at(-1) !== "behind") got.push((await b.recvmsg({ signal: soon() })).data.toString());
      await behind;
      const went = got.length - 1;
      expect(got.slice(0, -1)).toEqual(Array.from({ length: went }, (_, i) => `m ${i}`));
      expect(went).toBeGreaterThan(0);
      expect(went).toBeLessThan(300);
      const outcome = await sent;
      if (typeof outcome === "number") expect(outcome).toBe(went);
      else expect(outcome).toMatchObject(GONE);
      expect(batch.sent).toBe(went);
      expect(await rejection(a.sendBatch(batch))).toMatchObject(GONE);
    }));

  it("while a batch waits for messages: the wait rejects, and the message is not lost", () =>
    withSockets(async () => {
      const [a, b] = unix("dgram");
      const batch = b.createBatch({ slots: 4, size: 64 });
      a.trySendmsg({ data: "early" });
      expect(await b.recvBatch(batch)).toBe(1);
      const view = batch.data(0);
      const came = rejection(b.recvBatch(batch, { signal: soon() }));
      detach(view.buffer);
      await a.sendmsg({ data: "late" });
      expect(await came).toMatchObject(GONE);
      expect((await b.recvmsg({ signal: soon() })).data.toString()).toBe("late");
    }));

  it("in a getter of a message that is pushed: push() throws, and the duplicates are closed", () =>
    withSockets(async () => {
      const [a] = unix("dgram");
      const batch = a.createBatch({ slots: 4, size: 64 });
      batch.push({ data: "first" });
      const message = {
        data: "second",
        fds: [0],
        get address(): undefined {
          detach(batch.data(0).buffer);
          return undefined;
        },
      };
      expect(() => batch.push(message)).toThrow(GONE.message);
      expect(batch.length).toBe(1);
    }));

  it("in a getter of a message that is pushed, which gives away the message's own data", async () => {
    const [a] = unix("dgram");
    const batch = a.createBatch({ slots: 4, size: 64 });
    const data = Buffer.from(new ArrayBuffer(8)).fill("y");
    const message = {
      data,
      get address(): undefined {
        detach(data.buffer);
        return undefined;
      },
    };
    expect(thrown(() => batch.push(message))).toMatchObject({ argument: "message.data" });
    expect(batch.length).toBe(0);
  });
});

describe("data in special memory", () => {
  it("a SharedArrayBuffer is copied", async () => {
    const [a, b] = unix("dgram");
    const shared = new Uint8Array(new SharedArrayBuffer(4)).fill(7);
    const batch = a.createBatch({ slots: 2, size: 64 });
    batch.push({ data: shared });
    shared.fill(8);
    expect(await a.sendBatch(batch)).toBe(1);
    expect((await b.recvmsg()).data).toEqual(Buffer.alloc(4, 7));
  });

  it("a buffer that shrinks is sent as long as it is at push()", async () => {
    const resizable = new (
      ArrayBuffer as unknown as new (
        length: number,
        options: { maxByteLength: number },
      ) => ArrayBuffer & { resize(length: number): void }
    )(8, { maxByteLength: 64 });
    if (!("resize" in resizable)) return;
    const [a, b] = unix("dgram");
    const view = new Uint8Array(resizable).fill(5);
    const batch = a.createBatch({ slots: 2, size: 64 });
    batch.push({ data: view });
    resizable.resize(2);
    batch.push({ data: view });
    resizable.resize(0);
    expect(await a.sendBatch(batch)).toBe(2);
    expect((await b.recvmsg()).data.length).toBe(8);
    expect((await b.recvmsg()).data.length).toBe(2);
  });

  it("a detached buffer is refused", async () => {
    const [a] = unix("dgram");
    const gone = new Uint8Array(8);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    const batch = a.createBatch({ slots: 2, size: 64 });
    expect(thrown(() => batch.push({ data: gone }))).toMatchObject({ argument: "message.data" });
    expect(batch.length).toBe(0);
  });

  it("a getter that pushes into the same batch, clears it, or sends it changes nothing that was pushed", async () => {
    const [a, b] = unix("dgram");
    const tricks: Record<string, (batch: ReturnType<Socket["createBatch"]>) => unknown> = {
      push: (batch) => batch.push({ data: "inner" }),
      clear: (batch) => batch.clear(),
      sendBatch: (batch) => a.trySendBatch(batch),
      room: (batch) => batch.room().fill("z"),
    };
    for (const [name, trick] of Object.entries(tricks)) {
      const batch = a.createBatch({ slots: 2, size: 16 });
      batch.push({ data: "before" });
      const message = {
        data: "outer",
        get address(): undefined {
          trick(batch);
          return undefined;
        },
      };
      try {
        batch.push(message);
      } catch {
        // The batch was full, or in use.
      }
      expect(batch.length, name).toBeLessThanOrEqual(2);
      const wanted = batch.length - batch.sent;
      if (wanted > 0) expect(await a.sendBatch(batch), name).toBe(wanted);
      for (let message = b.tryRecvmsg(); message; message = b.tryRecvmsg())
        expect(["before", "outer", "inner"], name).toContain(message.data.toString());
    }
  });
});
