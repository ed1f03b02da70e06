import { afterEach, describe, expect, it } from "vitest";
import { type MessageBatch, Socket } from "../../src/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted, withSockets } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { cramp } from "../support/pairs.js";
import { soon, unix } from "../support/sockets.js";
import { turn, until } from "../support/waiting.js";

// A send buffer or a receiver's queue is full while a batch is being sent.

afterEach(closeAll);

/** The messages "tag 0", "tag 1", … in a batch. */
function batchOf(
  socket: Socket,
  tag: string,
  count: number,
  address?: { family: "unix"; path: string },
): MessageBatch {
  const batch = socket.createBatch({ slots: count, size: 64 });
  for (let i = 0; i < count; i++) batch.push({ data: `${tag} ${i}`, ...(address && { address }) });
  return batch;
}

const texts = (tag: string, count: number) => Array.from({ length: count }, (_, i) => `${tag} ${i}`);

/** Sends all messages of the batch, in as many calls as it takes. */
async function sendWhole(socket: Socket, batch: MessageBatch): Promise<void> {
  while (batch.sent < batch.length) await socket.sendBatch(batch, { signal: soon() });
}

/** Receives this many messages. Gives the loop a turn now and then, so that the sender stays ahead. */
async function receiveTexts(socket: Socket, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.length < count) {
    const message = await socket.recvmsg({ signal: soon() });
    got.push(message.data.toString());
    if (got.length % 7 === 0) await turn();
  }
  return got;
}

describe.each(["dgram", "seqpacket"] as const)("a batch waits for room: %s", (type) => {
  const ready = () => {
    const [a, b] = unix(type);
    cramp(a, b);
    return [a, b] as const;
  };

  it("sends every message once, in order", () =>
    withSockets(async () => {
      const [a, b] = ready();
      const batch = batchOf(a, "m", 1024);
      const sent = sendWhole(a, batch);
      await turn();
      expect(batch.sent).toBeLessThan(1024);
      expect(await receiveTexts(b, 1024)).toEqual(texts("m", 1024));
      await sent;
      expect(batch.sent).toBe(1024);
      expect(b.tryRecvmsg()).toBeUndefined();
    }));

  it("keeps the order of sendmsg() and sendBatch() that wait in turns", async () => {
    const [a, b] = ready();
    const all: Promise<unknown>[] = [];
    const expected: string[] = [];
    for (let round = 0; round < 20; round++) {
      all.push(a.sendBatch(batchOf(a, `b${round}`, 30), { signal: soon() }));
      expected.push(...texts(`b${round}`, 30));
      all.push(a.sendmsg({ data: `s${round}` }, { signal: soon() }));
      expected.push(`s${round}`);
    }
    expect(await receiveTexts(b, expected.length)).toEqual(expected);
    expect(await Promise.all(all)).toEqual(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? { bytes: `s${(i - 1) / 2}`.length } : 30)),
    );
    expect(b.tryRecvmsg()).toBeUndefined();
  });

  it("trySendBatch() overtakes nothing that waits", async () => {
    const [a, b] = ready();
    const waiting = a.sendBatch(batchOf(a, "first", 600), { signal: soon() });
    const behind = batchOf(a, "second", 5);
    expect(a.trySendBatch(behind)).toBe(0);
    expect(behind.sent).toBe(0);
    expect(await receiveTexts(b, 600)).toEqual(texts("first", 600));
    expect(await waiting).toBe(600);
    expect(a.trySendBatch(behind)).toBe(5);
    expect(await receiveTexts(b, 5)).toEqual(texts("second", 5));
  });

  it("an aborted batch says what went, and the rest can be sent later", async () => {
    const [a, b] = ready();
    const abort = new AbortController();
    const batch = batchOf(a, "m", 800);
    const aborted = rejection(a.sendBatch(batch, { signal: abort.signal }));
    await turn();
    abort.abort();
    expect(await aborted).toMatchObject({ name: "AbortError", code: "ABORT_ERR" });
    const went = batch.sent;
    expect(went).toBeGreaterThan(0);
    expect(went).toBeLessThan(800);
    expect(await receiveTexts(b, went)).toEqual(texts("m", went));
    expect(b.tryRecvmsg()).toBeUndefined();
    const rest = sendWhole(a, batch);
    expect(await receiveTexts(b, 800 - went)).toEqual(texts("m", 800).slice(went));
    await rest;
    expect(b.tryRecvmsg()).toBeUndefined();
  });

  it("an aborted batch lets those behind it go", async () => {
    const [a, b] = ready();
    const abort = new AbortController();
    const first = batchOf(a, "first", 800);
    const aborted = rejection(a.sendBatch(first, { signal: abort.signal }));
    const second = a.sendBatch(batchOf(a, "second", 10), { signal: soon() });
    const third = a.sendmsg({ data: "third" }, { signal: soon() });
    await turn();
    abort.abort();
    await aborted;
    expect(await receiveTexts(b, first.sent + 11)).toEqual([
      ...texts("first", first.sent),
      ...texts("second", 10),
      "third",
    ]);
    expect(await second).toBe(10);
    await third;
  });

  it("an abort before the call sends nothing", async () => {
    const [a, b] = ready();
    const batch = batchOf(a, "m", 3);
    expect(await rejection(a.sendBatch(batch, { signal: AbortSignal.abort() }))).toMatchObject({
      code: "ABORT_ERR",
    });
    expect(batch.sent).toBe(0);
    expect(b.tryRecvmsg()).toBeUndefined();
  });

  it("close() rejects the wait, and the batch says what went", () =>
    counted(async () => {
      const [a, b] = ready();
      const batch = batchOf(a, "m", 800);
      const waiting = rejection(a.sendBatch(batch));
      await turn();
      await a.close();
      expect(await waiting).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
      const went = batch.sent;
      expect(went).toBeLessThan(800);
      expect(await receiveTexts(b, went)).toEqual(texts("m", went));
      expect(await rejection(a.sendBatch(batch))).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
      await closeAll();
    }));

  it("the peer's close ends the wait, which returns how many went; the next call rejects", async () => {
    const [a, b] = ready();
    const batch = batchOf(a, "m", 800);
    const waiting = a.sendBatch(batch, { signal: soon() });
    await turn();
    await b.close();
    const went = await waiting;
    expect(went).toBeGreaterThan(0);
    expect(went).toBeLessThan(800);
    expect(batch.sent).toBe(went);
    const codes = [await rejection(a.sendBatch(batch)), await rejection(a.sendBatch(batch))].map(
      ({ code }) => code,
    );
    expect(codes).toEqual(type === "dgram" ? ["ECONNREFUSED", "ENOTCONN"] : ["ECONNRESET", "EPIPE"]);
    expect(batch.sent).toBe(went);
  });

  it("a batch can't be changed or used again while it waits", async () => {
    const [a, b] = ready();
    const batch = batchOf(a, "m", 800);
    const waiting = a.sendBatch(batch, { signal: soon() });
    await turn();
    const uses: Record<string, () => unknown> = {
      push: () => batch.push({ data: "x" }),
      room: () => batch.room(),
      clear: () => batch.clear(),
      skip: () => batch.skip(),
      trySendBatch: () => a.trySendBatch(batch),
      tryRecvBatch: () => a.tryRecvBatch(batch as never),
    };
    for (const [name, use] of Object.entries(uses)) expect(use, name).toThrow(/in use|being sent|waits|busy/);
    for (const use of [() => a.sendBatch(batch), () => a.recvBatch(batch as never), () => b.sendBatch(batch)])
      expect((await rejection(use())).message).toMatch(/in use|being sent|waits|busy/);
    expect(await receiveTexts(b, 800)).toEqual(texts("m", 800));
    expect(await waiting).toBe(800);
    batch.clear();
    batch.push({ data: "again" });
    expect(await a.sendBatch(batch)).toBe(1);
    expect(await receiveTexts(b, 1)).toEqual(["again"]);
  });
});

describe("a batch of addressed Unix datagrams", () => {
  it("waits for a full peer, though no event says when there is room", () =>
    withSockets(async () => {
      const path = freshPath();
      const to = own(await Socket.bind({ path }, { type: "dgram" }));
      const from = own(await Socket.open({ family: "unix", type: "dgram" }));
      const batch = batchOf(from, "m", 200, { family: "unix", path });
      const sent = from.sendBatch(batch as never, { signal: soon() });
      await turn();
      expect(batch.sent).toBeLessThan(200);
      expect(await receiveTexts(to, 200)).toEqual(texts("m", 200));
      expect(await sent).toBe(200);
      expect(to.tryRecvmsg()).toBeUndefined();
    }));

  it("to a full peer and to others keeps the order to each", async () => {
    const [stuck, free] = [freshPath(), freshPath()];
    const slow = own(await Socket.bind({ path: stuck }, { type: "dgram" }));
    const fast = own(await Socket.bind({ path: free }, { type: "dgram" }));
    const from = own(await Socket.open({ family: "unix", type: "dgram" }));
    const batch = from.createBatch({ slots: 200, size: 64 });
    for (let i = 0; i < 200; i++)
      batch.push({ data: `m ${i}`, address: { family: "unix", path: i % 2 ? free : stuck } });
    const sent = from.sendBatch(batch, { signal: soon() });
    const got = await Promise.all([receiveTexts(slow, 100), receiveTexts(fast, 100)]);
    expect(got[0]).toEqual(texts("m", 200).filter((_, i) => i % 2 === 0));
    expect(got[1]).toEqual(texts("m", 200).filter((_, i) => i % 2 === 1));
    expect(await sent).toBe(200);
  });

  it("a socket that receives a batch takes what waits, at most as many as there are slots", async () => {
    const [a, b] = unix("dgram");
    for (let i = 0; i < 5; i++) a.trySendmsg({ data: `m ${i}` });
    const batch = b.createBatch({ slots: 3 });
    expect(await b.recvBatch(batch)).toBe(3);
    expect([0, 1, 2].map((i) => batch.data(i).toString())).toEqual(texts("m", 3));
    expect(await b.recvBatch(batch)).toBe(2);
    expect([0, 1].map((i) => batch.data(i).toString())).toEqual(["m 3", "m 4"]);
    expect(batch.length).toBe(2);
    let settledWith: number | undefined;
    const waiting = b.recvBatch(batch, { signal: soon() }).then((count) => {
      settledWith = count;
    });
    await turn();
    expect(settledWith).toBeUndefined();
    a.trySendmsg({ data: "last" });
    await until(() => settledWith !== undefined);
    await waiting;
    expect(settledWith).toBe(1);
    expect(batch.data(0).toString()).toBe("last");
  });
});
