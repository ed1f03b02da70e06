import { describe, expect, it, vi } from "vitest";
import { Listener, Socket, socketpair } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { Backoff } from "../../src/socket/backoff.js";
import { EPOLLOUT } from "../../src/socket/readiness.js";
import { counted } from "../support/counted.js";
import { freshPath } from "../support/fresh-places.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { cramp, drop, fill, read, TYPES, withPair } from "../support/pairs.js";
import { withBound, withListener } from "../support/transports.js";
import { turn } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";

/** Receives until nothing is left. */
function drain(socket: Socket): void {
  for (let message = socket.tryRecvmsg(); message && !message.eof; message = socket.tryRecvmsg())
    message[Symbol.dispose]();
}

it.each(["stream", "seqpacket"] as const)(
  "writable() of a full %s socket settles when the peer shuts down, and the next attempt says why",
  (type) =>
    withPair(type, async (a, b) => {
      cramp(a);
      fill(a);
      const wait = a.writable();
      expect(await isSettled(wait)).toBe(false);
      await b.shutdown("both");
      await wait;
      expect(thrown(() => a.trySendmsg({ data: "x" })).code).toBe("EPIPE");
    }),
);

describe.each(TYPES)("writable() of a %s socket", (type) => {
  it("settles at once while the kernel takes messages", () =>
    withPair(type, async (a) => {
      await a.writable();
      expect(a.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
      await a.writable({});
    }));

  it("waits until the peer has received, for all callers", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      fill(a);
      const waits = [a.writable(), a.writable(), a.writable()];
      expect(await isSettled(Promise.race(waits))).toBe(false);
      drain(b);
      await Promise.all(waits);
      expect(a.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
    }));

  it("a loop with trySendmsg() drops what the kernel does not take, and never stops", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      let sent = 0;
      let dropped = 0;
      const sending = (async () => {
        while (dropped < 20) {
          if (a.trySendmsg({ data: "0123456789" })) sent++;
          else {
            dropped++;
            await a.writable();
          }
        }
      })();
      while (!(await isSettled(sending))) drain(b);
      await sending;
      expect(sent).toBeGreaterThan(20);
      drain(b);
    }));

  it("waits for the sends that are queued", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      const count = fill(a, "filler");
      const queued = a.sendmsg({ data: "queued" });
      const writable = a.writable();
      const order: string[] = [];
      void queued.then(() => order.push("sent"));
      void writable.then(() => order.push("writable"));
      if (type === "stream") await read(b, 6 * (count + 1));
      else await drop(b, count + 1);
      await Promise.all([queued, writable]);
      expect(order).toEqual(["sent", "writable"]);
    }));

  it("waits on after a queued send was aborted", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      fill(a);
      const controller = new AbortController();
      const queued = rejection(a.sendmsg({ data: "queued" }, { signal: controller.signal }));
      const writable = a.writable();
      controller.abort();
      expect(await queued).toMatchObject({ code: "ABORT_ERR" });
      expect(await isSettled(writable)).toBe(false);
      drain(b);
      await writable;
    }));

  it("rejects when it is aborted or the socket is closed, and leaves the other calls waiting", () =>
    withPair(type, async (a) => {
      cramp(a);
      fill(a);
      const controller = new AbortController();
      const aborted = rejection(a.writable({ signal: controller.signal }));
      const closed = [rejection(a.writable()), rejection(a.writable())];
      controller.abort("why");
      expect(await aborted).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(await isSettled(closed[0]!)).toBe(false);
      await a.close();
      for (const error of await Promise.all(closed))
        expect(error).toMatchObject({ code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" });
      expect(await rejection(a.writable())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
    }));

  it("rejects with a signal that was aborted before the call, and with a wrong argument", () =>
    withPair(type, async (a) => {
      expect(await rejection(a.writable({ signal: AbortSignal.abort() }))).toMatchObject({
        code: "ABORT_ERR",
      });
      expect(await rejection(a.writable({ signal: 5 as never }))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        argument: "options.signal",
      });
      expect(await rejection(a.writable(5 as never))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
    }));

  it("rejects with EPIPE when writing is shut down", () =>
    withPair(type, async (a) => {
      cramp(a);
      fill(a);
      const waiting = rejection(a.writable());
      await a.shutdown("write");
      expect(await waiting).toMatchObject({ code: "EPIPE", syscall: "sendmsg" });
      expect(await rejection(a.writable())).toMatchObject({ code: "EPIPE" });
    }));

  it("settles when the peer closes, and the next send says so", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      fill(a);
      const waiting = a.writable();
      await turn();
      await b.close();
      await waiting;
      expect(["EPIPE", "ECONNRESET", "ECONNREFUSED"]).toContain(
        (await rejection(a.sendmsg({ data: "x" }))).code,
      );
    }));

  it("keeps the socket from being given away", () =>
    withPair(type, async (a, b) => {
      cramp(a);
      fill(a);
      const waiting = a.writable();
      const state = {
        code: "ERR_INVALID_STATE",
        message:
          "The socket is in use: abort its sends, receives, connect() and writable(), or wait for them first",
      };
      expect(() => a.detach()).toThrow(expect.objectContaining(state));
      expect(() => a.toNet()).toThrow(expect.objectContaining(state));
      drain(b);
      await waiting;
      a.detach().close();
    }));

  it("rejects if the event loop can't watch the socket", () =>
    withPair(type, async (a) => {
      cramp(a);
      fill(a);
      const watchAgain = refuseToWatch();
      try {
        expect(await rejection(a.writable())).toMatchObject({ code: "ENOSPC", syscall: "epoll_ctl" });
      } finally {
        watchAgain();
      }
    }));
});

it("a full stream takes nothing until the peer has read, and writable() then lets a long message through", () =>
  withPair("stream", async (a, b) => {
    const data = Buffer.alloc(1 << 20, "x");
    let sent = 0;
    const reading = read(b, data.length);
    while (sent < data.length) {
      const result = a.trySendmsg({ data: data.subarray(sent) });
      if (result) sent += result.bytes;
      else await a.writable();
    }
    expect((await reading).reduce((sum, { data: { length } }) => sum + length, 0)).toBe(data.length);
  }));

const DATAGRAMS = { type: "dgram" as const, place: () => ({ path: freshPath() }) };

describe("a receiver whose queue is full, and a sender that is not connected", () => {
  it("pauses between attempts, because the sender counts as writable", () =>
    withBound(DATAGRAMS, 2, async ([sender, receiver], [, address]) => {
      const message = { data: "x", address: address! };
      while (sender!.trySendmsg(message));
      const begin = performance.now();
      // The pauses double from 1 ms on: 1 + 2 + 4 + 8 + 16 + 32.
      for (let i = 0; i < 6; i++) {
        await Promise.all([sender!.writable(), sender!.writable()]);
        expect(sender!.trySendmsg(message)).toBeUndefined();
      }
      expect(performance.now() - begin).toBeGreaterThan(50);
      const waiting = sender!.writable();
      drain(receiver!);
      await waiting;
      expect(sender!.trySendmsg(message)).toEqual({ bytes: 1 });
      await sender!.writable();
      drain(receiver!);
    }));

  it("is not asked about again by the event loop", () =>
    withBound(DATAGRAMS, 2, async ([sender], [, address]) => {
      const message = { data: "x", address: address! };
      while (sender!.trySendmsg(message));
      const { poll } = binding();
      let asked = 0;
      Object.assign(binding(), {
        poll: (fd: number, events: number) => {
          asked++;
          return poll(fd, events);
        },
      });
      try {
        // Each round makes an attempt, which makes the sender writable: that is an event. The fifth pause takes 16 ms.
        for (let i = 0; i < 5; i++) {
          await sender!.writable();
          expect(sender!.trySendmsg(message)).toBeUndefined();
        }
      } finally {
        Object.assign(binding(), { poll });
      }
      expect(asked).toBeLessThanOrEqual(10);
    }));

  it("the wait can be aborted, and ends when the sender is closed", () =>
    withBound(DATAGRAMS, 2, async ([sender], [, address]) => {
      while (sender!.trySendmsg({ data: "x", address: address! }));
      const controller = new AbortController();
      const aborted = rejection(sender!.writable({ signal: controller.signal }));
      const closed = rejection(sender!.writable());
      controller.abort();
      expect(await aborted).toMatchObject({ code: "ABORT_ERR" });
      await sender!.close();
      expect(await closed).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
    }));
});

it("a Unix datagram socket that is connected to a full one waits for an event, and never for a timer", () =>
  withBound(DATAGRAMS, 1, async ([receiver], [address]) => {
    const sender = await Socket.connect(address!, { type: "dgram" });
    const pauses = vi.spyOn(Backoff.prototype, "wait");
    try {
      while (sender.trySendmsg({ data: "x" }));
      const waiting = sender.writable();
      expect(await isSettled(waiting)).toBe(false);
      receiver!.tryRecvmsg();
      await waiting;
      while (sender.trySendmsg({ data: "x" }));
      // The receiver is faster than the call of writable().
      receiver!.tryRecvmsg();
      await sender.writable();
      expect(pauses).not.toHaveBeenCalled();
    } finally {
      pauses.mockRestore();
      await sender.close();
      drain(receiver!);
    }
  }));

it("a Unix datagram socket with unread messages is tried again after pauses, because a thread would have to send", () =>
  withPair("dgram", async (a, b) => {
    await b.sendmsg({ data: "unread" });
    const begin = performance.now();
    for (let i = 0; i < 5; i++) {
      expect(a.trySendmsg({ data: "x" })).toBeUndefined();
      await a.writable();
    }
    expect(performance.now() - begin).toBeGreaterThan(20);
    drain(a);
    expect(a.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
    drain(b);
  }));

describe("while a connect is in progress", () => {
  it("waits for it on TCP", () =>
    withListener(
      { type: "stream", place: () => ({ family: "ipv4", address: "127.0.0.1", port: 0 }) },
      async (listener, at) => {
        const socket = await Socket.bind(
          { family: "ipv4", address: "127.0.0.1", port: 0 },
          { type: "stream" },
        );
        const connecting = socket.connect(at);
        const writable = socket.writable();
        await Promise.all([connecting, writable]);
        expect(socket.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
        await (await listener.accept()).close();
        await socket.close();
      },
    ));

  it("waits for it on a Unix listener whose backlog is full, although such a socket counts as writable", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path }, { backlog: 0 });
      const first = await Socket.connect({ path });
      const second = await Socket.bind({ family: "unix" }, { type: "stream" });
      const connecting = second.connect({ path });
      const writable = second.writable();
      for (let i = 0; i < 5; i++) expect(await isSettled(writable)).toBe(false);
      await (await listener.accept()).close();
      await Promise.all([connecting, writable]);
      expect(second.trySendmsg({ data: "x" })).toEqual({ bytes: 1 });
      await Promise.all([first, second, listener].map((each) => each.close()));
    }));

  it("settles when it fails, because the kernel then answers a send at once", () =>
    counted(async () => {
      const path = freshPath();
      const listener = await Listener.listen({ path }, { backlog: 0 });
      const first = await Socket.connect({ path });
      const second = await Socket.bind({ family: "unix" }, { type: "stream" });
      const controller = new AbortController();
      const connecting = rejection(second.connect({ path }, { signal: controller.signal }));
      const writable = second.writable();
      await turn();
      controller.abort();
      expect((await connecting).code).toBe("ABORT_ERR");
      await writable;
      await Promise.all([first, second, listener].map((each) => each.close()));
    }));
});

it("a call that was aborted leaves the event loop nothing to do", () =>
  counted(async () => {
    const [a, b] = socketpair("stream");
    cramp(a);
    fill(a);
    const controller = new AbortController();
    const aborted = rejection(a.writable({ signal: controller.signal }));
    await turn();
    controller.abort();
    await aborted;
    const { watchPoll } = binding();
    const asked: number[] = [];
    Object.assign(binding(), {
      watchPoll: (...args: Parameters<typeof watchPoll>) => {
        asked.push(args[3]);
        return watchPoll(...args);
      },
    });
    drain(b);
    for (let i = 0; i < 10; i++) await turn();
    Object.assign(binding(), { watchPoll });
    // One event, after which libuv watches for no more. Where libuv does not watch, nothing is to be taken off.
    expect(asked.filter((events) => events & EPOLLOUT)).toEqual([]);
    expect(asked.length).toBeLessThanOrEqual(1);
    await Promise.all([a.close(), b.close()]);
  }));
