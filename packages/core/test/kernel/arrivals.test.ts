import { setTimeout as pause } from "node:timers/promises";
import { describe, expect } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_CAN,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  CAN_RAW,
  SOCK_DGRAM,
  SOCK_RAW,
} from "../../src/constants/index.js";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  controlMessages,
} from "../../src/control/index.js";
import { Socket, type SocketType } from "../../src/index.js";
import { own } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, open, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { isRoot } from "../support/target.js";
import { names } from "./control.js";
import { link, links } from "./links.js";
import { sockets } from "./missing.js";

// The kernel accepts options for messages that it never delivers. Every message that `receive` accepts must arrive.
// The messages below arrive only sometimes.

const SELDOM: { readonly [N in ControlName]?: string } = {
  security: "it takes a security module that labels sockets",
  ipSecurity: "it takes labelled networking",
  rxqOvfl: "it takes a packet that was lost",
  timestampingPktInfo: "it comes with a timestamp of the hardware",
  ipChecksum: "it takes a device that computes it",
  ipRecvFragSize: "it takes a fragmented packet",
  ipv6RecvFragSize: "it takes a fragmented packet",
  netlinkListenAllNsid: "it takes a broadcast of another namespace",
  ipv6PathMtu: "it takes a narrow link",
  ipv6RtHdr: "it takes a routing header",
  ipv6RtHdr2292: "it takes a routing header",
};

interface Way {
  socket: Socket;
  send: () => Promise<unknown>;
}
interface Kind {
  name: string;
  missing?: string | undefined;
  make: () => Promise<Way> | Way;
}

const OPTIONS: ControlMessage[] = [{ name: "ipRetOpts", value: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) }];
const PADDING = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
const HEADERS: ControlMessage[] = [
  { name: "ipv6Tclass", value: 0xb8 },
  { name: "ipv6HopOpts", value: PADDING },
  { name: "ipv6DstOpts", value: PADDING },
];
const SEGMENTS: ControlMessage[] = [{ name: "udpSegment", value: 4 }];
const takesRoot = isRoot ? undefined : "it takes root";

const onUnix = (type: SocketType): Kind => ({
  name: `Unix ${type}`,
  make: () => {
    const [socket, other] = unix(type);
    return { socket, send: () => other.sendmsg({ data: "x" }) };
  },
});

const KINDS: Kind[] = [
  ...(["stream", "dgram", "seqpacket"] as const).map(onUnix),
  {
    name: "UDP over IPv4",
    make: async () => {
      const { socket, at } = await udp4();
      return {
        socket,
        send: () => socket.sendmsg({ data: "01234567", address: at, control: [...OPTIONS, ...SEGMENTS] }),
      };
    },
  },
  {
    name: "UDP over IPv6",
    missing: takesRoot,
    make: async () => {
      const socket = own(await Socket.bind({ address: "::", port: 0 }, { type: "dgram", ipv6Only: false }));
      const { port } = socket.getsockname() as { port: number };
      const { socket: sender } = await udp4();
      const { socket: sender6 } = await udp6();
      const to = { address: "::1", port };
      // The kernel does not segment packets with extension headers. IPv4's messages come only with IPv4.
      const ways = [
        () => sender6.sendmsg({ data: "x", address: to, control: HEADERS }),
        () => sender6.sendmsg({ data: "01234567", address: to, control: SEGMENTS }),
        () => sender.sendmsg({ data: "x", address: { address: "127.0.0.1", port }, control: OPTIONS }),
      ];
      let turn = 0;
      return { socket, send: () => ways[turn++ % ways.length]!() };
    },
  },
  {
    name: "raw IPv4",
    missing: takesRoot,
    make: async () => {
      const UDP = 17;
      const socket = open(AF_INET, SOCK_RAW, UDP);
      const { socket: sender, at } = await udp4();
      return { socket, send: () => sender.sendmsg({ data: "x", address: at, control: OPTIONS }) };
    },
  },
  {
    name: "raw IPv6",
    missing: takesRoot,
    make: async () => {
      const UDP = 17;
      const socket = open(AF_INET6, SOCK_RAW, UDP);
      const { socket: sender, at } = await udp6();
      return { socket, send: () => sender.sendmsg({ data: "x", address: at, control: HEADERS }) };
    },
  },
  ...(["ipv4", "ipv6"] as const).map(
    (family): Kind => ({
      name: `TCP over ${family}`,
      make: async () => {
        const [other, socket] = await tcp([], {
          family,
          address: family === "ipv4" ? "127.0.0.1" : "::1",
          port: 0,
        });
        return { socket, send: () => other.sendmsg({ data: "x" }) };
      },
    }),
  ),
  {
    name: "netlink",
    make: () => {
      const socket = open(AF_NETLINK, SOCK_RAW, 0);
      // NLMSG_NOOP that asks for an answer.
      const request = Uint8Array.from([16, 0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
      return { socket, send: () => socket.sendmsg({ data: request }) };
    },
  },
  ...[SOCK_DGRAM, SOCK_RAW].map(
    (type): Kind => ({
      name: type === SOCK_RAW ? "raw packets" : "packets",
      missing: takesRoot,
      make: async () => {
        const ETH_P_ALL_BE = 0x0300;
        const socket = open(AF_PACKET, type, ETH_P_ALL_BE);
        socket.options.set("bindToDevice", "lo");
        const { socket: udp, at } = await udp4();
        return { socket, send: () => udp.sendmsg({ data: "x", address: at }) };
      },
    }),
  ),
  {
    name: "CAN_RAW",
    missing: sockets("CAN_RAW", AF_CAN, SOCK_RAW, CAN_RAW) ?? links("vcan"),
    make: () => {
      const at = encodeAddress({ family: "can", interface: link("vcan") });
      const socket = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
      const sender = open(AF_CAN, SOCK_RAW, CAN_RAW, { at });
      return { socket, send: () => sender.sendmsg({ data: new Uint8Array(16) }) };
    },
  },
];

const REFUSED = ["ERR_INVALID_ARG_VALUE", "ENOPROTOOPT", "EOPNOTSUPP", "EINVAL", "EPERM"];
/** Sends until all have come: the kernel begins to take timestamps after a delay, and segments and headers come by turns. */
const TRIES = 40;

const candidates = (Object.entries(controlMessages) as [ControlName, ControlEntry][]).filter(
  ([name, { enable, direction }]) =>
    enable !== undefined && direction !== "errorQueue" && SELDOM[name] === undefined,
);

describe.each(KINDS)("$name", ({ missing, make }) => {
  const check = missing === undefined ? onRealKernel : onRealKernel.skip;
  check("delivers every message that receive() accepts, and no message that it refuses", () =>
    withSockets(async () => {
      const silent: string[] = [];
      const { socket, send } = await make();
      for (const [name] of candidates) {
        try {
          socket.receive(name);
        } catch (error) {
          expect(REFUSED, name).toContain((error as { code: string }).code);
          continue;
        }
        let arrived = false;
        for (let i = 0; i < TRIES && !arrived; i++) {
          if (i > 3) await pause(5);
          await send();
          const message = await next(socket);
          arrived =
            names(message.control).includes(name) || (name === "pidfd" && message.pidfd !== undefined);
          while (socket.tryRecvmsg() !== undefined);
        }
        if (!arrived) silent.push(name);
        socket.receive({ [name]: false });
      }
      expect(silent).toEqual([]);
    }),
  );
});
