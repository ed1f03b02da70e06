import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { MSG_OOB, MSG_PEEK } from "../../src/constants/message-flags.js";
import {
  FakeDescriptor,
  MemoryListener,
  memorySocketpair,
  openDescriptors,
  resetOpenDescriptors,
} from "../../src/testing/index.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { turn } from "../support/waiting.js";

// Test files that ran before in this process may have left descriptors open.
beforeAll(resetOpenDescriptors);
afterEach(() => {
  const leaked = openDescriptors();
  resetOpenDescriptors();
  expect(leaked).toEqual([]);
});

const TYPES = ["stream", "seqpacket", "dgram"] as const;

describe.each(TYPES)("%s", (type) => {
  it("failNext() fails the next send once, and nothing of it is sent", async () => {
    const [a, b] = memorySocketpair(type);
    a.failNext("sendmsg", "ETOOMANYREFS");
    const error = await rejection(a.sendmsg({ data: "lost", fds: [0] }));
    expect(error).toMatchObject({ code: "ETOOMANYREFS", errno: -109, syscall: "sendmsg", bytesSent: 0 });
    expect(error.message).toBe("sendmsg ETOOMANYREFS");
    expect(await a.sendmsg({ data: "next" })).toEqual({ bytes: 4 });
    expect(String((await b.recvmsg()).data)).toBe("next");
    a.failNext("sendmsg", "ENOBUFS");
    expect(thrown(() => a.trySendmsg({ data: "x" }))).toMatchObject({ code: "ENOBUFS", bytesSent: 0 });
  });

  it("failNext() fails waiting receives and later ones, in the order of its calls", async () => {
    const [a, b] = memorySocketpair(type);
    const own = new Error("the test's own");
    const waiting = b.recvmsg();
    b.failNext("recvmsg", "ECONNRESET");
    b.failNext("recvmsg", own);
    expect(await rejection(waiting)).toMatchObject({ code: "ECONNRESET", errno: -104, syscall: "recvmsg" });
    expect(thrown(() => b.tryRecvmsg())).toBe(own);
    await a.sendmsg({ data: "still there" });
    expect(String((await b.recvmsg()).data)).toBe("still there");
  });

  it("block() makes sends wait in order until they are released", async () => {
    const [a, b] = memorySocketpair(type);
    const release = a.block("sendmsg");
    const alsoRelease = a.block("sendmsg");
    const file = new FakeDescriptor("the file");
    const sends = [a.sendmsg({ data: "1", fds: [file] }), a.sendmsg({ data: "2" })];
    file.close();
    expect(a.trySendmsg({ data: "3" })).toBeUndefined();
    expect(b.tryRecvmsg()).toBeUndefined();
    release();
    release();
    expect(await isSettled(sends[0]!)).toBe(false);
    alsoRelease();
    expect(await Promise.all(sends)).toEqual([{ bytes: 1 }, { bytes: 1 }]);
    const message = await b.recvmsg({ maxFds: 1, size: 1 });
    expect([String(message.data), message.fds[0]?.file]).toEqual(["1", "the file"]);
    message[Symbol.dispose]();
    expect(String((await b.recvmsg()).data)).toBe("2");
  });

  it("failNext() fails a queued send in its turn", async () => {
    const [a] = memorySocketpair(type);
    const release = a.block("sendmsg");
    const sends = [a.sendmsg({ data: "1" }), a.sendmsg({ data: "2" })];
    a.failNext("sendmsg", "ENOBUFS");
    expect(await rejection(sends[0]!)).toMatchObject({ code: "ENOBUFS", bytesSent: 0 });
    release();
    expect(await sends[1]).toEqual({ bytes: 1 });
  });

  it("block() makes a receive wait although a message has arrived", async () => {
    const [a, b] = memorySocketpair(type);
    const release = b.block("recvmsg");
    await a.sendmsg({ data: "here" });
    const waiting = b.recvmsg();
    expect(b.tryRecvmsg()).toBeUndefined();
    expect(await isSettled(waiting)).toBe(false);
    release();
    expect(String((await waiting).data)).toBe("here");
  });

  it("a loop reports passing errors to onError, and throws any other", async () => {
    const [a, b] = memorySocketpair(type);
    const errors: string[] = [];
    const received: string[] = [];
    const onError = (error: Error) => errors.push(error.message);
    b.failNext("recvmsg", "ENOMEM");
    if (type === "dgram") b.failNext("recvmsg", "ECONNREFUSED");
    await a.sendmsg({ data: "fine" });
    const failure = rejection(
      (async () => {
        for await (const { data } of b.messages({ onError })) {
          received.push(String(data));
          b.failNext("recvmsg", "EFAULT");
        }
      })(),
    );
    expect(await failure).toMatchObject({ code: "EFAULT" });
    expect(received).toEqual(["fine"]);
    expect(errors).toEqual(["recvmsg ENOMEM", ...(type === "dgram" ? ["recvmsg ECONNREFUSED"] : [])]);
  });

  it("a message needs as much room as it has bytes, and an empty one needs some", async () => {
    const [a, b] = memorySocketpair(type, { capacity: 10 });
    expect(a.trySendmsg({ data: "12345678" })).toEqual({ bytes: 8 });
    const rest = a.sendmsg({ data: "abcd" });
    expect(await isSettled(rest)).toBe(false);
    await b.recvmsg();
    expect(await rest).toEqual({ bytes: 4 });
    await b.recvmsg();
    if (type === "stream") return;
    for (let i = 0; i < 10; i++) expect(a.trySendmsg({})).toEqual({ bytes: 0 });
    expect(a.trySendmsg({})).toBeUndefined();
    expect(
      await rejection(memorySocketpair(type, { capacity: 3 })[0].sendmsg({ data: "four" })),
    ).toMatchObject({
      code: "EMSGSIZE",
    });
  });

  it("an address can name an interface that this machine lacks", async () => {
    if (type !== "dgram") return;
    const [a, b] = memorySocketpair(type);
    for (const name of ["lo", "nosuch0", "lo"]) {
      await a.sendmsg({ data: "x", address: { family: "packet", protocol: 3, interface: name } });
      await a.sendmsg({ data: "x", address: { address: `fe80::1%${name}`, port: 5 } });
    }
    const addresses = [];
    for (let i = 0; i < 6; i++) addresses.push((await b.recvmsg()).address);
    const interfaces = addresses.map((address) => (address as { interface?: number }).interface);
    expect(interfaces[0]).toBeTypeOf("number");
    expect(interfaces[4]).toBe(interfaces[0]);
    expect(interfaces[2]).not.toBe(interfaces[0]);
    expect(addresses[3]).toMatchObject({ address: "fe80::1", port: 5, scopeId: interfaces[2] });
  });

  it("control messages arrive as they were sent", async () => {
    const [a, b] = memorySocketpair(type);
    const control = [{ name: "credentials", value: { pid: 1, uid: 2, gid: 3 } }] as const;
    await a.sendmsg({ data: "plain" });
    await a.sendmsg({ data: "signed", control });
    await a.sendmsg({ data: "plain" });
    const received = [];
    for (let message = b.tryRecvmsg(); message; message = b.tryRecvmsg()) {
      received.push([String(message.data), message.control]);
    }
    expect(received).toEqual([
      ["plain", []],
      ["signed", control],
      ["plain", []],
    ]);
  });
});

describe("failNext() after a part of a stream message", () => {
  it.each([0, 1, 3, 5])("fails after bytesSent: %i", async (bytesSent) => {
    const [a, b] = memorySocketpair("stream", { maxFds: 1 });
    const file = new FakeDescriptor("the file");
    a.failNext("sendmsg", "ECONNRESET", { bytesSent });
    const first = rejection(a.sendmsg({ data: "123456", fds: [file] }));
    const second = a.sendmsg({ data: "behind" });
    const outcome = bytesSent > 0 ? rejection(second) : second;
    expect(await first).toMatchObject({ code: "ECONNRESET", syscall: "sendmsg", bytesSent });
    if (bytesSent > 0) {
      expect(await outcome).toMatchObject({ code: "EPIPE", bytesSent: 0, cause: await first });
      expect(await rejection(a.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE" });
    }
    await a.close();
    const message = await b.recvmsg();
    expect(String(message.data)).toBe(bytesSent > 0 ? "123456".slice(0, bytesSent) : "behind");
    // The descriptors go with the first byte.
    expect(message.fds.map(({ file }) => file)).toEqual(bytesSent > 0 ? ["the file"] : []);
    expect((await b.recvmsg()).eof).toBe(true);
    message[Symbol.dispose]();
    file.close();
  });

  it("counts the bytes of several messages, and trySendmsg() returns the part that went", async () => {
    const [a, b] = memorySocketpair("stream");
    a.failNext("sendmsg", "EPIPE", { bytesSent: 7 });
    expect(await a.sendmsg({ data: "12345" })).toEqual({ bytes: 5 });
    expect(await a.sendmsg({})).toEqual({ bytes: 0 });
    expect(a.trySendmsg({ data: "6789" })).toEqual({ bytes: 2 });
    expect(thrown(() => a.trySendmsg({ data: "89" }))).toMatchObject({ code: "EPIPE" });
    expect(String((await b.recvmsg()).data)).toBe("1234567");
  });
});

it("a stream message that goes in parts has its control messages with each part, and its descriptors with the first", async () => {
  const [a, b] = memorySocketpair("stream", { capacity: 4, maxFds: 1 });
  const control = [{ name: "credentials", value: { pid: 1, uid: 2, gid: 3 } }] as const;
  const file = new FakeDescriptor("the file");
  const sending = a.sendmsg({ data: "0123456789", fds: [file], control });
  const arrived: unknown[] = [];
  for (let length = 0; length < 10; ) {
    using message = await b.recvmsg();
    length += message.data.length;
    arrived.push([String(message.data), message.control, message.fds.length]);
  }
  expect(arrived).toEqual([
    ["0123", control, 1],
    ["4567", control, 0],
    ["89", control, 0],
  ]);
  expect(await sending).toEqual({ bytes: 10 });
  file.close();
});

describe("a listener", () => {
  it("failNext() fails accept(), and iteration waits out a lack of descriptors", async () => {
    const listener = new MemoryListener();
    listener.failNext("accept", "ECONNABORTED");
    expect(await rejection(listener.accept())).toMatchObject({ code: "ECONNABORTED", syscall: "accept4" });
    const waiting = listener.accept();
    listener.failNext("accept", "EPROTO");
    expect(await rejection(waiting)).toMatchObject({ code: "EPROTO" });

    const errors: string[] = [];
    listener.failNext("accept", "EMFILE");
    listener.failNext("accept", "ECONNABORTED");
    await listener.connect();
    for await (const socket of listener.connections({ onError: ({ message }) => errors.push(message) })) {
      await socket.close();
      break;
    }
    expect(errors).toEqual(["accept4 EMFILE", "accept4 ECONNABORTED"]);

    listener.failNext("accept", "EFAULT");
    expect(await rejection(listener.connections().next())).toMatchObject({ code: "EFAULT" });
    await listener.close();
  });

  it("block() makes accept() wait", async () => {
    const listener = new MemoryListener({ type: "seqpacket" });
    const release = listener.block("accept");
    const client = await listener.connect({ maxFds: 1 });
    const waiting = listener.accept();
    expect(listener.tryAccept()).toBeUndefined();
    expect(await isSettled(waiting)).toBe(false);
    release();
    const server = await waiting;
    await server.sendmsg({ fds: [0, 1] });
    using message = await client.recvmsg();
    expect([message.fds.length, message.droppedFds]).toEqual([1, 1]);
    await listener[Symbol.asyncDispose]();
  });

  it("checks its options at once", () => {
    const code = (make: () => unknown) => thrown(make).code;
    expect(code(() => new MemoryListener({ type: "dgram" as "stream" }))).toBe("ERR_INVALID_ARG_VALUE");
    expect(code(() => new MemoryListener({ maxFds: 254 }))).toBe("ERR_OUT_OF_RANGE");
  });
});

describe("descriptors", () => {
  it("are counted until they are closed, detached or handed over", () => {
    const first = new FakeDescriptor();
    const second = first.dup();
    expect([openDescriptors().length, second.file === first.file]).toEqual([2, true]);
    const { fd } = first;
    expect(first.detach()).toBe(fd);
    expect(openDescriptors().length).toBe(1);
    expect(second.handOver((number) => number)).toBeGreaterThan(fd);
    expect(openDescriptors()).toEqual([]);
    for (const gone of [first, second]) {
      gone.close();
      expect(gone.fd).toBe(-1);
    }
    expect(openDescriptors()).toEqual([]);
  });

  it("are listed with their file and the place that made them", async () => {
    const makeOne = () => new FakeDescriptor("made");
    async function receiveOne(): Promise<FakeDescriptor> {
      const [a, b] = memorySocketpair("stream", { maxFds: 1 });
      const receiving = b.recvmsg();
      await a.sendmsg({ data: "x", fds: [0] });
      return (await receiving).takeFds()[0]!;
    }
    const made = makeOne();
    const received = await receiveOne();
    const duplicate = made.dup();
    expect(openDescriptors()).toEqual([
      { fd: made.fd, file: "made", madeAt: expect.stringMatching(/^at makeOne .*faults\.test\.ts/) },
      { fd: received.fd, file: 0, madeAt: expect.stringMatching(/^at receiveOne .*faults\.test\.ts/) },
      { fd: duplicate.fd, file: "made", madeAt: expect.stringContaining("faults.test.ts") },
    ]);
    resetOpenDescriptors();
    expect(openDescriptors()).toEqual([]);
    const later = new FakeDescriptor();
    for (const descriptor of [made, received, duplicate]) descriptor.close();
    expect(openDescriptors()).toMatchObject([{ fd: later.fd }]);
    later.close();
  });

  it("have the sent object as their file, or the file of a sent number that was detached", async () => {
    const [a, b] = memorySocketpair("dgram", { maxFds: 9 });
    const handle = { fd: 5 };
    const fake = new FakeDescriptor("fake");
    await a.sendmsg({ fds: [7, handle, fake, fake.dup().detach()] });
    fake.close();
    const message = await b.recvmsg();
    const files = message.fds.map(({ file }) => file);
    expect(files).toEqual([7, handle, "fake", "fake"]);
    expect(files[1]).toBe(handle);
    message[Symbol.dispose]();
  });

  it("are not counted in messages that nobody received, and are counted for a peek", async () => {
    const [a, b] = memorySocketpair("stream", { maxFds: 1 });
    await a.sendmsg({ data: "x", fds: [0] });
    expect(openDescriptors()).toEqual([]);
    const peek = await b.recvmsg({ flags: MSG_PEEK });
    expect(openDescriptors().length).toBe(1);
    peek[Symbol.dispose]();
    await b.close();
  });
});

it("datagrams arrive from the address to which they were sent", async () => {
  const [client, server] = memorySocketpair("dgram");
  const address = { family: "ipv4", address: "192.0.2.1", port: 53 } as const;
  await client.sendmsg({ data: "query", address });
  const query = await server.recvmsg();
  expect(query.address).toEqual(address);
  await server.sendmsg({ data: "answer", address: query.address! });
  expect((await client.recvmsg()).address).toEqual(address);
});

it("sockets in memory refuse what they can't do", async () => {
  const [a, b] = memorySocketpair("seqpacket");
  const code = (call: () => unknown) => thrown(call).code;
  expect(code(() => memorySocketpair("raw" as "stream"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(code(() => memorySocketpair("stream", { capacity: 0 }))).toBe("ERR_OUT_OF_RANGE");
  expect(code(() => a.failNext("accept" as "sendmsg", "EPIPE"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(code(() => a.failNext("sendmsg", "EPIPES"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(code(() => a.failNext("sendmsg", "EAGAIN"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(code(() => a.failNext("sendmsg", 32 as unknown as string))).toBe("ERR_INVALID_ARG_TYPE");
  expect(code(() => a.failNext("sendmsg", "EPIPE", { bytesSent: 1 }))).toBe("ERR_INVALID_ARG_VALUE");
  expect(code(() => a.block("accept" as "sendmsg"))).toBe("ERR_INVALID_ARG_VALUE");
  expect(await rejection(a.sendmsg({ data: "!", flags: MSG_OOB }))).toMatchObject({ code: "EOPNOTSUPP" });
  expect(await rejection(b.recvmsg({ flags: MSG_OOB }))).toMatchObject({ code: "ERR_INVALID_ARG_VALUE" });
  expect(await a.sendmsg({ data: "none of it was planned" })).toEqual({ bytes: 22 });
});

it("an onError that aborts its loop does not take another receive's turn", async () => {
  const listener = new MemoryListener();
  const controller = new AbortController();
  const { signal } = controller;
  const onError = () => {
    controller.abort();
    throw new Error("thrown as well");
  };
  const first = rejection(listener.connections({ signal, onError }).next());
  const second = listener.accept();
  listener.failNext("accept", "EMFILE");
  expect(await first).toMatchObject({ code: "ABORT_ERR" });
  await listener.connect();
  await (await second).close();
});

it("sockets in memory deliver while the test has fake timers", async () => {
  vi.useFakeTimers();
  try {
    const [a, b] = memorySocketpair();
    const waiting = b.recvmsg();
    await a.sendmsg({ data: "now" });
    expect(String((await waiting).data)).toBe("now");
  } finally {
    vi.useRealTimers();
  }
});

it("several sends within one turn reach a waiting receive as one message, as with the kernel", async () => {
  const [a, b] = memorySocketpair();
  const waiting = b.recvmsg();
  await a.sendmsg({ data: "first" });
  await a.sendmsg({ data: "second" });
  await turn();
  expect(String((await waiting).data)).toBe("firstsecond");
  await pause(0);
  expect(b.tryRecvmsg()).toBeUndefined();
});

it("writable() waits while block() holds sends back, and until a long message has room", async () => {
  const [a, b] = memorySocketpair("seqpacket", { capacity: 10 });
  const release = a.block("sendmsg");
  expect(a.trySendmsg({ data: "x" })).toBeUndefined();
  const blocked = a.writable();
  expect(await isSettled(blocked)).toBe(false);
  release();
  await blocked;
  await a.sendmsg({ data: "12345" });
  await a.sendmsg({ data: "67" });
  expect(a.trySendmsg({ data: "abcdefgh" })).toBeUndefined();
  const long = a.writable();
  expect(await isSettled(long)).toBe(false);
  b.tryRecvmsg();
  await long;
  expect(a.trySendmsg({ data: "abcdefgh" })).toEqual({ bytes: 8 });
  const fails = a.writable();
  a.failNext("sendmsg", "ENOBUFS");
  await fails;
  expect(thrown(() => a.trySendmsg({ data: "x" }))).toMatchObject({ code: "ENOBUFS" });
});
