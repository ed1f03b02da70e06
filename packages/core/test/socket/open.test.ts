import { statSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { IPPROTO_ICMP, NETLINK_KOBJECT_UEVENT, SOCK_DGRAM } from "../../src/constants/index.js";
import { Listener, Socket, type SocketOptions } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { counted } from "../support/counted.js";
import { isCloseOnExec, isNonBlocking } from "../support/descriptor-state.js";
import { closeSync, openSync } from "../support/files.mjs";
import { freshPath } from "../support/fresh-places.js";
import { rejection, thrown } from "../support/outcome.js";
import { skipUnless } from "../support/skip-unless.js";
import { leaveStale } from "../support/taken-path.js";
import { isRoot } from "../support/target.js";

/** flock(2) */
const LOCK_EX = 2;

const LOOPBACK = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;

describe("Socket.open()", () => {
  it("makes a socket that is neither bound nor connected", () =>
    counted(async () => {
      const socket = Socket.open({ family: "ipv4" });
      expect(socket).toBeInstanceOf(Socket);
      expect([socket.type, socket.closed]).toEqual(["dgram", false]);
      expect(socket.getsockname()).toEqual({ family: "ipv4", address: "0.0.0.0", port: 0 });
      expect(thrown(() => socket.getpeername()).code).toBe("ENOTCONN");
      await socket.close();
    }));

  it("takes the family's number, too", () =>
    counted(async () => {
      const socket = Socket.open({ family: 1, type: "seqpacket" });
      expect(socket.getsockname()).toEqual({ family: "unix" });
      expect(socket.type).toBe("seqpacket");
      await socket.close();
    }));

  it("makes a non-blocking, close-on-exec socket", () =>
    counted(async () => {
      const socket = Socket.open({ family: "unix" });
      expect([isNonBlocking(socket.fd), isCloseOnExec(socket.fd)]).toEqual([true, true]);
      await socket.close();
    }));

  it("uses the protocol", () =>
    counted(async () => {
      const socket = Socket.open({ family: "netlink", protocol: NETLINK_KOBJECT_UEVENT });
      expect(socket.type).toBe("raw");
      expect(socket.options.get("protocol")).toBe(NETLINK_KOBJECT_UEVENT);
      await socket.close();
    }));

  skipUnless("needs CAP_NET_RAW", isRoot)("makes a raw socket", () =>
    counted(async () => {
      const socket = Socket.open({ family: "ipv4", type: "raw", protocol: IPPROTO_ICMP });
      expect(socket.type).toBe("raw");
      await socket.close();
    }),
  );

  it("applies receive, maxFds, ipv6Only and reusePort", () =>
    counted(async () => {
      const socket = Socket.open({
        family: "ipv6",
        receive: ["ipv6PktInfo"],
        ipv6Only: true,
        reusePort: true,
      });
      const { options } = socket;
      expect([options.get("ipv6RecvPktInfo"), options.get("ipv6V6Only"), options.get("reusePort")]).toEqual([
        true,
        true,
        true,
      ]);
      await socket.close();
      const unix = Socket.open({ family: "unix", maxFds: 1 });
      const sender = Socket.open({ family: "unix" });
      await unix.bind({ abstract: `sendmsg-open-fds-${process.pid}` });
      await sender.sendmsg({ data: "x", fds: [0, 0], address: unix.getsockname() });
      const message = await unix.recvmsg();
      expect([message.fds.length, message.droppedFds]).toEqual([1, 1]);
      message[Symbol.dispose]();
      await Promise.all([unix.close(), sender.close()]);
    }));

  it("sends an unbound datagram, which binds the socket to a free port", () =>
    counted(async () => {
      const receiver = await Socket.bind(LOOPBACK);
      const sender = Socket.open({ family: "ipv4" });
      await sender.sendmsg({ data: "hello", address: receiver.getsockname() });
      const { address } = await receiver.recvmsg();
      expect(address).toMatchObject({ port: (sender.getsockname() as { port: number }).port });
      await Promise.all([receiver.close(), sender.close()]);
    }));

  it.each(["dgram", "stream"] as const)("makes a %s socket that can connect", (type) =>
    counted(async () => {
      const at = { path: freshPath() };
      const server = type === "stream" ? await Listener.listen(at) : await Socket.bind(at);
      const client = Socket.open({ family: "unix", type });
      await client.connect(at);
      expect(client.getpeername()).toEqual({ family: "unix", ...at });
      await Promise.all([client.close(), server.close()]);
    }),
  );

  it.each([
    [{}, "options.family", "ERR_INVALID_ARG_TYPE"],
    [{ family: "ipv5" }, "options.family", "ERR_INVALID_ARG_VALUE"],
    [{ family: -1 }, "options.family", "ERR_OUT_OF_RANGE"],
    [{ family: "unix", mode: 0o600 }, "options.mode", "ERR_INVALID_ARG_VALUE"],
    [{ family: "unix", unlink: "stale" }, "options.unlink", "ERR_INVALID_ARG_VALUE"],
    [{ family: "unix", signal: AbortSignal.abort() }, "options.signal", "ERR_INVALID_ARG_VALUE"],
    [{ family: "unix", type: "packet" }, "options.type", "ERR_INVALID_ARG_VALUE"],
    [{ family: "ipv4", maxFds: "refuse" }, "options.maxFds", "ERR_INVALID_ARG_VALUE"],
    [undefined, "options", "ERR_INVALID_ARG_TYPE"],
    [null, "options", "ERR_INVALID_ARG_TYPE"],
  ])("refuses %o", (options, argument, code) =>
    counted(() => {
      expect(thrown(() => Socket.open(options as { family: "unix" }))).toMatchObject({ argument, code });
    }),
  );

  it("throws what the kernel refuses", () =>
    counted(() => {
      const error = thrown(() => Socket.open({ family: "netlink", protocol: 31 }));
      expect(error).toMatchObject({ code: "EPROTONOSUPPORT", syscall: "socket" });
      const receive = ["ipv6PktInfo"] as SocketOptions["receive"];
      expect(thrown(() => Socket.open({ family: "unix", receive: receive! })).code).toBe(
        "ERR_INVALID_ARG_VALUE",
      );
    }));
});

describe("bind() of a socket", () => {
  it("binds it after its options were set", () =>
    counted(async () => {
      const first = Socket.open({ family: "ipv4" });
      const second = Socket.open({ family: "ipv4" });
      for (const socket of [first, second]) socket.options.set("reuseAddr", true);
      await first.bind(LOOPBACK);
      await second.bind(first.getsockname());
      expect(second.getsockname()).toEqual(first.getsockname());
      await Promise.all([first.close(), second.close()]);
    }));

  it("binds a path with its mode, and close() removes the path", () =>
    counted(async () => {
      const path = freshPath();
      const socket = Socket.open({ family: "unix" });
      await socket.bind({ path }, { mode: 0o600 });
      expect(statSync(path).mode & 0o777).toBe(0o600);
      await socket.close();
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    }));

  it("replaces a stale file", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path, SOCK_DGRAM);
      const socket = Socket.open({ family: "unix" });
      expect((await rejection(socket.bind({ path }))).code).toBe("EADDRINUSE");
      await socket.bind({ path }, { unlink: "stale" });
      await socket.close();
    }));

  it("rejects with the kernel's error if the socket is bound already", () =>
    counted(async () => {
      const socket = await Socket.bind(LOOPBACK);
      const error = await rejection(socket.bind(LOOPBACK));
      expect(error).toMatchObject({ code: "EINVAL", syscall: "bind", address: "127.0.0.1", port: 0 });
      await socket.close();
    }));

  it("keeps the first path if a second bind() is refused", () =>
    counted(async () => {
      const path = freshPath();
      const socket = Socket.open({ family: "unix" });
      await socket.bind({ path });
      expect((await rejection(socket.bind({ path: freshPath() }))).code).toBe("EINVAL");
      await socket.close();
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    }));

  it.each([
    [{ family: "ipv4", address: "::1", port: 0 }, {}, "at.address", "ERR_INVALID_ARG_VALUE"],
    [{ path: "x" }, { mode: "600" }, "options.mode", "ERR_INVALID_ARG_TYPE"],
    [{ path: "x" }, { unlink: true }, "options.unlink", "ERR_INVALID_ARG_VALUE"],
    [{ path: "x" }, { signal: 1 }, "options.signal", "ERR_INVALID_ARG_TYPE"],
    [{ path: "x" }, { type: "dgram" }, "options.type", "ERR_INVALID_ARG_VALUE"],
    [{ path: "x" }, { receive: [] }, "options.receive", "ERR_INVALID_ARG_VALUE"],
    [{ abstract: "x" }, { mode: 0o600 }, "options.mode", "ERR_INVALID_ARG_VALUE"],
    [{ path: "x" }, null, "options", "ERR_INVALID_ARG_TYPE"],
  ])("refuses %o, %o", (at, options, argument, code) =>
    counted(async () => {
      const socket = Socket.open({ family: "unix" });
      const error = await rejection(socket.bind(at as { path: string }, options as object));
      expect(error).toMatchObject({ code, argument });
      await socket.close();
    }),
  );

  it("closes the path that it has just bound, if the program closes the socket before it hears of it", () =>
    counted(async () => {
      const path = freshPath();
      const socket = Socket.open({ family: "unix" });
      const bound = socket.bind({ path });
      await socket.close();
      await bound;
      expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    }));

  it("rejects if the program closes the socket while another process has locked the directory", () =>
    counted(async () => {
      const path = freshPath();
      leaveStale(path, SOCK_DGRAM);
      const lock = openSync(dirname(path), "r");
      binding().flock(lock, LOCK_EX);
      const socket = Socket.open({ family: "unix" });
      const waiting = socket.bind({ path }, { unlink: "stale" });
      const aborted = Socket.open({ family: "unix" });
      const controller = new AbortController();
      const aborting = aborted.bind({ path }, { unlink: "stale", signal: controller.signal });
      const [late, abort] = [rejection(waiting), rejection(aborting)];
      const number = socket.fd;
      await socket.close();
      controller.abort();
      // The kernel gives the number to this socket, which must stay unbound.
      const heir = Socket.open({ family: "unix" });
      expect(heir.fd).toBe(number);
      closeSync(lock);
      expect((await late).code).toBe("ERR_SENDMSG_CLOSED");
      expect((await abort).code).toBe("ABORT_ERR");
      expect(heir.getsockname()).toEqual({ family: "unix" });
      unlinkSync(path);
      await Promise.all([heir.close(), aborted.close()]);
    }));

  it("rejects on a closed socket", () =>
    counted(async () => {
      const socket = Socket.open({ family: "unix" });
      await socket.close();
      expect((await rejection(socket.bind({ path: freshPath() }))).code).toBe("ERR_SENDMSG_CLOSED");
    }));
});
