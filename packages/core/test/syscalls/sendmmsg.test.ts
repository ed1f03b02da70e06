import { describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { ADDRESS_SPACE } from "../../src/native/binding.js";
import {
  bind,
  connect,
  getsockname,
  recvmmsg,
  sendmmsg,
  setsockopt,
  socket,
} from "../../src/syscalls/index.js";
import { thrown } from "../support/outcome.js";
import { closeNow, keepDescriptors, own } from "../support/owned-descriptors.js";
import { onRealKernel } from "../support/skip-unless.js";
import { abstractAddress, loopback } from "../support/sockaddr.js";
import { receive } from "./arrival.js";
import { pair } from "./owned-pair.js";
import { systemError } from "./system-error.js";

keepDescriptors();

describe("sendmmsg, recvmmsg", () => {
  test("keep the data, memory and result of each message apart", () => {
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

  test("return each message's address, and none of an earlier call if the list is used again", () => {
    const to = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(to, abstractAddress("batch"));
    const long = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(long, abstractAddress("a-long-name-to-leave-behind"));
    const short = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(short, abstractAddress("s"));
    const unnamed = own(socket(AF_UNIX, SOCK_DGRAM));
    const list = [{ buffers: Buffer.alloc(8) }, { buffers: Buffer.alloc(8), address: Buffer.alloc(128) }];
    for (const from of [long, short, unnamed]) {
      const message = { data: "x", address: abstractAddress("batch") };
      expect(sendmmsg(from, [message, message])).toBe(2);
      const addresses = recvmmsg(to, list).map(({ address }) => address && Buffer.from(address));
      const expected = from === unnamed ? undefined : Buffer.from(getsockname(from));
      expect(addresses).toEqual([expected, expected]);
    }
  });

  test.each([
    ["few enough to be arguments of the native call", 20],
    ["more parts than the native call has arguments", 100],
  ])("keep addresses, memory and results apart if there are %s", (_, count) => {
    const to = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(to, abstractAddress("parts"));
    const from = own(socket(AF_UNIX, SOCK_DGRAM));
    bind(from, abstractAddress("the-sender"));
    connect(from, abstractAddress("parts"));
    const list = Array.from({ length: count }, (_, i) => ({
      data: [`${i}`, ",", "x"],
      ...(i % 2 === 0 ? { address: abstractAddress("parts") } : {}),
    }));
    // The queue has room for about 10 (the sysctl net.unix.max_dgram_qlen).
    const sent = sendmmsg(from, list, { flags: MSG_DONTWAIT });
    expect(sent).toBeGreaterThan(4);
    const memory = Array.from({ length: count }, (_, i) => ({
      buffers: [Buffer.alloc(2), Buffer.alloc(2), Buffer.alloc(2)],
      ...(i % 3 === 0 ? { address: Buffer.alloc(ADDRESS_SPACE) } : {}),
      ...(i % 4 === 0 ? { control: Buffer.alloc(64) } : {}),
    }));
    const results = recvmmsg(to, memory, { flags: MSG_DONTWAIT });
    expect(results.length).toBe(sent);
    for (const [i, { bytes, address, controlLength }] of results.entries()) {
      expect(Buffer.concat(memory[i]!.buffers).toString("utf8")).toBe(`${i},x`.padEnd(6, "\0"));
      expect([bytes, controlLength]).toEqual([`${i},x`.length, 0]);
      expect(Buffer.from(address!)).toEqual(Buffer.from(getsockname(from)));
      if (memory[i]!.address) expect(address!.buffer).toBe(memory[i]!.address!.buffer);
    }
  });

  test("take 1024 messages at once", () => {
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

  test("take an empty list", () => {
    const [a] = pair(SOCK_DGRAM);
    expect(sendmmsg(a, [])).toBe(0);
    expect(recvmmsg(a, [])).toEqual([]);
  });

  onRealKernel("throw the kernel's errors", () => {
    const [a, b] = pair(SOCK_DGRAM);
    expect(() => recvmmsg(b, [{ buffers: Buffer.alloc(1) }])).toThrow(systemError("recvmmsg", "EAGAIN", 11));
    closeNow(b);
    expect(() => sendmmsg(a, [{ data: "x" }])).toThrow(systemError("sendmmsg", "ECONNREFUSED", 111));
  });
});

describe("a batch of which one message can't be sent", () => {
  test("returns the number of messages before it, and throws its error when it comes first", () => {
    const [a, b] = pair(SOCK_DGRAM);
    setsockopt(a, SOL_SOCKET, SO_SNDBUF, 4608);
    const messages = [{ data: "first" }, { data: Buffer.alloc(1 << 20) }, { data: "last" }];
    expect(sendmmsg(a, messages)).toBe(1);
    expect(thrown(() => sendmmsg(a, messages.slice(1)))).toMatchObject({
      code: "EMSGSIZE",
      syscall: "sendmmsg",
    });
    expect(sendmmsg(a, messages.slice(2))).toBe(1);
    expect([receive(b).data, receive(b).data]).toEqual(["first", "last"]);
  });
});
