import { afterEach, describe, expect, it } from "vitest";
import { AF_INET6 } from "../../src/constants/address-families.js";
import {
  AF_INET,
  AF_NETLINK,
  AF_PACKET,
  AF_TIPC,
  AF_UNIX,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  NETLINK_USERSOCK,
  SO_PASSCRED,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMPING_NEW,
  SOCK_RAW,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import {
  type ControlEntry,
  type ControlName,
  controlMessages,
  decodeControl,
} from "../../src/control/index.js";
import { controlSpace } from "../../src/control/space.js";
import { entryNamed, isDelivered } from "../../src/control/table.js";
import type { Address, Socket, SocketType } from "../../src/index.js";
import { Socket as SocketClass } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { controlBuffer } from "../../src/socket/control-memory.js";
import { factsOf } from "../../src/socket/facts.js";
import { getsockopt, recvmsg, setsockopt } from "../../src/syscalls/index.js";
import { closeAll, own } from "../support/closing.js";
import { rejection, thrown } from "../support/outcome.js";
import { onRealKernel } from "../support/skip-unless.js";
import { next, open, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { isRoot, kernelIsAtLeast } from "../support/target.js";

afterEach(closeAll);

const entryOf = (name: ControlName): ControlEntry => controlMessages[name];

/** The kernel delivers one kind of arrival times. This one has nanoseconds, and 64 bits for the seconds. */
const OTHER_STAMPS: readonly ControlName[] = [
  "timestamp",
  "timestampOld",
  "timestampNsOld",
  "timestampingOld",
];

/** All messages that can be switched on for sockets of this family and type. */
function allOf(socket: Socket, family: number): ControlName[] {
  const { type, protocol } = factsOf(socket.fd);
  return (Object.keys(controlMessages) as ControlName[]).filter(
    (name) =>
      entryOf(name).enable !== undefined &&
      isDelivered(entryNamed(name)!, { family, type, protocol }) &&
      !OTHER_STAMPS.includes(name),
  );
}

/** Switches on all messages that the kernel accepts. */
function receiveAll(socket: Socket, family: number): ControlName[] {
  return allOf(socket, family).filter((name) => {
    try {
      socket.receive(name);
      return true;
    } catch (error) {
      expect(["ENOPROTOOPT", "EOPNOTSUPP", "EINVAL", "EPERM"]).toContain((error as { code: string }).code);
      return false;
    }
  });
}

interface Kind {
  name: string;
  family: number;
  /** Some messages that must arrive. */
  some: readonly ControlName[];
  /** Makes a receiver, and a function that sends to it. */
  make: () => Promise<{ socket: Socket; send: () => Promise<unknown> }>;
  /** Messages that need no switch. */
  also?: readonly ControlName[];
}

const onUnix = (type: SocketType): Kind => ({
  name: `Unix ${type}`,
  family: AF_UNIX,
  some: type === "stream" ? ["credentials"] : ["credentials", "timestampNs"],
  also: ["rights"],
  make: async () => {
    const [socket, other] = unix(type, { maxFds: 3 });
    const fds = [other, other, other];
    return { socket, send: () => other.sendmsg({ data: "x", fds }) };
  },
});

async function toUdp(socket: Socket, at: Address, type: "ipv4" | "ipv6") {
  const address = type === "ipv4" ? "127.0.0.1" : "::1";
  const sender = own(await SocketClass.bind({ family: type, address, port: 0 }, { type: "dgram" }));
  const control = isRoot && type === "ipv6" ? extensions : [];
  return { socket, send: () => sender.sendmsg({ data: "x", address: at, control: [...control] }) };
}

/** A hop-by-hop and a destination header that have only padding (PadN). */
const padding = Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0);
const extensions = [
  { name: "ipv6HopOpts", value: padding },
  { name: "ipv6DstOpts", value: padding },
] as const;

const KINDS: Kind[] = [
  onUnix("stream"),
  onUnix("dgram"),
  onUnix("seqpacket"),
  {
    name: "UDP over IPv4",
    family: AF_INET,
    some: ["ipPktInfo", "ipTos", "ipTtl", "timestampNs"],
    make: async () => {
      const { socket, at } = await udp4();
      return toUdp(socket, at, "ipv4");
    },
  },
  {
    name: "UDP over IPv6",
    family: AF_INET6,
    some: ["ipv6PktInfo", "ipv6Tclass", "ipv6HopLimit", "timestampNs"],
    make: async () => {
      const { socket, at } = await udp6();
      return toUdp(socket, at, "ipv6");
    },
  },
  {
    name: "UDP of both, IPv4",
    family: AF_INET6,
    // One packet brings messages of both levels.
    some: ["ipTos", "ipTtl", "ipPktInfo", "ipv6PktInfo", "timestampNs"],
    make: async () => {
      const socket = own(
        await SocketClass.bind(
          { family: "ipv6", address: "::", port: 0 },
          { type: "dgram", ipv6Only: false },
        ),
      );
      const { port } = socket.getsockname() as { port: number };
      return toUdp(socket, { family: "ipv4", address: "127.0.0.1", port }, "ipv4");
    },
  },
  {
    name: "TCP",
    family: AF_INET,
    // TCP has no timestamps for data that came before the kernel began to take them, which is a moment later.
    some: kernelIsAtLeast(4, 18) ? ["tcpInq"] : [],
    make: async () => {
      const [client, socket] = await tcp();
      return { socket, send: () => client.sendmsg({ data: "x" }) };
    },
  },
  {
    name: "netlink",
    family: AF_NETLINK,
    some: ["credentials", "netlinkPktInfo"],
    make: async () => {
      const socket = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
      const bound = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
      // The kernel gives the socket a number when it sends or binds.
      setUp(socket);
      const address = socket.getsockname();
      return { socket, send: () => bound.sendmsg({ data: "0123456789abcdef", address }) };
    },
  },
];

/** Makes the kernel give a netlink socket a number: bind(2) with 0. */
function setUp(socket: Socket): void {
  binding().bind(socket.fd, Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
}

const ETH_P_ALL_BE = 0x0300;

if (isRoot) {
  KINDS.push({
    name: "packet",
    family: AF_PACKET,
    some: ["packetAuxData", "timestampNs"],
    make: async () => {
      const socket = open(AF_PACKET, SOCK_RAW, ETH_P_ALL_BE);
      socket.options.set("bindToDevice", "lo");
      const { socket: udp, at } = await udp4();
      return { socket, send: () => udp.sendmsg({ data: "x", address: at }) };
    },
  });
}

describe.each(KINDS)("all control messages at once: $name", ({ family, some, make, also = [] }) => {
  onRealKernel("fit into the room that the library gives them", async () => {
    const { socket, send } = await make();
    const on = receiveAll(socket, family);
    expect(on).toEqual(expect.arrayContaining(some.filter((name) => name !== "ipTos")));
    for (let i = 0; i < 3; i++) {
      await send();
      const message = await next(socket);
      expect(message.controlTruncated).toBe(false);
      const names = message.control.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([...some]));
      expect(names).not.toContain("unknown");
    }
  });

  onRealKernel("fit into what controlSpace() says", async () => {
    const { socket, send } = await make();
    const on = receiveAll(socket, family);
    await send();
    const control = new Uint8Array(controlSpace([...on, ...also], family));
    const received = await until(() =>
      recvmsg(socket.fd, [new Uint8Array(65_536)], { control, flags: MSG_DONTWAIT }),
    );
    expect(received.flags & MSG_CTRUNC).toBe(0);
    for (const message of decodeControl(control.subarray(0, received.controlLength), { family })) {
      // At this layer, the test must close the descriptors.
      if (message.name === "rights") for (const fd of message.value) binding().close(fd);
      if (message.name === "pidfd") binding().close(message.value);
    }
  });

  onRealKernel("stop when they are switched off", async () => {
    const { socket, send } = await make();
    const on = receiveAll(socket, family);
    socket.receive(Object.fromEntries(on.map((name) => [name, false])));
    await send();
    const message = await next(socket, { maxFds: 0 });
    expect(message.control).toEqual([]);
    for (const name of on) {
      const { level, option } = entryOf(name).enable!;
      // Some options can only be set: SO_INQ, and NETLINK_LISTEN_ALL_NSID in Linux 6.1.
      const value = optional(() => getsockopt(socket.fd, level, option));
      expect((value ?? 0) & 1, name).toBe(0);
    }
  });
});

/** The result of a call. Undefined: the kernel has no such option. */
function optional<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOPROTOOPT" });
    return undefined;
  }
}

/** Calls until the kernel no longer says EAGAIN. */
async function until<T>(call: () => T): Promise<T> {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as { code: string }).code !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

describe("receive()", () => {
  onRealKernel(
    "switches several messages on and off. If a name appears twice, the last one wins",
    async () => {
      const [a, b] = unix("dgram");
      const received = async () => {
        await b.sendmsg({ data: "x" });
        return (await next(a)).control.map(({ name }) => name);
      };
      expect(a.receive("credentials")).toBe(a);
      expect(await received()).toEqual(["credentials"]);
      a.receive("timestampNs", { credentials: false });
      expect(await received()).toEqual(["timestampNs"]);
      a.receive(
        "credentials",
        { timestampNs: true, credentials: false },
        { timestampNs: false },
        "credentials",
      );
      expect(await received()).toEqual(["credentials"]);
      a.receive();
      a.receive({});
      a.receive({ credentials: undefined as never });
      expect(await received()).toEqual(["credentials"]);
    },
  );

  onRealKernel("replaces one kind of timestamps by another", async () => {
    const { socket, at } = await udp4(["timestampNs"]);
    const conflict = thrown(() => socket.receive("timestamp"));
    expect(conflict).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "changes" });
    expect(conflict.message).toContain('"timestampNs" and "timestamp"');
    socket.receive("timestamp", { timestampNs: false });
    await socket.sendmsg({ data: "x", address: at });
    expect((await next(socket)).control.map(({ name }) => name)).toEqual(["timestamp"]);
    expect(thrown(() => socket.receive("timestampingOld"))).toMatchObject({ argument: "changes" });
    const created = udp4(["timestampNsOld", "timestamping"]);
    expect(await rejection(created)).toMatchObject({ argument: "options.receive" });
  });

  onRealKernel("changes only its own flags of an option that several messages share", async () => {
    const { socket } = await udp4();
    const flags = () => getsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW);
    setsockopt(socket.fd, SOL_SOCKET, SO_TIMESTAMPING_NEW, SOF_TIMESTAMPING_TX_ACK);
    socket.receive("timestamping");
    const stamps = flags();
    expect(stamps & SOF_TIMESTAMPING_RX_SOFTWARE).not.toBe(0);
    expect(stamps & SOF_TIMESTAMPING_SOFTWARE).not.toBe(0);
    expect(stamps & SOF_TIMESTAMPING_TX_ACK).not.toBe(0);
    socket.receive("timestampingPktInfo");
    expect(flags() & stamps).toBe(stamps);
    expect(flags()).not.toBe(stamps);
    socket.receive({ timestamping: false });
    expect(flags() & SOF_TIMESTAMPING_RX_SOFTWARE).not.toBe(0);
    socket.receive({ timestampingPktInfo: false });
    expect(flags()).toBe(SOF_TIMESTAMPING_TX_ACK);
  });

  onRealKernel("changes nothing if it refuses one of the names", async () => {
    const [a, b] = unix("stream");
    const native = binding();
    const { setsockopt: real } = native;
    Object.assign(native, {
      setsockopt: (fd: number, level: number, option: number, value: Uint8Array) =>
        option === controlMessages.security.enable?.option ? -92 : real(fd, level, option, value),
    });
    try {
      const error = thrown(() => a.receive("credentials", "security"));
      expect(error).toMatchObject({ code: "ENOPROTOOPT", syscall: "setsockopt" });
      expect(error.message).toContain('this socket cannot deliver "security"');
    } finally {
      Object.assign(native, { setsockopt: real });
    }
    expect(getsockopt(a.fd, SOL_SOCKET, SO_PASSCRED)).toBe(0);
    await b.sendmsg({ data: "x" });
    expect((await next(a)).control).toEqual([]);
  });

  it("says since which Linux there is a message that this kernel lacks", () => {
    const [a] = unix("stream");
    const native = binding();
    const { setsockopt: real } = native;
    const entry = entryOf("pidfd");
    const { since } = entry;
    Object.assign(native, { setsockopt: () => -92 });
    Object.assign(entry, { since: "999.9" });
    try {
      expect(thrown(() => a.receive("pidfd")).message).toMatch(
        /^setsockopt ENOPROTOOPT: Linux has (SO_PASSPIDFD, which switches "pidfd" on,|"pidfd") since [\d.]+, and this is \d/,
      );
    } finally {
      Object.assign(native, { setsockopt: real });
      Object.assign(entry, { since });
    }
  });

  it("refuses messages that the family never delivers, and those that have no switch", async () => {
    const [a] = unix("stream");
    expect(thrown(() => a.receive("ipTos"))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "changes",
      message: expect.stringContaining(
        '"ipTos": only ipv4 and ipv6 sockets deliver it, and this one is unix',
      ),
    });
    const { socket } = await udp4();
    expect(thrown(() => socket.receive("ipv6Tclass")).message).toContain("ipv6 sockets deliver it");
    expect(thrown(() => socket.receive("credentials")).message).toContain("unix and netlink and bluetooth");
    expect(await rejection(udp4(["pidfd"]))).toMatchObject({ argument: "options.receive" });
    for (const bad of ["rights", "udpSegment", "no such", "toString", undefined]) {
      const argument = bad === undefined ? "changes[0]" : "changes[0]";
      expect(thrown(() => socket.receive(bad as never))).toMatchObject({ argument });
    }
    expect(thrown(() => socket.receive(Symbol("x") as never))).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
    });
    expect(await rejection(udp4([Object.create(null)]))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
    expect(thrown(() => socket.receive({ rights: true } as never))).toMatchObject({ argument: "changes[0]" });
    expect(thrown(() => socket.receive({ ipTos: 1 } as never))).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
      argument: "changes[0].ipTos",
    });
  });

  onRealKernel(
    "throws the kernel's error, with the message's name, on a socket of another protocol",
    async () => {
      const [client] = await tcp();
      const error = thrown(() => client.receive("udpGro"));
      expect(error).toMatchObject({ syscall: "setsockopt" });
      expect(error.message).toContain('this socket cannot deliver "udpGro"');
    },
  );

  onRealKernel("lets a seqpacket socket tell empty messages from the end, whatever it switches", async () => {
    const [a, b] = unix("seqpacket");
    for (const change of [
      {},
      { timestampNs: true },
      { timestampNs: false },
      { timestamping: true },
      { timestamping: false },
    ]) {
      a.receive(change);
      await b.sendmsg({ data: "" });
      const message = await next(a);
      expect(message.eof, JSON.stringify(change)).toBe(false);
      const wanted = Object.entries(change).flatMap(([name, on]) => (on ? [name] : []));
      expect(message.control.map(({ name }) => name)).toEqual(wanted);
    }
    await b.close();
    expect((await next(a)).eof).toBe(true);
  });

  it("makes room for a message of any family", () => {
    for (const family of [AF_UNIX, AF_INET6, AF_TIPC]) {
      const all = Object.keys(controlMessages) as ControlName[];
      const received = all.filter((name) => entryOf(name).direction !== "send");
      expect(controlBuffer().length).toBeGreaterThanOrEqual(controlSpace(received, family));
    }
  });

  const withHeaders = isRoot ? onRealKernel : onRealKernel.skip;
  withHeaders("makes room for messages that were switched on by options", async () => {
    const { socket, at } = await udp6();
    for (const name of ["ipv6RecvHopOpts", "ipv6RecvDstOpts", "ipv6HopOpts2292"] as const) {
      socket.options.set(name, true);
    }
    // Extension headers of 2 KiB that have only options that receivers skip.
    const header = new Uint8Array(2048);
    header[1] = 255;
    for (let from = 2; from < header.length; ) {
      const length = Math.min(255, header.length - from - 2);
      header.set([0x1e, length], from);
      from += 2 + length;
    }
    await socket.sendmsg({
      data: "x",
      address: at,
      control: [
        { name: "ipv6HopOpts", value: header },
        { name: "ipv6DstOpts", value: header },
      ],
    });
    const message = await next(socket);
    expect(message.controlTruncated).toBe(false);
    expect(message.control.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["ipv6HopOpts", "ipv6DstOpts"]),
    );
  });

  onRealKernel("respects timestamps that an option has switched on, on a seqpacket socket", async () => {
    const [a, b] = unix("seqpacket");
    const arrived = async () => {
      await b.sendmsg({ data: "" });
      const message = await next(a);
      expect(message.eof).toBe(false);
      return message.control.map(({ name }) => name);
    };
    a.options.set("timestampOld", false);
    expect(await arrived()).toEqual([]);
    a.options.set("timestampNsOld", true);
    expect(await arrived()).toEqual(["timestampNsOld"]);
    a.options.set("timestampNsOld", false);
    expect(await arrived()).toEqual([]);
    a.receive("timestampNs");
    expect(await arrived()).toEqual(["timestampNs"]);
    a.options.setRaw(SOL_SOCKET, SO_TIMESTAMP_NEW, Int32Array.of(1));
    expect(await arrived()).toEqual(["timestamp"]);
    a.options.set("timestamp", false);
    expect(await arrived()).toEqual([]);
    await b.close();
    expect((await next(a)).eof).toBe(true);
  });

  onRealKernel("keeps flags that were set before", async () => {
    const { socket } = await udp4();
    const flags = () => socket.options.get("timestampingOld");
    const before = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_ACK;
    for (const option of ["timestamping", "timestampingOld"] as const) {
      socket.options.set(option, before);
      socket.receive("timestamping");
      expect(flags() & before).toBe(before);
      expect(flags()).not.toBe(before);
      socket.receive({ timestamping: false });
      expect(flags()).toBe(before);
      // Flags that are set later are kept, too.
      socket.receive("timestamping");
      socket.options.set("timestamping", SOF_TIMESTAMPING_RX_SOFTWARE);
      socket.receive({ timestamping: false });
      expect(flags()).toBe(SOF_TIMESTAMPING_RX_SOFTWARE);
    }
  });

  onRealKernel("names the privilege that it lacks", () => {
    const socket = open(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
    const native = binding();
    const { setsockopt: real } = native;
    try {
      Object.assign(native, { setsockopt: () => -1 });
      expect(thrown(() => socket.receive("netlinkListenAllNsid")).message).toBe(
        'setsockopt EPERM: switching "netlinkListenAllNsid" on or off needs CAP_NET_BROADCAST',
      );
      Object.assign(native, { setsockopt: () => -12 });
      expect(thrown(() => socket.receive("credentials")).message).toBe(
        'setsockopt ENOMEM: switching "credentials" on or off',
      );
    } finally {
      Object.assign(native, { setsockopt: real });
    }
  });
});
