import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_INET, SO_RCVBUF, SO_TXTIME, SOCK_DGRAM, SOL_SOCKET } from "../../src/constants/index.js";
import { setsockopt } from "../../src/syscalls/index.js";
import { rejection } from "../support/outcome.js";
import { next, udp4, udp6 } from "../support/sockets.js";
import { valueIn } from "./control.js";
import { discipline } from "./links.js";
import { firstOf, root, since } from "./missing.js";
import { namespace } from "./namespace.js";
import { proves } from "./proves.js";

describe("SOL_SOCKET on IP sockets", () => {
  proves("mark", ["send", "receive"], firstOf(root(), since(5, 19)), async () => {
    for (const udp of [udp4, udp6]) {
      const { socket, at } = await udp(["mark"]);
      for (const mark of [7, 0xdeadbeef]) {
        await socket.sendmsg({ data: "marked", address: at, control: [{ name: "mark", value: mark }] });
        expect(valueIn(await next(socket), "mark")).toBe(mark);
      }
    }
  });

  proves("priority", ["send", "receive"], firstOf(root(), since(6, 14)), async () => {
    for (const udp of [udp4, udp6]) {
      const { socket, at } = await udp(["priority"]);
      for (const priority of [3, 77]) {
        await socket.sendmsg({ data: "x", address: at, control: [{ name: "priority", value: priority }] });
        expect(valueIn(await next(socket), "priority")).toBe(priority);
      }
    }
  });

  proves("txTime", "send", firstOf(root(), discipline("fq")), async () => {
    const there = await namespace();
    there.run("tc qdisc add dev lo root fq");
    const place = { at: encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 0 }) };
    const socket = there.open(AF_INET, SOCK_DGRAM, 0, place);
    const address = socket.getsockname();
    const send = (txtime: bigint) =>
      socket.sendmsg({ data: "later", address, control: [{ name: "txTime", value: txtime }] });
    expect((await rejection(send(process.hrtime.bigint()))).code).toBe("EINVAL");
    // struct sock_txtime: the clock of process.hrtime(), and flags.
    const CLOCK_MONOTONIC = 1;
    setsockopt(socket.fd, SOL_SOCKET, SO_TXTIME, Int32Array.of(CLOCK_MONOTONIC, 0));
    const time = process.hrtime.bigint() + 300_000_000n;
    await send(time);
    await next(socket);
    expect(process.hrtime.bigint()).toBeGreaterThanOrEqual(time);
  });

  proves("rxqOvfl", "receive", undefined, async () => {
    const { socket, at } = await udp4(["rxqOvfl"]);
    setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, 1);
    const { socket: sender } = await udp4();
    const SENT = 100;
    for (let i = 0; i < SENT; i++) await sender.sendmsg({ data: Buffer.alloc(512), address: at });
    let arrived = 0;
    while (socket.tryRecvmsg() !== undefined) arrived++;
    expect(arrived).toBeGreaterThan(0);
    await sender.sendmsg({ data: "after the flood", address: at });
    expect(valueIn(await next(socket), "rxqOvfl")).toBe(SENT - arrived);
  });
});
