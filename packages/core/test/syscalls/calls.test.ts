import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_PEEK,
  MSG_TRUNC,
  SHUT_WR,
  SO_ERROR,
  SO_PEERCRED,
  SO_REUSEADDR,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import {
  accept4,
  bind,
  close,
  connect,
  dup,
  getpeername,
  getsockname,
  getsockopt,
  listen,
  recvmmsg,
  recvmsg,
  sendmmsg,
  sendmsg,
  setsockopt,
  shutdown,
  socket,
  socketpair,
} from "../../src/syscalls/index.js";
import { closeNow, isCloseOnExec, isOpen, keepDescriptors, own, sameFile } from "../descriptors.js";
import { loopback, unixAddress } from "../sockaddr.js";
import { isEmulated, onRealKernel } from "../target.js";

keepDescriptors();

const pair = (type: number, options = {}) => own(socketpair(AF_UNIX, type, 0, options));
const abstract = (name: string) => unixAddress(`\0sendmsg-test-${process.pid}-${name}`);

/** Closed, and so free: nothing opens a descriptor behind a synchronous test's back. */
function closedFd(): number {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  close(fd);
  return fd;
}

const systemError = (syscall: string, code: string, errno: number) =>
  expect.objectContaining({ name: "Error", message: `${syscall} ${code}`, code, errno: -errno, syscall });

describe("socket, socketpair", () => {
  test("are close-on-exec and non-blocking", () => {
    for (const fd of [own(socket(AF_UNIX, SOCK_DGRAM)), ...pair(SOCK_STREAM)]) {
      expect(isCloseOnExec(fd)).toBe(true);
    }
    const [a] = pair(SOCK_STREAM);
    expect(() => recvmsg(a, Buffer.alloc(1))).toThrow(systemError("recvmsg", "EAGAIN", 11));
  });

  test("have the type asked for", () => {
    expect(getsockopt(own(socket(AF_INET, SOCK_DGRAM)), SOL_SOCKET, SO_TYPE)).toBe(SOCK_DGRAM);
    expect(getsockopt(pair(SOCK_SEQPACKET)[1], SOL_SOCKET, SO_TYPE)).toBe(SOCK_SEQPACKET);
  });

  test("a blocking one is close-on-exec too, and waits", () => {
    const [a, b] = pair(SOCK_STREAM, { blocking: true });
    expect([a, b].map(isCloseOnExec)).toEqual([true, true]);
    sendmsg(a, "x");
    expect(recvmsg(b, Buffer.alloc(4)).bytes).toBe(1);
    expect(() => recvmsg(b, Buffer.alloc(4), { flags: MSG_DONTWAIT })).toThrow(
      systemError("recvmsg", "EAGAIN", 11),
    );
  });

  test("say what the kernel says of bad numbers", () => {
    expect(() => socket(4711, SOCK_STREAM)).toThrow(systemError("socket", "EAFNOSUPPORT", 97));
    expect(() => socketpair(AF_INET, SOCK_STREAM)).toThrow(systemError("socketpair", "EOPNOTSUPP", 95));
  });
});

describe("bind, listen, connect, accept4, getsockname, getpeername", () => {
  test("over a Unix path", () => {
    const directory = mkdtempSync(join(tmpdir(), "sendmsg-"));
    try {
      const address = unixAddress(join(directory, "s"));
      const listener = own(socket(AF_UNIX, SOCK_STREAM));
      bind(listener, address);
      listen(listener, 4);
      const client = own(socket(AF_UNIX, SOCK_STREAM));
      connect(client, address);
      const accepted = accept4(listener);
      own(accepted.fd);
      expect(isCloseOnExec(accepted.fd)).toBe(true);
      expect(() => recvmsg(accepted.fd, Buffer.alloc(1))).toThrow(systemError("recvmsg", "EAGAIN", 11));
      expect(Buffer.from(accepted.address)).toEqual(unixAddress("").subarray(0, 2));
      expect(Buffer.from(getsockname(listener))).toEqual(address);
      expect(Buffer.from(getpeername(client))).toEqual(address);
      expect(Buffer.from(getsockname(client))).toEqual(unixAddress("").subarray(0, 2));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("over IPv4: the peer's address comes with the connection", () => {
    const listener = own(socket(AF_INET, SOCK_STREAM));
    bind(listener, loopback());
    listen(listener, 1);
    const client = own(socket(AF_INET, SOCK_STREAM));
    expect(() => connect(client, getsockname(listener))).toThrow(systemError("connect", "EINPROGRESS", 115));
    const { fd, address } = accept4(listener, { timeout: 10_000, blocking: true });
    own(fd);
    expect(getsockopt(client, SOL_SOCKET, SO_ERROR)).toBe(0);
    expect(address).toEqual(getsockname(client));
    expect(getpeername(client)).toEqual(getsockname(listener));
    sendmsg(client, "x");
    expect(recvmsg(fd, Buffer.alloc(1)).bytes).toBe(1);
  });

  test("a path of all 108 bytes, which has no room for a NUL, is taken and given back whole", () => {
    const directory = mkdtempSync(join(tmpdir(), "s-"));
    try {
      const path = `${directory}/`.padEnd(108, "x");
      const fd = own(socket(AF_UNIX, SOCK_DGRAM));
      bind(fd, unixAddress(path).subarray(0, 110));
      // The kernel's copy has a NUL behind it: 111 bytes, more than sizeof(struct sockaddr_un).
      expect(Buffer.from(getsockname(fd)).toString("latin1", 2)).toBe(`${path}\0`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => connect(fd, abstract("nobody"))).toThrow(systemError("connect", "ECONNREFUSED", 111));
    expect(() => bind(fd, loopback())).toThrow(systemError("bind", "EINVAL", 22));
    expect(() => accept4(fd)).toThrow(systemError("accept4", "EINVAL", 22));
    expect(() => getpeername(fd)).toThrow(systemError("getpeername", "ENOTCONN", 107));
    bind(fd, abstract("taken"));
    const other = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => bind(other, abstract("taken"))).toThrow(systemError("bind", "EADDRINUSE", 98));
    listen(fd, 1);
    expect(() => accept4(fd)).toThrow(systemError("accept4", "EAGAIN", 11));
    expect(() => accept4(fd, { timeout: 10 })).toThrow(systemError("accept4", "ETIMEDOUT", 110));
  });
});

describe("getsockopt, setsockopt", () => {
  test("numbers and booleans are ints", () => {
    const fd = own(socket(AF_INET, SOCK_STREAM));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, true);
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, 0);
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
  });

  test("bytes", () => {
    const fd = own(socket(AF_INET, SOCK_STREAM));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(Int32Array.of(1).buffer));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR, { length: 4 })).toEqual(
      new Uint8Array(Int32Array.of(1).buffer),
    );
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(0));
    expect(getsockopt(fd, SOL_SOCKET, SO_REUSEADDR)).toBe(0);
    // As many bytes as the kernel wrote, not as there was room for.
    expect(getsockopt(fd, SOL_SOCKET, SO_TYPE, { length: 64 }).length).toBe(4);
    const [a] = pair(SOCK_STREAM);
    const ucred = getsockopt(a, SOL_SOCKET, SO_PEERCRED, { length: 12 });
    expect([...new Int32Array(ucred.slice().buffer)]).toEqual([
      process.pid,
      process.geteuid!(),
      process.getegid!(),
    ]);
  });

  test("errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_STREAM));
    expect(() => getsockopt(fd, SOL_SOCKET, 9999)).toThrow(systemError("getsockopt", "ENOPROTOOPT", 92));
    expect(() => setsockopt(fd, SOL_SOCKET, 9999, 1)).toThrow(systemError("setsockopt", "ENOPROTOOPT", 92));
    expect(() => setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, new Uint8Array(3))).toThrow(
      systemError("setsockopt", "EINVAL", 22),
    );
  });
});

describe("shutdown, close, dup", () => {
  test("shutdown ends a direction", () => {
    const [a, b] = pair(SOCK_STREAM);
    shutdown(a, SHUT_WR);
    expect(recvmsg(b, Buffer.alloc(1))).toEqual({ bytes: 0, controlLength: 0, flags: 0 });
    expect(() => sendmsg(a, "x")).toThrow(systemError("sendmsg", "EPIPE", 32));
    sendmsg(b, "back");
    expect(recvmsg(a, Buffer.alloc(4)).bytes).toBe(4);
    expect(() => shutdown(a, 9)).toThrow(systemError("shutdown", "EINVAL", 22));
  });

  test("close closes, once", () => {
    const fd = socket(AF_UNIX, SOCK_STREAM);
    close(fd);
    expect(isOpen(fd)).toBe(false);
    expect(() => close(fd)).toThrow(systemError("close", "EBADF", 9));
  });

  test("dup makes another descriptor of the same file, close-on-exec", () => {
    const [a] = pair(SOCK_STREAM);
    const copy = own(dup(a));
    expect(copy).not.toBe(a);
    expect(sameFile(a, copy)).toBe(true);
    expect(isCloseOnExec(copy)).toBe(true);
    expect(() => dup(closedFd())).toThrow(systemError("fcntl", "EBADF", 9));
  });
});

describe("sendmsg, recvmsg", () => {
  test("gather and scatter every kind of data", () => {
    const [a, b] = pair(SOCK_SEQPACKET);
    const shared = new Uint8Array(new SharedArrayBuffer(2)).fill(0x73);
    const pieces = [
      "é",
      Buffer.from("buffer"),
      new Uint8Array([0x31, 0x32]).buffer,
      new DataView(Uint8Array.from([0x33, 0x34, 0x35]).buffer, 1, 1),
      Uint16Array.of(0x3636),
      shared,
      new SharedArrayBuffer(1),
      "",
      new Uint8Array(0),
    ];
    const whole = "ébuffer124\x36\x36ss\0";
    expect(sendmsg(a, pieces)).toBe(Buffer.byteLength(whole));
    const first = new Uint8Array(new SharedArrayBuffer(3));
    const rest = new ArrayBuffer(32);
    const { bytes, flags } = recvmsg(b, [first, new Uint8Array(0), rest]);
    expect({ bytes, flags }).toEqual({ bytes: Buffer.byteLength(whole), flags: 0 });
    expect(Buffer.concat([first, new Uint8Array(rest)]).toString("utf8", 0, bytes)).toBe(whole);

    for (const one of ["text", Buffer.from("text"), ["text"], [Buffer.from("te"), "xt"]]) {
      expect(sendmsg(a, one)).toBe(4);
      const buffer = Buffer.alloc(8);
      expect(recvmsg(b, [buffer]).bytes).toBe(4);
      expect(buffer.toString("latin1", 0, 4)).toBe("text");
    }
  });

  test("only the view's own bytes are touched", () => {
    const [a, b] = pair(SOCK_DGRAM);
    const memory = Buffer.from("..........");
    sendmsg(a, Buffer.from("0123456789").subarray(2, 8));
    expect(recvmsg(b, memory.subarray(3, 7)).flags).toBe(MSG_TRUNC);
    expect(memory.toString()).toBe("...2345...");
  });

  // Younger than Node 18.
  test.runIf("resizable" in ArrayBuffer.prototype)("memory that can be resized, as long as it is now", () => {
    const [a, b] = pair(SOCK_DGRAM);
    const make = ArrayBuffer as unknown as new (
      size: number,
      options: object,
    ) => ArrayBuffer & {
      resize(size: number): void;
    };
    for (const size of [4, 4000]) {
      const buffer = new make(size, { maxByteLength: 8000 });
      const whole = new Uint8Array(buffer);
      whole.fill(1);
      buffer.resize(size + 4);
      for (const data of [buffer, whole, new DataView(buffer)]) expect(sendmsg(a, data)).toBe(size + 4);
      for (const memory of [buffer, whole, Buffer.alloc(size + 4)]) {
        whole.fill(2);
        expect(recvmsg(b, memory).bytes).toBe(size + 4);
        const expected = Buffer.alloc(size + 4);
        expected.fill(1, 0, size);
        expect(Buffer.from(memory as ArrayBuffer)).toEqual(expected);
      }
    }
  });

  test("an empty address is none", () => {
    const [a, b] = own([socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)]);
    bind(b, encodeAddress({ address: "127.0.0.1", port: 0 }));
    connect(a, getsockname(b));
    for (const address of [new Uint8Array(0), Buffer.alloc(0), new Uint8Array(8).subarray(8)]) {
      expect(sendmsg(a, "x", { address })).toBe(1);
      expect(sendmsg(a, "x", { address, control: new Uint8Array(0) })).toBe(1);
    }
  });

  test("a view that says it has another length", () => {
    const [a, b] = pair(SOCK_DGRAM);
    sendmsg(a, Buffer.alloc(60, "secret"));
    recvmsg(b, Buffer.alloc(64));
    for (const stated of [0, 60, 2000]) {
      const view = Object.defineProperty(Buffer.from("short"), "byteLength", { value: stated });
      expect(sendmsg(a, view)).toBe(5);
      const memory = Buffer.alloc(64);
      expect(recvmsg(b, memory).bytes).toBe(5);
      expect(memory.toString("latin1", 0, 5)).toBe("short");
    }
  });

  test("1024 entries at once", () => {
    const [a, b] = pair(SOCK_STREAM);
    const views = Array.from({ length: 1024 }, (_, i) => Uint8Array.of(i & 0xff));
    expect(sendmsg(a, views)).toBe(1024);
    const buffers = Array.from({ length: 1024 }, () => new Uint8Array(1));
    expect(recvmsg(b, buffers).bytes).toBe(1024);
    expect(buffers).toEqual(views);
  });

  onRealKernel("no entries: an empty message", () => {
    const [a, b] = pair(SOCK_DGRAM);
    expect(sendmsg(a, [])).toBe(0);
    expect(recvmsg(b, [])).toEqual({ bytes: 0, controlLength: 0, flags: 0 });
  });

  test("addresses go both ways", () => {
    const [from, to] = [own(socket(AF_UNIX, SOCK_DGRAM)), own(socket(AF_UNIX, SOCK_DGRAM))];
    bind(from, abstract("from"));
    bind(to, abstract("to"));
    expect(sendmsg(from, "x", { address: abstract("to") })).toBe(1);
    const { address } = recvmsg(to, Buffer.alloc(1), { flags: MSG_PEEK });
    expect(Buffer.from(address!)).toEqual(abstract("from"));

    expect(recvmsg(to, Buffer.alloc(1)).bytes).toBe(1);

    const unnamed = own(socket(AF_UNIX, SOCK_DGRAM));
    sendmsg(unnamed, "x", { address: abstract("to") });
    expect(recvmsg(to, Buffer.alloc(1))).toEqual({ bytes: 1, controlLength: 0, flags: 0 });

    const other = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(other, abstract("other"));
    sendmsg(other, "x", { address: abstract("to") });
    expect(Buffer.from(recvmsg(to, Buffer.alloc(1)).address!)).toEqual(abstract("other"));
    // The address is the caller's: the next receive leaves it alone.
    expect(Buffer.from(address!)).toEqual(abstract("from"));
  });

  // qemu's user-mode emulation writes the whole address, past the memory's end.
  onRealKernel("an address is cut to the memory that is given for it", () => {
    const [from, to] = [own(socket(AF_UNIX, SOCK_DGRAM)), own(socket(AF_UNIX, SOCK_DGRAM))];
    bind(from, abstract("from"));
    bind(to, abstract("to"));
    sendmsg(from, "x", { address: abstract("to") });
    const space = Buffer.alloc(16, 0xff);
    const cut = recvmsg(to, Buffer.alloc(1), { address: space.subarray(0, 8) });
    expect(Buffer.from(cut.address!)).toEqual(abstract("from").subarray(0, 8));
    expect(cut.address!.buffer).toBe(space.buffer);
    expect(space.subarray(8)).toEqual(Buffer.alloc(8, 0xff));
  });

  test("errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_DGRAM));
    expect(() => sendmsg(fd, "x")).toThrow(systemError("sendmsg", "ENOTCONN", 107));
    expect(() => sendmsg(fd, "x", { address: abstract("nobody") })).toThrow(
      systemError("sendmsg", "ECONNREFUSED", 111),
    );
    const [a] = pair(SOCK_DGRAM);
    expect(() => sendmsg(a, Buffer.alloc(1 << 20))).toThrow(systemError("sendmsg", "EMSGSIZE", 90));
  });
});

describe("sendmmsg, recvmmsg", () => {
  test("each message has its own data, memory and result", () => {
    const [a, b] = pair(SOCK_DGRAM);
    expect(sendmmsg(a, [{ data: "one" }, { data: ["t", "wo"] }, { data: "" }, { data: "four" }])).toBe(4);
    const memory = Array.from({ length: 6 }, () => [Buffer.alloc(2), Buffer.alloc(1)]);
    const results = recvmmsg(
      b,
      memory.map((buffers) => ({ buffers })),
    );
    expect(results).toEqual([
      { bytes: 3, controlLength: 0, flags: 0 },
      { bytes: 3, controlLength: 0, flags: 0 },
      { bytes: 0, controlLength: 0, flags: 0 },
      { bytes: 3, controlLength: 0, flags: MSG_TRUNC },
    ]);
    expect(memory.map((buffers) => Buffer.concat(buffers).toString())).toEqual([
      "one",
      "two",
      "\0\0\0",
      "fou",
      "\0\0\0",
      "\0\0\0",
    ]);
  });

  test("addresses, and with a list used again none is left over (trap 23)", () => {
    const to = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(to, abstract("batch"));
    const long = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(long, abstract("a-long-name-to-leave-behind"));
    const short = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(short, abstract("s"));
    const unnamed = own(socket(AF_UNIX, SOCK_DGRAM));
    const list = [{ buffers: Buffer.alloc(8) }, { buffers: Buffer.alloc(8), address: Buffer.alloc(128) }];
    for (const from of [long, short, unnamed]) {
      const message = { data: "x", address: abstract("batch") };
      expect(sendmmsg(from, [message, message])).toBe(2);
      const addresses = recvmmsg(to, list).map(({ address }) => address && Buffer.from(address));
      const expected = from === unnamed ? undefined : Buffer.from(getsockname(from));
      expect(addresses).toEqual([expected, expected]);
    }
  });

  test("1024 messages at once", () => {
    const [from, to] = [own(socket(AF_INET, SOCK_DGRAM)), own(socket(AF_INET, SOCK_DGRAM))];
    bind(to, loopback());
    connect(from, getsockname(to));
    const list = Array.from({ length: 1024 }, (_, i) => ({ data: Uint8Array.of(i & 0xff) }));
    expect(sendmmsg(from, list)).toBe(1024);
    const memory = Array.from({ length: 1024 }, () => ({ buffers: Buffer.alloc(1) }));
    const results = recvmmsg(to, memory);
    // The receive buffer may have room for fewer.
    expect(results.length).toBeGreaterThan(64);
    for (const [i, { bytes, address }] of results.entries()) {
      expect(bytes).toBe(1);
      expect(memory[i]!.buffers[0]).toBe(i & 0xff);
      expect(address).toEqual(getsockname(from));
    }
  });

  test("no messages", () => {
    const [a] = pair(SOCK_DGRAM);
    expect(sendmmsg(a, [])).toBe(0);
    expect(recvmmsg(a, [])).toEqual([]);
  });

  onRealKernel("errors", () => {
    const [a, b] = pair(SOCK_DGRAM);
    expect(() => recvmmsg(b, [{ buffers: Buffer.alloc(1) }])).toThrow(systemError("recvmmsg", "EAGAIN", 11));
    closeNow(b);
    expect(() => sendmmsg(a, [{ data: "x" }])).toThrow(systemError("sendmmsg", "ECONNREFUSED", 111));
  });
});

describe("timeouts", () => {
  // Under user-mode emulation a recvmmsg(2) that fails gives 1.
  test.skipIf(isEmulated()).each([
    ["a blocking", true],
    ["a non-blocking", false],
  ])("bound a call on %s descriptor, on a real kernel", (_, blocking) => {
    const [a, b] = pair(SOCK_DGRAM, { blocking });
    const from = process.hrtime.bigint();
    expect(() => recvmsg(b, Buffer.alloc(1), { timeout: 30 })).toThrow(
      systemError("recvmsg", "ETIMEDOUT", 110),
    );
    expect(() => recvmmsg(b, [{ buffers: Buffer.alloc(1) }], { timeout: 30 })).toThrow(
      systemError("recvmmsg", "ETIMEDOUT", 110),
    );
    while (trySend(a)) {
      // Until there is no more room.
    }
    expect(() => sendmsg(a, "x", { timeout: 30 })).toThrow(systemError("sendmsg", "ETIMEDOUT", 110));
    expect(() => sendmmsg(a, [{ data: "x" }], { timeout: 30 })).toThrow(
      systemError("sendmmsg", "ETIMEDOUT", 110),
    );
    const elapsed = Number(process.hrtime.bigint() - from) / 1e6;
    expect(elapsed).toBeGreaterThanOrEqual(115);
    expect(elapsed).toBeLessThan(5000);
    // 0 does not wait.
    expect(recvmsg(b, Buffer.alloc(1), { timeout: 0 }).bytes).toBe(1);
  });

  function trySend(fd: number): boolean {
    try {
      sendmsg(fd, "x", { flags: MSG_DONTWAIT });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
      return false;
    }
  }

  test.each([
    ["a blocking call", { blocking: true }, {}],
    ["a call with a timeout", {}, { timeout: 30_000 }],
  ])("%s waits, through signals, until the message comes", async (_, socketOptions, callOptions) => {
    const [a, b] = pair(SOCK_STREAM, socketOptions);
    let signals = 0;
    const count = () => signals++;
    process.on("SIGUSR2", count);
    const child = spawn(
      "sh",
      ["-c", "kill -USR2 $PPID; sleep 0.2; kill -USR2 $PPID; sleep 0.1; echo late >&3"],
      {
        stdio: ["ignore", "inherit", "inherit", a],
      },
    );
    const exited = once(child, "exit");
    const buffer = Buffer.alloc(16);
    const { bytes } = recvmsg(b, buffer, callOptions);
    expect(buffer.toString("latin1", 0, bytes)).toBe("late\n");
    // No callback of this thread ran meanwhile.
    expect(signals).toBe(0);
    await exited;
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("SIGUSR2", count);
    expect(signals).toBeGreaterThan(0);
  });
});
