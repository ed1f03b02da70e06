import { afterEach, describe, expect, it } from "vitest";
import { closeAll } from "../support/closing.js";
import { settled, withSockets } from "../support/counted.js";
import { openDescriptors } from "../support/descriptor-table.js";
import { rejection } from "../support/outcome.js";
import { soon, unix } from "../support/sockets.js";

// SCM_MAX_FD: the most descriptors of one message.
const MOST = 253;

afterEach(closeAll);

describe.each(["dgram", "seqpacket"] as const)("descriptors in batches: %s", (type) => {
  it("each message keeps its own, which message(i) takes along", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: MOST });
      const outgoing = a.createBatch({ slots: 5, size: 16 });
      for (let i = 0; i < 5; i++) outgoing.push({ data: `m${i}`, fds: new Array(i).fill(0) });
      expect(await a.sendBatch(outgoing, { signal: soon() })).toBe(5);
      const incoming = b.createBatch({ slots: 5, size: 16 });
      expect(await b.recvBatch(incoming)).toBe(5);
      for (let i = 0; i < 5; i++) {
        using message = incoming.message(i);
        expect([message.data.toString(), message.fds.length, message.droppedFds]).toEqual([`m${i}`, i, 0]);
      }
    }));

  it.each([
    [0, 0, 3],
    [1, 1, 2],
    [MOST, 3, 0],
  ])("maxFds: %i keeps %i of 3, and counts the %i that it closed", (maxFds, kept, dropped) =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds });
      for (let i = 0; i < 4; i++) await a.sendmsg({ data: "x", fds: [0, 0, 0] });
      const incoming = b.createBatch({ slots: 4, size: 16 });
      for (let i = 0; i < 4; ) {
        const count = await b.recvBatch(incoming);
        for (let j = 0; j < count; j++) {
          using message = incoming.message(j);
          expect([message.fds.length, message.droppedFds]).toEqual([kept, dropped]);
        }
        i += count;
      }
      await settled();
    }),
  );

  it("maxFds of a call replaces the socket's", () =>
    withSockets(async () => {
      const [a, b] = unix(type);
      const incoming = b.createBatch({ slots: 2, size: 16 });
      await a.sendmsg({ data: "x", fds: [0, 0] });
      expect(await b.recvBatch(incoming, { maxFds: 1 })).toBe(1);
      using message = incoming.message(0);
      expect([message.fds.length, message.droppedFds]).toEqual([1, 1]);
    }));

  it("a batch that is used again, or cleared, closes those that nobody took", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: MOST });
      const incoming = b.createBatch({ slots: 8, size: 16 });
      const before = openDescriptors();
      for (let round = 0; round < 20; round++) {
        for (let i = 0; i < 8; i++) await a.sendmsg({ data: "x", fds: [0, 0, 0] });
        let count = 0;
        while (count < 8) count += await b.recvBatch(incoming);
        await settled();
        expect(openDescriptors() - before).toBeLessThanOrEqual(24);
      }
      incoming.clear();
      await settled();
      expect(openDescriptors()).toBe(before);
    }));

  it("those that message(i) took stay open when the batch is used again", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: MOST });
      const incoming = b.createBatch({ slots: 2, size: 16 });
      await a.sendmsg({ data: "x", fds: [0] });
      await b.recvBatch(incoming);
      const [mine] = incoming.message(0).takeFds();
      await a.sendmsg({ data: "y", fds: [0] });
      await b.recvBatch(incoming);
      incoming.clear();
      expect(mine!.fd).toBeGreaterThan(-1);
      mine!.close();
    }));

  it("a second message(i) has none", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: MOST });
      const incoming = b.createBatch({ slots: 2, size: 16 });
      await a.sendmsg({ data: "x", fds: [0] });
      await b.recvBatch(incoming);
      using first = incoming.message(0);
      using second = incoming.message(0);
      expect([first.fds.length, second.fds.length]).toEqual([1, 0]);
      expect(second.data.toString()).toBe("x");
    }));

  it("64 messages with 253 each: none is lost, and few are open at the same time", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: MOST });
      const outgoing = a.createBatch({ slots: 64, size: 16 });
      const before = openDescriptors();
      // A message's duplicates may exist only until it was sent.
      const fds = new Array(MOST).fill(0);
      const sending = (async () => {
        for (let from = 0; from < 64; from += 8) {
          outgoing.clear();
          for (let i = 0; i < 8; i++) outgoing.push({ data: `m${from + i}`, fds });
          for (let i = 0; i < 8; ) i += await a.sendBatch(outgoing, { signal: soon() });
        }
      })();
      const incoming = b.createBatch({ slots: 64, size: 16 });
      let most = 0;
      let got = 0;
      while (got < 64) {
        const count = await b.recvBatch(incoming, { signal: soon() });
        const own = [...Array(count).keys()].reduce((sum, i) => {
          using message = incoming.message(i);
          expect([message.data.toString(), message.droppedFds]).toEqual([`m${got + i}`, 0]);
          most = Math.max(most, openDescriptors() - before);
          return sum + message.fds.length;
        }, 0);
        expect(own).toBe(count * MOST);
        got += count;
      }
      await sending;
      // Of the receiver: two messages' worth. Of the sender: the duplicates of the eight messages in its batch.
      expect(most).toBeLessThanOrEqual((2 + 8) * MOST);
    }));

  it("duplicates of a batch that is never sent, aborted, skipped or cleared are closed", () =>
    withSockets(async () => {
      const [a] = unix(type);
      const before = openDescriptors();
      const batch = a.createBatch({ slots: 4, size: 16 });
      for (let i = 0; i < 4; i++) batch.push({ data: "x", fds: [0, 0] });
      batch.skip();
      await rejection(a.sendBatch(batch, { signal: AbortSignal.abort() }));
      batch.clear();
      await settled();
      expect(openDescriptors()).toBe(before);
    }));

  it("a descriptor that is closed after push() still goes", () =>
    withSockets(async () => {
      const [a, b] = unix(type, { maxFds: 1 });
      const [x, y] = unix("dgram");
      const batch = a.createBatch({ slots: 2, size: 16 });
      batch.push({ data: "x", fds: [x] });
      await x.close();
      expect(await a.sendBatch(batch)).toBe(1);
      using message = await b.recvmsg();
      expect(message.fds).toHaveLength(1);
      await y.close();
    }));
});
