import { describe, expect, test, vi } from "vitest";
import { decodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SHUT_RD, SOCK_DGRAM } from "../../src/constants/index.js";
import { ENOMEM } from "../../src/errno.js";
import { binding } from "../../src/native/load.js";
import { Endpoint } from "../../src/socket/endpoint.js";
import { connect, shutdown, socket } from "../../src/syscalls/index.js";
import { UnixDatagramSocket } from "../../src/unix-datagram/index.js";
import { own, ownFd } from "../support/closing.js";
import { withSockets } from "../support/counted.js";
import { calls } from "../support/counted-calls.js";
import { thrown } from "../support/outcome.js";
import { turn, until } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";
import { bytes, open, post, server, stranger, take } from "./recorded.js";

const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${from + i}`);

/** Two sockets with paths: `client` is connected to `peer`, a stranger. */
function connected(options: Parameters<typeof server>[0] = {}) {
  const peer = stranger();
  const client = server(options);
  client.socket.connect(peer.at);
  return { ...client, peer };
}

describe("messages", () => {
  test("come in order, with the sender's address", () =>
    withSockets(async () => {
      const seen: unknown[] = [];
      const { events, address } = server({
        onMessage(_, from) {
          seen.push(from && decodeAddress(from));
          return true;
        },
      });
      const [one, two] = [stranger(), stranger()];
      const unnamed = ownFd(socket(AF_UNIX, SOCK_DGRAM));
      post(one.fd, "1", address);
      post(two.fd, "2", address);
      post(unnamed, "3", address);
      post(one.fd, "4", address);
      await until(() => events.length === 4);
      expect(events).toEqual(["1", "2", "3", "4"]);
      const [first, second] = [one, two].map(({ address: encoded }) => decodeAddress(encoded));
      expect(seen).toEqual([first, second, undefined, first]);
    }));

  test("of the same sender have the same address object", () =>
    withSockets(async () => {
      const seen: unknown[] = [];
      const { events, address } = server({
        onMessage(_, from) {
          seen.push(from);
          return true;
        },
      });
      const sender = stranger();
      for (const text of numbers(3)) post(sender.fd, text, address);
      await until(() => events.length === 3);
      expect(seen[0]).toBeInstanceOf(Uint8Array);
      expect(new Set(seen).size).toBe(1);
    }));

  test("can be empty, and longer than 64 KiB", () =>
    withSockets(async () => {
      const { events, address } = server();
      const sender = ownFd(socket(AF_UNIX, SOCK_DGRAM));
      const long = "x".repeat(100_000);
      post(sender, "", address);
      post(sender, long, address);
      post(sender, "", address);
      await until(() => events.length === 3);
      expect(events).toEqual(["", long, ""]);
    }));

  test("bring at most maxFds descriptors", () =>
    withSockets(async () => {
      const { events, address } = server({ maxFds: 2 });
      const sender = stranger();
      post(sender.fd, "three", address, [0, 0, 0]);
      post(sender.fd, "one", address, [0]);
      await until(() => events.length === 2);
      expect(events).toEqual(["three+2", "one+1"]);
    }));

  test("more than the event loop takes in one turn come, and timers run meanwhile", () =>
    withSockets(async () => {
      const { events, address, socket } = server();
      const sender = own(new UnixDatagramSocket(0, { onMessage: () => true, onError() {}, onRoom() {} }));
      let sent = 0;
      let turns = 0;
      while (sent < 2000) {
        while (sent < 2000 && sender.send(bytes(`${sent}`), address)) sent++;
        await turn();
        turns++;
      }
      await until(() => events.length === 2000);
      expect(events).toEqual(numbers(2000));
      expect(turns).toBeGreaterThan(2);
      expect(socket.fd).toBeGreaterThan(2);
    }));
});

describe("a listener", () => {
  test("that returns false gets the next message after the microtasks", () =>
    withSockets(async () => {
      let isRunning = false;
      const inARow: string[] = [];
      const { events, address } = server({
        onMessage(text) {
          if (isRunning) inARow.push(text);
          isRunning = true;
          queueMicrotask(() => {
            isRunning = false;
          });
          return false;
        },
      });
      const sender = stranger();
      for (const text of numbers(4)) post(sender.fd, text, address);
      await until(() => events.length === 4);
      expect(events).toEqual(numbers(4));
      expect(inARow).toEqual([]);
    }));

  test("that returns false gets messages that were received early in the next turn, too", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected({ onMessage: () => false });
      for (const text of numbers(3)) post(peer.fd, text, address);
      expect(socket.send(bytes("x"), null)).toBe(true);
      expect(events).toEqual([]);
      await Promise.resolve();
      expect(events).toEqual(["0"]);
      await until(() => events.length === 3);
      expect(events).toEqual(numbers(3));
    }));

  test("that closes the socket gets no further message, and no descriptor stays open", () =>
    withSockets(async () => {
      const server1 = server({
        maxFds: 3,
        onMessage: () => {
          void server1.socket.close();
          return true;
        },
      });
      const sender = stranger();
      for (const text of numbers(5)) post(sender.fd, text, server1.address, [0, 0]);
      await until(() => server1.events.length > 0);
      await server1.socket.close();
      for (let i = 0; i < 5; i++) await turn();
      expect(server1.events).toEqual(["0+2"]);
    }));

  test("that closes the socket gets none of the messages that were received early", () =>
    withSockets(async () => {
      const client = connected({
        maxFds: 3,
        onMessage: () => {
          void client.socket.close();
          return true;
        },
      });
      for (const text of numbers(5)) post(client.peer.fd, text, client.address, [0, 0]);
      expect(client.socket.send(bytes("x"), null)).toBe(true);
      await until(() => client.events.length > 0);
      await client.socket.close();
      for (let i = 0; i < 5; i++) await turn();
      expect(client.events).toEqual(["0+2"]);
    }));

  test("that answers each message gets all of them in order", () =>
    withSockets(async () => {
      const { peer, ...client } = connected({
        onMessage(text) {
          expect(client.socket.send(bytes(`answer ${text}`), null)).toBe(true);
          return true;
        },
      });
      for (const text of numbers(8)) post(peer.fd, text, client.address);
      await until(() => client.events.length === 8);
      expect(client.events).toEqual(numbers(8));
      for (const text of numbers(8)) expect(take(peer.fd)).toBe(`answer ${text}`);
    }));
});

describe("messages that were received before their turn", () => {
  test("come in order, before those that the kernel still has", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected();
      for (const text of numbers(3)) post(peer.fd, text, address);
      expect(socket.send(bytes("x"), null)).toBe(true);
      for (const text of numbers(3, 3)) post(peer.fd, text, address);
      expect(socket.send(bytes("y"), null)).toBe(true);
      for (const text of numbers(3, 6)) post(peer.fd, text, address);
      expect(events).toEqual([]);
      await until(() => events.length === 9);
      expect(events).toEqual(numbers(9));
    }));

  test("are at most 1000: then send() finds no room, connect() throws, and none is lost", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected();
      const other = stranger();
      let sent = 0;
      let hasRoom = true;
      while (hasRoom) {
        try {
          for (; ; sent++) post(peer.fd, `${sent}`, address);
        } catch (error) {
          expect(error).toMatchObject({ code: "EAGAIN" });
        }
        hasRoom = socket.send(bytes("x"), null);
        if (hasRoom) expect(take(peer.fd)).toBe("x");
        expect(sent).toBeLessThan(3000);
      }
      expect(sent).toBeGreaterThan(1000);
      expect(thrown(() => socket.connect(other.at))).toMatchObject({
        code: "EAGAIN",
        syscall: "connect",
        message:
          `connect EAGAIN ${(other.at as { path: string }).path}: the socket has messages that it can't receive yet. ` +
          "Connect again when they have come",
      });
      expect(events).toEqual([]);
      await until(() => events.includes("room"));
      expect(events).toEqual([...numbers(sent), "room"]);
      expect(socket.send(bytes("now"), null)).toBe(true);
      expect(take(peer.fd)).toBe("now");
    }));

  test("are closed with their descriptors if the socket closes first", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected({ maxFds: 2 });
      for (const text of numbers(3)) post(peer.fd, text, address, [0, 0]);
      expect(socket.send(bytes("x"), null)).toBe(true);
      await socket.close();
      expect(events).toEqual([]);
    }));

  test("come to a socket that is connected to itself", () =>
    withSockets(async () => {
      const { events, socket, at } = server();
      socket.connect(at);
      for (const text of numbers(5)) expect(socket.send(bytes(text), null)).toBe(true);
      await until(() => events.length === 5);
      expect(events).toEqual(numbers(5));
    }));
});

describe("an error of a receive", () => {
  /** The peer has connected elsewhere with an unread message of ours. The kernel reports that to us as ECONNRESET, once. */
  function reset() {
    const client = connected();
    connect(client.peer.fd, client.address);
    expect(client.socket.send(bytes("unread"), null)).toBe(true);
    connect(client.peer.fd, stranger().address);
    return client;
  }

  test("is reported once, and the next messages come", () =>
    withSockets(async () => {
      const { events, address, peer } = reset();
      await until(() => events.length > 0);
      post(peer.fd, "x", address);
      await until(() => events.length > 1);
      expect(events).toEqual(["!ECONNRESET", "x"]);
    }));

  test("that send() meets is reported once, after the call, and the next messages come", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = reset();
      expect(thrown(() => socket.send(bytes("x"), null))).toMatchObject({
        code: "EPERM",
        syscall: "sendmsg",
      });
      expect(events).toEqual([]);
      await Promise.resolve();
      expect(events).toEqual(["!ECONNRESET"]);
      post(peer.fd, "x", address);
      await until(() => events.length > 1);
      expect(events).toEqual(["!ECONNRESET", "x"]);
    }));

  test("that connect() meets is reported once, after the call, and the socket is connected", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = reset();
      const other = stranger();
      post(peer.fd, "before", address);
      socket.connect(other.at);
      expect(socket.send(bytes("x"), null)).toBe(true);
      expect(take(other.fd)).toBe("x");
      await until(() => events.length > 1);
      expect(events).toEqual(["!ECONNRESET", "before"]);
    }));

  test("that lasts is reported once in each pause, also if send() meets it", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected();
      post(peer.fd, "late", address);
      const failing = vi.spyOn(binding(), "receive").mockReturnValue(-ENOMEM);
      try {
        expect(socket.send(bytes("x"), null)).toBe(false);
        expect(failing.mock.calls.length).toBeLessThan(3);
        await until(() => events.length > 0);
        for (let i = 0; i < 20; i++) await turn();
        expect(events).toEqual(["!ENOMEM"]);
      } finally {
        failing.mockRestore();
      }
      await until(() => events.includes("late") && events.includes("room"));
      expect(events).toEqual(["!ENOMEM", "late", "room"]);
    }));

  test("comes no more after close()", () =>
    withSockets(async () => {
      const { events, socket } = reset();
      thrown(() => socket.send(bytes("x"), null));
      await socket.close();
      await turn();
      expect(events).toEqual([]);
    }));
});

describe("a socket that another program has shut down for reading", () => {
  test("sends and connects, after the messages in its queue were received", () =>
    withSockets(async () => {
      const { events, address, peer, socket } = connected();
      post(peer.fd, "last", address);
      shutdown(socket.fd, SHUT_RD);
      expect(socket.send(bytes("x"), null)).toBe(true);
      expect(take(peer.fd)).toBe("x");
      const other = stranger();
      socket.connect(other.at);
      expect(socket.send(bytes("y"), null)).toBe(true);
      expect(take(other.fd)).toBe("y");
      await until(() => events.length > 0);
      expect(events).toEqual(["last"]);
    }));
});

describe("after close()", () => {
  test("each call says that the socket is closed", () =>
    withSockets(async () => {
      const { socket, at, address } = server();
      await socket.close();
      const closed = { code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" };
      for (const call of [
        () => socket.send(bytes("x"), null),
        () => socket.send(bytes("x"), address),
        () => socket.sendWithFds(bytes("x"), null, "fds", [0]),
        () => socket.connect(at),
        () => socket.bind(at),
        () => socket.getsockname(),
      ])
        expect(thrown(call)).toMatchObject(closed);
      expect(socket.fd).toBe(-1);
      await socket.close();
    }));
});

describe("if the event loop can't watch the socket", () => {
  test("the constructor throws, and leaves no descriptor open", () =>
    withSockets(() => {
      const end = refuseToWatch();
      try {
        expect(thrown(() => open())).toMatchObject({ code: "ENOSPC", syscall: "epoll_ctl" });
      } finally {
        end();
      }
    }));
});

describe("an idle socket", () => {
  /** How often the event loop reports an event for nothing, or a receive finds nothing, in 50 turns. */
  async function inVain(): Promise<number> {
    const adapting = vi.spyOn(Endpoint.prototype, "adaptWatch");
    try {
      const receives = await calls("receive", async () => {
        for (let i = 0; i < 50; i++) {
          await turn();
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      });
      return adapting.mock.calls.length + receives;
    } finally {
      adapting.mockRestore();
    }
  }

  test.each(["new", "bound", "connected", "unreferenced", "after a message", "after an error"])(
    "has no events: %s",
    (state) =>
      withSockets(async () => {
        const { events, socket, address } = open() as ReturnType<typeof server>;
        if (state !== "new") {
          const peer = stranger();
          if (state !== "bound") socket.connect(peer.at);
          if (state === "unreferenced") socket.setReferenced(false);
        }
        if (state === "after a message") {
          const receiver = server();
          post(stranger().fd, "x", receiver.address);
          await until(() => receiver.events.length > 0);
        }
        if (state === "after an error") {
          const [peer, client] = [stranger(), server()];
          client.socket.connect(peer.at);
          connect(peer.fd, client.address);
          client.socket.send(bytes("unread"), null);
          connect(peer.fd, stranger().address);
          await until(() => client.events.length > 0);
          // The pause after an error ends.
          post(peer.fd, "x", client.address);
          await until(() => client.events.length > 1);
        }
        await turn();
        expect(await inVain()).toBeLessThan(5);
        expect([events, address]).toEqual([[], undefined]);
      }),
  );

  test("has no events while its peer is full", () =>
    withSockets(async () => {
      const peer = stranger();
      const { events, socket } = open();
      socket.connect(peer.at);
      while (socket.send(bytes("x"), null));
      const polling = vi.spyOn(binding(), "poll");
      expect(await inVain()).toBeLessThan(5);
      expect(polling.mock.calls.length).toBeLessThan(5);
      polling.mockRestore();
      expect(events).toEqual([]);
    }));

  test("has no events after another program has shut it down", () =>
    withSockets(async () => {
      const { events, socket } = server();
      shutdown(socket.fd, SHUT_RD);
      for (let i = 0; i < 5; i++) await turn();
      expect(await inVain()).toBeLessThan(5);
      expect(events).toEqual([]);
    }));

  test("has no events in the pause after an error, although messages wait", () =>
    withSockets(async () => {
      const { events, address } = server();
      const failing = vi.spyOn(binding(), "receive").mockReturnValue(-ENOMEM);
      post(stranger().fd, "x", address);
      await until(() => events.length > 0);
      failing.mockRestore();
      expect(await inVain()).toBeLessThan(8);
      await until(() => events.length > 1);
      expect(events).toEqual(["!ENOMEM", "x"]);
    }));
});
