import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  controlMessages,
} from "../../src/control/index.js";
import { entryNamed, hasFamily } from "../../src/control/table.js";
import { type Message, Socket, type SocketType } from "../../src/index.js";
import { AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX } from "../../src/syscalls/index.js";
import { closeSync, openSync } from "../files.mjs";
import { isRoot, onRealKernel } from "../target.js";
import { withSockets } from "./proves.js";
import { atEnd, names, next, open, own, PATIENCE, tcp, udp4, udp6, unix } from "./sockets.js";

// trap 17: nobody's buffer may be too small for what was switched on.

/** Only one of them can be on. */
const OTHER_STAMPS: readonly ControlName[] = [
  "timestamp",
  "timestampOld",
  "timestampNsOld",
  "timestampingOld",
];

/** All messages that the socket will deliver, switched on at once. */
function switchAllOn(socket: Socket, family: number): ControlName[] {
  const on: ControlName[] = [];
  for (const [name, entry] of Object.entries<ControlEntry>(controlMessages)) {
    const named = name as ControlName;
    if (entry.enable === undefined || !hasFamily(entryNamed(name)!, family)) continue;
    if (OTHER_STAMPS.includes(named)) continue;
    try {
      socket.receive(named);
      on.push(named);
    } catch {
      // Not of this protocol, or this kernel's.
    }
  }
  return on;
}

/** What is there, all of it named and nothing cut. */
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
  "ipPktinfo",
  "ipTtl",
  "ipTos",
  "ipOrigdstaddr",
  "ipRecvopts",
  "ipRetopts",
  "udpGro",
];
const IPV6: readonly ControlName[] = [
  ...DGRAM,
  ...(["ipv6Pktinfo", "ipv6Hoplimit", "ipv6Tclass", "ipv6Flowinfo", "ipv6Origdstaddr", "udpGro"] as const),
  ...(["ipv6Pktinfo2292", "ipv6Hoplimit2292"] as const),
  ...(isRoot ? (["ipv6Hopopts", "ipv6Dstopts", "ipv6Hopopts2292", "ipv6Dstopts2292"] as const) : []),
];

/** As long as IP options can be: room to record nine addresses, and an end. */
const LONGEST_OPTIONS = Uint8Array.from([7, 39, 4, ...new Uint8Array(37)]);
/** An extension header of 2 KiB, as long as it can be, of unknown options to skip: RFC 8200. */
const LONGEST_HEADER = new Uint8Array(2048);
LONGEST_HEADER[1] = 255;
for (let at = 2; at < LONGEST_HEADER.length; ) {
  const length = Math.min(255, LONGEST_HEADER.length - at - 2);
  LONGEST_HEADER.set([0x1e, length], at);
  at += 2 + length;
}

/** Sends until a message brings at least these: the kernel begins to take timestamps a little late. */
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

describe("everything at once", () => {
  check("UDP over IPv4", async () => {
    const { socket, at } = await udp4();
    expect(switchAllOn(socket, AF_INET)).toEqual(expect.arrayContaining([...IPV4]));
    const control: ControlMessage[] = [
      { name: "ipRetopts", value: LONGEST_OPTIONS },
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
        { name: "ipv6Hopopts", value: LONGEST_HEADER },
        { name: "ipv6Dstopts", value: LONGEST_HEADER },
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
    const control: ControlMessage[] = [{ name: "ipRetopts", value: LONGEST_OPTIONS }];
    await bring(() => sender.sendmsg({ data: "x", address, control }), socket, [
      "ipPktinfo",
      "ipTtl",
      "ipTos",
      "ipv6Pktinfo",
      "ipRecvopts",
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
      const file = openSync("/proc/self/status", "r");
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
      expect.arrayContaining(["credentials", "netlinkPktinfo", "netlinkListenAllNsid"]),
    );
    // A request for nothing that wants an answer: NLM_F_REQUEST | NLM_F_ACK, NLMSG_NOOP.
    const request = Uint8Array.from([16, 0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    await socket.sendmsg({ data: request });
    expect(whole(await next(socket))).toEqual(expect.arrayContaining(["credentials", "netlinkPktinfo"]));
  });

  const packet = isRoot ? check : onRealKernel.skip;
  packet("packets", async () => {
    const ETHERTYPE = 0x88b6;
    const socket = open(AF_PACKET, 2, ((ETHERTYPE & 0xff) << 8) | (ETHERTYPE >>> 8));
    expect(switchAllOn(socket, AF_PACKET)).toEqual(expect.arrayContaining(["packetAuxdata", "timestampNs"]));
    const address = {
      family: "packet",
      interface: "lo",
      protocol: ETHERTYPE,
      address: "00:00:00:00:00:00",
    } as const;
    await bring(() => socket.sendmsg({ data: "x", address }), socket, ["packetAuxdata", "timestampNs"]);
  });
});
