import { describe, expect } from "vitest";
import {
  AF_INET,
  AF_INET6,
  IPV6_MTU,
  MSG_ZEROCOPY,
  SO_TIMESTAMPING_NEW,
  SO_ZEROCOPY,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_STATS,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_IPV6,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import type { ControlName } from "../../src/control/index.js";
import { type Address, type ErrorReport, errorReport, Socket } from "../../src/index.js";
import { sendmsg, setsockopt } from "../../src/syscalls/index.js";
import { own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, nextError, PATIENCE, tcp, udp4, udp6 } from "../support/sockets.js";
import { names, valueIn } from "./control.js";
import { proves } from "./proves.js";

/** The first reports, in order. */
async function reports(socket: Socket, count: number): Promise<ErrorReport[]> {
  const found: ErrorReport[] = [];
  for await (const report of socket.errors({ signal: AbortSignal.timeout(PATIENCE) })) {
    found.push(report);
    if (found.length === count) break;
  }
  return found;
}

/** A test that closes its sockets and counts descriptors. */
const check = (title: string, body: () => unknown) => onRealKernel(title, () => withSockets(body));

/** An address without a socket. */
async function nowhere<A extends Address>(udp: () => Promise<{ socket: Socket; at: A }>): Promise<A> {
  const { socket, at } = await udp();
  await socket.close();
  return at;
}

describe("socket.errors()", () => {
  for (const [name, udp, origin, icmp, offender] of [
    ["ipRecvErr", udp4, "icmp", { type: 3, code: 3 }, { family: "ipv4", address: "127.0.0.1", port: 0 }],
    ["ipv6RecvErr", udp6, "icmp6", { type: 1, code: 4 }, { family: "ipv6", address: "::1", port: 0 }],
  ] as const) {
    check(`${name}: gives the ICMP error, and the packet that caused it`, async () => {
      const { socket } = await udp([name]);
      const destination = await nowhere<Address>(udp);
      await socket.sendmsg({ data: "first", address: destination });
      await socket.sendmsg({ data: "second", address: destination });
      const [first, second] = await reports(socket, 2);
      expect(first).toMatchObject({
        kind: "undelivered",
        code: "ECONNREFUSED",
        origin,
        icmp,
        offender,
        destination,
      });
      expect(String((first as { data: Buffer }).data)).toBe("first");
      expect(String((second as { data: Buffer }).data)).toBe("second");
      // An error that was read from the queue does not fail a later call.
      expect(socket.tryRecvmsg()).toBeUndefined();
    });
  }

  check("gives the MTU with a packet that is too long for this machine's own route", async () => {
    const { socket, at } = await udp6(["ipv6RecvErr"]);
    setsockopt(socket.fd, SOL_IPV6, IPV6_MTU, 1280);
    const control = [{ name: "ipv6DontFrag", value: 1 }] as const;
    await expect(socket.sendmsg({ data: Buffer.alloc(2000), address: at, control })).rejects.toMatchObject({
      code: "EMSGSIZE",
    });
    const [report] = await reports(socket, 1);
    expect(report).toMatchObject({ kind: "undelivered", origin: "local", code: "EMSGSIZE", destination: at });
    expect((report as { mtu: number }).mtu).toBeGreaterThan(1200);
    expect((report as { mtu: number }).mtu).toBeLessThanOrEqual(1280);
  });

  check("gives timestamps with the numbers of the datagrams", async () => {
    const { socket, at } = await udp4();
    const flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID;
    setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags | SOF_TIMESTAMPING_OPT_TSONLY);
    const start = BigInt(Date.now() - 1) * 1_000_000n;
    for (let i = 0; i < 3; i++) await socket.sendmsg({ data: "x", address: at });
    const found = await reports(socket, 3);
    expect(found.map((report) => report.kind === "timestamp" && report.id)).toEqual([0, 1, 2]);
    for (const report of found) {
      expect(report).toMatchObject({ kind: "timestamp", event: "sent" });
      expect((report as { software: bigint }).software).toBeGreaterThanOrEqual(start);
      expect(report).not.toHaveProperty("hardware");
    }
  });

  check("gives a stream's timestamps with the number of the last byte, and TCP's statistics", async () => {
    const [client] = await tcp();
    const flags = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
    const stats = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_STATS;
    setsockopt(client.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, flags | stats);
    await client.sendmsg({ data: Buffer.alloc(100) });
    const [report] = await reports(client, 1);
    expect(report).toMatchObject({ kind: "timestamp", event: "acknowledged", id: 99 });
    expect((report as { statistics: unknown[] }).statistics.length).toBeGreaterThan(5);
  });

  for (const [what, type] of [
    ["TCP", SOCK_STREAM],
    ["UDP", SOCK_DGRAM],
  ] as const) {
    for (const [family, recverr] of [
      [AF_INET, "ipRecvErr"],
      [AF_INET6, "ipv6RecvErr"],
    ] as const) {
      const version = family === AF_INET ? "IPv4" : "IPv6";
      check(`gives the completed zero-copy sends over ${what} and ${version}, in ranges`, async () => {
        const loopback =
          family === AF_INET
            ? ({ family: "ipv4", address: "127.0.0.1", port: 0 } as const)
            : ({ family: "ipv6", address: "::1", port: 0 } as const);
        let [sender, receiver]: Socket[] = [];
        if (type === SOCK_STREAM) {
          [sender, receiver] = await tcp([], loopback);
        } else {
          ({ socket: receiver } = await (family === AF_INET ? udp4() : udp6()));
          sender = own(await Socket.connect(receiver.getsockname(), { type: "dgram" }));
        }
        setsockopt(sender!.fd, SOL_SOCKET, SO_ZEROCOPY, 1);
        const SENDS = 4;
        const page = Buffer.alloc(4096, "z");
        for (let i = 0; i < SENDS; i++) {
          expect(sendmsg(sender!.fd, page, { flags: MSG_ZEROCOPY })).toBe(page.length);
          await next(receiver!, { size: page.length });
        }
        let complete = 0;
        while (complete < SENDS) {
          const message = await nextError(sender!);
          expect(valueIn(message, recverr)).toMatchObject({ errno: 0, info: complete });
          const { kind, first, last, copied } = errorReport(message) as Extract<
            ErrorReport,
            { kind: "zeroCopy" }
          >;
          expect({ kind, first, copied }).toEqual({ kind: "zeroCopy", first: complete, copied: true });
          complete = last + 1;
        }
        expect(complete).toBe(SENDS);
      });
    }
  }

  check("ends its loop when the socket closes, and throws when it is aborted", async () => {
    const { socket } = await udp4(["ipRecvErr"]);
    const end = (async () => {
      for await (const report of socket.errors()) throw new Error(`unexpected: ${report.kind}`);
    })();
    const aborted = socket.errors({ signal: AbortSignal.timeout(1) }).next();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    await socket.close();
    await end;
  });
});

describe("a dual-stack socket", () => {
  const v6: ControlName[] = ["ipv6PktInfo", "ipv6HopLimit", "ipv6Tclass", "ipv6OrigDstAddr"];
  const v4: ControlName[] = ["ipPktInfo", "ipTtl", "ipTos", "ipOrigDstAddr"];

  // A packet over IPv4 brings messages of both levels.
  proves(v4, "receive", undefined, async () => {
    const any = { family: "ipv6", address: "::", port: 0 } as const;
    const socket = own(await Socket.bind(any, { type: "dgram", ipv6Only: false, receive: [...v6, ...v4] }));
    const { port } = socket.getsockname() as { port: number };
    const { socket: sender } = await udp4();
    await sender.sendmsg({
      data: "over IPv4",
      address: { family: "ipv4", address: "127.0.0.1", port },
      control: [{ name: "ipTos", value: 0xb9 }],
    });
    const message = await next(socket);
    expect(message.controlTruncated).toBe(false);
    expect(names(message.control).sort()).toEqual([...v4, "ipv6PktInfo"].sort());
    expect(valueIn(message, "ipTos")).toBe(0xb9);
    expect(valueIn(message, "ipv6PktInfo").address).toBe("::ffff:127.0.0.1");
    expect(valueIn(message, "ipPktInfo").address).toBe("127.0.0.1");
    // The kernel silently ignores ipv6Tclass if the peer is v4-mapped. It respects ipTos.
    const { at } = await udp4();
    const mapped = { family: "ipv6", address: "::ffff:127.0.0.1", port: at.port } as const;
    const { socket: receiver, at: place } = await udp4(["ipTos"]);
    const to = { ...mapped, port: place.port };
    await socket.sendmsg({ data: "x", address: to, control: [{ name: "ipv6Tclass", value: 0xb9 }] });
    expect(valueIn(await next(receiver), "ipTos")).toBe(0);
    await socket.sendmsg({ data: "x", address: to, control: [{ name: "ipTos", value: 0xb9 }] });
    expect(valueIn(await next(receiver), "ipTos")).toBe(0xb9);
  });

  proves("ipRecvErr", "receive", undefined, async () => {
    const any = { family: "ipv6", address: "::", port: 0 } as const;
    const receive = ["ipv6RecvErr", "ipRecvErr"] as const;
    const socket = own(await Socket.bind(any, { type: "dgram", ipv6Only: false, receive }));
    const { port } = await nowhere(udp4);
    const mapped = { family: "ipv6", address: "::ffff:127.0.0.1", port } as const;
    await socket.sendmsg({ data: "nobody", address: mapped });
    const [report] = await reports(socket, 1);
    expect(report).toMatchObject({ kind: "undelivered", code: "ECONNREFUSED", origin: "icmp" });
    expect(report).toMatchObject({ destination: mapped });
  });
});
