import { describe, expect, it } from "vitest";
import { AF_INET, AF_UNIX, SOCK_DGRAM, SOCK_STREAM } from "../../src/constants/index.js";
import { encodeControl } from "../../src/control/index.js";
import { EMSGSIZE, ENETUNREACH, EPERM, ETOOMANYREFS } from "../../src/errno.js";
import { systemError } from "../../src/errors.js";
import { type ControlMessage, Listener, Socket, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import type { Unsent } from "../../src/reasons/plain-send.js";
import { withReason } from "../../src/reasons/reasons.js";
import { SEND } from "../../src/reasons/send.js";
import { close, dup } from "../../src/syscalls/index.js";
import { openAnyFile } from "../support/any-file.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { asNobody, givingUpRights } from "../support/nobody.js";
import { rejection, thrown } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { onRealKernel } from "../support/skip-unless.js";
import { leaveStale } from "../support/taken-path.js";
import { isRoot } from "../support/target.js";

const here = { address: "127.0.0.1", port: 0 };
const NO_DESTINATION = "the message has no destination. Give message.address, or call connect() first";
const NOT_CONNECTED =
  "this socket is not connected. Call connect() first; for a server, use Listener.listen() and accept()";

/** The message of an error that only a kernel, a user or a machine in a special state can bring. */
const explained = (errno: number, facts: Partial<Unsent>): string =>
  withReason(systemError(errno, "sendmsg"), SEND, {
    fd: -1,
    family: AF_UNIX,
    type: SOCK_STREAM,
    address: undefined,
    fds: [],
    sendables: [],
    control: null,
    flags: 0,
    total: 1,
    ...facts,
  }).message;

const portOf = (socket: Socket): number => (socket.getsockname() as { port: number }).port;

describe("an error of sendmsg() says why", () => {
  it("which descriptor is not open", () =>
    withPair("stream", async (a) => {
      await counted(async () => {
        const gone = openAnyFile();
        const open = dup(gone);
        close(gone);
        const error = await rejection(a.sendmsg({ data: "x", fds: [gone] }));
        expect(error).toMatchObject({ code: "EBADF", errno: -9, syscall: "sendmsg", bytesSent: 0 });
        expect(error.message).toBe(
          `sendmsg EBADF: message.fds[0] is ${gone}, which is not an open descriptor`,
        );
        expect(thrown(() => a.trySendmsg({ data: "x", fds: [open, { fd: gone }] })).message).toBe(
          `sendmsg EBADF: message.fds[1].fd is ${gone}, which is not an open descriptor`,
        );
        close(open);
      });
    }));

  it("which descriptor is not open, if the message had to wait its turn", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      while (a.trySendmsg({ data: Buffer.alloc(1 << 16) }));
      const first = a.sendmsg({ data: "x" }).catch(() => {});
      const error = await rejection(a.sendmsg({ data: "x", fds: [999_999] }));
      expect(error.message).toMatch(
        /^(fcntl|sendmsg) EBADF: message\.fds\[0\] is 999999, which is not an open descriptor$/,
      );
      await Promise.all([a.close(), b.close(), first]);
    }));

  it.each(["stream", "seqpacket"] as const)("a %s socket that is not connected", (type) =>
    counted(async () => {
      await using socket = await Socket.bind({ path: freshPath() }, { type });
      expect((await rejection(socket.sendmsg({ data: "x" }))).message).toBe(
        `sendmsg ENOTCONN: ${NOT_CONNECTED}`,
      );
    }),
  );

  it("a datagram without a destination", () =>
    counted(async () => {
      await using unix = await Socket.bind({ path: freshPath() }, { type: "dgram" });
      await using udp = await Socket.bind(here, { type: "dgram" });
      expect((await rejection(unix.sendmsg({ data: "x" }))).message).toBe(
        `sendmsg ENOTCONN: ${NO_DESTINATION}`,
      );
      expect((await rejection(udp.sendmsg({ data: "x" }))).message).toBe(
        `sendmsg EDESTADDRREQ: ${NO_DESTINATION}`,
      );
    }));

  it("an address on a stream", () =>
    counted(async () => {
      const path = freshPath();
      await using _ = await Listener.listen({ path });
      await using connected = await Socket.connect({ path });
      await using bound = await Socket.bind({ path: freshPath() }, { type: "stream" });
      const message = { data: "x", address: { path } };
      expect((await rejection(connected.sendmsg(message))).message).toBe(
        `sendmsg EISCONN ${path}: the socket is connected, and sends to its peer alone. Leave message.address out`,
      );
      expect((await rejection(bound.sendmsg(message))).message).toBe(
        `sendmsg EOPNOTSUPP ${path}: a stream is sent to the peer to which it is connected. ` +
          "Call connect(), and leave message.address out",
      );
    }));

  it("an address of another family", () =>
    counted(async () => {
      await using udp = await Socket.bind(here, { type: "dgram" });
      const error = await rejection(udp.sendmsg({ data: "x", address: { path: "/x" } }));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "message.address" });
      expect(error.message).toBe(
        'The "message.address" argument is of family unix. This socket sends to addresses of family ipv4',
      );
    }));

  it("nobody at the address", () =>
    counted(async () => {
      await using unix = await Socket.bind({ path: freshPath() }, { type: "dgram" });
      const [none, dead, stream] = [freshPath(), freshPath(), freshPath()];
      leaveStale(dead, SOCK_DGRAM);
      await using _ = await Listener.listen({ path: stream });
      const message = async (path: string) =>
        (await rejection(unix.sendmsg({ data: "x", address: { path } }))).message;
      expect(await message(none)).toBe(
        `sendmsg ENOENT ${none}: no file is at this path. Start the server first, or check the path`,
      );
      expect(await message(dead)).toBe(
        `sendmsg ECONNREFUSED ${dead}: a server that no longer runs has left this file. Start the server again`,
      );
      expect(await message(stream)).toMatch(
        /^sendmsg EPROTOTYPE \S+: the server's socket has the type "stream" or "seqpacket", not "dgram". Give the server's type$/,
      );
    }));

  it("a peer that has gone", () =>
    counted(async () => {
      const [a, b] = socketpair("dgram");
      await b.close();
      expect((await rejection(a.sendmsg({ data: "x" }))).message).toBe(
        "sendmsg ECONNREFUSED: the peer has closed its socket. Connect again when its program runs",
      );
      await a.close();
    }));

  it("a packet that nobody received", () =>
    counted(async () => {
      const gone = await Socket.bind(here, { type: "dgram" });
      const to = { ...here, port: portOf(gone) };
      await gone.close();
      await using udp = await Socket.connect(to, { type: "dgram" });
      await udp.sendmsg({ data: "x" });
      expect((await rejection(udp.recvmsg())).message).toBe(
        "recvmsg ECONNREFUSED: nobody received a packet that this socket sent. The socket is still good: receive again",
      );
      await udp.sendmsg({ data: "x" });
      expect((await rejection(udp.sendmsg({ data: "x" }))).message).toBe(
        "sendmsg ECONNREFUSED: nobody received an earlier packet. This message was not sent; send it again",
      );
    }));

  it.each(["seqpacket", "dgram"] as const)("a %s message that is longer than the send buffer", (type) =>
    withPair(type, async (a) => {
      const room = (a.options.get("sndBuf") as number) - 32;
      expect((await rejection(a.sendmsg({ data: Buffer.alloc(1 << 20) }))).message).toBe(
        `sendmsg EMSGSIZE: the message has 1048576 bytes, and this socket's send buffer has room for ${room}. ` +
          "Send less at once, or set a larger sndBuf",
      );
    }),
  );

  it("a UDP datagram that is too long", () =>
    counted(async () => {
      await using udp = await Socket.bind(here, { type: "dgram" });
      const address = { ...here, port: portOf(udp) };
      expect((await rejection(udp.sendmsg({ data: Buffer.alloc(65508), address }))).message).toBe(
        `sendmsg EMSGSIZE 127.0.0.1:${address.port}: the message has 65508 bytes, and a UDP datagram has room for 65507. ` +
          "Send less at once",
      );
      await udp.sendmsg({ data: Buffer.alloc(65507), address });
      expect(explained(EMSGSIZE, { family: AF_INET, type: SOCK_DGRAM, total: 9000 })).toBe(
        "sendmsg EMSGSIZE: the datagram is longer than the path's MTU, and the socket does not let the kernel " +
          "cut it into fragments. Send less at once",
      );
    }));

  it("a port that is 0, and a broadcast address", () =>
    counted(async () => {
      await using udp = await Socket.bind(here, { type: "dgram" });
      expect((await rejection(udp.sendmsg({ data: "x", address: here }))).message).toBe(
        "sendmsg EINVAL 127.0.0.1:0: message.address.port is 0, and a packet needs a port",
      );
    }));

  onRealKernel("a broadcast address", () =>
    counted(async () => {
      await using udp = await Socket.bind(here, { type: "dgram" });
      const address = { address: "127.255.255.255", port: 9 };
      expect((await rejection(udp.sendmsg({ data: "x", address }))).message).toBe(
        "sendmsg EACCES 127.255.255.255:9: the address may be a broadcast address. To send there, call " +
          'socket.options.set("broadcast", true) first',
      );
    }),
  );

  it("a peer that has closed the connection", () =>
    counted(async () => {
      const [a, b] = socketpair("stream");
      await b.close();
      expect((await rejection(a.sendmsg({ data: "x" }))).message).toBe(
        "sendmsg EPIPE: the peer has closed the connection, or shutdown() was called at one end. " +
          "Close this socket; to go on, connect another one",
      );
      await a.close();
    }));

  it("its own shutdown()", () =>
    withPair("stream", async (a) => {
      await a.shutdown("write");
      expect((await rejection(a.sendmsg({ data: "x" }))).message).toBe(
        "sendmsg EPIPE: this end is shut down for writing: shutdown() was called. Close this socket",
      );
    }));

  it("a control message that can't be sent", () =>
    withPair("stream", async (a) => {
      const control: ControlMessage[] = [
        { name: "credentials", value: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() } },
        { name: "timestamp", value: { seconds: 1n, microseconds: 0n } as never },
      ];
      control[1] = { name: "pidfd", value: 0 } as never;
      expect((await rejection(a.sendmsg({ data: "x", control }))).message).toBe(
        'sendmsg EINVAL: message.control[1] is "pidfd", which can only be received. Leave it out',
      );
    }));

  it("a control message with a value that the kernel refuses", () =>
    counted(async () => {
      await using udp = await Socket.bind(here, { type: "dgram" });
      const address = { ...here, port: portOf(udp) };
      const control: ControlMessage[] = [{ name: "ipTtl", value: 0 }];
      expect((await rejection(udp.sendmsg({ data: "x", address, control }))).message).toBe(
        `sendmsg EINVAL 127.0.0.1:${address.port}: the cause may be a control message that this socket does not take, or its value. ` +
          'Check "ipTtl"',
      );
    }));

  it("credentials of a process that does not exist", () =>
    withPair("stream", async (a) => {
      const value = { pid: 0x3fffffff, uid: process.getuid!(), gid: process.getgid!() };
      const error = await rejection(a.sendmsg({ data: "x", control: [{ name: "credentials", value }] }));
      if (!isRoot) return;
      expect(error.message).toBe(
        'sendmsg ESRCH: no process has the pid that the control message "credentials" gives. Send this process\'s own pid',
      );
    }));

  givingUpRights("credentials that are not this process's", () =>
    withPair("stream", (a) =>
      asNobody(async () => {
        const value = { pid: 1, uid: 7, gid: 65_534 };
        const error = await rejection(a.sendmsg({ data: "x", control: [{ name: "credentials", value }] }));
        expect(error.message).toBe(
          'sendmsg EPERM: the control message "credentials" has pid 1, which needs CAP_SYS_ADMIN, and uid 7, which needs CAP_SETUID. ' +
            "Send this process's own pid, uid and gid",
        );
      }),
    ),
  );

  it("a right that the process lacks, or a firewall", () => {
    const control = encodeControl([{ name: "mark", value: 1 }], { family: "ipv4" });
    const udp = { family: AF_INET, type: SOCK_DGRAM };
    expect(explained(EPERM, { ...udp, control })).toBe(
      'sendmsg EPERM: the control message "mark" needs CAP_NET_RAW or CAP_NET_ADMIN, which this process may lack',
    );
    expect(explained(EPERM, udp)).toBe(
      "sendmsg EPERM: a firewall of this machine may forbid it (netfilter, or a BPF program of the cgroup). Change its rules",
    );
  });

  it("a receiver that is connected to another socket", () =>
    counted(async () => {
      const [a, b] = [freshPath(), freshPath()];
      await using first = await Socket.bind({ path: a }, { type: "dgram" });
      await using second = await Socket.bind({ path: b }, { type: "dgram" });
      await using third = await Socket.bind({ path: freshPath() }, { type: "dgram" });
      await first.connect({ path: b });
      for (const fds of [[], [0]]) {
        expect((await rejection(third.sendmsg({ data: "x", fds, address: { path: a } }))).message).toBe(
          `sendmsg EPERM ${a}: the receiver is connected to another socket, and takes messages from that socket only`,
        );
      }
      await second.close();
    }));

  it("no route to the address", () => {
    const address = { family: "ipv4" as const, address: "192.0.2.1", port: 9 };
    expect(explained(ENETUNREACH, { family: AF_INET, type: SOCK_DGRAM, address })).toBe(
      "sendmsg ENETUNREACH: this machine has no route to the address. Check the address, and: ip route get 192.0.2.1",
    );
  });

  it("a receiver that refuses descriptors", () => {
    expect(explained(EPERM, { fds: [0] })).toBe(
      "sendmsg EPERM: the receiver may have switched SO_PASSRIGHTS off. Then the kernel refuses the whole message. " +
        "Send the bytes without descriptors",
    );
  });

  it("too many descriptors in flight", () => {
    expect(explained(ETOOMANYREFS, { fds: [0] })).toBe(
      "sendmsg ETOOMANYREFS: too many descriptors that this user has sent wait to be received: the limit is " +
        `${binding().openFilesLimit()}. Send again when the receivers have read, or raise the limit (ulimit -n)`,
    );
  });
});
