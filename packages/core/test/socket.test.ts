import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AF_NETLINK, NETLINK_ROUTE, SOCK_RAW } from "../src/constants/index.js";
import {
  type Address,
  FileDescriptor,
  Listener,
  type Message,
  Socket,
  type SocketType,
  socketpair,
} from "../src/index.js";
import { socket as syscallSocket } from "../src/syscalls/index.js";
import { openAnyFile } from "./support/any-file.js";
import { counted } from "./support/counted.js";
import { isCloseOnExec, isNonBlocking } from "./support/descriptor-state.js";
import { closeSync, fstatSync } from "./support/files.mjs";
import { freshName, freshPath } from "./support/fresh-places.js";
import { rejection, thrown } from "./support/outcome.js";
import { withPair } from "./support/pairs.js";
import { skipUnless } from "./support/skip-unless.js";
import { isEmulated, kernelIsAtLeast } from "./support/target.js";
import { withBound, withConnection, withListener } from "./support/transports.js";
import { turn } from "./support/waiting.js";

const TYPES: SocketType[] = ["stream", "seqpacket", "dgram"];

/** Sends the message over a new pair, and calls `use` with the received one. */
async function exchange(
  type: SocketType,
  message: Parameters<Socket["sendmsg"]>[0],
  options: Parameters<Socket["recvmsg"]>[0] = {},
  use: (message: Message) => void | Promise<void> = () => {},
): Promise<void> {
  const [left, right] = socketpair(type);
  try {
    await left.sendmsg(message);
    using received = await right.recvmsg(options);
    await use(received);
  } finally {
    await Promise.all([left.close(), right.close()]);
  }
}

/** struct nlmsghdr of an NLMSG_NOOP, which the kernel passes over: include/uapi/linux/netlink.h. */
const noop = Buffer.alloc(16);
noop.writeUInt32LE(noop.length, 0);
noop.writeUInt16LE(1, 4);

describe.each(TYPES)("%s", (type) => {
  it("carries bytes", () =>
    counted(() =>
      exchange(type, { data: ["he", Buffer.from("ll"), new Uint8Array([111])] }, {}, (message) => {
        expect(String(message.data)).toBe("hello");
        expect(message).toMatchObject({
          eof: false,
          truncated: false,
          fullLength: 5,
          droppedFds: 0,
          control: [],
        });
      }),
    ));

  it("passes a descriptor, which has another number for the same file", () =>
    counted(async () => {
      const file = openAnyFile();
      await exchange(type, { data: "x", fds: [file] }, { maxFds: 1 }, (message) => {
        expect(message.fds).toHaveLength(1);
        const [descriptor] = message.takeFds();
        expect(descriptor).toBeInstanceOf(FileDescriptor);
        expect(descriptor!.fd).not.toBe(file);
        expect(fstatSync(descriptor!.fd).ino).toBe(fstatSync(file).ino);
        descriptor!.close();
        expect(descriptor!.fd).toBe(-1);
      });
      closeSync(file);
    }));

  it("closes unrequested descriptors, and counts them", () =>
    counted(() =>
      exchange(type, { data: "x", fds: [0, 1, 2] }, { maxFds: 1 }, (message) => {
        expect(message.fds).toHaveLength(1);
        expect(message.droppedFds).toBe(2);
      }),
    ));

  it("waits for a message that has not arrived", () =>
    counted(async () => {
      const [left, right] = socketpair(type);
      const waiting = right.recvmsg();
      await new Promise((resolve) => setImmediate(resolve));
      await left.sendmsg({ data: "later" });
      expect(String((await waiting).data)).toBe("later");
      await Promise.all([left.close(), right.close()]);
    }));
});

describe("the end of the stream", () => {
  it.each(["stream", "seqpacket"] as const)("%s: is delivered as a message with eof, each time", (type) =>
    counted(async () => {
      const [left, right] = socketpair(type);
      await left.close();
      for (let i = 0; i < 2; i++) expect((await right.recvmsg()).eof).toBe(true);
      await right.close();
    }),
  );
});

describe("the peer", () => {
  const ourselves = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() };

  it.each(TYPES)("%s: has the credentials of this process", (type) =>
    withPair(type, (a) => {
      expect(a.getPeerCredentials()).toEqual(ourselves);
    }),
  );

  it("is the listener for a client, and the client for the listener", () =>
    withConnection({ type: "stream", place: () => ({ path: freshPath() }) }, (client, server) => {
      expect([client.getPeerCredentials(), server.getPeerCredentials()]).toEqual([ourselves, ourselves]);
    }));

  it("has the credentials that it had when it connected", () =>
    withListener({ type: "stream", place: () => ({ path: freshPath() }) }, async (listener, at) => {
      const { path } = at as { path: string };
      const child = spawn(process.execPath, [
        "-e",
        `require("net").connect(${JSON.stringify(path)}).on("data", () => process.exit())`,
      ]);
      const server = await listener.accept();
      await server.sendmsg({ data: "end" });
      await once(child, "close");
      expect(server.getPeerCredentials()).toEqual({ ...ourselves, pid: child.pid });
      await server.close();
    }));

  skipUnless("SO_PEERPIDFD came with Linux 6.5", kernelIsAtLeast(6, 5) && !isEmulated())(
    "is given as a pidfd that the caller owns, on a real kernel",
    () =>
      withPair("stream", (a) => {
        using pidfd = a.getPeerPidfd();
        expect(pidfd).toBeInstanceOf(FileDescriptor);
        expect(readFileSync(`/proc/self/fdinfo/${pidfd.fd}`, "latin1")).toMatch(
          new RegExp(`^Pid:\\s+${process.pid}$`, "m"),
        );
      }),
  );

  it("can't be asked for on a closed socket", () =>
    withPair("stream", async (a) => {
      await a.close();
      for (const call of [
        () => a.getPeerCredentials(),
        () => a.getPeerPidfd(),
        () => a.getsockname(),
        () => a.getpeername(),
      ]) {
        expect(thrown(call).code).toBe("ERR_SENDMSG_CLOSED");
      }
    }));
});

describe("names", () => {
  it.each(TYPES)("%s: the sockets of a pair have none", (type) =>
    withPair(type, (a) => {
      expect([a.getsockname(), a.getpeername()]).toEqual([{ family: "unix" }, { family: "unix" }]);
    }),
  );

  it("a bind without a name takes a free abstract name", () =>
    withBound({ type: "dgram", place: () => ({ family: "unix" }) }, 2, (_, [first, second]) => {
      expect(first).toMatchObject({ family: "unix", abstract: expect.stringMatching(/^[0-9a-f]{5}$/) });
      expect(second).not.toEqual(first);
    }));

  it("an abstract name can have any bytes", () =>
    counted(async () => {
      const abstract = Buffer.concat([Buffer.from(freshName()), Buffer.from([0, 0xff, 0, 1])]);
      const socket = await Socket.bind({ family: "unix", abstract }, { type: "dgram" });
      const name = socket.getsockname() as { abstract: Uint8Array };
      expect(Buffer.from(name.abstract).equals(abstract)).toBe(true);
      const peer = await Socket.connect({ family: "unix", abstract }, { type: "dgram" });
      await Promise.all([socket.close(), peer.close()]);
    }));

  it("getpeername() of an unconnected socket throws ENOTCONN", () =>
    withBound({ type: "dgram", place: () => ({ path: freshPath() }) }, 1, ([socket]) => {
      expect(thrown(() => socket!.getpeername())).toMatchObject({ code: "ENOTCONN", syscall: "getpeername" });
    }));
});

describe("options", () => {
  const any = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;

  it("reusePort lets two sockets have one port", () =>
    counted(async () => {
      const first = await Socket.bind(any, { type: "dgram", reusePort: true });
      const second = await Socket.bind(first.getsockname(), { type: "dgram", reusePort: true });
      expect(second.getsockname()).toEqual(first.getsockname());
      await Promise.all([first.close(), second.close()]);
    }));

  it("a TCP listener can be restarted at its port at once", () =>
    counted(async () => {
      let at: Address = any;
      for (let i = 0; i < 3; i++) {
        const listener: Listener = await Listener.listen(at);
        at = listener.getsockname();
        const client = await Socket.connect(at);
        const server = await listener.accept();
        // The side that closes first keeps the port in TIME_WAIT.
        await server.close();
        expect((await client.recvmsg()).eof).toBe(true);
        await Promise.all([client.close(), listener.close()]);
      }
    }));

  it("a second TCP listener can't bind a port that is in use", () =>
    counted(async () => {
      const listener = await Listener.listen(any);
      expect((await rejection(Listener.listen(listener.getsockname()))).code).toBe("EADDRINUSE");
      await listener.close();
    }));

  it.each([true, false])("ipv6Only: %s", (ipv6Only) =>
    counted(async () => {
      let socket: Socket;
      try {
        socket = await Socket.bind({ family: "ipv6", address: "::", port: 0 }, { type: "dgram", ipv6Only });
      } catch (error) {
        if ((error as { code?: string }).code === "EAFNOSUPPORT") return;
        throw error;
      }
      const { port } = socket.getsockname() as { port: number };
      const peer = await Socket.connect({ family: "ipv4", address: "127.0.0.1", port }, { type: "dgram" });
      await peer.sendmsg({ data: "over IPv4" }).catch(() => {});
      if (ipv6Only) {
        await turn();
        expect(socket.tryRecvmsg()).toBeUndefined();
      } else {
        const message = await socket.recvmsg();
        const { port: from } = peer.getsockname() as { port: number };
        expect(message.address).toEqual({ family: "ipv6", address: "::ffff:127.0.0.1", port: from });
      }
      await Promise.all([socket.close(), peer.close()]);
    }),
  );

  it("every socket is non-blocking and close-on-exec", () =>
    withConnection({ type: "stream", place: () => ({ path: freshPath() }) }, (client, server) =>
      withPair("stream", (a, b) => {
        for (const { fd } of [client, server, a, b]) {
          expect([isNonBlocking(fd), isCloseOnExec(fd)]).toEqual([true, true]);
        }
      }),
    ));

  it("`receive` of a message that the socket can't deliver rejects with the kernel's error and the message's name", () =>
    counted(async () => {
      const at = { family: "ipv4", address: "127.0.0.1", port: 0 } as const;
      const bound = Socket.bind(at, { type: "dgram", receive: ["pidfd"] });
      const error = await rejection(
        bound.then((socket) => socket.close().then(() => Promise.reject(new Error("taken")))),
      );
      // Before 6.16 the kernel accepted SO_PASSPIDFD on any socket.
      if (error.message !== "taken") expect(error.message).toContain('"pidfd"');
    }));
});

describe("close", () => {
  it.each(TYPES)("%s: can be called twice, and settles when close(2) has returned", (type) =>
    counted(async () => {
      const [a, b] = socketpair(type);
      const { fd } = a;
      const closing = a.close();
      expect([a.closed, a.fd]).toEqual([true, -1]);
      await Promise.all([closing, a.close(), a[Symbol.asyncDispose]()]);
      expect(thrown(() => fstatSync(fd)).code).toBe("EBADF");
      await b.close();
    }),
  );

  it("happens with `await using`", () =>
    counted(async () => {
      const [a, b] = socketpair();
      {
        await using first = a;
        await using second = b;
        expect([first.closed, second.closed]).toEqual([false, false]);
      }
      expect([a.closed, b.closed]).toEqual([true, true]);
    }));
});

it("an IPv6 datagram socket sends to an IPv4 address, too", () =>
  counted(async () => {
    const options = { type: "dgram", ipv6Only: false } as const;
    const [from, to] = await Promise.all([
      Socket.bind({ address: "::", port: 0 }, options),
      Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" }),
    ]);
    await from.sendmsg({ data: "by IPv4", address: to.getsockname() });
    expect(String((await to.recvmsg()).data)).toBe("by IPv4");
    await Promise.all([from.close(), to.close()]);
  }));

describe("a shutdown that the kernel refuses", () => {
  it.each(["write", "both"] as const)("%s: leaves sending possible", (how) =>
    counted(async () => {
      // Netlink refuses shutdown(2): sock_no_shutdown(), net/core/sock.c.
      const socket = Socket.from(syscallSocket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
      expect(await rejection(socket.shutdown(how))).toMatchObject({
        code: "EOPNOTSUPP",
        syscall: "shutdown",
      });
      expect(await socket.sendmsg({ data: noop })).toEqual({ bytes: noop.length });
      await socket.close();
    }),
  );
});
