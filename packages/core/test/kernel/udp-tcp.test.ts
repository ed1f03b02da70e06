import { describe, expect } from "vitest";
import { AF_INET, IPPROTO_MPTCP, SOCK_STREAM } from "../../src/constants/index.js";
import type { Address } from "../../src/index.js";
import { next, tcp, udp4, udp6 } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { sockets } from "./missing.js";
import { proves } from "./proves.js";

const LOOPBACK: readonly Address[] = [
  { family: "ipv4", address: "127.0.0.1", port: 0 },
  { family: "ipv6", address: "::1", port: 0 },
];

describe("SOL_UDP", () => {
  proves("udpSegment", "send", undefined, async () => {
    for (const udp of [udp4, udp6]) {
      const { socket, at } = await udp();
      await socket.sendmsg({
        data: "one two three",
        address: at,
        control: [{ name: "udpSegment", value: 4 }],
      });
      const datagrams: string[] = [];
      for (let i = 0; i < 4; i++) datagrams.push((await next(socket)).data.toString());
      expect(datagrams).toEqual(["one ", "two ", "thre", "e"]);
    }
  });

  proves("udpGro", "receive", undefined, async () => {
    for (const udp of [udp4, udp6]) {
      const { socket, at } = await udp(["udpGro"]);
      await socket.sendmsg({
        data: "one two three",
        address: at,
        control: [{ name: "udpSegment", value: 4 }],
      });
      const message = await next(socket);
      expect(message.data.toString()).toBe("one two three");
      expect(valueIn(message, "udpGro")).toBe(4);
      await socket.sendmsg({ data: "one", address: at });
      expect(find((await next(socket)).control, "udpGro")).toBeUndefined();
    }
  });
});

describe("SOL_TCP", () => {
  for (const [protocol, number] of [
    ["TCP", 0],
    ["MPTCP", IPPROTO_MPTCP],
  ] as const) {
    proves("tcpInq", "receive", sockets(protocol, AF_INET, SOCK_STREAM, number), async () => {
      for (const at of LOOPBACK) {
        const [client, server] = await tcp(["tcpInq"], at, number);
        await client.sendmsg({ data: "0123456789" });
        expect(valueIn(await next(server, { size: 4 }), "tcpInq")).toBe(6);
        expect(valueIn(await next(server), "tcpInq")).toBe(0);
      }
    });
  }
});
