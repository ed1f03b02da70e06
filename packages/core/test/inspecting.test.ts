// What console.log() prints of each public object.
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { AF_UNIX, MSG_CTRUNC, MSG_ERRQUEUE, MSG_TRUNC } from "../src/constants/index.js";
import { SCM_MAX_FD } from "../src/constants/socket.js";
import {
  type ControlMessage,
  errorReport,
  FileDescriptor,
  frames,
  Listener,
  Message,
  Socket,
  StreamReader,
  socketpair,
} from "../src/index.js";
import { arrived, RawParts } from "../src/message.js";
import { FakeDescriptor, MemoryListener, memorySocketpair } from "../src/testing/index.js";
import { closeAll, own } from "./support/closing.js";
import { counted, settled } from "./support/counted.js";
import { closeSync, openSync } from "./support/files.mjs";
import { freshPath } from "./support/fresh-places.js";
import { thrown } from "./support/outcome.js";

afterEach(closeAll);

/** The text on one line. */
const text = (value: unknown, options = {}): string =>
  inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: 100, ...options });

const opened = (): FileDescriptor => FileDescriptor.adopt(openSync("/dev/null", "r"));
const pair = (...args: Parameters<typeof socketpair>): Socket[] => socketpair(...args).map(own);
const ignore = (promise: Promise<unknown>): void => void promise.catch(() => {});

describe("a Socket", () => {
  it("shows its number, type and addresses", () => {
    const [a] = pair("seqpacket");
    const shown = `Socket { fd: ${a!.fd}, type: 'seqpacket', local: { family: 'unix' }, peer: { family: 'unix' } }`;
    expect(text(a)).toBe(shown);
  });

  it("shows what it receives, if the program said so", () => {
    const [a] = pair("seqpacket", { maxFds: 2, receive: ["credentials"] });
    expect(text(a)).toContain(", maxFds: 2, receive: [ 'credentials' ] }");
  });

  it("without a peer shows none", async () => {
    const path = freshPath();
    const socket = own(await Socket.bind({ path }, { type: "dgram" }));
    expect(text(socket)).toBe(
      `Socket { fd: ${socket.fd}, type: 'dgram', local: { family: 'unix', path: '${path}' } }`,
    );
  });

  it("shows how many calls wait", async () => {
    const [a] = pair();
    const controller = new AbortController();
    const calls = [a!.recvmsg({ signal: controller.signal }), a!.recvmsg({ signal: controller.signal })];
    const big = { data: Buffer.alloc(1 << 22) };
    calls.push(a!.sendmsg(big, { signal: controller.signal }) as never);
    calls.push(a!.writable({ signal: controller.signal }) as never);
    expect(text(a)).toMatch(/, waiting: \{ receives: 2, sends: 1, writables: 1 \} \}$/);
    controller.abort();
    await Promise.allSettled(calls);
    expect(text(a)).not.toContain("waiting");
  });

  it("that is closed says so", () => {
    const [a, b] = pair();
    a!.close();
    b!.detach().close();
    expect([text(a), text(b)]).toEqual(["Socket { closed: true }", "Socket { closed: true }"]);
  });

  it("shows the name of a subclass", () => {
    const [a] = pair();
    // The constructor is private, but a program can extend the class all the same.
    class Client extends (Socket as unknown as new () => object) {}
    Object.setPrototypeOf(a, Client.prototype);
    expect(text(a)).toMatch(/^Client \{ fd: /);
    expect(text([[[a]]], { depth: 2 })).toBe("[ [ [ [Client] ] ] ]");
  });

  it("whose number other code has closed shows no addresses, and throws nothing", () => {
    const [a] = pair();
    const { fd } = a!;
    closeSync(fd);
    expect(text(a)).toBe(`Socket { fd: ${fd}, type: 'stream', family: 'unix' }`);
    const other = openSync("/dev/null", "r");
    try {
      expect(other).toBe(fd);
      expect(text(a)).toBe(`Socket { fd: ${fd}, type: 'stream', family: 'unix' }`);
    } finally {
      closeSync(other);
      // The library finds out that the number is not its own any more.
      expect(thrown(() => FileDescriptor.adopt(fd)).code).toBe("EBADF");
    }
    expect(text(a)).toBe("Socket { closed: true }");
  });

  it("has lost no message and no error by being printed, and no descriptor is made", () =>
    counted(async () => {
      const [a, b] = pair("seqpacket", { maxFds: 1 });
      await b!.sendmsg({ data: "kept", fds: [0] });
      text(a);
      using message = await a!.recvmsg();
      expect([message.data.toString(), message.fds.length]).toEqual(["kept", 1]);
      const udp = own(await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" }));
      const gone = own(await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" }));
      await udp.connect(gone.getsockname());
      await gone.close();
      await udp.sendmsg({ data: "lost" });
      text(udp);
      await expect(udp.recvmsg()).rejects.toMatchObject({ code: "ECONNREFUSED" });
      await closeAll();
    }));
});

describe("a Listener", () => {
  it("shows its address, and how many calls of accept() wait", async () => {
    const path = freshPath();
    const listener = own(await Listener.listen({ path }));
    const start = `Listener { fd: ${listener.fd}, type: 'stream', local: { family: 'unix', path: '${path}' }`;
    expect(text(listener)).toBe(`${start} }`);
    ignore(listener.accept());
    ignore(listener.accept());
    expect(text(listener)).toBe(`${start}, waiting: { accepts: 2 } }`);
    listener.close();
    expect(text(listener)).toBe("Listener { closed: true }");
  });
});

describe("a Message", () => {
  it("shows its data, descriptors, control messages and address", async () => {
    const [a, b] = pair("seqpacket", { maxFds: 2, receive: ["credentials"] });
    await b!.sendmsg({ data: "hello", fds: [0] });
    using message = await a!.recvmsg();
    const { address } = message;
    expect(text(message, { depth: 3 })).toBe(
      `Message { data: <Buffer 68 65 6c 6c 6f>, fds: [ FileDescriptor { fd: ${message.fds[0]!.fd} } ], ` +
        `control: [ { name: 'credentials', value: { pid: ${process.pid}, uid: ${process.getuid!()}, gid: ${process.getgid!()} } } ]` +
        `${address ? `, address: ${text(address)}` : ""} }`,
    );
    message[Symbol.dispose]();
    expect(text(message)).not.toContain("fds");
  });

  it("shows what is unusual about it", () => {
    expect(text(Message.from())).toBe("Message { data: <Buffer > }");
    expect(text(Message.from({ eof: true }))).toBe("Message { data: <Buffer >, eof: true }");
    const unusual = Message.from({
      data: Buffer.from("x"),
      flags: MSG_TRUNC | MSG_CTRUNC,
      fullLength: 9,
      droppedFds: 2,
    });
    expect(text(unusual)).toBe(
      "Message { data: <Buffer 78>, truncated: true, fullLength: 9, controlTruncated: true, droppedFds: 2 }",
    );
    expect(text(Message.from({ flags: MSG_ERRQUEUE }))).toBe("Message { data: <Buffer >, flags: 8192 }");
  });

  it("shows a hundred of 253 descriptors, as inspect() does with arrays", async () => {
    const [a, b] = pair("stream", { maxFds: SCM_MAX_FD });
    await b!.sendmsg({ data: "x", fds: new Array(SCM_MAX_FD).fill(0) });
    using message = await a!.recvmsg();
    const shown = text(message);
    expect(shown.match(/FileDescriptor/g)).toHaveLength(100);
    expect(shown).toContain("... 153 more items");
  });

  it("shows control data and an address that are no valid bytes of their family", () => {
    const raw = new RawParts(new Uint8Array(3), new Uint8Array([1]), AF_UNIX, undefined);
    const message = arrived(Buffer.alloc(0), [], undefined, 0, false, 0, 0, raw);
    expect(text(message)).toBe(
      "Message { data: <Buffer >, address: { family: 0, data: Uint8Array(1) [ 1 ] } }",
    );
    const failing = {
      get: () => {
        throw new Error("no");
      },
    };
    const bad = arrived(Buffer.alloc(0), [], undefined, 0, false, 0, 0, undefined);
    Object.defineProperty(bad, "control", failing);
    Object.defineProperty(bad, "address", failing);
    expect(text(bad)).toBe("Message { data: <Buffer > }");
  });

  it("that contains itself ends", () => {
    const item = { name: "unknown", self: undefined as unknown };
    const message = Message.from({ control: [item as unknown as ControlMessage] });
    item.self = message;
    expect(text(message, { depth: Number.POSITIVE_INFINITY })).toBe(
      "Message { data: <Buffer >, control: [ { name: 'unknown', self: [Circular] } ] }",
    );
  });

  it("gives JSON.stringify() and structuredClone() no more than before", () => {
    const message = Message.from({ data: Buffer.from("x"), fds: [new FakeDescriptor() as never] });
    const names = ["data", "flags", "eof", "fullLength", "droppedFds"];
    expect(Object.keys(JSON.parse(JSON.stringify(message)))).toEqual(names);
    expect(Object.keys(structuredClone(message))).toEqual(names);
  });

  it("in an ErrorReport is shown there", () => {
    const report = errorReport(Message.from());
    expect(text(report)).toBe("{ kind: 'other', message: Message { data: <Buffer > } }");
  });
});

describe("the other objects", () => {
  it("a FileDescriptor and its ticket", async () => {
    const descriptor = opened();
    expect(text([descriptor])).toBe(`[ FileDescriptor { fd: ${descriptor.fd} } ]`);
    const ticket = descriptor.transfer();
    expect(text(descriptor)).toBe("FileDescriptor { closed: true }");
    expect(text(ticket)).toBe(`{ type: 'sendmsg.DescriptorTicket', ticket: ${ticket.ticket} }`);
    FileDescriptor.claim(ticket).close();
    await settled();
  });

  it("a Peer shows its credentials, if it has some", async () => {
    const [a] = pair();
    const { peer, options } = a!;
    expect(text(peer)).toBe(
      `Peer { pid: ${process.pid}, uid: ${process.getuid!()}, gid: ${process.getgid!()} }`,
    );
    const unconnected = own(await Socket.bind({ family: "unix" }, { type: "dgram" }));
    const udp = own(await Socket.bind({ address: "127.0.0.1", port: 0 }, { type: "dgram" }));
    expect([text(unconnected.peer), text(udp.peer)]).toEqual(["Peer {}", "Peer {}"]);
    expect(text(options)).toBe(`SocketOptionAccess { fd: ${a!.fd}, family: 'unix' }`);
    a!.close();
    expect([text(peer), text(options)]).toEqual([
      "Peer { closed: true }",
      "SocketOptionAccess { closed: true }",
    ]);
  });

  it("sockets, listeners and descriptors in memory", async () => {
    const [a] = memorySocketpair("seqpacket");
    expect(text(a)).toBe("MemorySocket { type: 'seqpacket' }");
    ignore(a.recvmsg());
    expect(text(a)).toBe("MemorySocket { type: 'seqpacket', waiting: { receives: 1 } }");
    await a.close();
    expect(text(a)).toBe("MemorySocket { closed: true }");
    const listener = new MemoryListener();
    await listener.connect();
    expect(text(listener)).toBe("MemoryListener { type: 'stream', waiting: { connections: 1 } }");
    await listener.close();
    expect(text(listener)).toBe("MemoryListener { closed: true }");
    const descriptor = new FakeDescriptor("a file");
    expect(text(descriptor)).toBe(`FakeDescriptor { fd: ${descriptor.fd}, file: 'a file' }`);
    descriptor.close();
    expect(text(descriptor)).toBe("FakeDescriptor { closed: true }");
  });

  it("a frame shows its bytes and descriptors", async () => {
    const [a, b] = memorySocketpair();
    const descriptor = new FakeDescriptor("a file");
    await a.sendmsg({ data: Buffer.from([0, 0, 0, 1, 0x78]), fds: [descriptor] });
    for await (const frame of frames(b, { fds: () => 1, maxFds: 1 })) {
      const [{ fd }] = frame.fds as [FakeDescriptor];
      expect(text(frame)).toBe(
        `Frame { header: <Buffer 00 00 00 01>, body: <Buffer 78>, fds: [ FakeDescriptor { fd: ${fd}, file: 'a file' } ] }`,
      );
      break;
    }
    descriptor.close();
    await Promise.all([a.close(), b.close()]);
  });

  it("a StreamReader shows what waits to be taken", async () => {
    const [a, b] = memorySocketpair();
    const reader = new StreamReader(b);
    await a.sendmsg({ data: "12345" });
    await reader.need(2);
    const socket = "socket: MemorySocket { type: 'stream'";
    expect(text(reader)).toBe(`StreamReader { length: 5, fdCount: 0, ${socket} } }`);
    const needed = reader.need(9);
    expect(text(reader)).toBe(
      `StreamReader { length: 5, fdCount: 0, waiting: { needs: 1 }, ${socket}, waiting: { receives: 1 } } }`,
    );
    await a.close();
    await needed.catch(() => {});
    expect(text(reader)).toContain("StreamReader { length: 5, fdCount: 0, ended: true, ");
    reader.close();
    expect(text(reader)).toBe("StreamReader { closed: true }");
  });

  it("prototypes, proxies and objects that only inherit: nothing throws", () => {
    const [a] = pair();
    for (const { prototype } of [Socket, Listener, FileDescriptor, MemoryListener]) {
      expect(text(prototype)).not.toContain("fd");
    }
    expect([text(new Proxy(a!, {})), text(Object.create(a!))]).toEqual(["Socket {}", "Socket {}"]);
  });
});

describe("the options of inspect()", () => {
  it("are respected", () => {
    const [a] = pair();
    const { fd } = a!;
    expect(inspect(a, { depth: 0 })).toBe(
      `Socket { fd: ${fd}, type: 'stream', local: [Object], peer: [Object] }`,
    );
    expect(text({ a }, { depth: 0 })).toBe("{ a: [Socket] }");
    for (const depth of [null, Number.POSITIVE_INFINITY]) {
      expect(text({ a }, { depth })).toContain("local: { family: 'unix' }");
    }
    expect(text(a, { colors: true })).toContain(`fd: \u001b[33m${fd}\u001b[39m`);
    expect(text({ a }, { depth: 0, colors: true })).toBe("{ a: \u001b[36m[Socket]\u001b[39m }");
    expect(inspect(a, { compact: false, breakLength: 80 })).toBe(
      `Socket {\n  fd: ${fd},\n  type: 'stream',\n  local: {\n    family: 'unix'\n  },\n  peer: {\n    family: 'unix'\n  }\n}`,
    );
    expect(inspect({ a }, { breakLength: 40 })).toBe(
      `{\n  a: Socket {\n    fd: ${fd},\n    type: 'stream',\n    local: { family: 'unix' },\n    peer: { family: 'unix' }\n  }\n}`,
    );
    expect(text(Message.from({ control: [] }), { showHidden: true })).toMatch(/^Message \{ data: <Buffer/);
  });
});
