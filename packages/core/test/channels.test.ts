import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Listener, Socket, socketpair } from "../src/index.js";
import { MemoryListener, memorySocketpair } from "../src/testing/index.js";
import { closeAll, own } from "./support/closing.js";
import { counted } from "./support/counted.js";
import { freshPath } from "./support/fresh-places.js";
import { rejection, thrown } from "./support/outcome.js";

type Published = Record<string, unknown>;
type Subscriber = (published: unknown) => void;

let subscribed: [name: string, subscriber: Subscriber][] = [];

function on(name: string, subscriber: (published: Published) => void): Subscriber {
  subscribe(name, subscriber as Subscriber);
  subscribed.push([name, subscriber as Subscriber]);
  return subscriber as Subscriber;
}

/** What is published on these channels, in order, without the start times. */
function collect(...names: string[]): (Published & { on: string })[] {
  const all: (Published & { on: string })[] = [];
  for (const name of names) {
    on(`sendmsg:${name}`, ({ startTime, ...rest }) => {
      if (name !== "close") expect(startTime).toBeLessThanOrEqual(performance.now());
      all.push({ on: name, ...rest });
    });
  }
  return all;
}

afterEach(() => {
  for (const [name, subscriber] of subscribed) unsubscribe(name, subscriber);
  subscribed = [];
});
afterEach(closeAll);

const pair = (type: "stream" | "seqpacket" = "stream"): [Socket, Socket] => {
  const [a, b] = socketpair(type, { maxFds: 0 });
  return [own(a), own(b)];
};
const events = <T extends { on: string }>(all: T[]): string[] => all.map((each) => each.on);

describe("each channel", () => {
  it("sendmsg:send and sendmsg:receive have batches, and how many of their messages went or came", async () => {
    const [a, b] = pair("seqpacket");
    const [outgoing, incoming] = [a.createBatch({ slots: 4 }), b.createBatch({ slots: 4 })];
    const all = collect("send", "receive");
    for (const data of ["1", "2", "3"]) outgoing.push({ data });
    await a.sendBatch(outgoing);
    await b.recvBatch(incoming);
    outgoing.push({ data: "4" });
    a.trySendBatch(outgoing);
    a.trySendBatch(outgoing);
    b.tryRecvBatch(incoming);
    b.tryRecvBatch(incoming);
    expect(
      all.map(({ on, socket, batch, messages }) => [on, socket === a, batch === outgoing, messages]),
    ).toEqual([
      ["send", true, true, 3],
      ["receive", false, false, 3],
      ["send", true, true, 1],
      ["receive", false, false, 1],
    ]);
  });

  it("sendmsg:send and sendmsg:receive have the socket, the message and what happened", async () => {
    const all = collect("send", "receive");
    const [a, b] = pair();
    const sent = { data: "hello" };
    await a.sendmsg(sent);
    const message = await b.recvmsg();
    expect(all).toEqual([
      { on: "send", socket: a, message: sent, bytesSent: 5 },
      { on: "receive", socket: b, message },
    ]);
    expect([all[0]!.socket, all[0]!.message, all[1]!.message]).toEqual([a, sent, message]);
    expect(all[1]!.message).toBe(message);
    await b.close();
    const error = await rejection(a.sendmsg(sent));
    expect(all[2]).toEqual({ on: "send", socket: a, message: sent, error });
    const failed = await rejection(b.recvmsg());
    expect(all[3]).toEqual({ on: "receive", socket: b, error: failed });
  });

  it("the calls that return at once publish too, unless nothing has happened", () => {
    const all = collect("send", "receive");
    const [a, b] = pair();
    expect(b.tryRecvmsg()).toBeUndefined();
    expect(all).toEqual([]);
    a.trySendmsg({ data: "x" });
    b.tryRecvmsg();
    expect(events(all)).toEqual(["send", "receive"]);
    expect(all[0]!.bytesSent).toBe(1);
    b.close();
    const error = thrown(() => b.tryRecvmsg());
    expect(all[2]).toEqual({ on: "receive", socket: b, error });
    const notSent = thrown(() => b.trySendmsg({ data: "x" }));
    expect(all[3]).toMatchObject({ on: "send", error: notSent });
  });

  it("sendmsg:listen, sendmsg:accept, sendmsg:connect and sendmsg:close tell of connections", async () => {
    const all = collect("listen", "accept", "connect", "close");
    const at = { path: freshPath() };
    const listener = own(await Listener.listen(at));
    const client = own(await Socket.connect(at));
    const server = own(await listener.accept());
    const second = own(await Socket.connect(at));
    const accepted = own(listener.tryAccept()!);
    const third = own(await Socket.connect(at));
    const { value } = await listener[Symbol.asyncIterator]().next();
    own(value!);
    expect(all).toEqual([
      { on: "listen", address: at, listener },
      { on: "connect", address: at, socket: client },
      { on: "accept", listener, socket: server },
      { on: "connect", address: at, socket: second },
      { on: "accept", listener, socket: accepted },
      { on: "connect", address: at, socket: third },
      { on: "accept", listener, socket: value },
    ]);
    all.length = 0;
    const numbers = [client.fd, server.fd, listener.fd];
    client.close();
    client.close();
    server.detach().close();
    listener.close();
    expect(all.map(({ socket, listener }) => socket ?? listener)).toEqual([client, server, listener]);
    expect(all.map(({ fd }) => fd)).toEqual(numbers);
    const error = await rejection(Socket.connect(at));
    expect(all[3]).toMatchObject({ on: "connect", address: at, error });
    const refused = await rejection(listener.accept());
    expect(all.at(-1)).toEqual({ on: "accept", listener, error: refused });
  });

  it("sendmsg:bind has the address that the program gave", async () => {
    const all = collect("bind", "listen");
    const at = { path: freshPath() };
    const socket = own(await Socket.bind(at, { type: "dgram" }));
    const opened = own(Socket.open({ family: "unix", type: "dgram" }));
    const name = { family: "unix" } as const;
    await opened.bind(name);
    const error = await rejection(Socket.bind(at, { type: "dgram" }));
    const failed = await rejection(Listener.listen(at));
    expect(all).toEqual([
      { on: "bind", address: at, socket },
      { on: "bind", address: name, socket: opened },
      { on: "bind", address: at, error },
      { on: "listen", address: at, error: failed },
    ]);
  });

  it("sockets in memory publish what they do", async () => {
    const all = collect("send", "receive", "accept", "close");
    const [a, b] = memorySocketpair();
    await a.sendmsg({ data: "x" });
    a.trySendmsg({ data: "y" });
    await b.recvmsg({ size: 1 });
    b.tryRecvmsg();
    const listener = new MemoryListener();
    await listener.connect();
    await listener.accept();
    await listener.close();
    await a.close();
    expect(events(all)).toEqual(["send", "send", "receive", "receive", "accept", "close", "close"]);
  });
});

describe("a subscriber", () => {
  it("hears before the caller does", async () => {
    const order: string[] = [];
    on("sendmsg:send", () => order.push("subscriber"));
    const [a] = pair();
    await a.sendmsg({ data: "x" }).then(() => order.push("caller"));
    expect(order).toEqual(["subscriber", "caller"]);
  });

  it("may print the socket and the message", async () => {
    const printed: string[] = [];
    for (const name of ["send", "receive", "close"]) on(`sendmsg:${name}`, (it) => printed.push(inspect(it)));
    const [a, b] = pair();
    await a.sendmsg({ data: "x" });
    await b.recvmsg();
    const { fd } = b;
    b.close();
    expect(printed).toHaveLength(3);
    expect(printed[1]).toContain("message: Message { data: <Buffer 78> }");
    expect(printed[2]).toBe(`{ socket: Socket { closed: true }, fd: ${fd} }`);
  });

  it("may close the socket", () =>
    counted(async () => {
      const [a, b] = pair();
      const close = on("sendmsg:send", ({ socket }) => void (socket as Socket).close());
      expect(await a.sendmsg({ data: "x" })).toEqual({ bytes: 1 });
      expect(a.closed).toBe(true);
      unsubscribe("sendmsg:send", close);
      on("sendmsg:receive", ({ socket }) => void (socket as Socket).close());
      const message = await b.recvmsg();
      expect([message.data.toString(), b.closed]).toEqual(["x", true]);
      await closeAll();
    }));

  it("may close the listener and what it accepted", () =>
    counted(async () => {
      const at = { path: freshPath() };
      const listener = own(await Listener.listen(at));
      on("sendmsg:accept", ({ socket, listener }) => {
        (socket as Socket).close();
        (listener as Listener).close();
      });
      const accepting = listener.accept();
      own(await Socket.connect(at));
      expect((await accepting).closed).toBe(true);
      await closeAll();
    }));

  it("may close the socket that it hears of while it is connected or bound", () =>
    counted(async () => {
      const at = { path: freshPath() };
      for (const name of ["bind", "connect"])
        on(`sendmsg:${name}`, ({ socket }) => void (socket as Socket).close());
      const socket = await Socket.bind(at, { type: "dgram" });
      expect(socket.closed).toBe(true);
      expect((await rejection(Socket.connect(at, { type: "dgram" }))).code).toBe("ENOENT");
      const listener = own(await Listener.listen(at));
      expect((await Socket.connect(at)).closed).toBe(true);
      listener.close();
      await closeAll();
    }));

  it("may send on the socket", async () => {
    const [a, b] = pair("seqpacket");
    let left = 3;
    on("sendmsg:send", ({ socket }) => {
      if (left-- > 0) void (socket as Socket).sendmsg({ data: "again" });
    });
    await a.sendmsg({ data: "first" });
    const seen: string[] = [];
    while (seen.length < 4) seen.push((await b.recvmsg()).data.toString());
    expect(seen).toEqual(["first", "again", "again", "again"]);
  });

  it("that comes between a call and its end hears of the next call, and one that goes hears nothing", async () => {
    const [a, b] = pair();
    const waiting = b.recvmsg();
    const all = collect("receive");
    await a.sendmsg({ data: "x" });
    await waiting;
    expect(all).toEqual([]);
    const next = b.recvmsg();
    for (const [name, subscriber] of subscribed) unsubscribe(name, subscriber);
    await a.sendmsg({ data: "x" });
    await next;
    expect(all).toEqual([]);
    expect(channel("sendmsg:receive").hasSubscribers).toBe(false);
  });

  it("that throws does not disturb the call: the process gets an uncaught exception", async () => {
    const uncaught: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => uncaught.push(error));
    try {
      const broken = new Error("a broken subscriber");
      on("sendmsg:send", () => {
        throw broken;
      });
      const [a] = pair();
      expect(await a.sendmsg({ data: "x" })).toEqual({ bytes: 1 });
      await vi.waitFor(() => expect(uncaught).toEqual([broken]));
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of listeners) process.on("uncaughtException", listener);
    }
  });

  it("does not hide an error from the program: a rejection that nobody handles stays one", async () => {
    collect("receive");
    const [a] = pair();
    const reason = await new Promise((resolve) => {
      const listeners = process.listeners("unhandledRejection");
      process.removeAllListeners("unhandledRejection");
      process.once("unhandledRejection", (error) => {
        for (const listener of listeners) process.on("unhandledRejection", listener);
        resolve(error);
      });
      void a.recvmsg();
      a.close();
    });
    expect(reason).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
  });
});

it("without a subscriber, the promise of a call is the one that the socket made", async () => {
  const [a] = pair();
  const publish = vi.spyOn(channel("sendmsg:send"), "publish");
  await a.sendmsg({ data: "x" });
  expect(publish).not.toHaveBeenCalled();
});
