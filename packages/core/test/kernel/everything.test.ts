import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_BLUETOOTH,
  AF_CAN,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_LLC,
  AF_NETLINK,
  AF_PACKET,
  AF_RDS,
  AF_RXRPC,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  BTPROTO_HCI,
  CAN_J1939,
  CAN_RAW,
  IPPROTO_SCTP,
  J1939_NO_NAME,
  J1939_NO_PGN,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_RDM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_TIPC,
} from "../../src/constants/index.js";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  controlMessages,
} from "../../src/control/index.js";
import { entryNamed, isDelivered } from "../../src/control/table.js";
import { type Message, Socket, type SocketType } from "../../src/index.js";
import { errorReport } from "../../src/socket/error-report.js";
import { factsOf } from "../../src/socket/facts.js";
import { listen, setsockopt } from "../../src/syscalls/index.js";
import { openAnyFile } from "../support/any-file.js";
import { atEnd, own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { closeSync } from "../support/files.mjs";
import { rejection } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, nextError, open, PATIENCE, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { isRoot, kernelIsAtLeast } from "../support/target.js";
import { names, valueIn } from "./control.js";
import { ip, link, links, macOf } from "./links.js";
import { firstOf, sockets } from "./missing.js";

/** The other kinds of timestamps: only one kind can be on. */
const OTHER_STAMPS: readonly ControlName[] = [
  "timestamp",
  "timestampOld",
  "timestampNsOld",
  "timestampingOld",
];

/** Switches on all messages that the socket can deliver. */
function switchAllOn(socket: Socket, family: number): ControlName[] {
  const on: ControlName[] = [];
  for (const [name, entry] of Object.entries<ControlEntry>(controlMessages)) {
    const named = name as ControlName;
    if (entry.enable === undefined || !isDelivered(entryNamed(name)!, { ...factsOf(socket.fd), family }))
      continue;
    if (OTHER_STAMPS.includes(named)) continue;
    try {
      socket.receive(named);
      on.push(named);
    } catch {
      // This protocol or this kernel lacks the message.
    }
  }
  return on;
}

/** The names of the control messages, none of which may be unknown or cut. */
function whole(message: Message): string[] {
  expect(message.controlTruncated).toBe(false);
  const there = names(message.control);
  expect(there).not.toContain("unknown");
  return there;
}

const check = (title: string, body: () => unknown) => onRealKernel(title, () => withSockets(body));

const DGRAM: readonly ControlName[] = ["timestampNs", "timestamping"];
const IPV4: readonly ControlName[] = [
  ...DGRAM,
  "ipPktInfo",
  "ipTtl",
  "ipTos",
  "ipOrigDstAddr",
  "ipRecvOpts",
  "ipRetOpts",
  "udpGro",
];
const IPV6: readonly ControlName[] = [
  ...DGRAM,
  ...(["ipv6PktInfo", "ipv6HopLimit", "ipv6Tclass", "ipv6FlowInfo", "ipv6OrigDstAddr", "udpGro"] as const),
  ...(["ipv6PktInfo2292", "ipv6HopLimit2292"] as const),
  ...(isRoot ? (["ipv6HopOpts", "ipv6DstOpts", "ipv6HopOpts2292", "ipv6DstOpts2292"] as const) : []),
];

/** IP options of the greatest length: room to record nine addresses, and an end. */
const LONGEST_OPTIONS = Uint8Array.from([7, 39, 4, ...new Uint8Array(37)]);
/** An extension header of the greatest length, 2 KiB, with unknown options that receivers skip: RFC 8200. */
const LONGEST_HEADER = new Uint8Array(2048);
LONGEST_HEADER[1] = 255;
for (let at = 2; at < LONGEST_HEADER.length; ) {
  const length = Math.min(255, LONGEST_HEADER.length - at - 2);
  LONGEST_HEADER.set([0x1e, length], at);
  at += 2 + length;
}

/** Sends until a message has at least these, because the kernel begins to take timestamps after a delay. */
async function bring(
  send: () => Promise<unknown>,
  receiver: Socket,
  atLeast: readonly ControlName[],
): Promise<Message> {
  const end = Date.now() + PATIENCE;
  for (;;) {
    await send();
    const message = await next(receiver);
    const there = whole(message);
    if (atLeast.every((name) => there.includes(name))) return message;
    if (Date.now() > end) expect(there).toEqual(expect.arrayContaining([...atLeast]));
    await pause(5);
  }
}

describe("all control messages at once fit", () => {
  check("UDP over IPv4", async () => {
    const { socket, at } = await udp4();
    expect(switchAllOn(socket, AF_INET)).toEqual(expect.arrayContaining([...IPV4]));
    const control: ControlMessage[] = [
      { name: "ipRetOpts", value: LONGEST_OPTIONS },
      { name: "udpSegment", value: 4 },
    ];
    const send = () => socket.sendmsg({ data: "0123456789", address: at, control });
    await bring(
      send,
      socket,
      IPV4.filter((name) => name !== "udpGro"),
    );
  });

  check("UDP over IPv6, with extension headers of full length", async () => {
    const { socket, at } = await udp6();
    expect(switchAllOn(socket, AF_INET6)).toEqual(expect.arrayContaining([...IPV6]));
    const control: ControlMessage[] = [{ name: "ipv6Tclass", value: 0xb9 }];
    if (isRoot) {
      control.push(
        { name: "ipv6HopOpts", value: LONGEST_HEADER },
        { name: "ipv6DstOpts", value: LONGEST_HEADER },
      );
    }
    const send = () => socket.sendmsg({ data: "x", address: at, control });
    await bring(
      send,
      socket,
      IPV6.filter((name) => name !== "udpGro"),
    );
  });

  check("IPv4 on a dual-stack socket", async () => {
    const socket = own(
      await Socket.bind({ family: "ipv6", address: "::", port: 0 }, { type: "dgram", ipv6Only: false }),
    );
    switchAllOn(socket, AF_INET6);
    const { port } = socket.getsockname() as { port: number };
    const { socket: sender } = await udp4();
    const address = { family: "ipv4", address: "127.0.0.1", port } as const;
    const control: ControlMessage[] = [{ name: "ipRetOpts", value: LONGEST_OPTIONS }];
    await bring(() => sender.sendmsg({ data: "x", address, control }), socket, [
      "ipPktInfo",
      "ipTtl",
      "ipTos",
      "ipv6PktInfo",
      "ipRecvOpts",
      "timestampNs",
    ]);
  });

  for (const address of [
    { family: "ipv4", address: "127.0.0.1", port: 0 },
    { family: "ipv6", address: "::1", port: 0 },
  ] as const) {
    check(`TCP over ${address.family === "ipv4" ? "IPv4" : "IPv6"}`, async () => {
      const [client, server] = await tcp([], address);
      switchAllOn(server, address.family === "ipv4" ? AF_INET : AF_INET6);
      await bring(() => client.sendmsg({ data: "x" }), server, ["tcpInq", "timestampNs", "timestamping"]);
    });
  }

  for (const type of ["stream", "seqpacket", "dgram"] as const satisfies readonly SocketType[]) {
    check(`Unix ${type}, with as many descriptors as one message takes`, async () => {
      const file = openAnyFile();
      atEnd(() => closeSync(file));
      const MOST = 253;
      const [a, b] = unix(type, { maxFds: MOST });
      switchAllOn(b, AF_UNIX);
      const fds = Array.from({ length: MOST }, () => file);
      const message = await bring(
        () => a.sendmsg({ data: "x", fds }),
        b,
        type === "stream" ? ["credentials"] : ["credentials", "timestampNs"],
      );
      expect(message.fds).toHaveLength(MOST);
    });
  }

  check("netlink", async () => {
    const NETLINK_ROUTE = 0;
    const socket = open(AF_NETLINK, 3, NETLINK_ROUTE);
    expect(switchAllOn(socket, AF_NETLINK)).toEqual(
      expect.arrayContaining(["credentials", "netlinkPktInfo", "netlinkListenAllNsid"]),
    );
    // A request for an answer and nothing else: NLM_F_REQUEST | NLM_F_ACK, NLMSG_NOOP.
    const request = Uint8Array.from([16, 0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    await socket.sendmsg({ data: request });
    expect(whole(await next(socket))).toEqual(expect.arrayContaining(["credentials", "netlinkPktInfo"]));
  });

  const packet = isRoot ? check : onRealKernel.skip;
  packet("packets", async () => {
    const ETHERTYPE = 0x88b6;
    const socket = open(AF_PACKET, 2, ((ETHERTYPE & 0xff) << 8) | (ETHERTYPE >>> 8));
    expect(switchAllOn(socket, AF_PACKET)).toEqual(expect.arrayContaining(["packetAuxData", "timestampNs"]));
    const address = {
      family: "packet",
      interface: "lo",
      protocol: ETHERTYPE,
      address: "00:00:00:00:00:00",
    } as const;
    await bring(() => socket.sendmsg({ data: "x", address }), socket, ["packetAuxData", "timestampNs"]);
  });

  const where = (missing: string | undefined) => (missing === undefined ? check : onRealKernel.skip);

  where(sockets("TIPC", AF_TIPC, SOCK_RDM))("TIPC, with a message of 60 KB that comes back", async () => {
    const TIPC_DEST_DROPPABLE = 129; // include/uapi/linux/tipc.h
    const type = 200_000 + process.pid;
    const service = { family: "tipc", kind: "range", type, lower: 1, upper: 9, scope: 3 } as const;
    const socket = open(AF_TIPC, SOCK_RDM);
    switchAllOn(socket, AF_TIPC);
    setsockopt(socket.fd, SOL_TIPC, TIPC_DEST_DROPPABLE, 0);
    const receiver = open(AF_TIPC, SOCK_RDM, 0, { at: encodeAddress(service) });
    await socket.sendmsg({ data: "x", address: { family: "tipc", kind: "service", type, instance: 3 } });
    expect(whole(await next(receiver))).toContain("tipcDestName");
    const address = receiver.getsockname();
    await receiver.close();
    const data = Buffer.alloc(60_000, "t");
    await socket.sendmsg({ data, address });
    const returned = await next(socket);
    expect(whole(returned)).toEqual(expect.arrayContaining(["tipcErrInfo", "tipcRetData"]));
    // Today's kernels return the first 1024 bytes (MAX_FORWARD_SIZE, net/tipc/msg.h), older ones all.
    const came = Buffer.from(valueIn(returned, "tipcRetData"));
    expect(came.length).toBeGreaterThanOrEqual(1024);
    expect(came.equals(data.subarray(0, came.length))).toBe(true);
  });

  where(sockets("SCTP", AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP))("SCTP", async () => {
    const at = encodeAddress({ family: "ipv4", address: "127.0.0.1", port: 0 });
    const socket = open(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, { at });
    listen(socket.fd, 5);
    expect(switchAllOn(socket, AF_INET)).toEqual(expect.arrayContaining(["sctpSndRcv", "sctpRcvInfo"]));
    const sender = open(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
    const address = socket.getsockname();
    await bring(() => sender.sendmsg({ data: "x", address }), socket, [
      "sctpSndRcv",
      "sctpRcvInfo",
      "timestampNs",
    ]);
  });

  where(firstOf(sockets("CAN_RAW", AF_CAN, SOCK_RAW, CAN_RAW), links("vcan")))("CAN", async () => {
    const at = encodeAddress({ family: "can", interface: link("vcan") });
    const socket = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
    expect(switchAllOn(socket, AF_CAN)).toContain("timestampNs");
    const sender = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
    await bring(() => sender.sendmsg({ data: new Uint8Array(16) }), socket, ["timestampNs", "timestamping"]);
    // The error queue has the timestamps that an option has switched on.
    const transmit = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
    expect((await rejection(transmit.recvError())).message).toContain(
      "switch on transmit timestamps or zero-copy completions first",
    );
    if (kernelIsAtLeast(5, 13)) {
      transmit.options.set("timestamping", SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
      await transmit.sendmsg({ data: new Uint8Array(16) });
      const entry = await nextError(transmit);
      expect(whole(entry)).toEqual(expect.arrayContaining(["canRawErrQueue", "timestamping"]));
      expect(errorReport(entry)).toMatchObject({ kind: "timestamp", event: "sent" });
    }
  });

  where(firstOf(sockets("J1939", AF_CAN, SOCK_DGRAM, CAN_J1939), links("vcan")))("J1939", async () => {
    const device = link("vcan");
    const place = (address: number, pgn: number = J1939_NO_PGN) =>
      ({ family: "can", interface: device, name: BigInt(J1939_NO_NAME), pgn, address }) as const;
    const sender = open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(0x20)) });
    const socket = open(AF_CAN, SOCK_DGRAM, CAN_J1939, { at: encodeAddress(place(0x30)) });
    switchAllOn(socket, AF_CAN);
    sender.receive("j1939ErrQueue");
    sender.options.set("timestamping", SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE);
    const send = () => sender.sendmsg({ data: Buffer.alloc(100), address: place(0x30, 0x12300) });
    await bring(send, socket, ["j1939DestAddr", "j1939Prio", "timestampNs"]);
    const entry = await nextError(sender);
    expect(whole(entry)).toContain("j1939ErrQueue");
    expect(errorReport(entry)).toMatchObject({ kind: "timestamp" });
  });

  where(sockets("RDS", AF_RDS, SOCK_SEQPACKET))("RDS", async () => {
    const at = { family: "ipv4", address: "127.0.0.1", port: 40_000 + (process.pid % 10_000) } as const;
    const socket = open(AF_RDS, SOCK_SEQPACKET, 0, { at: encodeAddress(at) });
    expect(switchAllOn(socket, AF_RDS)).toContain("rdsRxPathLatency");
    socket.receive("timestamp");
    const sender = open(AF_RDS, SOCK_SEQPACKET, 0, { at: encodeAddress({ ...at, port: at.port + 1 }) });
    await bring(() => sender.sendmsg({ data: "x", address: at }), socket, ["rdsRxPathLatency", "timestamp"]);
  });

  where(sockets("RxRPC", AF_RXRPC, SOCK_DGRAM, AF_INET))("RxRPC", async () => {
    const transport = {
      family: "ipv4",
      address: "127.0.0.1",
      port: 50_000 + (process.pid % 10_000),
    } as const;
    const address = { family: "rxrpc", service: 4712, transport } as const;
    const server = open(AF_RXRPC, SOCK_DGRAM, AF_INET, { at: encodeAddress(address) });
    switchAllOn(server, AF_RXRPC);
    listen(server.fd, 10);
    const call = (value: bigint): ControlMessage => ({ name: "rxrpcUserCallId", value });
    await server.sendmsg({ control: [call(1n), { name: "rxrpcChargeAccept", value: null }] });
    const client = open(AF_RXRPC, SOCK_DGRAM, AF_INET);
    await client.sendmsg({ data: "question", address, control: [call(2n)] });
    expect(whole(await next(server))).toContain("rxrpcUserCallId");
  });

  where(firstOf(sockets("LLC", AF_LLC, SOCK_DGRAM), links("veth")))("LLC", async () => {
    const peer = `sndall${process.pid % 10_000}`;
    const here = link("veth", `peer name ${peer}`);
    ip(`link set ${peer} up`);
    const place = (name: string, sap: number) =>
      ({ family: "llc", sap, address: macOf(name), arphrd: 1 }) as const;
    const socket = open(AF_LLC, SOCK_DGRAM, 0, { at: encodeAddress(place(peer, 0x48)) });
    expect(switchAllOn(socket, AF_LLC)).toEqual(["llcPktInfo"]);
    const sender = open(AF_LLC, SOCK_DGRAM, 0, { at: encodeAddress(place(here, 0x4c)) });
    await sender.sendmsg({ data: "x", address: place(peer, 0x48) });
    expect(whole(await next(socket))).toEqual(["llcPktInfo"]);
  });

  where(sockets("vsock", AF_VSOCK, SOCK_STREAM))("vsock, which has no control messages", () => {
    const socket = open(AF_VSOCK, SOCK_STREAM);
    const on = switchAllOn(socket, AF_VSOCK);
    expect(on.filter((name) => name !== "vsockRecvErr")).toEqual([]);
  });

  where(sockets("Bluetooth", AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI))("HCI", () => {
    const socket = open(AF_BLUETOOTH, SOCK_RAW, BTPROTO_HCI);
    expect(switchAllOn(socket, AF_BLUETOOTH)).toEqual(expect.arrayContaining(["credentials"]));
  });

  where(sockets("IEEE 802.15.4", AF_IEEE802154, SOCK_DGRAM))("IEEE 802.15.4", () => {
    const socket = open(AF_IEEE802154, SOCK_DGRAM);
    expect(switchAllOn(socket, AF_IEEE802154)).toEqual(expect.arrayContaining(["wpanLqi", "timestampNs"]));
  });
});
