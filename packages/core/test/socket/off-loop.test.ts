import { afterAll, describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { EMSGSIZE, ENOMEM } from "../../src/errno.js";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { CALL_PURGES } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { counted } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { rejection, thrown } from "../support/outcome.js";
import { fill, withPair } from "../support/pairs.js";
import { removeTemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.js";
import { pass, turn, until } from "../support/waiting.js";

// Calls that a thread makes instead of the event loop, because a peer could make them block. Receives: near-limit.test.ts.

afterAll(removeTemporaryDirectory);

const closing = () => binding().closing();
let names = 0;
const path = () => `${temporaryDirectory()}/off-loop-${names++}`;
const text = async (socket: Socket) => {
  using message = await socket.recvmsg({ maxFds: 253 });
  return [String(message.data), message.fds.length];
};

describe("a send on a connected Unix datagram socket that has unread messages", () => {
  test("is made by a thread, in order and with its descriptors", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread" });
      let results: unknown[] = [];
      const sent = await calls("startSend", async () => {
        const sends = ["1", "2", "3"].map((data) => a.sendmsg({ data, fds: [0, 0] }));
        results = await Promise.all(sends);
      });
      expect(sent).toBe(3);
      expect(results).toEqual([{ bytes: 1 }, { bytes: 1 }, { bytes: 1 }]);
      for (const data of ["1", "2", "3"]) expect(await text(b)).toEqual([data, 2]);
      expect(await text(a)).toEqual(["unread", 0]);
      expect(await calls("startSend", () => a.sendmsg({ data: "4" }))).toBe(0);
      expect(await text(b)).toEqual(["4", 0]);
    }));

  test("is refused by trySendmsg(), which would have to wait for the thread", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread" });
      expect(a.trySendmsg({ data: "x" })).toBeUndefined();
      await text(a);
      expect(a.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
      expect(await text(b)).toEqual(["x", 0]);
    }));

  test("goes at once if it has an address, because then the kernel never empties the queue", () =>
    counted(async () => {
      const [server, client, other] = [1, 2, 3].map(() => Socket.open({ family: "unix" })) as [
        Socket,
        Socket,
        Socket,
      ];
      for (const socket of [server, client, other]) socket.bindSync({ path: path() });
      await client.connect(server.getsockname());
      await server.sendmsg({ data: "unread", address: client.getsockname() });
      expect(client.trySendmsg({ data: "x", address: other.getsockname() })).toEqual({ bytes: 1 });
      expect(client.trySendmsg({ data: "x" })).toBeUndefined();
      await Promise.all([server, client, other].map((socket) => socket.close()));
    }));

  test("rejects when the peer has gone", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread", fds: [0] });
      await b.close();
      const error = await rejection(a.sendmsg({ data: "x" }));
      expect(error).toMatchObject({ code: "ECONNREFUSED", syscall: "sendmsg", bytesSent: 0 });
    }));

  test("waits while the peer's queue is full", () =>
    withPair("dgram", async (a, b) => {
      const filled = fill(a);
      await b.sendmsg({ data: "unread" });
      const sends = [a.sendmsg({ data: "late", fds: [0] }), a.sendmsg({ data: "later" })];
      const started = await calls("startSend", async () => {
        for (let i = 0; i < 20; i++) await turn();
      });
      expect(started, "tried once, not again and again").toBeLessThan(3);
      for (let i = 0; i < filled; i++) expect(await text(b)).toEqual(["filler", 0]);
      expect(await text(b)).toEqual(["late", 1]);
      expect(await text(b)).toEqual(["later", 0]);
      await Promise.all(sends);
    }));

  test("tells whether the message went if it is aborted during the thread's call", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread" });
      const aborting = new AbortController();
      const sending = a.sendmsg({ data: "x", fds: [0] }, { signal: aborting.signal });
      aborting.abort();
      expect(await sending).toEqual({ bytes: 1 });
      expect(await text(b)).toEqual(["x", 1]);
    }));

  test("is refused before the copy if it is longer than any datagram", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread" });
      const part = new Uint8Array(4 << 20);
      const results: number[] = [];
      const native = binding();
      const { startSend } = native;
      native.startSend = (...args) => {
        results.push(startSend(...args));
        return results.at(-1)!;
      };
      try {
        // On 32 bits, the sum of the lengths overflows to 0.
        const error = await rejection(a.sendmsg({ data: new Array(1024).fill(part) }));
        expect(error).toMatchObject({ code: "EMSGSIZE", syscall: "sendmsg", bytesSent: 0 });
      } finally {
        native.startSend = startSend;
      }
      expect(results).toEqual([-EMSGSIZE]);
    }));

  test("settles when the socket closes, and loses no descriptor", () =>
    withPair("dgram", async (a, b) => {
      await b.sendmsg({ data: "unread" });
      const sends = [a.sendmsg({ data: "x", fds: [0] }), a.sendmsg({ data: "y", fds: [0] })];
      const closing = a.close();
      const [first, second] = await Promise.allSettled(sends);
      expect(first).toMatchObject({ value: { bytes: 1 } });
      expect(second).toMatchObject({ reason: { code: "ERR_SENDMSG_CLOSED", bytesSent: 0 } });
      await closing;
    }));

  test("a connect to another peer, which empties the queue too, is made by a thread", () =>
    counted(async () => {
      const paths = [path(), path()];
      const servers = await Promise.all(paths.map((each) => Socket.bind({ path: each }, { type: "dgram" })));
      const client = await Socket.bind({ path: path() });
      await client.connect({ path: paths[0]! });
      const started = await calls("startConnect", () => client.connect({ path: paths[1]! }));
      expect(started).toBe(1);
      await client.sendmsg({ data: "to the second" });
      expect(await text(servers[1]!)).toEqual(["to the second", 0]);
      const gone = await rejection(client.connect({ path: path() }));
      expect(gone).toMatchObject({ code: "ENOENT", syscall: "connect" });
      await Promise.all([client, ...servers].map((socket) => socket.close()));
    }));

  test("is not looked for if the socket has no name, because nobody can send to it", () =>
    counted(async () => {
      const paths = [path(), path()];
      const servers = await Promise.all(paths.map((each) => Socket.bind({ path: each }, { type: "dgram" })));
      const client = await Socket.connect({ path: paths[0]! }, { type: "dgram" });
      expect(await calls("startConnect", () => client.connect({ path: paths[1]! }))).toBe(0);
      client.trySendmsg({ data: "to the second" });
      expect(binding().call[CALL_PURGES]).toBe(0);
      expect(await text(servers[1]!)).toEqual(["to the second", 0]);
      await Promise.all([client, ...servers].map((socket) => socket.close()));
    }));

  const sendOne = (client: Socket) => client.sendmsg({ data: "which gives it a name" });
  test.each<[string, (client: Socket) => unknown]>([
    ["bind()", (client) => client.bind({ path: path() })],
    ["bindSync()", (client) => client.bindSync({ path: path() })],
    ["receive(), and the kernel named it", (client) => sendOne(client.receive("credentials"))],
    [
      "options.set(), and the kernel named it",
      (client) => {
        client.options.set("passCred", true);
        return sendOne(client);
      },
    ],
    [
      "another process that may bind it",
      async (client) => {
        const [a, b] = socketpair();
        await a.sendmsg({ data: "x", fds: [client] });
        bind(client.fd, encodeAddress({ path: path() }));
        await Promise.all([a.close(), b.close()]);
      },
    ],
  ])("is looked for if the socket got a name after it was connected, by %s", (_, give) =>
    counted(async () => {
      const server = await Socket.bind({ path: path() }, { type: "dgram" });
      const client = await Socket.connect(server.getsockname(), { type: "dgram" });
      await give(client);
      await server.sendmsg({ data: "unread", address: client.getsockname() });
      expect(client.trySendmsg({ data: "x" })).toBeUndefined();
      expect(await calls("startConnect", () => client.connect(server.getsockname()))).toBe(1);
      await Promise.all([client, server].map((socket) => socket.close()));
    }),
  );
});

test("a stream socket that this process did not make is connected by a thread", () =>
  counted(async () => {
    const listener = await Listener.listen({ path: path() });
    const { path: at } = listener.getsockname() as { path: string };
    const client = Socket.from(socket(AF_UNIX, SOCK_STREAM, 0, { blocking: true }));
    expect(await calls("startConnect", () => client.connect({ path: at }))).toBe(1);
    const server = await listener.accept();
    await Promise.all([listener, client, server].map((one) => one.close()));
  }));

describe("an aborted connect on a thread", () => {
  /** A listener with a full backlog, and a socket that this process did not make. */
  async function busy(): Promise<[Listener, Socket, Socket, string]> {
    const at = path();
    const listener = await Listener.listen({ path: at }, { backlog: 0 });
    const first = await Socket.connect({ path: at });
    return [listener, first, Socket.from(socket(AF_UNIX, SOCK_STREAM, 0)), at];
  }

  test("is not tried again", () =>
    counted(async () => {
      const [listener, first, client, at] = await busy();
      const aborting = new AbortController();
      const started = await calls("startConnect", async () => {
        const connecting = rejection(client.connect({ path: at }, { signal: aborting.signal }));
        aborting.abort();
        expect((await connecting).name).toBe("AbortError");
        await pass(50);
      });
      expect(started).toBe(1);
      await Promise.all([listener, first, client].map((one) => one.close()));
    }));

  test("keeps the descriptor open until the thread has returned", () =>
    counted(async () => {
      const [listener, first, client, at] = await busy();
      const aborting = new AbortController();
      const connecting = rejection(client.connect({ path: at }, { signal: aborting.signal }));
      aborting.abort();
      await connecting;
      expect(thrown(() => client.detach()).code).toBe("ERR_INVALID_STATE");
      await pass(50);
      client.detach().close();
      await Promise.all([listener, first].map((one) => one.close()));
    }));
});

describe("a listener that another process may share", () => {
  /** The same listener, taken over as if another process had made it. */
  async function shared(): Promise<[Listener, string]> {
    const at = path();
    const listener = await Listener.listen({ path: at });
    return [Listener.from(listener.detach()), at];
  }

  test("accepts on a thread, in order", () =>
    counted(async () => {
      const [listener, at] = await shared();
      const accepting = [listener.accept(), listener.accept()];
      const clients: Socket[] = [];
      let servers: Socket[] = [];
      const started = await calls("startAccept", async () => {
        for (const data of ["1", "2"]) {
          const client = await Socket.connect({ path: at });
          await client.sendmsg({ data });
          clients.push(client);
        }
        servers = await Promise.all(accepting);
      });
      expect(started).toBeGreaterThan(0);
      for (const [i, server] of servers.entries()) expect(await text(server)).toEqual([String(i + 1), 0]);
      await Promise.all([listener, ...clients, ...servers].map((one) => one.close()));
    }));

  test("accepts on the event loop until it is sent, if it was made here", () =>
    counted(async () => {
      const at = path();
      const listener = await Listener.listen({ path: at });
      const [a, b] = socketpair();
      const accept = async () => {
        const client = await Socket.connect({ path: at });
        const server = await listener.accept();
        await Promise.all([client.close(), server.close()]);
      };
      expect(await calls("startAccept", accept)).toBe(0);
      await a.sendmsg({ data: "x", fds: [listener] });
      expect(await calls("startAccept", accept)).toBeGreaterThan(0);
      await Promise.all([listener, a, b].map((one) => one.close()));
    }));

  test("returns a connection from tryAccept() once the thread has it", () =>
    counted(async () => {
      const [listener, at] = await shared();
      expect(listener.tryAccept()).toBeUndefined();
      const client = await Socket.connect({ path: at });
      expect(listener.tryAccept()).toBeUndefined();
      const refused = () => thrown(() => listener.detach()).message;
      expect(refused()).toContain("waiting");
      await until(() => !refused().includes("waiting"));
      expect(refused()).toContain("tryAccept()");
      const server = listener.tryAccept();
      await Promise.all([listener, client, server!].map((one) => one.close()));
    }));

  test("gives the connection of an aborted accept() to the next one", () =>
    counted(async () => {
      const [listener, at] = await shared();
      const client = await Socket.connect({ path: at });
      const aborting = new AbortController();
      const aborted = rejection(listener.accept({ signal: aborting.signal }));
      aborting.abort();
      expect((await aborted).name).toBe("AbortError");
      expect(thrown(() => listener.detach()).code).toBe("ERR_INVALID_STATE");
      const server = await listener.accept();
      await Promise.all([listener, client, server].map((one) => one.close()));
    }));

  test("rejects the waiting accept() if the connection can't be set up", () =>
    counted(async () => {
      const [given, at] = await shared();
      const listener = Listener.from(given.detach(), { receive: ["credentials"] });
      const accepting = rejection(listener.accept());
      const native = binding();
      const { setsockopt } = native;
      native.setsockopt = () => -ENOMEM;
      let error: unknown;
      const client = socket(AF_UNIX, SOCK_STREAM, 0);
      try {
        expect(native.connect(client, encodeAddress({ path: at }, "address"))).toBe(0);
        error = await accepting;
      } finally {
        native.setsockopt = setsockopt;
      }
      expect(error).toMatchObject({ code: "ENOMEM", syscall: "setsockopt" });
      close(client);
      await listener.close();
    }));

  test("gives the connection that the thread is accepting to the first accept() that waits when it closes, and rejects the others", () =>
    counted(async () => {
      const [listener, at] = await shared();
      const client = await Socket.connect({ path: at });
      const accepting = [listener.accept(), rejection(listener.accept())] as const;
      await listener.close();
      expect((await accepting[1]).code).toBe("ERR_SENDMSG_CLOSED");
      const server = await accepting[0];
      await server.sendmsg({ data: "served" });
      expect(await text(client)).toEqual(["served", 0]);
      expect((await rejection(listener.accept())).code).toBe("ERR_SENDMSG_CLOSED");
      await Promise.all([client, server].map((one) => one.close()));
    }));

  test("ends a loop when it closes, after the connection that the thread is accepting", () =>
    counted(async () => {
      const [listener, at] = await shared();
      const seen: Socket[] = [];
      const loop = (async () => {
        for await (const socket of listener) seen.push(socket);
      })();
      await turn();
      const client = await Socket.connect({ path: at });
      const started = await calls("startAccept", () => until(() => closing() > 0 || seen.length > 0));
      void listener.close();
      await loop;
      expect(started).toBeGreaterThan(0);
      expect(seen).toHaveLength(1);
      await Promise.all([client, ...seen].map((one) => one.close()));
    }));

  test("closes the accepted connection that nobody waits for when it closes", () =>
    counted(async () => {
      const [listener, at] = await shared();
      const client = await Socket.connect({ path: at });
      expect(listener.tryAccept()).toBeUndefined();
      await listener.close();
      expect((await client.recvmsg()).eof).toBe(true);
      await client.close();
    }));
});
