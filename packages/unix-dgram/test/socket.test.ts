import dgram from "node:dgram";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { createSocket } from "@sendmsg/unix-dgram";
import { Socket as CoreSocket } from "sendmsg";
import { encodeAddress } from "sendmsg/address";
import { AF_UNIX, SOCK_DGRAM } from "sendmsg/constants";
import { encodeControl } from "sendmsg/control";
import { bind, close, sendmsg, socket } from "sendmsg/syscalls";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { freshPath } from "./support/places.js";
import { closeAll, fill, next, open, outcome, server } from "./support/sockets.js";

const openDescriptors = () => readdirSync("/proc/self/fd").length;

// The first socket of each library opens descriptors that the library keeps.
let before = 0;
beforeAll(async () => {
  await CoreSocket.open({ family: "unix" }).close();
  const socket = createSocket("unix_dgram");
  const open = openDescriptors();
  socket.close();
  if (!("Deno" in globalThis)) await vi.waitFor(() => expect(openDescriptors()).toBe(open - 1));
  before = openDescriptors();
});

// Deno opens descriptors of its own while the tests run, so we count on Node and Bun.
const canCount = !("Deno" in globalThis);

// No test leaves a descriptor open. A thread closes them, so it can take a moment.
afterEach(async () => {
  closeAll();
  if (canCount) await vi.waitFor(() => expect(openDescriptors()).toBe(before));
});

/** The events of a socket, in order. */
function record(socket: ReturnType<typeof open>): unknown[][] {
  const events: unknown[][] = [];
  for (const name of ["listening", "connect", "message", "error", "congestion", "writable", "close"]) {
    socket.on(name, (...given) => events.push([name, ...given]));
  }
  return events;
}

const refused = {
  message: expect.stringMatching(/^send ECONNREFUSED /),
  code: "ECONNREFUSED",
  errno: -111,
  syscall: "send",
};

describe("createSocket()", () => {
  it("makes a Unix datagram socket, and gives its messages to the listener", async () => {
    const messages: string[] = [];
    const socket = createSocket("unix_dgram", (message) => messages.push(`${message}`));
    try {
      const path = freshPath();
      socket.bind(path);
      open().send(Buffer.from("hello"), 0, 5, path);
      await next(socket);
      expect(messages).toEqual(["hello"]);
      expect(socket.type).toBe("unix_dgram");
      expect(socket.fd).toBeGreaterThan(2);
    } finally {
      socket.close();
    }
  });

  it("makes UDP sockets of node:dgram", () => {
    const socket = createSocket("udp4");
    expect(socket).toBeInstanceOf(dgram.Socket);
    socket.close();
  });

  it("refuses other types", () => {
    expect(() => createSocket("unix_stream" as never)).toThrow("Unsupported socket type: unix_stream");
  });
});

it("a listener that is no function is ignored, as the original does", () => {
  for (const listener of [null, "x", {}] as never[]) createSocket("unix_dgram", listener).close();
});

describe("events come within the calls", () => {
  it("listening, connect, the callback of send()", () => {
    const path = freshPath();
    const receiver = open();
    const received = record(receiver);
    receiver.bind(path);
    expect(received).toEqual([["listening"]]);
    const sender = open();
    const sent = record(sender);
    sender.connect(path);
    expect(sent).toEqual([["connect"]]);
    expect(sender.connected).toBe(true);
    const calls: unknown[][] = [];
    sender.send(Buffer.from("x"), (...given) => calls.push(given));
    expect(calls).toEqual([[]]);
  });

  it.each([
    ["bind", "EADDRINUSE", -98],
    ["connect", "ENOENT", -2],
  ] as const)("the error of %s()", (call, code, errno) => {
    const path = freshPath();
    if (call === "bind") server(path);
    const socket = open();
    const events = record(socket);
    socket[call](path);
    expect(events).toEqual([["error", expect.objectContaining({ code, errno, syscall: call })]]);
    expect(socket.connected).toBe(false);
  });

  it("the error of bind() says what to do with the file of a server that has gone", async () => {
    const path = freshPath();
    const old = server(path);
    old.close();
    await once(old, "close");
    expect(() => open().bind(path)).toThrow(
      `bind EADDRINUSE ${path}: a server that no longer runs has left this file. Remove it before you bind: ` +
        "fs.rmSync(path, { force: true })",
    );
  });

  it("without a listener, the call throws the error", () => {
    const path = freshPath();
    expect(() => open().connect(path)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  });
});

describe("send()", () => {
  it("sends a part of the data to a path, as sendto() does", async () => {
    const path = freshPath();
    const receiver = server(path);
    const sender = open();
    sender.send(Buffer.from("foobarbaz"), 3, 4, path);
    const [message, info] = await next(receiver);
    expect(`${message}`).toBe("barb");
    expect(info).toEqual({ size: 4, address: {}, path: null, fds: [] });
    sender.sendto(Buffer.from("again"), 0, 5, path);
    expect(`${(await next(receiver))[0]}`).toBe("again");
  });

  it("to a path works on a connected socket, too", async () => {
    const [one, two] = [freshPath(), freshPath()];
    server(one);
    const other = server(two);
    const sender = open();
    sender.connect(one);
    sender.send(Buffer.from("x"), 0, 1, two);
    expect(`${(await next(other))[0]}`).toBe("x");
  });

  it("tells the receiver the sender's path, to which it can answer", async () => {
    const path = freshPath();
    const receiver = server(path);
    const sender = server();
    sender.send(Buffer.from("question"), 0, 8, path);
    const [, info] = await next(receiver);
    expect(info.path).toBe(sender.address().address);
    receiver.send(Buffer.from("answer"), 0, 6, info.path!);
    expect(`${(await next(sender))[0]}`).toBe("answer");
  });

  it("sends to abstract names", async () => {
    const name = `\0unix-dgram-${process.pid}-${Math.random()}`;
    const receiver = server(name);
    expect(receiver.address().address).toBe(name);
    const sender = open();
    sender.connect(name);
    sender.send(Buffer.from("x"));
    expect(`${(await next(receiver))[0]}`).toBe("x");
  });

  it("gives errors a name, a number below 0, and the name of the call", async () => {
    const path = freshPath();
    const gone = server(path);
    gone.close();
    await once(gone, "close");
    const error = outcome((callback) => open().send(Buffer.from("x"), 0, 1, path, callback));
    expect(error).toMatchObject(refused);
    const socket = open();
    const events = record(socket);
    socket.send(Buffer.from("x"), 0, 1, path);
    expect(events).toEqual([["error", expect.objectContaining(refused)]]);
  });

  it("says that the socket is not connected", () => {
    const error = outcome((callback) => open().send(Buffer.from("x"), callback));
    expect(error).toMatchObject({
      message: "send ENOTCONN: the socket is not connected. Call connect(path), or give a path to send()",
      code: "ENOTCONN",
      errno: -107,
      syscall: "send",
    });
  });

  it("says that the socket is closed", () => {
    const socket = open();
    socket.close();
    const error = outcome((callback) => socket.send(Buffer.from("x"), callback));
    expect(error).toMatchObject({ code: "EBADF", errno: -9, syscall: "send" });
  });

  it("refuses a path that is too long, and does not cut it", () => {
    const path = `/tmp/${"x".repeat(200)}`;
    const tooLong = {
      code: "ENAMETOOLONG",
      errno: -36,
      message: expect.stringMatching(/^(bind|connect|send) ENAMETOOLONG: the path has 205 bytes/),
    };
    for (const call of ["bind", "connect"] as const) {
      const socket = open();
      const events = record(socket);
      socket[call](path);
      expect(events).toEqual([["error", expect.objectContaining({ ...tooLong, syscall: call })]]);
    }
    const error = outcome((callback) => open().send(Buffer.from("x"), 0, 1, path, callback));
    expect(error).toMatchObject({ ...tooLong, syscall: "send" });
  });

  it.each([
    [-1, 1, 'The value of "offset" is out of range. It must be >= 0 && <= 9007199254740991. Received -1'],
    [4, 0, 'The value of "offset" is out of range. It must be <= 3. Received 4'],
    [0, 4, 'The value of "length" is out of range. It must be <= 3. Received 4'],
    [2, 2, 'The value of "length" is out of range. It must be <= 1. Received 2'],
    [0.5, 1, 'The value of "offset" is out of range. It must be an integer. Received 0.5'],
    [0, undefined, 'The "length" argument must be of type number. Received undefined'],
    [0, "x", 'The value of "length" is out of range. It must be an integer. Received NaN'],
  ])("refuses the part from %s, %s bytes long", (offset, length, message) => {
    const send = () => open().send(Buffer.from("abc"), offset, length as number, "/tmp/nobody");
    expect(send).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/),
        message,
      }),
    );
  });

  it("refuses numbers of descriptors that no message has", () => {
    expect(() => open({ maxFds: 254 })).toThrow(
      'The value of "options.maxFds" is out of range. It must be >= 0 && <= 253. Received 254',
    );
  });

  it("takes numbers as text, as the original does", async () => {
    const receiver = server();
    open().send(Buffer.from("abcdef"), "1" as never, "3" as never, receiver.address().address);
    expect(`${(await next(receiver))[0]}`).toBe("bcd");
  });

  it("ignores a callback that is no function, and refuses options that it does not know", () => {
    const receiver = server();
    const { address } = receiver.address();
    const socket = open();
    socket.send(Buffer.from("x"), 0, 1, address, 5 as never);
    socket.connect(address);
    socket.send(Buffer.from("x"), {}, "callback" as never);
    expect(() => socket.send(Buffer.from("x"), { fd: [1] } as never)).toThrow(
      'The "options" argument has no option "fd". Did you mean "fds"?',
    );
    expect(() => createSocket({ type: "unix_dgram", maxFd: 1 } as never)).toThrow(
      'The "options" argument has no option "maxFd". Did you mean "maxFds"?',
    );
  });

  it("without a path, sends the part to the connected peer", async () => {
    const receiver = server();
    const sender = open();
    sender.connect(receiver.address().address);
    sender.send(Buffer.from("foobarbaz"), 3, 4, undefined as never);
    expect(`${(await next(receiver))[0]}`).toBe("barb");
  });

  it("refuses a path that is no string", () => {
    const refusal = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "path" });
    for (const path of [5, null, {}] as never[]) {
      expect(() => open().bind(path)).toThrow(refusal);
      expect(() => open().connect(path)).toThrow(refusal);
      expect(() => open().send(Buffer.from("x"), 0, 1, path)).toThrow(refusal);
    }
  });

  it.each([["text"], [Object.create(Uint8Array.prototype)], [new DataView(new ArrayBuffer(1))]])(
    "refuses data that is no Buffer: %o",
    (data) => {
      expect(() => open().send(data as never)).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "data" }),
      );
    },
  );
});

describe("descriptors", () => {
  it("go with a message, and belong to the listener", async () => {
    const path = freshPath();
    const receiver = server(path, { maxFds: 2 });
    const sender = open();
    sender.connect(path);
    const fd = openSync("/proc/self/comm", "r");
    sender.send(Buffer.from("connected"), { fds: [fd] });
    const [, first] = await next(receiver);
    sender.send(Buffer.from("to a path"), 0, 9, path, { fds: [fd, fd] });
    const [, second] = await next(receiver);
    closeSync(fd);
    expect([first.fds.length, second.fds.length]).toEqual([1, 2]);
    expect(readlinkSync(`/proc/self/fd/${first.fds[0]!.fd}`)).toMatch(/^\/proc\/.*\/comm$/);
    for (const descriptor of [...first.fds, ...second.fds]) descriptor.close();
  });

  it("of a message that has no listener are closed", async () => {
    const receiver = server(freshPath(), { maxFds: 3 });
    const emit = vi.spyOn(receiver, "emit");
    open().send(Buffer.from("x"), 0, 1, receiver.address().address, { fds: [0, 0, 0] });
    await vi.waitFor(() =>
      expect(emit).toHaveBeenCalledWith("message", expect.anything(), expect.anything()),
    );
  });

  it("that nobody asked for are closed", async () => {
    const path = freshPath();
    const receiver = server(path);
    const sender = open();
    sender.send(Buffer.from("x"), 0, 1, path, { fds: [0, 0, 0] });
    const [, info] = await next(receiver);
    expect(info.fds).toEqual([]);
  });
});

describe("congestion", () => {
  it("is an error for the callback, and an event without one; writable follows", async () => {
    const path = freshPath();
    const receiver = open();
    receiver.bind(path);
    const sender = open();
    const events = record(sender);
    sender.connect(path);
    const sent = fill(sender);
    expect(sent).toBeGreaterThan(0);
    const error = outcome((callback) => sender.send(Buffer.from("more"), callback));
    expect(error).toMatchObject({ message: "congestion", code: "EAGAIN", errno: -11, syscall: "send" });
    const more = Buffer.from("more");
    sender.send(more);
    expect(events).toEqual([["connect"], ["congestion", more]]);
    let received = 0;
    receiver.on("message", () => received++);
    await once(sender, "writable");
    expect(outcome((callback) => sender.send(more, callback))).toBeUndefined();
    await once(receiver, "message");
    expect(events.filter(([name]) => name === "writable").length).toBe(1);
  });

  it("ends for certain when the receiver closes", async () => {
    const path = freshPath();
    const receiver = server(path);
    const sender = open();
    sender.connect(path);
    fill(sender);
    const writable = once(sender, "writable");
    receiver.close();
    await writable;
    expect(outcome((callback) => sender.send(Buffer.from("x"), callback))).toMatchObject(refused);
  });

  it("of a send to a path is an error, and writable follows", async () => {
    const path = freshPath();
    server(path);
    const sender = open();
    let error: Error | undefined;
    while (error === undefined) {
      error = outcome((callback) => sender.send(Buffer.from("x"), 0, 1, path, callback));
    }
    expect(error).toMatchObject({ message: "congestion", code: "EAGAIN" });
    await once(sender, "writable");
  });
});

describe("a connected socket that has a path, and messages that it has not received", () => {
  /** A client with a path, and its server, which answers each message twice. */
  function pair() {
    const [client, peer] = [server(), server()];
    client.connect(peer.address().address);
    const answer = (data: Buffer) => peer.send(data, 0, data.length, client.address().address, () => {});
    peer.on("message", (data) => {
      answer(data);
      answer(data);
    });
    return { client, peer };
  }

  it("sends without congestion, in order", async () => {
    const { client, peer } = pair();
    const got: string[] = [];
    const errors: unknown[] = [];
    peer.on("message", (data) => got.push(`${data}`));
    for (let i = 0; i < 100; i++) {
      const answered = once(client, "message");
      const data = Buffer.from(`${i}`);
      client.send(data, (error) => error && errors.push(error));
      await answered;
    }
    await vi.waitFor(() => expect(got.length).toBe(100));
    expect([got, errors]).toEqual([Array.from({ length: 100 }, (_, i) => `${i}`), []]);
  });

  it("sends several at once, also from a listener", async () => {
    const { client, peer } = pair();
    const got: string[] = [];
    peer.on("message", (data) => got.push(`${data}`));
    const sent: unknown[] = [];
    client.once("message", () => {
      for (let i = 0; i < 5; i++) client.send(Buffer.from(`${i}`), (error) => sent.push(error));
    });
    client.send(Buffer.from("first"));
    await vi.waitFor(() => expect(sent.length).toBe(5));
    expect(sent).toEqual([undefined, undefined, undefined, undefined, undefined]);
    await vi.waitFor(() => expect(got).toEqual(["first", "0", "1", "2", "3", "4"]));
  });

  it("sends within the call, and gives the messages to its listener afterwards, in order", async () => {
    const [client, peer] = [server(), server()];
    const got: string[] = [];
    client.on("message", (data) => got.push(`${data}`));
    client.connect(peer.address().address);
    for (const text of ["1", "2", "3"]) {
      peer.send(Buffer.from(text), 0, 1, client.address().address, () => {});
      expect(outcome((callback) => client.send(Buffer.from(text), callback))).toBeUndefined();
    }
    expect(got).toEqual([]);
    peer.send(Buffer.from("4"), 0, 1, client.address().address, () => {});
    await vi.waitFor(() => expect(got).toEqual(["1", "2", "3", "4"]));
  });

  it("loses none of them if the peer has gone", async () => {
    const client = server(undefined, { maxFds: 1 });
    const path = freshPath();
    const peer = socket(AF_UNIX, SOCK_DGRAM);
    bind(peer, encodeAddress({ path }));
    client.connect(path);
    const address = encodeAddress({ path: client.address().address });
    sendmsg(peer, Buffer.from("last"), { address, control: encodeControl([{ name: "rights", value: [0] }]) });
    close(peer);
    const arrived = next(client);
    expect(outcome((callback) => client.send(Buffer.from("x"), callback))).toMatchObject({
      code: "ECONNREFUSED",
    });
    const [data, { fds }] = await arrived;
    expect([`${data}`, fds.length]).toEqual(["last", 1]);
    fds[0]!.close();
  });

  it("closes the descriptors of those that it has received before close()", async () => {
    const [client, peer] = [server(undefined, { maxFds: 1 }), server()];
    client.connect(peer.address().address);
    client.on("message", () => expect.unreachable());
    peer.send(Buffer.from("x"), 0, 1, client.address().address, { fds: [0] }, () => {});
    expect(outcome((callback) => client.send(Buffer.from("x"), callback))).toBeUndefined();
    client.close();
    await once(client, "close");
  });

  it("receives no more than a thousand before their turn: then the send is refused, and writable follows", async () => {
    const [client, peer] = [server(), server()];
    const got: unknown[] = [];
    client.on("message", (data) => got.push(data));
    client.connect(peer.address().address);
    peer.connect(client.address().address);
    let sent = 0;
    for (;;) {
      sent += fill(peer);
      const error = outcome((callback) => client.send(Buffer.from("x"), callback));
      if (error === undefined) continue;
      expect(error).toMatchObject({ message: "congestion", code: "EAGAIN" });
      break;
    }
    await once(client, "writable");
    expect(outcome((callback) => client.send(Buffer.from("x"), callback))).toBeUndefined();
    expect(got.length).toBe(sent);
    expect(sent).toBeGreaterThan(900);
  });

  it("sends to a path at once", async () => {
    const { client, peer } = pair();
    peer.send(Buffer.from("unread"), 0, 6, client.address().address);
    const other = server();
    expect(
      outcome((callback) => client.send(Buffer.from("x"), 0, 1, other.address().address, callback)),
    ).toBeUndefined();
    expect(`${(await next(other))[0]}`).toBe("x");
  });

  it("connects to another peer, and loses none of them", async () => {
    const { client, peer } = pair();
    const events = record(client);
    const other = server();
    peer.send(Buffer.from("unread"), 0, 6, client.address().address);
    client.connect(other.address().address);
    expect(events).toEqual([["connect"]]);
    expect(`${(await next(client))[0]}`).toBe("unread");
  });
});

it("a message does not come after close()", async () => {
  const [one, two] = [server(undefined, { maxFds: 1 }), server(undefined, { maxFds: 1 })];
  const got: string[] = [];
  one.on("message", (_message, { fds }) => {
    got.push("one");
    fds[0]!.close();
    two.close();
  });
  two.on("message", (_message, { fds }) => {
    got.push("two");
    fds[0]!.close();
    one.close();
  });
  const sender = open();
  for (const { address } of [one.address(), two.address()]) {
    sender.send(Buffer.from("x"), 0, 1, address, { fds: [0] });
  }
  await Promise.race([once(one, "close"), once(two, "close")]);
  expect(got.length).toBe(1);
});

it("a sender's path that is not UTF-8 has U+FFFD in place of what is none", async () => {
  const receiver = server();
  const sender = CoreSocket.open({ family: "unix" });
  try {
    sender.bindSync({ path: Buffer.concat([Buffer.from(`${freshPath()}-`), Buffer.from([0xff])]) });
    await sender.sendmsg({ data: "x", address: { path: receiver.address().address } });
    expect((await next(receiver))[1].path).toMatch(/^\/.*-\uFFFD$/);
  } finally {
    await sender.close();
  }
});

describe("when the server has gone", () => {
  it("each send fails, until a new server is at the path: then sends reach it", async () => {
    const path = freshPath();
    const old = server(path);
    const sender = open();
    const events = record(sender);
    sender.connect(path);
    old.close();
    await once(old, "close");
    const send = () => outcome((callback) => sender.send(Buffer.from("x"), callback));
    expect(send()).toMatchObject({
      ...refused,
      message: `send ECONNREFUSED ${path}: no program has this socket open. The next send() connects to it again`,
    });
    expect(send()).toMatchObject({ code: expect.stringMatching(/^(ECONNREFUSED|ENOTCONN)$/) });
    rmSync(path);
    expect(send()).toMatchObject({ code: expect.stringMatching(/^(ECONNREFUSED|ENOTCONN)$/) });
    const fresh = server(path);
    expect(send()).toBeUndefined();
    expect(`${(await next(fresh))[0]}`).toBe("x");
    expect(events).toEqual([["connect"]]);
  });

  it("a restart that no send has noticed loses nothing", async () => {
    const path = freshPath();
    const old = server(path);
    const sender = open();
    sender.connect(path);
    old.close();
    await once(old, "close");
    rmSync(path);
    const fresh = server(path);
    expect(outcome((callback) => sender.send(Buffer.from("x"), callback))).toBeUndefined();
    expect(`${(await next(fresh))[0]}`).toBe("x");
  });
});

it("a peer that connects elsewhere is an error, once, and the socket goes on receiving", async () => {
  const [socket, elsewhere] = [server(), server()];
  const peer = CoreSocket.open({ family: "unix" });
  try {
    const path = freshPath();
    peer.bindSync({ path });
    const events = record(socket);
    socket.connect(path);
    const address = { path: socket.address().address };
    await peer.connect(address);
    // The kernel reports it only if the peer leaves a message unread.
    socket.send(Buffer.from("unread"));
    await peer.connect({ path: elsewhere.address().address });
    const message = next(socket);
    await peer.sendmsg({ data: "x", address });
    expect(`${(await message.catch(() => next(socket)))[0]}`).toBe("x");
    expect(events).toEqual([
      ["connect"],
      ["error", expect.objectContaining({ code: "ECONNRESET", syscall: "recv" })],
      ["message", Buffer.from("x"), expect.anything()],
    ]);
  } finally {
    await peer.close();
  }
});

describe("close()", () => {
  it("closes at once, can be called twice, leaves the file, and tells so once", async () => {
    const path = freshPath();
    const socket = server(path);
    const events = record(socket);
    socket.close();
    expect(socket.fd).toBe(-1);
    expect(events).toEqual([]);
    socket.close();
    await once(socket, "close");
    await new Promise(setImmediate);
    expect(events).toEqual([["close"]]);
    expect(existsSync(path)).toBe(true);
  });

  it("says nothing more if the program has emitted the event itself", async () => {
    const socket = open();
    const events = record(socket);
    const { fd } = socket;
    socket.close();
    socket.emit("close");
    await vi.waitFor(() => expect(existsSync(`/proc/self/fd/${fd}`)).toBe(false));
    await new Promise(setImmediate);
    expect(events).toEqual([["close"]]);
  });

  it("works within a callback and within a listener", async () => {
    const path = freshPath();
    const receiver = server(path);
    const sender = open();
    receiver.once("message", () => receiver.close());
    sender.send(Buffer.from("x"), 0, 1, path, () => sender.close());
    expect(sender.fd).toBe(-1);
    await once(receiver, "close");
  });
});

it("methods of UDP sockets throw", () => {
  const socket = open() as unknown as Record<string, () => void>;
  for (const name of [
    "setTTL",
    "setBroadcast",
    "setMulticastTTL",
    "setMulticastLoopback",
    "addMembership",
    "dropMembership",
  ]) {
    expect(() => socket[name]!()).toThrow("not implemented");
  }
});
