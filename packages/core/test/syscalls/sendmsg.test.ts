import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_UNIX,
  MSG_PEEK,
  MSG_TRUNC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../../src/constants/index.js";
import {
  accept4,
  bind,
  connect,
  getsockname,
  listen,
  recvmsg,
  sendmsg,
  socket,
} from "../../src/syscalls/index.js";
import { thrown } from "../support/outcome.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";
import { onRealKernel } from "../support/skip-unless.js";
import { abstractAddress, loopback } from "../support/sockaddr.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

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

  test("touch only the bytes of the view", () => {
    const [a, b] = pair(SOCK_DGRAM);
    const memory = Buffer.from("..........");
    sendmsg(a, Buffer.from("0123456789").subarray(2, 8));
    expect(recvmsg(b, memory.subarray(3, 7)).flags).toBe(MSG_TRUNC);
    expect(memory.toString()).toBe("...2345...");
  });

  // Node 18 has no resizable ArrayBuffer.
  test.runIf("resizable" in ArrayBuffer.prototype)("use resizable memory with its present length", () => {
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

  test("take an empty address for none", () => {
    const [a, b] = own([socket(AF_INET, SOCK_DGRAM), socket(AF_INET, SOCK_DGRAM)]);
    bind(b, encodeAddress({ address: "127.0.0.1", port: 0 }));
    connect(a, getsockname(b));
    for (const address of [new Uint8Array(0), Buffer.alloc(0), new Uint8Array(8).subarray(8)]) {
      expect(sendmsg(a, "x", { address })).toBe(1);
      expect(sendmsg(a, "x", { address, control: new Uint8Array(0) })).toBe(1);
    }
  });

  test("use the real length of a view that states another one", () => {
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

  // sendto(2) ignores this flag, but sendmsg(2) refuses it.
  test("make the same call with options as without, if there is no control data", () => {
    const [a] = pair(SOCK_DGRAM);
    const MSG_CMSG_COMPAT = 0x8000_0000;
    for (const options of [{}, { address: new Uint8Array(0) }, { timeout: 10_000 }]) {
      expect(sendmsg(a, "x", { ...options, flags: MSG_CMSG_COMPAT })).toBe(1);
    }
  });

  test("take 1024 entries at once", () => {
    const [a, b] = pair(SOCK_STREAM);
    const views = Array.from({ length: 1024 }, (_, i) => Uint8Array.of(i & 0xff));
    expect(sendmsg(a, views)).toBe(1024);
    const buffers = Array.from({ length: 1024 }, () => new Uint8Array(1));
    expect(recvmsg(b, buffers).bytes).toBe(1024);
    expect(buffers).toEqual(views);
  });

  onRealKernel("send and receive an empty message without entries", () => {
    const [a, b] = pair(SOCK_DGRAM);
    expect(sendmsg(a, [])).toBe(0);
    expect(recvmsg(b, [])).toEqual({ bytes: 0, controlLength: 0, flags: 0 });
  });

  test("take an address and return one", () => {
    const [from, to] = [own(socket(AF_UNIX, SOCK_DGRAM)), own(socket(AF_UNIX, SOCK_DGRAM))];
    bind(from, abstractAddress("from"));
    bind(to, abstractAddress("to"));
    expect(sendmsg(from, "x", { address: abstractAddress("to") })).toBe(1);
    const { address } = recvmsg(to, Buffer.alloc(1), { flags: MSG_PEEK });
    expect(Buffer.from(address!)).toEqual(abstractAddress("from"));

    expect(recvmsg(to, Buffer.alloc(1)).bytes).toBe(1);

    const unnamed = own(socket(AF_UNIX, SOCK_DGRAM));
    sendmsg(unnamed, "x", { address: abstractAddress("to") });
    expect(recvmsg(to, Buffer.alloc(1))).toEqual({ bytes: 1, controlLength: 0, flags: 0 });

    const other = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(other, abstractAddress("other"));
    sendmsg(other, "x", { address: abstractAddress("to") });
    expect(Buffer.from(recvmsg(to, Buffer.alloc(1)).address!)).toEqual(abstractAddress("other"));
    // The next receive must not change an address that the caller has.
    expect(Buffer.from(address!)).toEqual(abstractAddress("from"));
  });

  // qemu's user-mode emulation writes the whole address, past the memory's end.
  onRealKernel("cut a received address to the memory that the caller gives", () => {
    const [from, to] = [own(socket(AF_UNIX, SOCK_DGRAM)), own(socket(AF_UNIX, SOCK_DGRAM))];
    bind(from, abstractAddress("from"));
    bind(to, abstractAddress("to"));
    sendmsg(from, "x", { address: abstractAddress("to") });
    const space = Buffer.alloc(16, 0xff);
    const cut = recvmsg(to, Buffer.alloc(1), { address: space.subarray(0, 8) });
    expect(Buffer.from(cut.address!)).toEqual(abstractAddress("from").subarray(0, 8));
    expect(cut.address!.buffer).toBe(space.buffer);
    expect(space.subarray(8)).toEqual(Buffer.alloc(8, 0xff));
  });

  test("throw the kernel's errors", () => {
    const fd = own(socket(AF_UNIX, SOCK_DGRAM));
    expect(() => sendmsg(fd, "x")).toThrow(systemError("sendmsg", "ENOTCONN", 107));
    expect(() => sendmsg(fd, "x", { address: abstractAddress("nobody") })).toThrow(
      systemError("sendmsg", "ECONNREFUSED", 111),
    );
    const [a] = pair(SOCK_DGRAM);
    expect(() => sendmsg(a, Buffer.alloc(1 << 20))).toThrow(systemError("sendmsg", "EMSGSIZE", 90));
  });
});

describe("the flag MSG_TRUNC", () => {
  test("makes recvmsg drop the data of a TCP stream", () => {
    const listener = own(socket(AF_INET, SOCK_STREAM));
    bind(listener, loopback());
    listen(listener, 1);
    const client = own(socket(AF_INET, SOCK_STREAM, 0, { blocking: true }));
    connect(client, getsockname(listener));
    const server = own(accept4(listener, { timeout: 10_000 }).fd);
    sendmsg(client, "secret");
    const buffer = Buffer.alloc(6, ".");
    expect(recvmsg(server, buffer, { flags: MSG_TRUNC, timeout: 10_000 }).bytes).toBe(6);
    expect(buffer.toString()).toBe("......");
    expect(thrown(() => recvmsg(server, buffer))).toMatchObject({ code: "EAGAIN" });
  });

  test("makes recvmsg return the full length of a datagram, with the data that fits", () => {
    const [a, b] = pair(SOCK_DGRAM);
    sendmsg(a, "a long datagram");
    const buffer = Buffer.alloc(6);
    expect(recvmsg(b, buffer, { flags: MSG_TRUNC })).toMatchObject({ bytes: 15, flags: MSG_TRUNC });
    expect(buffer.toString()).toBe("a long");
  });
});
