import { describe, expect } from "vitest";
import { AF_INET, IPPROTO_RAW, SO_EE_ORIGIN_ICMP, SOCK_RAW } from "../../src/constants/index.js";
import { rejection } from "../support/outcome.js";
import { next, nextError, open, udp4 } from "../support/sockets.js";
import { find, valueIn } from "./control.js";
import { firstOf, root, since } from "./missing.js";
import { namespace, namespaces } from "./namespace.js";
import { ipv4, udpOverIpv4 } from "./packets.js";
import { proves } from "./proves.js";

/** ICMP: RFC 792. */
const ICMP_DEST_UNREACH = 3;
const ICMP_PORT_UNREACH = 3;
const ECONNREFUSED = 111;
const LOOPBACK_INDEX = 1;
const RAW_PLACE = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;

/** Record route: type, length, where the next address goes, and room for one. RFC 791. */
const RECORD_ROUTE = Uint8Array.from([7, 7, 4, 0, 0, 0, 0]);
const NO_OPERATION = 1;

describe("SOL_IP", () => {
  proves("ipTos", ["send", "receive"], undefined, async () => {
    const { socket, at } = await udp4(["ipTos"]);
    for (const tos of [0, 1, 0xb9]) {
      await socket.sendmsg({ data: "x", address: at, control: [{ name: "ipTos", value: tos }] });
      expect(valueIn(await next(socket), "ipTos")).toBe(tos);
    }
  });

  proves("ipTtl", ["send", "receive"], undefined, async () => {
    const { socket, at } = await udp4(["ipTtl"]);
    for (const ttl of [1, 64, 255]) {
      await socket.sendmsg({ data: "x", address: at, control: [{ name: "ipTtl", value: ttl }] });
      expect(valueIn(await next(socket), "ipTtl")).toBe(ttl);
    }
    const refused = socket.sendmsg({ data: "x", address: at, control: [{ name: "ipTtl", value: 256 }] });
    expect((await rejection(refused)).code).toBe("EINVAL");
  });

  proves("ipPktInfo", ["send", "receive"], undefined, async () => {
    const { socket, at } = await udp4(["ipPktInfo"]);
    const { socket: sender } = await udp4([]);
    // Sends from another address than the bound one.
    const value = { interfaceIndex: LOOPBACK_INDEX, specificDestination: "127.0.0.9", address: "0.0.0.0" };
    await sender.sendmsg({ data: "x", address: at, control: [{ name: "ipPktInfo", value }] });
    const message = await next(socket);
    expect(message.address).toMatchObject({ address: "127.0.0.9" });
    expect(valueIn(message, "ipPktInfo")).toEqual({
      interfaceIndex: LOOPBACK_INDEX,
      specificDestination: "127.0.0.1",
      address: "127.0.0.1",
    });
  });

  proves(["ipRetOpts", "ipRecvOpts"], "receive", undefined, async () => {
    const { socket, at } = await udp4(["ipRetOpts", "ipRecvOpts"]);
    await socket.sendmsg({
      data: "x",
      address: at,
      control: [{ name: "ipRetOpts", value: RECORD_ROUTE }],
    });
    const message = await next(socket);
    expect(message.controlTruncated).toBe(false);
    // The received options are padded to a multiple of four bytes, and have the address on the way.
    const filled = Uint8Array.from([7, 7, 8, 127, 0, 0, 1, 0]);
    expect(valueIn(message, "ipRecvOpts")).toEqual(filled);
    // ipRetOpts has the options that the answer needs, with the address of its sender.
    const echoed = Uint8Array.from(valueIn(message, "ipRetOpts"));
    expect([...echoed.subarray(0, 3)]).toEqual([7, 7, 8]);
    await socket.sendmsg({ data: "back", address: at, control: [{ name: "ipRetOpts", value: echoed }] });
    expect(valueIn(await next(socket), "ipRecvOpts")).toEqual(echoed);
  });

  proves("ipRetOpts", "send", undefined, async () => {
    const { socket, at } = await udp4(["ipRecvOpts"]);
    const options = Uint8Array.from([NO_OPERATION, ...RECORD_ROUTE]);
    await socket.sendmsg({ data: "x", address: at, control: [{ name: "ipRetOpts", value: options }] });
    expect(valueIn(await next(socket), "ipRecvOpts")).toEqual(
      Uint8Array.from([NO_OPERATION, 7, 7, 8, 127, 0, 0, 1]),
    );
    await socket.sendmsg({ data: "none", address: at });
    expect(find((await next(socket)).control, "ipRecvOpts")).toBeUndefined();
  });

  proves("ipRecvErr", "receive", undefined, async () => {
    const { socket: gone, at } = await udp4();
    const { socket } = await udp4(["ipRecvErr"]);
    await gone.close();
    await socket.sendmsg({ data: "nobody is there", address: at });
    const entry = await nextError(socket);
    expect(valueIn(entry, "ipRecvErr")).toEqual({
      errno: ECONNREFUSED,
      origin: SO_EE_ORIGIN_ICMP,
      type: ICMP_DEST_UNREACH,
      code: ICMP_PORT_UNREACH,
      info: 0,
      data: 0,
      offender: { family: "ipv4", address: "127.0.0.1", port: 0 },
    });
    // The report has the packet's destination and its data.
    expect(entry.address).toEqual(at);
    expect(entry.data.toString()).toBe("nobody is there");
  });

  proves("ipOrigDstAddr", "receive", undefined, async () => {
    const { socket, at } = await udp4(["ipOrigDstAddr"]);
    await socket.sendmsg({ data: "x", address: at });
    expect(valueIn(await next(socket), "ipOrigDstAddr")).toEqual(at);
  });

  proves("ipChecksum", "receive", root(), async () => {
    const { socket, at } = await udp4(["ipChecksum"]);
    const raw = open(AF_INET, SOCK_RAW, IPPROTO_RAW);
    // The kernel delivers the checksum of a packet that it had to add up itself: the sum over the data, not complemented.
    const data = Uint8Array.from([0x12, 0x34, 0x56, 0x78]);
    await raw.sendmsg({ data: ipv4(udpOverIpv4(9, at.port, data)), address: RAW_PLACE });
    const message = await next(socket);
    expect([...message.data]).toEqual([...data]);
    const sum = valueIn(message, "ipChecksum");
    // A __wsum is folded to 16 bits in the network's order.
    let folded = sum;
    while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
    expect(((folded & 0xff) << 8) | (folded >>> 8)).toBe(0x1234 + 0x5678);
  });

  proves("ipRecvFragSize", "receive", root(), async () => {
    const { socket, at } = await udp4(["ipRecvFragSize"]);
    const raw = open(AF_INET, SOCK_RAW, IPPROTO_RAW);
    const data = Buffer.from("a datagram that comes in two pieces");
    const datagram = udpOverIpv4(9, at.port, data);
    const CUT = 32;
    const id = 4711;
    const first = ipv4(datagram.subarray(0, CUT), { more: true, id });
    await raw.sendmsg({ data: first, address: RAW_PLACE });
    await raw.sendmsg({ data: ipv4(datagram.subarray(CUT), { offset: CUT, id }), address: RAW_PLACE });
    const message = await next(socket);
    expect(message.data.toString()).toBe(data.toString());
    expect(valueIn(message, "ipRecvFragSize")).toBe(first.length);
    await socket.sendmsg({ data: "in one piece", address: at });
    expect(find((await next(socket)).control, "ipRecvFragSize")).toBeUndefined();
  });

  proves("ipProtocol", "send", firstOf(namespaces(), since(6, 1)), async () => {
    const there = await namespace();
    const PROTOCOL = 99;
    // The kernel uses the protocol only to find the route, and the IPsec policy, of a packet that has its own header.
    there.run(`ip rule add pref 1 ipproto ${PROTOCOL} prohibit`);
    there.run("ip rule add pref 10 lookup local");
    there.run("ip rule del pref 0");
    const raw = there.open(AF_INET, SOCK_RAW, IPPROTO_RAW);
    const packet = { data: ipv4(udpOverIpv4(9, 9, Buffer.from("x"))), address: RAW_PLACE };
    await raw.sendmsg(packet);
    await raw.sendmsg({ ...packet, control: [{ name: "ipProtocol", value: PROTOCOL + 1 }] });
    const refused = raw.sendmsg({ ...packet, control: [{ name: "ipProtocol", value: PROTOCOL }] });
    expect((await rejection(refused)).code).toBe("EACCES");
  });
});
