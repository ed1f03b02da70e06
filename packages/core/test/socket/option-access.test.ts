import { afterEach, describe, expect, it } from "vitest";
import { familyNumber } from "../../src/address/family.js";
import {
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_VSOCK,
  IPPROTO_ICMP,
  NETLINK_ROUTE,
  SCTP_SOCKOPT_PEELOFF,
  SO_PEERPIDFD,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_SCTP,
  SOL_SOCKET,
  SOL_TCP,
  TCP_NODELAY,
} from "../../src/constants/index.js";
import { Listener, Socket, type SocketType, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import {
  type OptionEntry,
  type OptionName,
  type SettableOption,
  socketOptions,
} from "../../src/options/index.js";
import { getsockopt, setsockopt } from "../../src/syscalls/index.js";
import { closeAll, own } from "../support/closing.js";
import { counted } from "../support/counted.js";
import { thrown } from "../support/outcome.js";
import { onRealKernel, skipUnless } from "../support/skip-unless.js";
import { open, tcp, udp4, udp6, unix } from "../support/sockets.js";
import { isEmulated, isRoot, kernelIsAtLeast } from "../support/target.js";

afterEach(closeAll);

const entries = Object.entries<OptionEntry>(socketOptions) as [OptionName, OptionEntry][];
const loopback4 = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
const loopback6 = { family: "ipv6", address: "::1", port: 0 } as const;

interface Kind {
  name: string;
  family: number;
  make: () => Socket | Promise<Socket>;
}

const onUnix = (type: SocketType): Kind => ({
  name: `Unix ${type}`,
  family: AF_UNIX,
  make: () => unix(type)[0],
});

const KINDS: Kind[] = [
  onUnix("stream"),
  onUnix("dgram"),
  onUnix("seqpacket"),
  { name: "UDP over IPv4", family: AF_INET, make: async () => (await udp4()).socket },
  { name: "UDP over IPv6", family: AF_INET6, make: async () => (await udp6()).socket },
  { name: "TCP over IPv4", family: AF_INET, make: async () => (await tcp([], loopback4))[0] },
  { name: "TCP over IPv6", family: AF_INET6, make: async () => (await tcp([], loopback6))[0] },
  { name: "netlink", family: AF_NETLINK, make: () => open(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) },
  ...(isRoot
    ? [
        { name: "raw IPv4", family: AF_INET, make: () => open(AF_INET, SOCK_RAW, IPPROTO_ICMP) },
        { name: "packet", family: AF_PACKET, make: () => open(AF_PACKET, SOCK_DGRAM) },
      ]
    : []),
];

/** The kernel's errors for an option that the socket's protocol or state lacks, or that needs a privilege. */
const ANSWERS = [
  "ENOPROTOOPT",
  "EOPNOTSUPP",
  "ENOTCONN",
  "ENOENT",
  "ENODATA",
  "EPERM",
  "EINVAL",
  // A socket without a filter returns an empty one, which can't be set.
  "ERR_OUT_OF_RANGE",
  "EADDRNOTAVAIL",
  "EBUSY",
  "ENODEV",
];

/** Setting one of these to its present value has an effect, or stops what the test needs. */
const NOT_BACK: readonly OptionName[] = [
  "lockFilter",
  "ipRouterAlert",
  "ipv6RouterAlert",
  "ipv6AddrForm",
  "tcpRepair",
  "tcpUlp",
  "packetFanout",
];

describe.each(KINDS)("every option on a socket of $name", ({ name: kind, family, make }) => {
  onRealKernel(
    "can be read as its type and set to that value, or is refused with the kernel's error",
    async () => {
      const socket = await make();
      const read: string[] = [];
      for (const [name, entry] of entries) {
        const { direction, families, constant } = entry;
        if (direction === "set") continue;
        let value: unknown;
        try {
          value = socket.options.get(name as "type");
        } catch (error) {
          const { code, message } = error as Error & { code: string };
          expect(ANSWERS, `${name}: ${message}`).toContain(code);
          const ours = families === undefined || families.some((each) => familyNumber(each) === family);
          if (!ours) expect(message).toContain(`${constant} is an option of`);
          else expect(message).toContain(constant);
          continue;
        }
        expect(value, name).toBeDefined();
        read.push(name);
        if (direction === "get" || NOT_BACK.includes(name) || entry.setPayload) continue;
        try {
          socket.options.set(name as SettableOption, value as never);
        } catch (error) {
          expect(ANSWERS, `setting ${name}: ${(error as Error).message}`).toContain(
            (error as Error & { code: string }).code,
          );
        }
      }
      expect(read, kind).toEqual(expect.arrayContaining(["type", "domain", "rcvBuf", "linger", "cookie"]));
      expect(socket.options.get("domain")).toBe(family);
    },
  );
});

describe("options that are set by name", () => {
  onRealKernel("can be read by number", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      a.options.set("rcvBuf", 65_536);
      expect(a.options.get("rcvBuf")).toBe(131_072); // socket(7): the kernel doubles it
      expect(new Int32Array(a.options.getRaw(SOL_SOCKET, SO_RCVBUF, 4).slice().buffer)[0]).toBe(131_072);
      a.options.set("linger", { onOff: true, seconds: 7 });
      expect(a.options.get("linger")).toEqual({ onOff: true, seconds: 7 });
      expect(b.options.get("linger").onOff).toBe(false);
      a.options.set("sndTimeo", 2_000_000_000n);
      expect(a.options.get("sndTimeo")).toBe(2_000_000_000n);
      expect(a.options).toBe(a.options);
      await Promise.all([a.close(), b.close()]);
    }),
  );

  onRealKernel("can be numbers, names and structures on TCP", async () => {
    const [client, server] = await tcp();
    client.options.set("tcpNoDelay", true);
    expect(client.options.get("tcpNoDelay")).toBe(true);
    client.options.setRaw(SOL_TCP, TCP_NODELAY, Int32Array.of(0));
    expect(client.options.get("tcpNoDelay")).toBe(false);
    client.options.set("tcpKeepIdle", 42);
    expect(client.options.get("tcpKeepIdle")).toBe(42);
    client.options.set("tcpCongestion", "reno");
    expect(client.options.get("tcpCongestion")).toBe("reno");
    client.options.set("maxPacingRate", 1_000_000n);
    expect(client.options.get("maxPacingRate")).toBe(1_000_000n);
    await client.sendmsg({ data: "abc" });
    await server.recvmsg();
    const info = client.options.get("tcpInfo");
    expect(info).toMatchObject({ state: 1, retransmits: 0 });
    expect(info.sndMss).toBeGreaterThan(0);
    if (kernelIsAtLeast(4, 19)) expect(info.bytesSent).toBe(3n);
    const { drops, rcvBuf } = client.options.get("memInfo");
    expect(drops ?? 0).toBe(0);
    expect(rcvBuf).toBe(client.options.get("rcvBuf"));
    expect(client.options.get("cookie")).not.toBe(server.options.get("cookie"));
  });

  onRealKernel("can name an interface by name or index on UDP", async () => {
    const { socket } = await udp4();
    socket.options.set("ipAddMembership", { group: "239.1.2.3", interface: "lo" });
    const again = { group: "239.1.2.3", interface: 1 };
    expect(thrown(() => socket.options.set("ipAddMembership", again))).toMatchObject({ code: "EADDRINUSE" });
    socket.options.set("ipDropMembership", again);
    const request = {
      interface: "lo",
      group: { family: "ipv4", address: "239.1.2.4", port: 0 },
      source: { family: "ipv4", address: "127.0.0.1", port: 0 },
    } as const;
    socket.options.set("mcastJoinSourceGroup", request);
    socket.options.set("mcastLeaveSourceGroup", request);
    expect(thrown(() => socket.options.set("mcastLeaveSourceGroup", request))).toMatchObject({
      syscall: "setsockopt",
    });
    socket.options.set("ipMulticastIf", { address: "127.0.0.1", interface: 0 });
    expect(socket.options.get("ipMulticastIf")).toBe("127.0.0.1");
    socket.options.set("ipUnicastIf", "lo");
    expect(socket.options.get("ipUnicastIf")).toBe(1);
    socket.options.set("ipTos", 0xb8);
    expect(socket.options.get("ipTos")).toBe(0xb8);
  });

  onRealKernel("can be IPv4's and IPv6's on UDP over IPv6", async () => {
    const { socket } = await udp6();
    socket.options.set("ipv6Tclass", 0xb8);
    expect(socket.options.get("ipv6Tclass")).toBe(0xb8);
    socket.options.set("ipTos", 0x20);
    expect(socket.options.get("ipTos")).toBe(0x20);
    socket.options.set("ipv6MulticastIf", "lo");
    expect(socket.options.get("ipv6MulticastIf")).toBe(1);
    socket.options.set("ipv6AddMembership", { group: "ff02::1234", interface: "lo" });
    socket.options.set("ipv6DropMembership", { group: "ff02::1234", interface: 1 });
    socket.options.set("mcast6JoinGroup", {
      interface: 1,
      group: { family: "ipv6", address: "ff02::1234", port: 0 },
    });
    socket.options.set("ipv6UnicastHops", 9);
    expect(socket.options.get("ipv6UnicastHops")).toBe(9);
  });

  it("show the joined groups on netlink", () => {
    const socket = open(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    socket.options.set("netlinkAddMembership", 3);
    expect(socket.options.get("netlinkListMemberships")[0]).toBe(0b100);
    socket.options.set("netlinkDropMembership", 3);
    expect(socket.options.get("netlinkListMemberships")[0]).toBe(0);
  });

  skipUnless("it takes root", isRoot && !isEmulated())(
    "can be statistics, fanout and memberships on packet sockets, on a real kernel",
    () => {
      const socket = open(AF_PACKET, SOCK_DGRAM);
      expect(socket.options.get("packetStatistics")).toEqual({ packets: 0, drops: 0 });
      socket.options.set("packetAddMembership", { interface: "lo", type: 1, address: new Uint8Array() });
      socket.options.set("packetDropMembership", { interface: 1, type: 1, address: new Uint8Array() });
      // Only a member of a fanout group with rollover has these.
      expect(thrown(() => socket.options.get("packetRolloverStats"))).toMatchObject({ code: "EINVAL" });
      socket.options.set("packetVersion", 2);
      expect(socket.options.get("packetVersion")).toBe(2);
      socket.options.set("bindToDevice", "lo");
    },
  );

  onRealKernel("can have 64 bits on vsock", async () => {
    let socket: Socket;
    try {
      socket = open(AF_VSOCK, SOCK_STREAM);
    } catch (error) {
      expect((error as { code: string }).code).toBe("EAFNOSUPPORT");
      return;
    }
    socket.options.set("vmSocketsBufferSize", 8192n);
    expect(socket.options.get("vmSocketsBufferSize")).toBe(8192n);
    socket.options.set("vmSocketsConnectTimeout", 3_000_000_000n);
    expect(socket.options.get("vmSocketsConnectTimeout")).toBe(3_000_000_000n);
  });

  it("pass from a listener to the sockets that it accepts", async () => {
    const listener = own(await Listener.listen(loopback4));
    listener.options.set("tcpKeepIdle", 77);
    expect(listener.options.get("acceptConn")).toBe(true);
    const client = own(await Socket.connect(listener.getsockname()));
    const server = own(await listener.accept());
    expect(server.options.get("tcpKeepIdle")).toBe(77);
    expect(client.options.get("tcpKeepIdle")).not.toBe(77);
    await listener.close();
    expect(thrown(() => listener.options.get("type"))).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
  });
});

describe("options that are refused", () => {
  it("are unknown names, and names for the other direction", () => {
    const socket = unix("stream")[0];
    const { options } = socket;
    expect(thrown(() => options.get("no-such" as never))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "name",
      message: expect.stringContaining('"no-such"'),
    });
    expect(thrown(() => options.get("rcvBufForce" as never)).message).toContain("can only be set");
    expect(thrown(() => options.set("type" as never, 1 as never)).message).toContain("can only be read");
    expect(thrown(() => options.set("reusePort", 1 as never))).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
      argument: "value",
    });
    expect(thrown(() => options.get("rcvBuf", { association: 1 } as never))).toMatchObject({
      argument: "query",
    });
  });

  it("are those of another family, whose number means something else to the kernel", () => {
    const socket = unix("stream")[0];
    for (const attempt of [
      () => socket.options.get("tcpNoDelay"),
      () => socket.options.set("tcpNoDelay", true),
    ]) {
      expect(thrown(attempt)).toMatchObject({
        code: "ENOPROTOOPT",
        message: expect.stringContaining(
          "TCP_NODELAY is an option of ipv4 and ipv6 sockets, and this one is unix",
        ),
      });
    }
  });

  onRealKernel("are those of another protocol, with the kernel's error and the option's name", async () => {
    const { socket } = await udp4();
    expect(thrown(() => socket.options.get("tcpNoDelay"))).toMatchObject({
      code: "EOPNOTSUPP",
      syscall: "getsockopt",
      message: "getsockopt EOPNOTSUPP: this socket has no TCP_NODELAY",
    });
    expect(thrown(() => socket.options.set("ipTtl", 1000))).toMatchObject({
      code: "EINVAL",
      message: "setsockopt EINVAL: IP_TTL",
    });
  });

  it("are those that this kernel lacks, with the version that has them", () => {
    const socket = unix("stream")[0];
    const native = binding();
    const { getsockopt } = native;
    const entry = socketOptions.passPidfd as OptionEntry;
    const { since } = entry;
    Object.assign(native, { getsockopt: () => -92 });
    Object.assign(entry, { since: "999.9" });
    try {
      expect(thrown(() => socket.options.get("passPidfd")).message).toMatch(
        /^getsockopt ENOPROTOOPT: Linux has SO_PASSPIDFD since 999\.9, and this is \d/,
      );
    } finally {
      Object.assign(native, { getsockopt });
      Object.assign(entry, { since });
    }
  });

  it("are those that would return a descriptor without an owner", () => {
    const socket = unix("stream")[0];
    for (const [level, option] of [
      [SOL_SOCKET, SO_PEERPIDFD],
      [SOL_SCTP, SCTP_SOCKOPT_PEELOFF],
    ] as const) {
      expect(thrown(() => socket.options.getRaw(level, option, 64))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "option",
      });
    }
  });

  // The kernel would read bytes of these values as addresses of this process's memory.
  it.each([
    ["SO_ATTACH_FILTER", SOL_SOCKET, 26, "set", /options\.set\("attachFilter"/],
    ["SO_ATTACH_REUSEPORT_CBPF", SOL_SOCKET, 51, "set", /options\.set\("attachReusePortCbpf"/],
    ["PACKET_FANOUT_DATA", 263, 22, "set", /options\.set\("packetFanoutData"/],
    ["XDP_UMEM_REG", 283, 4, "set", /packet socket/],
    ["IPT_SO_SET_REPLACE", 0, 64, "set", /iptables/],
    ["ARPT_SO_SET_REPLACE", 0, 96, "set", /arptables/],
    ["EBT_SO_SET_ENTRIES", 0, 128, "set", /ebtables/],
    ["EBT_SO_SET_COUNTERS", 0, 129, "set", /ebtables/],
    ["IP6T_SO_SET_REPLACE", 41, 64, "set", /ip6tables/],
    ["RDS_GET_MR", 276, 2, "set", /without RDMA/],
    ["RDS_GET_MR_FOR_DEST", 276, 7, "set", /without RDMA/],
    ["TCP_ZEROCOPY_RECEIVE", SOL_TCP, 35, "get", /recvmsg\(\)/],
    ["SCTP_SOCKOPT_CONNECTX3", SOL_SCTP, 111, "get", /SCTP_SOCKOPT_CONNECTX,/],
    ["EBT_SO_GET_ENTRIES", 0, 129, "get", /ebtables/],
    ["EBT_SO_GET_INIT_ENTRIES", 0, 131, "get", /ebtables/],
  ] as const)("a struct that holds pointers: %s", (constant, level, option, direction, instead) => {
    const socket = unix("stream")[0];
    const bytes = new Uint8Array(16).fill(0x41);
    const raw = thrown(() =>
      direction === "set"
        ? socket.options.setRaw(level, option, bytes)
        : socket.options.getRaw(level, option, 64),
    );
    const bare = thrown(() =>
      direction === "set"
        ? setsockopt(socket.fd, level, option, bytes)
        : getsockopt(socket.fd, level, option, { length: 64 }),
    );
    for (const [error, argument] of [
      [raw, "option"],
      [bare, "name"],
    ] as const) {
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument });
      expect(error.message).toContain(constant);
      expect(error.message).toMatch(instead);
    }
  });

  it("are raw programs: the error says how to set one by name", () => {
    const [socket] = unix("stream");
    const programs = Object.entries<OptionEntry>(socketOptions).filter(([, entry]) => entry.takesProgram);
    expect(programs.length).toBeGreaterThan(0);
    for (const [name, { level, option }] of programs) {
      const error = thrown(() => socket!.options.setRaw(level, option, new Uint8Array(16)));
      expect(error.message).toContain(`socket.options.set("${name}", instructions)`);
    }
  });

  it("are options that need a privilege: the error says which", () => {
    const [socket] = unix("stream");
    const native = binding();
    const { setsockopt } = native;
    Object.assign(native, { setsockopt: () => -1 });
    try {
      expect(thrown(() => socket!.options.set("mark", 1)).message).toBe(
        "setsockopt EPERM: setting SO_MARK needs CAP_NET_RAW or CAP_NET_ADMIN",
      );
    } finally {
      Object.assign(native, { setsockopt });
    }
  });

  it("are raw pointers, but not the descriptor of an eBPF program", () => {
    const [socket] = unix("stream");
    expect(thrown(() => socket!.options.setRaw(263, 22, new Uint8Array(4)))).toMatchObject({
      syscall: "setsockopt",
    });
    expect(thrown(() => socket!.options.setRaw(263, 22, new Uint8Array(8)))).toMatchObject({
      argument: "option",
    });
  });

  it("are raw options with values of another type or out of range", () => {
    const { options } = unix("stream")[0];
    expect(thrown(() => options.getRaw("1" as never, 1, 4))).toMatchObject({ argument: "level" });
    expect(thrown(() => options.getRaw(1, 1.5, 4))).toMatchObject({ argument: "option" });
    expect(thrown(() => options.getRaw(1, 1, -1))).toMatchObject({ argument: "length" });
    expect(thrown(() => options.setRaw(1, 1, 4 as never))).toMatchObject({ argument: "value" });
    expect(thrown(() => options.getRaw(0xffff, 1, 4))).toMatchObject({ syscall: "getsockopt" });
    expect(thrown(() => options.setRaw(0xffff, 1, new Uint8Array(4)))).toMatchObject({
      syscall: "setsockopt",
    });
  });

  it("are all options of a closed socket", async () => {
    const [a, b] = socketpair();
    own(b);
    const { options, peer } = a;
    await a.close();
    for (const call of [
      () => options.get("type"),
      () => options.set("keepAlive", true),
      () => options.getRaw(1, 3, 4),
      () => options.setRaw(1, 9, new Uint8Array(4)),
      () => peer.credentials(),
      () => a.receive("credentials"),
    ]) {
      expect(thrown(call)).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
    }
  });
});
