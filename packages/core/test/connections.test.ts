import { describe, expect, it } from "vitest";
import { AF_NETLINK, NETLINK_ROUTE, SO_SNDBUF, SOCK_RAW, SOL_SOCKET } from "../src/constants/index.js";
import { type Address, Listener, Socket, type SocketType } from "../src/index.js";
import { setsockopt, socket as syscallSocket } from "../src/syscalls/index.js";
import { counted } from "./counted.js";
import { openFile, sameFile } from "./descriptors.js";
import { closeSync } from "./files.mjs";
import { bytesOf, calls, drop, fill, isSettled, pass, read, rejection, turn, until } from "./pairs.js";
import {
  CONNECTIONS,
  DATAGRAMS,
  freshName,
  freshPath,
  withBound,
  withConnection,
  withListener,
} from "./transports.js";

/** struct nlmsghdr of an NLMSG_NOOP, which the kernel passes over: include/uapi/linux/netlink.h. */
const noop = Buffer.alloc(16);
noop.writeUInt32LE(noop.length, 0);
noop.writeUInt16LE(1, 4);

/** What the kernel says of a place where nobody is. */
const nobody = (address: Address): string =>
  "path" in address && address.path !== undefined ? "ENOENT" : "ECONNREFUSED";

describe.each(CONNECTIONS)("$name", (transport) => {
  const { type, isUnix, place } = transport;

  it("carries messages both ways", () =>
    withConnection(transport, async (client, server) => {
      await Promise.all([client.sendmsg({ data: "ping" }), server.sendmsg({ data: "pong" })]);
      expect(String((await server.recvmsg()).data)).toBe("ping");
      expect(String((await client.recvmsg()).data)).toBe("pong");
    }));

  it("knows its type, and both ends' addresses", () =>
    withListener(transport, async (listener, at) => {
      const client = await Socket.connect(at, { type });
      const server = await listener.accept();
      expect([client.type, server.type]).toEqual([type, type]);
      expect(client.getpeername()).toEqual(at);
      expect(server.getsockname()).toEqual(at);
      expect(server.getpeername()).toEqual(client.getsockname());
      await Promise.all([client.close(), server.close()]);
    }));

  it("carries a megabyte under back-pressure in both directions at once", () =>
    withConnection(transport, async (client, server) => {
      const data = Buffer.alloc(1 << 20, "the quick brown fox ");
      const pieces =
        type === "stream"
          ? [data]
          : Array.from({ length: 64 }, (_, i) => data.subarray(i << 14, (i + 1) << 14));
      for (const { fd } of [client, server]) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, 32_768);
      const receive = async (socket: Socket) => {
        if (type === "stream") return bytesOf(await read(socket, data.length));
        const received: Buffer[] = [];
        for (let i = 0; i < pieces.length; i++) received.push((await socket.recvmsg()).data);
        return Buffer.concat(received);
      };
      const [atServer, atClient] = await Promise.all([
        receive(server),
        receive(client),
        ...pieces.map((piece) => client.sendmsg({ data: piece })),
        ...pieces.map((piece) => server.sendmsg({ data: piece })),
      ]);
      expect([(atServer as Buffer).equals(data), (atClient as Buffer).equals(data)]).toEqual([true, true]);
    }));

  it("ends with eof when the other side has shut down writing", () =>
    withConnection(transport, async (client, server) => {
      await client.sendmsg({ data: "last" });
      await client.shutdown("write");
      const seen: string[] = [];
      for await (const message of server) seen.push(String(message.data));
      expect(seen).toEqual(["last"]);
      expect((await server.recvmsg()).eof).toBe(true);
      await server.sendmsg({ data: "answer" });
      expect(String((await client.recvmsg()).data)).toBe("answer");
    }));

  it("passes descriptors where it is a Unix socket, and says so where it is not", () =>
    withConnection(
      transport,
      async (client, server) => {
        const file = openFile("x");
        if (isUnix) {
          await client.sendmsg({ data: "x", fds: [file] });
          using message = await server.recvmsg();
          expect(sameFile(message.fds[0]!.fd, file)).toBe(true);
        } else {
          expect(await rejection(client.sendmsg({ data: "x", fds: [file] }))).toMatchObject({
            code: "ERR_INVALID_ARG_VALUE",
            argument: "message.fds",
            bytesSent: 0,
          });
        }
        closeSync(file);
      },
      { maxFds: 1 },
    ));

  it("connecting to where nobody is rejects with the kernel's error and the address", () =>
    counted(async () => {
      const listener = await Listener.listen(place(), { type });
      const at = listener.getsockname();
      await listener.close();
      const details: Record<string, unknown> = { ...at };
      delete details.family;
      const error = await rejection(Socket.connect(at, { type }));
      expect(error).toMatchObject({ code: nobody(at), syscall: "connect" });
      if (!isUnix) expect(error).toMatchObject(details);
      else if (details.path !== undefined) expect(error.path).toBe(details.path);
    }));

  it("connecting with a signal that is aborted already does nothing", () =>
    withListener(transport, async (listener, at) => {
      const error = await rejection(Socket.connect(at, { type, signal: AbortSignal.abort("why") }));
      expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
      expect(listener.tryAccept()).toBeUndefined();
    }));

  it("connecting twice is the kernel's error", () =>
    withListener(transport, async (_, at) => {
      const client = await Socket.connect(at, { type });
      // The second connect(2) of a TCP socket reports that the first one succeeded: see connect(2), EINPROGRESS.
      if (!isUnix) await client.connect(at);
      expect((await rejection(client.connect(at))).code).toBe("EISCONN");
      await client.close();
    }));

  it("a place that is taken is EADDRINUSE", () =>
    withListener(transport, async (_, at) => {
      expect(await rejection(Listener.listen(at, { type }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
      });
      expect((await rejection(Socket.bind(at, { type }))).code).toBe("EADDRINUSE");
    }));

  it("iterating, it serves each peer by itself", () =>
    withListener(transport, async (listener, at) => {
      const served: Promise<void>[] = [];
      const serving = (async () => {
        for await (const peer of listener) {
          served.push(
            (async () => {
              for await (const message of peer) await peer.sendmsg({ data: message.data });
              await peer.close();
            })(),
          );
        }
      })();
      const silent = await Socket.connect(at, { type });
      const clients = await Promise.all([1, 2, 3].map(() => Socket.connect(at, { type })));
      const answers = await Promise.all(
        clients.map(async (client, i) => {
          await client.sendmsg({ data: `client ${i}` });
          return String((await client.recvmsg()).data);
        }),
      );
      expect(answers).toEqual(["client 0", "client 1", "client 2"]);
      await Promise.all([silent, ...clients].map((client) => client.close()));
      await until(() => served.length === 4);
      await Promise.all(served);
      await listener.close();
      await serving;
    }));
});

describe("Unix seqpacket, accepted", () => {
  it.each([
    ["a path", () => ({ path: freshPath() })],
    ["an abstract name", () => ({ family: "unix" as const, abstract: freshName() })],
  ])("trap 34: an empty message is not the end, over %s", (_, place) =>
    withConnection({ type: "seqpacket", place }, async (client, server) => {
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        await from.sendmsg({});
        await from.sendmsg({ data: "x" });
        expect(await to.recvmsg()).toMatchObject({ eof: false, fullLength: 0, control: [] });
        expect(await to.recvmsg()).toMatchObject({ eof: false, fullLength: 1, control: [] });
      }
      await client.close();
      expect((await server.recvmsg()).eof).toBe(true);
    }),
  );

  it("trap 34: nor one that was sent before the connection was accepted", () =>
    withListener({ type: "seqpacket", place: () => ({ path: freshPath() }) }, async (listener, at) => {
      const client = await Socket.connect(at, { type: "seqpacket" });
      await client.sendmsg({});
      await client.close();
      const server = await listener.accept();
      expect((await server.recvmsg()).eof).toBe(false);
      expect((await server.recvmsg()).eof).toBe(true);
      await server.close();
    }));
});

describe("what a listener's sockets receive", () => {
  it.each(["stream", "seqpacket"] as const)(
    "%s: `receive` and `maxFds` hold from the first message on",
    (type) =>
      withListener(
        { type, place: () => ({ path: freshPath() }) },
        async (listener, at) => {
          const client = await Socket.connect(at, { type });
          await client.sendmsg({ data: "first", fds: [0] });
          await client.close();
          const server = await listener.accept();
          using message = await server.recvmsg();
          expect(message.control).toEqual([
            {
              name: "credentials",
              value: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() },
            },
          ]);
          expect(message.fds.length).toBe(1);
          await server.close();
        },
        { receive: ["credentials"], maxFds: 1 },
      ),
  );
});

describe("connect to a full backlog", () => {
  const types: SocketType[] = ["stream", "seqpacket"];
  const at = () => ({ path: freshPath() });

  /** Connects until the next one has to wait. */
  async function fillBacklog(
    address: Address,
    type: SocketType,
  ): Promise<{ clients: Socket[]; waiting: Promise<Socket> }> {
    const clients: Socket[] = [];
    for (;;) {
      const connecting = Socket.connect(address, { type });
      await Promise.race([connecting.catch(() => {}), pass("path" in address ? 20 : 200)]);
      if (!(await isSettled(connecting))) return { clients, waiting: connecting };
      clients.push(await connecting);
    }
  }

  it.each(types)("trap 31, %s: waits, without spinning, until there is room", (type) =>
    withListener(
      { type, place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, type);
        expect(await calls("connect", () => pass(200))).toBeLessThan(50);
        expect(await isSettled(waiting)).toBe(false);
        const servers = [await listener.accept()];
        clients.push(await waiting);
        while (servers.length < clients.length) servers.push(await listener.accept());
        await Promise.all([...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ),
  );

  it("trap 31: can be aborted", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const controller = new AbortController();
        const aborted = rejection(Socket.connect(address, { signal: controller.signal }));
        const closed = await Socket.bind({ family: "unix" });
        const closing = rejection(closed.connect(address));
        await turn();
        controller.abort("why");
        await closed.close();
        expect(await aborted).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
        expect((await closing).code).toBe("ERR_SENDMSG_CLOSED");
        await listener.close();
        await rejection(waiting);
        await Promise.all(clients.map((client) => client.close()));
      },
      { backlog: 1 },
    ));

  it("a second connect is refused, and the first one goes on waiting", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const late = await Socket.bind({ family: "unix" });
        const connecting = late.connect(address);
        const servers = [await listener.accept()];
        // There is room now, for either of those who wait: a second call would get it.
        expect(await rejection(late.connect(address))).toMatchObject({ code: "ERR_INVALID_STATE" });
        while (servers.length < clients.length + 2) servers.push(await listener.accept());
        await connecting;
        clients.push(await waiting, late);
        await Promise.all([...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ));

  it("trap 31: rejects when the listener goes away", () =>
    withListener(
      { type: "stream", place: at },
      async (listener, address) => {
        const { clients, waiting } = await fillBacklog(address, "stream");
        const rejecting = rejection(waiting);
        await listener.close();
        expect(["ENOENT", "ECONNREFUSED"]).toContain((await rejecting).code);
        await Promise.all(clients.map((client) => client.close()));
      },
      { backlog: 1 },
    ));

  it("TCP: what is sent and received meanwhile waits for the connection", () =>
    withListener(
      { type: "stream", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      async (listener, address) => {
        // The kernel drops SYNs while the backlog is full: the connection comes with a retransmission, after a second.
        const { clients, waiting } = await fillBacklog(address, "stream");
        const late = await Socket.bind({ family: "ipv4", address: "127.0.0.1", port: 0 });
        const connecting = late.connect(address);
        expect(await isSettled(connecting)).toBe(false);
        expect(await rejection(late.connect(address))).toMatchObject({
          code: "ERR_INVALID_STATE",
        });
        const sending = late.sendmsg({ data: "early" });
        const receiving = late.recvmsg();
        const servers: Socket[] = [];
        const accepting = (async () => {
          for await (const server of listener) {
            servers.push(server);
            // Only the late one has anything to say: nothing but the connection itself wakes its send.
            const hearing = server.recvmsg();
            hearing
              .then(({ eof }) => (eof ? undefined : server.sendmsg({ data: "welcome" })))
              .catch(() => {});
          }
        })();
        clients.push(await waiting);
        await connecting;
        expect(await sending).toEqual({ bytes: 5 });
        expect(String((await receiving).data)).toBe("welcome");
        await until(() => servers.length === clients.length + 1);
        await listener.close();
        await accepting;
        await Promise.all([late, ...clients, ...servers].map((socket) => socket.close()));
      },
      { backlog: 1 },
    ));
});

describe("a shutdown that the kernel refuses", () => {
  it.each(["write", "both"] as const)("%s: sending goes on", (how) =>
    counted(async () => {
      // Netlink knows no shutdown(2): sock_no_shutdown().
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

describe.each(DATAGRAMS)("$name", (transport) => {
  const { type, place, isUnix } = transport;

  it("carries datagrams to an address, and says from which they came", () =>
    withBound(transport, 3, async ([a, b, c], [atA, atB]) => {
      await a!.sendmsg({ data: "from a", address: atB! });
      await c!.sendmsg({ data: "from c", address: atB! });
      const first = await b!.recvmsg();
      expect([String(first.data), first.address]).toEqual(["from a", atA]);
      expect(String((await b!.recvmsg()).data)).toBe("from c");
      await b!.sendmsg({ data: "back", address: first.address! });
      expect(String((await a!.recvmsg()).data)).toBe("back");
    }));

  it("connected, it needs no address", () =>
    withBound(transport, 1, async ([server], [at]) => {
      const client = await Socket.connect(at!, { type });
      await client.sendmsg({ data: "x" });
      const { address, data } = await server!.recvmsg();
      expect(String(data)).toBe("x");
      expect(address).toEqual(isUnix ? { family: "unix" } : client.getsockname());
      expect(client.getpeername()).toEqual(at);
      await client.close();
    }));

  it("not connected, it needs one", () =>
    withBound(transport, 1, async ([socket]) => {
      const error = await rejection(socket!.sendmsg({ data: "x" }));
      expect(error).toMatchObject({ code: isUnix ? "ENOTCONN" : "EDESTADDRREQ", bytesSent: 0 });
    }));

  it("an error names the address", () =>
    withBound(transport, 1, async ([socket], [at]) => {
      const data = Buffer.alloc(isUnix ? 10_000_000 : 70_000);
      const details: Record<string, unknown> = { ...at };
      delete details.family;
      delete details.abstract;
      const error = await rejection(socket!.sendmsg({ data, address: at! }));
      expect(error).toMatchObject({ code: "EMSGSIZE", syscall: "sendmsg", bytesSent: 0, ...details });
    }));

  it("a place that is taken is EADDRINUSE", () =>
    withBound(transport, 1, async (_, [at]) => {
      expect(await rejection(Socket.bind(at!, { type }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
      });
    }));

  it("an address of another family is refused", () =>
    withBound(transport, 1, async ([socket]) => {
      const address: Address = isUnix ? { family: "ipv4", address: "127.0.0.1", port: 1 } : { path: "/x" };
      expect(await rejection(socket!.sendmsg({ data: "x", address }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "message.address",
        bytesSent: 0,
      });
    }));

  it("the address is taken within the call", () =>
    withBound(transport, 2, async ([a, b], [, atB]) => {
      const address = { ...place(), ...atB } as Address & Record<string, unknown>;
      const sending = a!.sendmsg({ data: "x", address });
      for (const key of Object.keys(address)) delete address[key];
      await sending;
      expect(String((await b!.recvmsg()).data)).toBe("x");
    }));
});

describe.each(DATAGRAMS.filter(({ isUnix }) => isUnix))("$name to a peer that is full", (transport) => {
  it("trap 31: keeps the order, and other peers' datagrams go past", () =>
    withBound(transport, 3, async ([sender, stuck, free], [, atStuck, atFree]) => {
      let filled = 0;
      while (sender!.trySendmsg({ data: "filler", address: atStuck! })) filled++;
      const file = openFile("x");
      const queued = Array.from({ length: 20 }, (_, i) =>
        sender!.sendmsg({ data: String(i), address: { ...atStuck! } as Address, fds: [file] }),
      );
      const others = Array.from({ length: 5 }, (_, i) =>
        sender!.sendmsg({ data: String(i), address: atFree! }),
      );
      await Promise.all(others);
      for (let i = 0; i < 5; i++) expect(String((await free!.recvmsg()).data)).toBe(String(i));
      expect(await isSettled(queued[0]!)).toBe(false);
      await drop(stuck!, filled);
      for (let i = 0; i < 20; i++) {
        using message = await stuck!.recvmsg({ maxFds: 1 });
        expect([String(message.data), message.fds.length]).toEqual([String(i), 1]);
      }
      await Promise.all(queued);
      closeSync(file);
    }));

  it("trap 31: does not spin, and can be aborted", () =>
    withBound(transport, 2, async ([sender, stuck], [, atStuck]) => {
      let filled = 0;
      while (sender!.trySendmsg({ data: "filler", address: atStuck! })) filled++;
      const controller = new AbortController();
      const { signal } = controller;
      const aborted = rejection(sender!.sendmsg({ data: "never", address: atStuck! }, { signal }));
      const next = sender!.sendmsg({ data: "next", address: atStuck! });
      expect(await calls("send", () => pass(200))).toBeLessThan(50);
      controller.abort();
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
      await drop(stuck!, filled);
      expect(String((await stuck!.recvmsg()).data)).toBe("next");
      await next;
    }));

  it("close rejects what waits", () =>
    withBound(transport, 2, async ([sender], [, atStuck]) => {
      while (sender!.trySendmsg({ data: "filler", address: atStuck! }));
      const waiting = rejection(sender!.sendmsg({ data: "x", address: atStuck! }));
      await sender!.close();
      expect(await waiting).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
    }));

  it("connected: readiness tells when there is room again", () =>
    withBound(transport, 1, async ([server], [at]) => {
      const client = await Socket.connect(at!, { type: "dgram" });
      const filled = fill(client);
      const sending = client.sendmsg({ data: "next" });
      await drop(server!, filled);
      expect(String((await server!.recvmsg()).data)).toBe("next");
      await sending;
      await client.close();
    }));
});
