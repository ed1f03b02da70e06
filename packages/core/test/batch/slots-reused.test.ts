import { afterEach, describe, expect, it } from "vitest";
import type { Address } from "../../src/address/index.js";
import { MSG_CTRUNC, MSG_TRUNC } from "../../src/constants/index.js";
import { Socket } from "../../src/index.js";
import { closeAll, own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { thorough } from "../support/scale.js";
import { udp4, udp6, unix } from "../support/sockets.js";

// The kernel overwrites the lengths of a slot's address and control data, and its flags. They must be reset before the next call.

const ROUNDS = thorough ? 5000 : 400;

afterEach(closeAll);

describe("slots that are used again", () => {
  it("have no address left of an earlier message", () =>
    withSockets(async () => {
      const path = `${freshPath()}${"x".repeat(20)}`;
      const to = own(await Socket.bind({ path }, { type: "dgram" }));
      const unnamed = own(await Socket.open({ family: "unix", type: "dgram" }));
      const from = freshPath();
      const named = own(await Socket.bind({ path: from }, { type: "dgram" }));
      const batch = to.createBatch({ slots: 4, size: 32 });
      for (let round = 0; round < ROUNDS; round++) {
        const senders = [named, unnamed, round % 2 ? named : unnamed];
        for (const [i, sender] of senders.entries())
          await sender.sendmsg({ data: `${round} ${i}`, address: { family: "unix", path } });
        expect(await to.recvBatch(batch)).toBe(3);
        for (const [i, sender] of senders.entries()) {
          expect(batch.data(i).toString()).toBe(`${round} ${i}`);
          expect(batch.address(i)).toEqual(
            sender === named ? { family: "unix", path: from } : { family: "unix" },
          );
        }
      }
    }));

  it("have no truncation left of an earlier message", async () => {
    const { socket: to, at } = await udp4();
    const { socket: from } = await udp4();
    const batch = to.createBatch({ slots: 4, size: 16 });
    for (let round = 0; round < ROUNDS; round++) {
      const lengths = [round % 40, 16, 17, (round * 7) % 33];
      for (const [i, length] of lengths.entries())
        await from.sendmsg({ data: Buffer.alloc(length, 65 + i), address: at });
      expect(await to.recvBatch(batch)).toBe(4);
      for (const [i, length] of lengths.entries()) {
        expect(batch.data(i)).toEqual(Buffer.alloc(Math.min(length, 16), 65 + i));
        expect((batch.flags(i) & MSG_TRUNC) !== 0).toBe(length > 16);
        expect(batch.flags(i) & MSG_CTRUNC).toBe(0);
        using message = batch.message(i);
        expect(message.truncated).toBe(length > 16);
      }
    }
  });

  it("have no control data left of an earlier message, and all of their own", async () => {
    const { socket: to, at } = await udp4(["ipTos", "ipPktInfo", "ipTtl"]);
    const { socket: from } = await udp4();
    const batch = to.createBatch({ slots: 4, size: 16 });
    for (let round = 0; round < ROUNDS; round++) {
      const marks = [round % 4, (round + 1) % 4, 0, 2];
      for (const tos of marks)
        await from.sendmsg({ data: "x", address: at, control: [{ name: "ipTos", value: tos }] });
      expect(await to.recvBatch(batch)).toBe(4);
      for (const [i, tos] of marks.entries()) {
        const control = batch.control(i);
        expect(control.map(({ name }) => name).sort()).toEqual(["ipPktInfo", "ipTos", "ipTtl"]);
        expect(control.find(({ name }) => name === "ipTos")).toMatchObject({ value: tos });
        expect(batch.flags(i) & MSG_CTRUNC).toBe(0);
      }
      if (round === ROUNDS / 2) to.options.set("ipRecvTos", true);
    }
  });

  it("send to one family after another, with and without control data", async () => {
    const places = [await udp6(), await udp6()] as const;
    const v4 = await udp4(["ipTos"]);
    const both = own(
      await Socket.bind({ family: "ipv6", address: "::", port: 0 }, { type: "dgram", ipv6Only: false }),
    );
    const mapped: Address = { family: "ipv6", address: "::ffff:127.0.0.1", port: v4.at.port };
    const batch = both.createBatch({ slots: 6, size: 64 });
    for (let round = 0; round < ROUNDS; round++) {
      batch.clear();
      const addresses: Address[] = [places[0].at, mapped, places[1].at];
      for (let i = 0; i < 6; i++) {
        const address = addresses[(i + round) % 3]!;
        batch.push({
          data: `${round} ${i}`,
          address,
          ...(address === mapped && i % 2 ? { control: [{ name: "ipTos", value: 1 }] as const } : {}),
        });
      }
      expect(await both.sendBatch(batch)).toBe(6);
      for (let i = 0; i < 6; i++) {
        const address = addresses[(i + round) % 3]!;
        const to = address === mapped ? v4.socket : places[address === places[0].at ? 0 : 1].socket;
        const message = await to.recvmsg();
        expect(message.data.toString()).toBe(`${round} ${i}`);
        if (address === mapped)
          expect(message.control).toMatchObject([{ name: "ipTos", value: i % 2 ? 1 : 0 }]);
      }
    }
  });

  it("are sent without the descriptors, the address and the control data of an earlier message", async () => {
    const [a, b] = unix("seqpacket", { maxFds: 4 });
    const batch = a.createBatch({ slots: 3, size: 16 });
    for (let round = 0; round < 50; round++) {
      batch.clear();
      const counts = [round % 3, 0, (round + 1) % 3];
      for (const count of counts) batch.push({ data: "x", fds: new Array(count).fill(0) });
      expect(await a.sendBatch(batch)).toBe(3);
      for (const count of counts) {
        using message = await b.recvmsg();
        expect(message.fds).toHaveLength(count);
      }
    }
  });

  it("take the place of descriptors in a batch for both directions", async () => {
    const [a, b] = unix("dgram", { maxFds: 2 });
    const batch = b.createBatch({ slots: 2, size: 16 });
    for (let round = 0; round < 50; round++) {
      await a.sendmsg({ data: `m${round}`, fds: [0] });
      expect(await b.recvBatch(batch)).toBe(1);
      using message = batch.message(0);
      expect(message.fds).toHaveLength(1);
      batch.clear();
      batch.push({ data: `back${round}` });
      expect(await b.sendBatch(batch)).toBe(1);
      using back = await a.recvmsg();
      expect([back.data.toString(), back.fds.length]).toEqual([`back${round}`, 0]);
    }
  });

  it("1024 slots of 64 KiB hold 1024 different messages", async () => {
    const { socket: to, at } = await udp4();
    const { socket: from } = await udp4();
    const outgoing = from.createBatch({ slots: 1024, size: 65_536 });
    const incoming = to.createBatch({ slots: 1024, size: 65_536 });
    for (let i = 0; i < 1024; i++) outgoing.push({ data: Buffer.alloc(60_000, i % 251), address: at });
    expect(outgoing.isFull).toBe(true);
    expect(() => outgoing.push({ data: "x", address: at })).toThrow();
    expect(() => outgoing.room()).toThrow();
    let got = 0;
    while (outgoing.sent < 1024) {
      // The receive buffer has room for few: the kernel would drop the others.
      from.trySendBatch(outgoing);
      for (;;) {
        const count = to.tryRecvBatch(incoming);
        if (count === undefined) break;
        for (let i = 0; i < count; i++) expect(incoming.data(i).length).toBe(60_000);
        got += count;
      }
    }
    expect(got).toBeGreaterThan(0);
    expect(outgoing.data(1023)).toEqual(Buffer.alloc(60_000, 1023 % 251));
  });
});
