import { spawn } from "node:child_process";
import { createSocket, type Socket as DgramSocket } from "node:dgram";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { type AddressInfo, connect, createServer, Socket as NetSocket, type Server } from "node:net";
import { dirname, join } from "node:path";
import { TLSSocket } from "node:tls";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import {
  AF_UNIX,
  AF_VSOCK,
  MSG_OOB,
  MSG_PEEK,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPNS_OLD,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { FileDescriptor, Listener, Socket, socketpair } from "../../src/index.js";
import { isBun, isDeno } from "../../src/runtime.js";
import {
  close,
  dup,
  getsockopt,
  socket as open,
  socketpair as pairOfNumbers,
  sendmsg,
  setsockopt,
} from "../../src/syscalls/index.js";
import { replace, whereTold } from "../bound-file.js";
import { compiled } from "../compiled.js";
import { counted, settled } from "../counted.js";
import { isOpen, openFile } from "../descriptors.js";
import { evaluate } from "../module.js";
import { bytesOf, read, rejection, thrown, turn, until, withPair } from "../pairs.js";
import { isRoot, skipUnless, withHandleOf } from "../target.js";
import { freshPath } from "../transports.js";

// include/uapi/asm-generic/fcntl.h
const O_NONBLOCK = 0o4000;

const isNonBlocking = (fd: number): boolean =>
  (Number.parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!, 8) &
    O_NONBLOCK) !==
  0;

/** User-mode emulation and old kernels don't know all kinds of timestamps. */
function isKnown(option: number): boolean {
  const fd = open(AF_UNIX, SOCK_SEQPACKET);
  try {
    setsockopt(fd, SOL_SOCKET, option, 1);
    getsockopt(fd, SOL_SOCKET, option);
    return true;
  } catch {
    return false;
  } finally {
    close(fd);
  }
}

function hasVsock(): boolean {
  try {
    close(open(AF_VSOCK, SOCK_STREAM));
    return true;
  } catch {
    return false;
  }
}

interface Ends {
  /** Node's end of a connection, accepted by a server. */
  node: NetSocket;
  /** The other end, ours. */
  peer: Socket;
}

const PLACES = {
  unix: () => ({ path: freshPath() }),
  tcp: () => ({ port: 0, host: "127.0.0.1" }),
};

function addressOf(server: Server) {
  const address = server.address() as string | AddressInfo;
  return typeof address === "string" ? { path: address } : { address: address.address, port: address.port };
}

async function closed(server: { close(callback: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => server.close(resolve));
}

/** Runs `body` with a connection of which one end is a net.Socket that nobody reads. */
function withEnds(place: keyof typeof PLACES, body: (ends: Ends) => unknown): Promise<void> {
  return counted(async () => {
    const server = createServer({ pauseOnConnect: true });
    server.listen(PLACES[place]());
    await once(server, "listening");
    const connection = once(server, "connection") as Promise<[NetSocket]>;
    const peer = await Socket.connect(addressOf(server));
    const [node] = await connection;
    try {
      await body({ node, peer });
    } finally {
      node.destroy();
      await Promise.all([peer.close(), closed(server)]);
    }
  });
}

describe.each(["unix", "tcp"] as const)("Socket.from(net.Socket), %s", (place) => {
  const it = withHandleOf(place);

  it("takes the connection over and ends the net.Socket", () =>
    withEnds(place, async ({ node, peer }) => {
      const socket = Socket.from(node);
      expect(node.destroyed).toBe(true);
      await once(node, "close");
      await peer.sendmsg({ data: "ping" });
      expect(String((await socket.recvmsg()).data)).toBe("ping");
      await socket.sendmsg({ data: "pong" });
      expect(String((await peer.recvmsg()).data)).toBe("pong");
      expect(socket.type).toBe("stream");
      await socket.close();
      expect((await peer.recvmsg()).eof).toBe(true);
    }));

  it("refuses one that has bytes to write, and leaves it as it was", () =>
    withEnds(place, async ({ node, peer }) => {
      node.cork();
      node.write("unwritten");
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_STATE");
      node.uncork();
      expect(String(bytesOf(await read(peer, 9)))).toBe("unwritten");
    }));

  it("refuses one that is destroyed", () =>
    withEnds(place, ({ node }) => {
      node.destroy();
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("the end that the peer has sent stays the end", () =>
    withEnds(place, async ({ node, peer }) => {
      await peer.shutdown("write");
      const socket = Socket.from(node);
      expect((await socket.recvmsg()).eof).toBe(true);
      await socket.close();
    }));
});

describe("Socket.from(net.Socket)", () => {
  it("refuses one that is connecting", () =>
    counted(async () => {
      const server = createServer();
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      const connecting = connect((server.address() as AddressInfo).port, "127.0.0.1");
      expect(thrown(() => Socket.from(connecting)).code).toBe("ERR_INVALID_STATE");
      await once(connecting, "connect");
      connecting.destroy();
      await closed(server);
    }));

  it("refuses one that was never connected", () => {
    expect(thrown(() => Socket.from(new NetSocket())).code).toBe("ERR_SENDMSG_CLOSED");
  });

  it("refuses a TLSSocket", () => {
    const socket = new TLSSocket(new NetSocket());
    expect(thrown(() => Socket.from(socket))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "source",
    });
    socket.destroy();
  });

  withHandleOf("tcp")("bytes that Node had read already become the first message", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "read by Node" });
      // Without a consumer, Node reads into its own buffer.
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      const socket = Socket.from(node);
      await peer.sendmsg({ data: "|later" });
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(String(socket.tryRecvmsg({ size: 4 })!.data)).toBe("read");
      const memory = [Buffer.alloc(2), Buffer.alloc(2)];
      expect(String((await socket.recvmsg({ buffers: memory })).data)).toBe(" by ");
      expect(memory.map(String)).toEqual([" b", "y "]);
      const rest = await socket.recvmsg();
      expect([String(rest.data), rest.eof, rest.fds.length]).toEqual(["Node", false, 0]);
      expect(String((await socket.recvmsg()).data)).toBe("|later");
      await socket.close();
    }),
  );

  withHandleOf("tcp")("they are not on the error queue, and not out of band", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "in band" });
      await once(node, "readable");
      const socket = Socket.from(node);
      const aborting = new AbortController();
      const reports = rejection(socket.recvError({ signal: aborting.signal }));
      aborting.abort();
      expect((await reports).name).toBe("AbortError");
      expect(socket.tryRecvmsg({ flags: MSG_OOB })).toBe(undefined);
      expect(String((await socket.recvmsg()).data)).toBe("in band");
      await socket.close();
    }),
  );

  withHandleOf("tcp")("nobody else is given the bytes that become the first message", () =>
    withEnds("tcp", async ({ node, peer }) => {
      const seen: unknown[] = [];
      await peer.sendmsg({ data: "once" });
      node.on("data", (chunk) => seen.push(chunk));
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      const socket = Socket.from(node);
      expect(String((await socket.recvmsg()).data)).toBe("once");
      await turn();
      expect(seen).toEqual([]);
      await socket.close();
    }),
  );

  withHandleOf("tcp")("refuses one that has read as text: its bytes are gone", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "text" });
      node.setEncoding("utf8");
      node.pause();
      node.read(0);
      await until(() => node.bytesRead > 0);
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_STATE");
      expect(node.read()).toBe("text");
    }),
  );

  it("trap 8: on AF_UNIX, one that has read is refused: descriptors may have been lost", () =>
    withEnds("unix", async ({ node, peer }) => {
      await peer.sendmsg({ data: "x", fds: [0] });
      const [chunk] = await Promise.all([once(node, "data"), node.resume()]);
      expect(String(chunk[0])).toBe("x");
      expect(thrown(() => Socket.from(node))).toMatchObject({
        code: "ERR_INVALID_STATE",
        message: expect.stringContaining("pauseOnConnect"),
      });
      expect(node.destroyed).toBe(false);
    }));

  it("with pauseOnConnect no descriptor is lost", () =>
    withEnds("unix", async ({ node, peer }) => {
      await peer.sendmsg({ data: "x", fds: [0, 1] });
      await turn();
      await turn();
      const socket = Socket.from(node, { maxFds: 2 });
      using message = await socket.recvmsg();
      expect(message.fds.length).toBe(2);
      await socket.close();
    }));
});

describe("bytes that Node had read already", () => {
  withHandleOf("tcp")("must be received before the socket is given away or sent", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "early" });
      await once(node, "readable");
      const socket = Socket.from(node);
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(thrown(() => socket.detach()).code).toBe("ERR_INVALID_STATE");
      const [a, b] = socketpair();
      expect(await rejection(a.sendmsg({ data: "x", fds: [socket] }))).toMatchObject({
        code: "ERR_INVALID_STATE",
        bytesSent: 0,
      });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(String((await socket.recvmsg()).data)).toBe("early");
      await a.sendmsg({ data: "x", fds: [socket] });
      socket.detach().close();
      await Promise.all([a.close(), b.close()]);
    }),
  );

  const joined = isBun ? skipUnless("Bun does not join small reads", false) : withHandleOf("tcp");
  joined("each part has memory of its own, which can be transferred", () =>
    withEnds("tcp", async ({ node, peer }) => {
      // Node joins several small reads in its pool.
      for (const data of ["ab", "cd"]) {
        const before = node.bytesRead;
        await peer.sendmsg({ data });
        await until(() => {
          node.read(0);
          return node.bytesRead > before;
        });
      }
      const socket = Socket.from(node);
      const peeked = socket.tryRecvmsg({ size: 3, flags: MSG_PEEK })!.data;
      expect([String(peeked), peeked.buffer.byteLength]).toEqual(["abc", 3]);
      structuredClone(peeked, { transfer: [peeked.buffer as ArrayBuffer] });
      const first = socket.tryRecvmsg({ size: 3 })!.data;
      expect([String(first), first.buffer.byteLength]).toEqual(["abc", 3]);
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
      const rest = socket.tryRecvmsg()!.data;
      expect([String(rest), rest.buffer.byteLength]).toEqual(["d", 1]);
      await socket.close();
    }),
  );

  withHandleOf("tcp")("are no entry of the error queue", () =>
    withEnds("tcp", async ({ node, peer }) => {
      await peer.sendmsg({ data: "early" });
      await once(node, "readable");
      const socket = Socket.from(node);
      const error = socket.recvError({ signal: AbortSignal.timeout(20) });
      expect((await rejection(error)).name).toBe("AbortError");
      expect(String(socket.tryRecvmsg()!.data)).toBe("early");
      await socket.close();
    }),
  );
});

describe("Socket.from(dgram.Socket)", () => {
  async function bound(): Promise<DgramSocket> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    return socket;
  }

  withHandleOf("udp")("takes the socket over, and ends the dgram.Socket", () =>
    counted(async () => {
      const node = await bound();
      const { address, port } = node.address();
      const socket = Socket.from(node);
      await once(node, "close");
      const peer = await Socket.connect({ address, port }, { type: "dgram" });
      await peer.sendmsg({ data: "x" });
      const message = await socket.recvmsg();
      expect([String(message.data), message.address]).toEqual(["x", peer.getsockname()]);
      expect(socket.type).toBe("dgram");
      await Promise.all([socket.close(), peer.close()]);
    }),
  );

  it("refuses one that is closed or not bound yet", () =>
    counted(async () => {
      const node = createSocket("udp4");
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_INVALID_ARG_VALUE");
      await closed(node);
      expect(thrown(() => Socket.from(node)).code).toBe("ERR_SENDMSG_CLOSED");
    }));
});

describe("Socket.from(number or FileDescriptor)", () => {
  it("finds out what it is", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
      const socket = Socket.from(a, { maxFds: 1 });
      expect([socket.type, socket.fd]).toEqual(["seqpacket", a]);
      const peer = Socket.from(FileDescriptor.adopt(b));
      await peer.sendmsg({ fds: [0] });
      using message = await socket.recvmsg();
      expect(message.fds.length).toBe(1);
      await peer.sendmsg({});
      expect((await socket.recvmsg()).eof).toBe(false);
      await Promise.all([socket.close(), peer.close()]);
    }));

  describe("of a Unix seqpacket socket that others share", () => {
    const isOn = (fd: number, option: number) => getsockopt(fd, SOL_SOCKET, option) === 1;

    it("has timestamps from the first receive until it is detached", () =>
      counted(() => {
        const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
        const shared = dup(a);
        const socket = Socket.from(a);
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        socket.tryRecvmsg();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.receive("credentials");
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.detach().close();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        close(shared);
        close(b);
      }));

    it.each([SO_TIMESTAMP_OLD, SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_OLD].filter(isKnown))(
      "keeps those that were on already: option %d",
      (option) =>
        counted(async () => {
          const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
          const shared = dup(a);
          setsockopt(shared, SOL_SOCKET, option, 1);
          const socket = Socket.from(a);
          sendmsg(b, "");
          const { eof, control } = await socket.recvmsg();
          expect([eof, control]).toEqual([false, []]);
          socket.detach().close();
          expect(isOn(shared, option)).toBe(true);
          close(shared);
          close(b);
        }),
    );

    it("one that the user has switched on and off again is off in the end", () =>
      counted(() => {
        const [a, b] = pairOfNumbers(AF_UNIX, SOCK_SEQPACKET);
        const shared = dup(a);
        const socket = Socket.from(a, { receive: ["timestampOld"] });
        socket.tryRecvmsg();
        socket.receive({ timestampOld: false });
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(true);
        socket.detach().close();
        expect(isOn(shared, SO_TIMESTAMP_OLD)).toBe(false);
        close(shared);
        close(b);
      }));
  });

  it("a FileDescriptor is gone once it is taken", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      const descriptor = FileDescriptor.adopt(a);
      const socket = Socket.from(descriptor);
      expect([descriptor.fd, socket.fd]).toEqual([-1, a]);
      expect(thrown(() => Socket.from(descriptor)).code).toBe("ERR_SENDMSG_CLOSED");
      await socket.close();
      close(b);
    }));

  it.each([
    [-1, "ERR_OUT_OF_RANGE"],
    [1.5, "ERR_OUT_OF_RANGE"],
    ["3", "ERR_INVALID_ARG_TYPE"],
    [undefined, "ERR_INVALID_ARG_TYPE"],
    [null, "ERR_INVALID_ARG_TYPE"],
    [{}, "ERR_INVALID_ARG_TYPE"],
  ])("%o: %s", (value, code) => {
    for (const from of [Socket.from, Listener.from]) {
      expect(thrown(() => from(value as number))).toMatchObject({ code, argument: "source" });
    }
  });

  it("refuses sockets of this library, which stay as they are", () =>
    withPair("stream", async (a, b) => {
      const error = thrown(() => Socket.from(a as never));
      expect(error).toMatchObject({ code: "ERR_INVALID_ARG_VALUE", argument: "source" });
      expect(error.message).toContain("detach()");
      await a.sendmsg({ data: "still open" });
      expect(String((await b.recvmsg()).data)).toBe("still open");
      await using listener = await Listener.listen({ family: "unix" });
      expect(thrown(() => Listener.from(listener as never)).code).toBe("ERR_INVALID_ARG_VALUE");
      expect(listener.closed).toBe(false);
    }));

  it("refuses other objects with a descriptor: they would keep it", () =>
    counted(() => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      for (const source of [{ fd: a }, { fd: a, close: () => close(a) }]) {
        expect(thrown(() => Socket.from(source as never))).toMatchObject({
          code: "ERR_INVALID_ARG_TYPE",
          argument: "source",
        });
      }
      close(a);
      close(b);
    }));

  it.each([
    { type: "stream" },
    { protocol: 0 },
    { mode: 0o600 },
    { unlink: "stale" },
    { ipv6Only: true },
    { reusePort: false },
    { signal: new AbortController().signal },
  ])("refuses what says how a socket is made: %o", (options) =>
    counted(() => {
      const argument = `options.${Object.keys(options)[0]}`;
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      for (const from of [Socket.from, Listener.from]) {
        expect(thrown(() => from(a, options as never))).toMatchObject({
          code: "ERR_INVALID_ARG_VALUE",
          argument,
        });
      }
      expect(isOpen(a)).toBe(true);
      close(a);
      close(b);
    }),
  );

  it("a number that is closed, or has an owner, is refused", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      close(a);
      expect(thrown(() => Socket.from(a)).code).toBe("EBADF");
      const socket = Socket.from(b);
      expect(thrown(() => Socket.from(b)).code).toBe("ERR_SENDMSG_FD_OWNED");
      await socket.close();
    }));

  it("what is refused for its options stays the caller's", () =>
    counted(() => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM);
      expect(thrown(() => Socket.from(a, { maxFds: 254 })).code).toBe("ERR_OUT_OF_RANGE");
      expect(thrown(() => Socket.from(a, { receive: ["nonsense" as never] })).code).toBe(
        "ERR_INVALID_ARG_VALUE",
      );
      expect(isOpen(a)).toBe(true);
      close(a);
      close(b);
    }));

  it("trap 41: leaves O_NONBLOCK of somebody else's description alone, and does not block all the same", () =>
    counted(async () => {
      const [a, b] = pairOfNumbers(AF_UNIX, SOCK_STREAM, 0, { blocking: true });
      const socket = Socket.from(a);
      expect(isNonBlocking(a)).toBe(false);
      expect(socket.tryRecvmsg()).toBeUndefined();
      const receiving = socket.recvmsg();
      await turn();
      sendmsg(b, "x");
      expect(String((await receiving).data)).toBe("x");
      const sending = rejection(socket.sendmsg({ data: Buffer.alloc(1 << 22) }));
      await turn();
      expect(isNonBlocking(a)).toBe(false);
      await socket.close();
      expect((await sending).code).toBe("ERR_SENDMSG_CLOSED");
      close(b);
    }));
});

describe("toNet", () => {
  it("gives the connection to a net.Socket", () =>
    withPair("stream", async (a, b) => {
      const net = a.toNet();
      expect(net).toBeInstanceOf(NetSocket);
      expect([a.closed, a.fd]).toEqual([true, -1]);
      expect((await rejection(a.recvmsg())).code).toBe("ERR_SENDMSG_CLOSED");
      await b.sendmsg({ data: "to Node" });
      const [chunk] = await once(net, "data");
      expect(String(chunk)).toBe("to Node");
      net.end("from Node");
      expect(String(bytesOf(await read(b, 9)))).toBe("from Node");
      await b.shutdown("write");
      await once(net, "close");
    }));

  it("after a wait, no event of ours is left", () =>
    withPair("stream", async (a, b) => {
      const receiving = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "ours" });
      await receiving;
      const net = a.toNet();
      await b.sendmsg({ data: "Node's" });
      const [chunk] = await once(net, "data");
      expect(String(chunk)).toBe("Node's");
      net.destroy();
      await once(net, "close");
    }));

  it("and back", () =>
    withPair("stream", async (a, b) => {
      const net = a.toNet();
      const again = Socket.from(net, { maxFds: 1 });
      await b.sendmsg({ data: "x", fds: [0] });
      using message = await again.recvmsg();
      expect(message.fds.length).toBe(1);
      await again.close();
    }));

  it("throws while somebody waits", () =>
    withPair("stream", async (a) => {
      const receiving = rejection(a.recvmsg());
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(thrown(() => a.detach()).code).toBe("ERR_INVALID_STATE");
      expect(a.closed).toBe(false);
      await a.close();
      await receiving;
      expect(thrown(() => a.toNet()).code).toBe("ERR_SENDMSG_CLOSED");
    }));

  it("throws while something waits to be sent", () =>
    withPair("stream", async (a) => {
      const sending = rejection(a.sendmsg({ data: Buffer.alloc(1 << 22) }));
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      await a.close();
      await sending;
    }));

  it.each(["seqpacket", "dgram"] as const)("throws on %s", (type) =>
    withPair(type, (a) => {
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(a.closed).toBe(false);
    }),
  );
});

describe("toNet", () => {
  const withVsock = skipUnless("the kernel has no AF_VSOCK", hasVsock());

  withVsock("throws where Node knows no stream of the family, and the socket stays as it is", () =>
    counted(async () => {
      const socket = Socket.from(open(AF_VSOCK, SOCK_STREAM));
      expect(thrown(() => socket.toNet()).code).toBe("ERR_INVALID_STATE");
      expect(socket.closed).toBe(false);
      await socket.close();
    }),
  );

  const withRefusals = skipUnless("only Node looks at what a descriptor is", !isBun && !isDeno);

  withRefusals("closes the descriptor that Node refuses after all", () =>
    withPair("stream", async (a) => {
      // Another part of the program has put a file in the socket's place.
      const number = a.fd;
      closeSync(number);
      const opened = [openFile("no socket")];
      while (opened.at(-1) !== number) opened.push(openFile("no socket"));
      expect(thrown(() => a.toNet()).code).toBe("ERR_INVALID_FD_TYPE");
      await settled();
      expect(isOpen(number)).toBe(false);
      for (const file of opened) if (file !== number) closeSync(file);
    }),
  );
});

describe("Listener.from(net.Server)", () => {
  describe.each(["unix", "tcp"] as const)("%s", (place) => {
    withHandleOf(place)("takes the listening socket over: nobody is turned away", () =>
      counted(async () => {
        const server = createServer();
        server.listen(PLACES[place]());
        await once(server, "listening");
        const at = addressOf(server);
        // Node's server must have no turn in which it accepts the connection itself.
        const connecting = Socket.connect(at);
        const listener = Listener.from(server, { maxFds: 1 });
        expect(server.listening).toBe(false);
        const [early] = await Promise.all([connecting, once(server, "close")]);
        const late = await Socket.connect(at);
        for (const client of [early, late]) {
          const peer = await listener.accept();
          await client.sendmsg({ data: "x" });
          expect(String((await peer.recvmsg()).data)).toBe("x");
          await Promise.all([peer.close(), client.close()]);
        }
        await listener.close();
        if (place === "unix") expect(existsSync(at.path!)).toBe(false);
      }),
    );
  });

  /** A net.Server at a path, and a server of another process's, as it were, that can take the path from it. */
  async function withPath(body: (server: Server, path: string, takePath: () => void) => Promise<void>) {
    const path = freshPath();
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    let other = -1;
    await body(server, path, () => {
      other = replace(path);
    });
    expect(lstatSync(path).isSocket()).toBe(true);
    expect(readdirSync(dirname(path)).filter((name) => name.startsWith("."))).toEqual([]);
    rmSync(path);
    if (other >= 0) close(other);
  }

  whereTold("leaves the file of another server that has taken the path before", () =>
    counted(() =>
      withPath(async (server, path, takePath) => {
        takePath();
        const { ino } = lstatSync(path);
        const listener = Listener.from(server);
        expect(lstatSync(path).ino).toBe(ino);
        await listener.close();
      }),
    ),
  );

  whereTold("goes on without a path when another server takes it while Node's is closed", () =>
    counted(() =>
      withPath(async (server, path, takePath) => {
        const client = await Socket.connect({ path });
        const end = server.close.bind(server);
        server.close = () => {
          const result = end();
          takePath();
          return result;
        };
        const listener = Listener.from(server);
        await (await listener.accept()).close();
        await Promise.all([client.close(), listener.close()]);
      }),
    ),
  );

  let dist: string;
  beforeAll(async () => {
    dist = await compiled();
  });

  const asRoot = skipUnless("only root can give its rights up", isRoot && !isBun && !isDeno);

  /** Another process listens as root, gives its rights up, and takes its server over: what it prints. */
  async function afterGivingUpRights(path: string): Promise<string> {
    const source = `
      import { createServer } from "node:net";
      import { Listener, Socket, socketpair } from ${JSON.stringify(pathToFileURL(join(dist, "index.js")).href)};
      await Promise.all(socketpair().map((socket) => socket.close()));
      const server = createServer().listen(${JSON.stringify(path)}, async () => {
        console.log("listening");
        process.setegid(65534);
        process.seteuid(65534);
        const listener = Listener.from(server);
        const peer = await listener.accept();
        await peer.close();
        await listener.close();
        console.log("accepted");
      });`;
    const child = spawn(process.execPath, evaluate(source), { stdio: ["ignore", "pipe", "inherit"] });
    try {
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      await until(() => output !== "" || child.exitCode !== null);
      const client = await Socket.connect({ path });
      await Promise.all([client.close(), once(child, "close")]);
      return output.trim().split("\n").join();
    } finally {
      child.kill();
    }
  }

  for (const [verb, mode] of [["write to", 0o755] as const, ["enter", 0o700] as const]) {
    asRoot(
      `takes over a server in a directory that it may no longer ${verb}, and leaves the file there`,
      () =>
        counted(async () => {
          const directory = `${freshPath()}.d`;
          chmodSync(dirname(directory), 0o755);
          mkdirSync(directory);
          chmodSync(directory, mode);
          const path = join(directory, "socket");
          expect(await afterGivingUpRights(path)).toBe("listening,accepted");
          expect(lstatSync(path).isSocket()).toBe(true);
        }),
    );
  }

  asRoot("takes over a server whose file is another user's and may not be linked", () =>
    counted(async () => {
      const directory = `${freshPath()}.d`;
      chmodSync(dirname(directory), 0o755);
      mkdirSync(directory);
      chownSync(directory, 65_534, 65_534);
      expect(await afterGivingUpRights(join(directory, "socket"))).toBe("listening,accepted");
      expect(readdirSync(directory)).toEqual([]);
    }),
  );

  it("refuses one that does not listen", () => {
    expect(thrown(() => Listener.from(createServer())).code).toBe("ERR_SENDMSG_CLOSED");
  });
});

describe("detach", () => {
  it("gives the descriptor up to the caller, who may make another socket of it", () =>
    counted(async () => {
      const [a, b] = socketpair("seqpacket");
      const waiting = a.recvmsg();
      await turn();
      await b.sendmsg({ data: "x" });
      await waiting;
      const descriptor = a.detach();
      expect([a.closed, a.fd]).toEqual([true, -1]);
      await a.close();
      expect(descriptor.fd).toBeGreaterThanOrEqual(0);
      const again = Socket.from(descriptor);
      const receiving = again.recvmsg();
      await turn();
      await b.sendmsg({ data: "y" });
      expect(String((await receiving).data)).toBe("y");
      await Promise.all([again.close(), b.close()]);
    }));
});
