import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET6,
  AF_PACKET,
  IPPROTO_DSTOPTS,
  IPPROTO_RAW,
  IPPROTO_ROUTING,
  IPV6_MTU,
  SO_EE_ORIGIN_ICMP6,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_IPV6,
} from "../../src/constants/index.js";
import { type ControlMessage, type ControlName, encodeControl } from "../../src/control/index.js";
import type { SystemError } from "../../src/errors.js";
import { close, sendmsg, setsockopt, socket } from "../../src/syscalls/index.js";
import { withSockets } from "../support/counted.js";
import { rejection } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, nextError, open, udp6 } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { firstOf, root } from "./missing.js";
import { ipv6 } from "./packets.js";
import { type Missing, proves } from "./proves.js";

/** ICMPv6: RFC 4443. */
const ICMPV6_DEST_UNREACH = 1;
const ICMPV6_PORT_UNREACH = 4;
const ECONNREFUSED = 111;
const LOOPBACK_INDEX = 1;
const SELF = { family: "ipv6", address: "::1", port: 0 } as const;

/** An extension header of eight bytes, which is one unit, so its length says 0; all of it padding (PadN). RFC 8200. */
const PADDING = Uint8Array.from([0, 0, 1, 4, 0, 0, 0, 0]);
/** The kernel fills in the next header. */
const behind = (next: number) => Uint8Array.from([next, ...PADDING.subarray(1)]);
const IPPROTO_UDP = 17;
/** A routing header of an unknown type with no segments left, which RFC 8200 says to ignore. */
const ROUTING = Uint8Array.from([IPPROTO_UDP, 2, 253, 0, 0, 0, 0, 0, ...new Uint8Array(16)]);
const IPV6_HEADER = 40;
const NEXT_HEADER = 6;
const MINIMUM_MTU = 1280;
const FRAGMENT = 40_000;
/** Data that with its headers is longer than the loopback interface's MTU of 64 KiB. Anything shorter is not fragmented. */
const LONGEST = 65_527;

/** A routing header of type 2 (RFC 6275), with the final address of the packet. */
const HOME = Uint8Array.from([0, 2, 2, 1, 0, 0, 0, 0, ...new Uint8Array(15), 1]);
const ETHERTYPE = 0x86dd;
const PROTOCOL = ((ETHERTYPE & 0xff) << 8) | (ETHERTYPE >>> 8);

/** The only routing header that kernels accept from programs is that of Mobile IPv6. */
function mobileIpv6(): Missing {
  const fd = socket(AF_INET6, SOCK_DGRAM);
  try {
    sendmsg(fd, "x", {
      address: encodeAddress({ ...SELF, port: 9 }),
      control: encodeControl([{ name: "ipv6RtHdr", value: HOME }]),
    });
    return undefined;
  } catch (error) {
    const { code } = error as SystemError;
    return `this kernel sends no routing header: sendmsg() says ${code}`;
  } finally {
    close(fd);
  }
}

/** Sends a datagram with these control messages, and captures its packet. Returns the packet and the offset of its payload. */
async function captured(control: ControlMessage[]): Promise<Buffer> {
  const tap = open(AF_PACKET, SOCK_DGRAM, PROTOCOL);
  const { socket } = await udp6();
  const mark = Buffer.from(`sendmsg ${process.pid} ${Math.random()}`);
  await socket.sendmsg({ data: mark, address: { ...SELF, port: 9 }, control });
  for (;;) {
    const { data } = await next(tap);
    if (data.includes(mark)) return data;
  }
}

describe("SOL_IPV6", () => {
  const both: readonly (readonly [
    ControlName & ("ipv6HopLimit" | "ipv6HopLimit2292" | "ipv6Tclass"),
    number[],
  ])[] = [
    ["ipv6HopLimit", [1, 64, 255]],
    ["ipv6HopLimit2292", [1, 64, 255]],
    ["ipv6Tclass", [0, 1, 0xb9]],
  ];
  for (const [name, values] of both) {
    proves(name, ["send", "receive"], undefined, async () => {
      const { socket, at } = await udp6([name]);
      for (const value of values) {
        await socket.sendmsg({ data: "x", address: at, control: [{ name, value }] });
        expect(valueIn(await next(socket), name)).toBe(value);
      }
    });
  }

  for (const name of ["ipv6PktInfo", "ipv6PktInfo2292"] as const) {
    proves(name, ["send", "receive"], undefined, async () => {
      const { socket, at } = await udp6([name]);
      const { socket: sender } = await udp6();
      const value = { address: "::1", interfaceIndex: LOOPBACK_INDEX };
      await sender.sendmsg({ data: "x", address: at, control: [{ name, value }] });
      expect(valueIn(await next(socket), name)).toEqual(value);
      const elsewhere = { address: "2001:db8::1", interfaceIndex: 0 };
      const refused = sender.sendmsg({ data: "x", address: at, control: [{ name, value: elsewhere }] });
      expect((await rejection(refused)).code).toBe("EINVAL");
    });
  }

  proves("ipv6FlowInfo", ["send", "receive"], undefined, async () => {
    const { socket, at } = await udp6(["ipv6FlowInfo"]);
    await socket.sendmsg({ data: "x", address: at, control: [{ name: "ipv6FlowInfo", value: 0x12345 }] });
    expect(valueIn(await next(socket), "ipv6FlowInfo")).toBe(0x12345);
    await socket.sendmsg({ data: "x", address: at, control: [{ name: "ipv6Tclass", value: 0xb9 }] });
    expect(valueIn(await next(socket), "ipv6FlowInfo") >>> 20).toBe(0xb9);
  });

  onRealKernel("ipv6FlowInfo sends the flow label, and ipv6Tclass the traffic class", () =>
    withSockets(async () => {
      const { socket, at } = await udp6(["ipv6FlowInfo", "ipv6Tclass"]);
      const received = async (...control: ControlMessage[]) => {
        await socket.sendmsg({ data: "x", address: at, control });
        const message = await next(socket);
        return [valueIn(message, "ipv6FlowInfo"), valueIn(message, "ipv6Tclass")];
      };
      const flowinfo: ControlMessage = { name: "ipv6FlowInfo", value: (0xb8 << 20) | 0x12345 };
      expect(await received(flowinfo)).toEqual([0x12345, 0]);
      const both = [(0xb8 << 20) | 0x12345, 0xb8];
      expect(await received(flowinfo, { name: "ipv6Tclass", value: 0xb8 })).toEqual(both);
    }),
  );

  for (const name of ["ipv6HopOpts", "ipv6DstOpts", "ipv6HopOpts2292", "ipv6DstOpts2292"] as const) {
    proves(name, ["send", "receive"], root(), async () => {
      const { socket, at } = await udp6([name]);
      await socket.sendmsg({ data: "x", address: at, control: [{ name, value: PADDING }] });
      expect(valueIn(await next(socket), name)).toEqual(behind(IPPROTO_UDP));
    });
  }

  for (const name of ["ipv6RtHdr", "ipv6RtHdr2292"] as const) {
    proves(name, "send", firstOf(root(), mobileIpv6()), async () => {
      const packet = await captured([{ name, value: HOME }]);
      expect(packet[NEXT_HEADER]).toBe(IPPROTO_ROUTING);
      const [, ...rest] = packet.subarray(IPV6_HEADER, IPV6_HEADER + HOME.length);
      expect(rest).toEqual([...HOME.subarray(1)]);
    });

    proves(name, "receive", root(), async () => {
      const { socket, at } = await udp6([name]);
      const raw = open(AF_INET6, SOCK_RAW, IPPROTO_RAW);
      const headers = [{ type: IPPROTO_ROUTING, bytes: ROUTING }];
      await raw.sendmsg({ data: ipv6(headers, 9, at.port, Buffer.from("x")), address: SELF });
      expect(valueIn(await next(socket), name)).toEqual(ROUTING);
    });
  }

  proves(["ipv6DstOpts", "ipv6DstOpts2292"], "receive", root(), async () => {
    // A packet can have destination options twice: before and after the routing header.
    for (const name of ["ipv6DstOpts", "ipv6DstOpts2292"] as const) {
      const { socket, at } = await udp6([name]);
      const raw = open(AF_INET6, SOCK_RAW, IPPROTO_RAW);
      const headers = [
        { type: IPPROTO_DSTOPTS, bytes: PADDING },
        { type: IPPROTO_ROUTING, bytes: ROUTING },
        { type: IPPROTO_DSTOPTS, bytes: PADDING },
      ];
      await raw.sendmsg({ data: ipv6(headers, 9, at.port, Buffer.from("x")), address: SELF });
      const { control, controlTruncated } = await next(socket);
      expect(control).toEqual([
        { name, value: behind(IPPROTO_ROUTING) },
        { name, value: behind(IPPROTO_UDP) },
      ]);
      expect(controlTruncated).toBe(false);
    }
  });

  proves("ipv6RtHdrDstOpts", "send", firstOf(root(), mobileIpv6()), async () => {
    const packet = await captured([
      { name: "ipv6RtHdr", value: HOME },
      { name: "ipv6RtHdrDstOpts", value: PADDING },
    ]);
    expect(packet[NEXT_HEADER]).toBe(IPPROTO_DSTOPTS);
    const options = packet.subarray(IPV6_HEADER, IPV6_HEADER + PADDING.length);
    expect([...options]).toEqual([...behind(IPPROTO_ROUTING)]);
  });

  proves("ipv6DontFrag", "send", undefined, async () => {
    const { socket, at } = await udp6();
    setsockopt(socket.fd, SOL_IPV6, IPV6_MTU, MINIMUM_MTU);
    const message = { data: Buffer.alloc(MINIMUM_MTU), address: at };
    await socket.sendmsg({ ...message, control: [{ name: "ipv6DontFrag", value: 0 }] });
    const refused = socket.sendmsg({ ...message, control: [{ name: "ipv6DontFrag", value: 1 }] });
    expect((await rejection(refused)).code).toBe("EMSGSIZE");
  });

  proves("ipv6PathMtu", "receive", undefined, async () => {
    const { socket, at } = await udp6(["ipv6PathMtu"]);
    setsockopt(socket.fd, SOL_IPV6, IPV6_MTU, MINIMUM_MTU);
    const control = [{ name: "ipv6DontFrag", value: 1 }] as const;
    const refused = socket.sendmsg({ data: Buffer.alloc(MINIMUM_MTU), address: at, control });
    expect((await rejection(refused)).code).toBe("EMSGSIZE");
    const message = await next(socket);
    expect(message.data).toHaveLength(0);
    const { address, mtu } = valueIn(message, "ipv6PathMtu");
    expect(address).toMatchObject({ address: "::1" });
    expect(mtu).toBe(MINIMUM_MTU);
  });

  proves("ipv6RecvErr", "receive", undefined, async () => {
    const { socket: gone, at } = await udp6();
    const { socket } = await udp6(["ipv6RecvErr"]);
    await gone.close();
    await socket.sendmsg({ data: "nobody is there", address: at });
    const entry = await nextError(socket);
    expect(valueIn(entry, "ipv6RecvErr")).toEqual({
      errno: ECONNREFUSED,
      origin: SO_EE_ORIGIN_ICMP6,
      type: ICMPV6_DEST_UNREACH,
      code: ICMPV6_PORT_UNREACH,
      info: 0,
      data: 0,
      offender: { family: "ipv6", address: "::1", port: 0 },
    });
    expect(entry.address).toEqual(at);
    expect(entry.data.toString()).toBe("nobody is there");
  });

  proves("ipv6OrigDstAddr", "receive", undefined, async () => {
    const { socket, at } = await udp6(["ipv6OrigDstAddr"]);
    await socket.sendmsg({ data: "x", address: at });
    expect(valueIn(await next(socket), "ipv6OrigDstAddr")).toEqual(at);
  });

  proves("ipv6RecvFragSize", "receive", undefined, async () => {
    const { socket, at } = await udp6(["ipv6RecvFragSize"]);
    setsockopt(socket.fd, SOL_IPV6, IPV6_MTU, FRAGMENT);
    await socket.sendmsg({ data: Buffer.alloc(LONGEST), address: at });
    const message = await next(socket);
    expect(message.data).toHaveLength(LONGEST);
    const size = valueIn(message, "ipv6RecvFragSize");
    expect(size).toBeGreaterThan(FRAGMENT - 8);
    expect(size).toBeLessThanOrEqual(FRAGMENT);
    await socket.sendmsg({ data: "in one piece", address: at });
    expect(find((await next(socket)).control, "ipv6RecvFragSize")).toBeUndefined();
  });
});
