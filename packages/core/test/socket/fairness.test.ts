import { afterEach, describe, expect, it, vi } from "vitest";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { mayTry } from "../../src/socket/fairness.js";
import { memorySocketpair } from "../../src/testing/index.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { rejection } from "../support/outcome.js";
import { TYPES, withPair } from "../support/pairs.js";
import { refuseToWatch } from "../support/watching.js";

/** Runs rounds until a timer has fired five times. A loop that never yields ends at the limit, before the timer fires. */
async function expectTurns(round: () => Promise<unknown>, limit = 10_000_000): Promise<void> {
  let fired = 0;
  const timer = setInterval(() => fired++, 1);
  let rounds = 0;
  for (; rounds < limit && fired < 5; rounds++) await round();
  clearInterval(timer);
  expect(rounds).toBeLessThan(limit);
}

describe("a loop that never has to wait gives the event loop its turn", () => {
  it.each(TYPES)("%s: when it sends and receives in turn", (type) =>
    withPair(type, async (a, b) => {
      await expectTurns(async () => {
        a.trySendmsg({ data: "x" });
        await b.recvmsg({ size: 1 });
      });
    }),
  );

  it.each(TYPES)("%s: when it sends many messages and then receives them", (type) =>
    withPair(type, async (a, b) => {
      await expectTurns(async () => {
        await a.sendmsg({ data: "x" });
        b.tryRecvmsg();
      });
    }),
  );

  it("when its sends fail", () =>
    withPair("seqpacket", async (a) => {
      const tooLong = Buffer.alloc(16 * 1024 * 1024);
      await expectTurns(async () => {
        expect((await rejection(a.sendmsg({ data: tooLong }))).code).toBe("EMSGSIZE");
      });
    }));

  it.each([
    ["messages", (socket: Socket) => socket.messages(5 as never).next()],
    ["connections", (_: Socket, listener: Listener) => listener.connections(5 as never).next()],
  ])("when %s() fails before it begins", (_, call) =>
    withPair("stream", async (a) => {
      const listener = await Listener.listen({ path: freshPath() });
      await expectTurns(() => rejection(call(a, listener)));
      await listener.close();
    }),
  );

  it("when its sends come after the turn is due, and those sends still go at once and in order", () =>
    withPair("seqpacket", async (a, b) => {
      while (mayTry());
      const settled: string[] = [];
      const controller = new AbortController();
      const sends = ["1", "2", "3"].map(async (data) => {
        const { bytes } = await a.sendmsg({ data }, { signal: controller.signal });
        settled.push(`${data}, ${bytes}`);
      });
      expect(["1", "2", "3"].map(() => String(b.tryRecvmsg()?.data))).toEqual(["1", "2", "3"]);
      controller.abort();
      await a.close();
      await Promise.all(sends);
      expect(settled).toEqual(["1, 1", "2, 1", "3, 1"]);
    }));

  it("when it iterates", () =>
    withPair("stream", async (a, b) => {
      a.trySendmsg({ data: "x" });
      const messages = b.messages();
      await expectTurns(async () => a.trySendmsg({ data: (await messages.next()).value!.data }));
      await messages.return();
    }));

  it("when it receives the end of a stream again and again", () =>
    withPair("stream", async (a, b) => {
      await a.close();
      await expectTurns(() => b.recvmsg());
    }));

  it("when it uses sockets in memory", async () => {
    const [a, b] = memorySocketpair("stream");
    await expectTurns(async () => {
      await a.sendmsg({ data: "x" });
      b.tryRecvmsg();
    });
    await expectTurns(async () => {
      a.trySendmsg({ data: "x" });
      await b.recvmsg();
    });
    await a.close();
    await expectTurns(() => b.recvmsg());
    await b.close();
  });

  it("when it connects and accepts in turn", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path });
      await expectTurns(async () => {
        const connecting = Socket.connect({ path });
        const server = await listener.accept();
        void server.close();
        void (await connecting).close();
      });
      await listener.close();
    }));

  it("when two sockets send to each other, and a third gets its message", () =>
    withPair("stream", async (a, b) => {
      let running = true;
      const pong = (async () => {
        for await (const message of b) await b.sendmsg({ data: message.data });
      })();
      const ping = (async () => {
        while (running) {
          await a.sendmsg({ data: "x" });
          await a.recvmsg();
        }
        await a.shutdown("write");
      })();
      await withPair("stream", async (c, d) => {
        for (let i = 0; i < 20; i++) {
          const receiving = d.recvmsg();
          await new Promise((resolve) => setImmediate(resolve));
          await c.sendmsg({ data: "third" });
          expect(String((await receiving).data)).toBe("third");
        }
      });
      running = false;
      await Promise.all([ping, pong]);
    }));

  it("when it queues many sends and receives, whose order is kept", () =>
    withPair("seqpacket", async (a, b) => {
      const count = 1000;
      const receives = Array.from({ length: count }, () => b.recvmsg());
      const sends = Array.from({ length: count }, (_, i) => a.sendmsg({ data: `${i}` }));
      await Promise.all(sends);
      const texts = (await Promise.all(receives)).map(({ data }) => String(data));
      expect(texts).toEqual(Array.from({ length: count }, (_, i) => `${i}`));
    }));
});

describe("a loop that calls again as soon as a call has failed gives the event loop its turn", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** A method of a closed socket. */
  const onClosed = (name: string, call: (socket: Socket) => Promise<unknown>) => ({
    name: `${name} of a closed socket`,
    code: "ERR_SENDMSG_CLOSED",
    make: async () => {
      const pair = socketpair("seqpacket");
      await Promise.all(pair.map((socket) => socket.close()));
      return { call: () => call(pair[0]) };
    },
  });

  async function closedListener(): Promise<Listener> {
    const listener = await Listener.listen({ path: freshPath() });
    await listener.close();
    return listener;
  }

  /** A listener without a connection, or two sockets without a message: a call must watch the descriptor to wait. */
  async function unwatched(call: (things: { a: Socket; listener: Listener }) => Promise<unknown>) {
    const listener = await Listener.listen({ path: freshPath() });
    const [a, b] = socketpair("seqpacket");
    refuseToWatch();
    return {
      call: () => call({ a, listener }),
      end: () => Promise.all([a.close(), b.close(), listener.close()]),
    };
  }

  interface Failing {
    name: string;
    code: string;
    make: () => Promise<{ call: () => Promise<unknown>; end?: () => Promise<unknown> }>;
  }

  const failing: Failing[] = [
    {
      name: "recvmsg, which cannot be watched for",
      code: "ENOSPC",
      make: () => unwatched(({ a }) => a.recvmsg()),
    },
    {
      name: "sendmsg, which cannot be watched for",
      code: "ENOSPC",
      make: () =>
        unwatched(({ a }) => {
          while (a.trySendmsg({ data: "filler" }) !== undefined);
          return a.sendmsg({ data: "x" });
        }),
    },
    {
      name: "accept, which cannot be watched for",
      code: "ENOSPC",
      make: () => unwatched(({ listener }) => listener.accept()),
    },
    {
      name: "recvmsg with a wrong argument",
      code: "ERR_OUT_OF_RANGE",
      make: async () => {
        const [a, b] = socketpair();
        return { call: () => a.recvmsg({ size: 0 }), end: () => Promise.all([a.close(), b.close()]) };
      },
    },
    onClosed("recvmsg", (socket) => socket.recvmsg()),
    onClosed("recvError", (socket) => socket.recvError()),
    onClosed("shutdown", (socket) => socket.shutdown("write")),
    onClosed("connect", (socket) => socket.connect({ path: freshPath() })),
    {
      name: "accept on a closed listener",
      code: "ERR_SENDMSG_CLOSED",
      make: async () => {
        const listener = await closedListener();
        return { call: () => listener.accept() };
      },
    },
    {
      name: "Socket.connect to nobody",
      code: "ENOENT",
      make: async () => ({ call: () => Socket.connect({ path: `${freshPath()}.none` }) }),
    },
    {
      name: "Socket.bind in no directory",
      code: "ENOENT",
      make: async () => ({ call: () => Socket.bind({ path: `${freshPath()}/none` }, { type: "dgram" }) }),
    },
    {
      name: "Listener.listen in no directory",
      code: "ENOENT",
      make: async () => ({ call: () => Listener.listen({ path: `${freshPath()}/none` }) }),
    },
  ];

  it.each(failing)("$name", ({ code, make }) =>
    counted(async () => {
      const { call, end } = await make();
      await expectTurns(async () => expect((await rejection(call())).code).toBe(code), 100_000);
      vi.restoreAllMocks();
      await end?.();
    }),
  );
});

describe("fake timers of a test tool, which stand still,", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("do not delay a call that waits for the next turn of the event loop", () =>
    withPair("stream", async (a, b) => {
      vi.useFakeTimers();
      for (let i = 0; i < 500; i++) {
        await a.sendmsg({ data: "x" });
        await b.recvmsg();
      }
    }));

  it("do not delay a call that pauses before it tries again", () =>
    counted(async () => {
      vi.useFakeTimers();
      const at = freshPath();
      await using receiver = await Socket.bind({ path: at }, { type: "dgram" });
      await using sender = await Socket.bind({ path: freshPath() }, { type: "dgram" });
      // Until the receiver is full. No event says when it has room again.
      while (sender.trySendmsg({ data: "x", address: { family: "unix", path: at } })) {}
      const sent = sender.sendmsg({ data: "last", address: { family: "unix", path: at } });
      while ((await receiver.recvmsg()).data.toString() !== "last") {}
      await sent;
    }));
});
