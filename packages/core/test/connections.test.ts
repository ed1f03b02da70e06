import { describe, expect, it } from "vitest";
import { SO_SNDBUF, SOL_SOCKET } from "../src/constants/index.js";
import { type Address, Listener, Socket } from "../src/index.js";
import { setsockopt } from "../src/syscalls/index.js";
import { counted } from "./support/counted.js";
import { sameFile } from "./support/descriptor-state.js";
import { closeSync } from "./support/files.mjs";
import { freshName, freshPath } from "./support/fresh-places.js";
import { rejection } from "./support/outcome.js";
import { openFile } from "./support/owned-descriptors.js";
import { bytesOf, read } from "./support/pairs.js";
import { CONNECTIONS, withConnection, withListener } from "./support/transports.js";
import { until } from "./support/waiting.js";

/** The kernel's error for a connect(2) to an address without a listener. */
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

  it("tells its type and the addresses of both ends", () =>
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

  it("delivers eof when the peer has shut down writing", () =>
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

  it("passes descriptors over a Unix socket, and refuses them over any other", () =>
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

  it("connect() to an address without a listener rejects with the kernel's error and the address", () =>
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

  it("connect() with an aborted signal makes no connection", () =>
    withListener(transport, async (listener, at) => {
      const error = await rejection(Socket.connect(at, { type, signal: AbortSignal.abort("why") }));
      expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "why" });
      expect(listener.tryAccept()).toBeUndefined();
    }));

  it("a second connect() rejects with the kernel's EISCONN", () =>
    withListener(transport, async (_, at) => {
      const client = await Socket.connect(at, { type });
      // The second connect(2) of a TCP socket reports that the first one succeeded: see connect(2), EINPROGRESS.
      if (!isUnix) await client.connect(at);
      expect((await rejection(client.connect(at))).code).toBe("EISCONN");
      await client.close();
    }));

  it("binding an address that is in use rejects with EADDRINUSE", () =>
    withListener(transport, async (_, at) => {
      expect(await rejection(Listener.listen(at, { type }))).toMatchObject({
        code: "EADDRINUSE",
        syscall: "bind",
      });
      expect((await rejection(Socket.bind(at, { type }))).code).toBe("EADDRINUSE");
    }));

  it("a server that iterates serves each peer, even if another one is silent", () =>
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

describe("an accepted Unix seqpacket socket", () => {
  it.each([
    ["a path", () => ({ path: freshPath() })],
    ["an abstract name", () => ({ family: "unix" as const, abstract: freshName() })],
  ])("tells an empty message from the end, over %s", (_, place) =>
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

  it("tells an empty message from the end if it was sent before the accept", () =>
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

describe("a listener's options", () => {
  it.each(["stream", "seqpacket"] as const)(
    "%s: `receive` and `maxFds` apply to the first message of an accepted socket",
    (type) =>
      withListener(
        { type, place: () => ({ path: freshPath() }) },
        async (listener, at) => {
          const client = await Socket.connect(at, { type });
          await client.sendmsg({ data: "first", fds: new Array(253).fill(0) });
          await client.close();
          const server = await listener.accept();
          using message = await server.recvmsg();
          expect(message.control).toEqual([
            {
              name: "credentials",
              value: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() },
            },
          ]);
          expect(message.fds.length).toBe(253);
          await server.close();
        },
        { receive: ["credentials"], maxFds: "all" },
      ),
  );
});
