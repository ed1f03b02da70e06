import { describe, expect, it } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import {
  AF_INET,
  AF_NETLINK,
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_PEEK,
  SO_ATTACH_FILTER,
  SO_REUSEADDR,
  SO_SNDBUF,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { encodeControl } from "../../src/control/index.js";
import { controlTable } from "../../src/control/table.js";
import { EAGAIN, ENOTCONN, errnoName } from "../../src/errno.js";
import {
  ADDRESS_SPACE,
  DENIED,
  GONE,
  MMSG_NUMBERS,
  OFF_LOOP,
  RESULT_FDS,
  THROTTLED,
} from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { optionTable } from "../../src/options/table.js";
import { CALLS } from "../../src/tracing/calls.js";
import { NAMES } from "../../src/tracing/names.js";
import { dataText, flagNames, resultText } from "../../src/tracing/text.js";
import { traced } from "../../src/tracing/traced.js";
import { keepDescriptors, own } from "../support/owned-descriptors.js";

keepDescriptors();

/** A binding that collects its lines, with the numbers of these descriptors as A and B. */
function tracing(...descriptors: number[]) {
  const lines: string[] = [];
  const native = traced({ ...binding() }, (line) => lines.push(line));
  const named = (line: string) =>
    descriptors.reduce((text, fd, i) => text.replaceAll(new RegExp(`\\b${fd}\\b`, "g"), "AB"[i]!), line);
  return { native, lines: () => lines.splice(0).map(named) };
}

function pairOf(type: number): [a: number, b: number] {
  const native = binding();
  expect(native.socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0)).toBe(0);
  const pair: [number, number] = [native.result[RESULT_FDS]!, native.result[RESULT_FDS + 2]!];
  for (const [i, fd] of pair.entries()) native.detach(fd, native.result[RESULT_FDS + 2 * i + 1]!);
  return own(pair);
}

it("the table has every function of the binding, and no other", () => {
  const functions = Object.entries(binding()).filter(([, value]) => typeof value === "function");
  expect(Object.keys(CALLS).sort()).toEqual(functions.map(([name]) => name).sort());
});

it("the traced binding has the same members as the binding", () => {
  const { native } = tracing();
  expect(Object.keys(native).sort()).toEqual(Object.keys(binding()).sort());
  expect([native.result, native.call, native.scratch]).toEqual([
    binding().result,
    binding().call,
    binding().scratch,
  ]);
  expect(native.result).toBe(binding().result);
});

describe("a line shows", () => {
  it("how a socket is made", () => {
    const { native, lines } = tracing();
    const fd = native.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    native.close(fd);
    const errno = errnoName(native.socket(AF_NETLINK, 77, 5));
    const [made, ended, failed] = lines();
    expect(made).toBe(`socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK|SOCK_CLOEXEC, 0) = ${fd}`);
    expect(ended).toBe(`close(${fd}) = 0`);
    expect(failed).toBe(`socket(AF_NETLINK, 13|0x40, 5) = -1 ${errno}`);
  });

  it("data, descriptors and other control messages of a message", () => {
    const [a, b] = pairOf(SOCK_SEQPACKET);
    const { native, lines } = tracing(a, b);
    const control = encodeControl([
      { name: "rights", value: [a, b] },
      { name: "credentials", value: { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() } },
    ]);
    const room = new Uint8Array(16);
    native.call.fill(-1);
    native.sendmsg(a, Buffer.from("hello"), MSG_DONTWAIT | MSG_NOSIGNAL, control);
    native.recvmsg(b, [room.subarray(0, 2), room.subarray(2)], MSG_PEEK | MSG_DONTWAIT);
    expect(lines()).toEqual([
      'sendmsg(A, {data: 5 bytes "hello", fds: [A, B], control: [SCM_CREDENTIALS 12 bytes]}, MSG_DONTWAIT|MSG_NOSIGNAL) = 5',
      'recvmsg(B, {data: 5 bytes "hello", flags: MSG_CTRUNC}, MSG_PEEK|MSG_DONTWAIT) = 5',
    ]);
  });

  it("why a call failed, and how much room it had", () => {
    const [a] = pairOf(SOCK_STREAM);
    const { native, lines } = tracing(a);
    native.recvmsg(a, new Uint8Array(64), MSG_DONTWAIT);
    native.listen(a, 5);
    expect(lines()).toEqual([
      "recvmsg(A, {data: room for 64 bytes}, MSG_DONTWAIT) = -1 EAGAIN",
      "listen(A, 5) = -1 EINVAL",
    ]);
  });

  it("addresses", () => {
    const [a] = pairOf(SOCK_STREAM);
    const { native, lines } = tracing(a);
    const bytes = new Uint8Array(ADDRESS_SPACE);
    native.getsockname(a, bytes);
    native.bind(a, encodeAddress({ path: "/nowhere/at all" }));
    native.connect(-1, encodeAddress({ address: "192.0.2.1", port: 53 }));
    native.getpeername(-1, bytes);
    expect(lines()).toEqual([
      "getsockname(A, { family: 'unix' }) = 0",
      "bind(A, { family: 'unix', path: '/nowhere/at all' }) = -1 ENOENT",
      "connect(-1, { family: 'ipv4', address: '192.0.2.1', port: 53 }) = -1 EBADF",
      "getpeername(-1) = -1 EBADF",
    ]);
  });

  it("options with their levels, and ints as numbers", () => {
    const [a] = pairOf(SOCK_STREAM);
    const { native, lines } = tracing(a);
    native.setsockopt(a, SOL_SOCKET, SO_REUSEADDR, new Uint8Array([1, 0, 0, 0]));
    native.getsockopt(a, SOL_SOCKET, SO_TYPE, new Uint8Array(4));
    native.getsockopt(a, SOL_SOCKET, 9999, new Uint8Array(4));
    const errno = errnoName(native.setsockopt(a, 4321, 1, new Uint8Array(8)));
    native.setFilter(a, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array([6, 0, 0, 0, 0, 0, 0, 0]));
    native.peerPidfd(-1);
    expect(lines()).toEqual([
      "setsockopt(A, SOL_SOCKET, SO_REUSEADDR, [1]) = 0",
      "getsockopt(A, SOL_SOCKET, SO_TYPE, [1]) = 0",
      "getsockopt(A, SOL_SOCKET, 9999) = -1 ENOPROTOOPT",
      `setsockopt(A, 4321, 1, 8 bytes) = -1 ${errno}`,
      "setsockopt(A, SOL_SOCKET, SO_ATTACH_FILTER, 1 instructions) = 0",
      "getsockopt(-1, SOL_SOCKET, SO_PEERPIDFD) = -1 EBADF",
    ]);
  });

  it("batches of messages, the first four", () => {
    const [a, b] = pairOf(SOCK_DGRAM);
    const { native, lines } = tracing(a, b);
    const one = Buffer.from("x");
    const numbers = (count: number) => new Int32Array(count * MMSG_NUMBERS).fill(1);
    native.sendmmsg(a, MSG_DONTWAIT, 6, numbers(6), null, one, one, one, one, one, one);
    const memory = [new Uint8Array(4), new Uint8Array(4)];
    native.recvmmsg(b, MSG_DONTWAIT, 2, numbers(2), new Uint8Array(2 * ADDRESS_SPACE), ...memory);
    native.recvmmsg(b, MSG_DONTWAIT, 2, numbers(2), new Uint8Array(2 * ADDRESS_SPACE), memory);
    const x = '{data: 1 byte "x"}';
    expect(lines()).toEqual([
      `sendmmsg(A, [${x}, ${x}, ${x}, ${x}, ... 2 more], MSG_DONTWAIT) = 6`,
      `recvmmsg(B, [${x}, ${x}], MSG_DONTWAIT) = 2`,
      `recvmmsg(B, [${x}, ${x}], MSG_DONTWAIT) = 2`,
    ]);
  });

  it("the other calls", () => {
    const [a] = pairOf(SOCK_STREAM);
    const { native, lines } = tracing(a);
    const copy = native.dup(a);
    native.close(copy);
    native.setNonBlocking(a);
    native.poll(a, 0x5, 10);
    native.shutdown(a, 2);
    native.flock(-1, 6);
    native.rename(Buffer.from("/nowhere/a\0"), Buffer.from('/nowhere/"b"\0'));
    native.openPath(Buffer.from("/nowhere\0"));
    native.ioctl(-1, 0x8933, new Uint8Array(40));
    native.accept4(a, null, SOCK_CLOEXEC);
    native.adopt(-1);
    expect(lines().map((line) => line.replace(`= ${copy}`, "= COPY").replace(`(${copy})`, "(COPY)"))).toEqual(
      [
        "fcntl(A, F_DUPFD_CLOEXEC) = COPY",
        "close(COPY) = 0",
        "fcntl(A, F_SETFL, O_NONBLOCK) = 0",
        "ppoll([{fd: A, events: POLLIN|POLLOUT}], 10 ms) = POLLOUT",
        "shutdown(A, SHUT_RDWR) = 0",
        "flock(-1, LOCK_EX|LOCK_NB) = -1 EBADF",
        'renameat2("/nowhere/a", "/nowhere/\\"b\\"", RENAME_NOREPLACE) = -1 ENOENT',
        'openat("/nowhere", O_PATH|O_NOFOLLOW|O_CLOEXEC) = -1 ENOENT',
        "ioctl(-1, 0x8933) = -1 EBADF",
        "accept4(A, SOCK_CLOEXEC) = -1 EINVAL",
        "fcntl(-1, F_GETFD) = -1 EBADF",
      ],
    );
  });
});

describe("the texts", () => {
  it("data are shortened, and bytes that are no text are escaped", () => {
    expect(dataText([Buffer.from("a".repeat(40))])).toBe(`40 bytes "${"a".repeat(32)}"...`);
    expect(dataText([Buffer.from('"\\\n\0\xff', "latin1")])).toBe('5 bytes "\\"\\\\\\n\\x00\\xff"');
    expect(dataText([Buffer.from("ab"), Buffer.from("cd")], 3)).toBe('3 bytes "abc"');
    expect(dataText([])).toBe("0 bytes");
  });

  it("unknown flags are a number", () => {
    expect([flagNames(NAMES.messageFlags, 0), flagNames(NAMES.messageFlags, MSG_PEEK | 0x100000)]).toEqual([
      "0",
      "MSG_PEEK|0x100000",
    ]);
    expect(flagNames({}, -1)).toBe("0xffffffff");
  });

  it("results that are no errno say why the call was not made", () => {
    expect(
      [-EAGAIN, -ENOTCONN, 0, 7, THROTTLED, OFF_LOOP, GONE, DENIED - 1].map((it) => resultText(it)),
    ).toEqual([
      "-1 EAGAIN",
      "-1 ENOTCONN",
      "0",
      "7",
      "? (not made: too many descriptors of this peer wait to be closed)",
      "? (not made: a thread will make it)",
      "? (not made: other code has closed the descriptor)",
      "-1 EPERM (a seccomp filter denies it)",
    ]);
  });

  it("every option and control message of the tables has its name, or that of another with its number", () => {
    const options = new Set(Object.values(NAMES.options));
    for (const { level, option, constant } of Object.values(optionTable())) {
      expect(NAMES.levels[level]).toBeDefined();
      if (!options.has(constant)) expect(NAMES.options[`${level}:${option}`]).toBeDefined();
    }
    const control = new Set(Object.values(NAMES.control));
    for (const { level, type, constant } of Object.values(controlTable())) {
      if (!control.has(constant)) expect(NAMES.control[`${level}:${type}`]).toBeDefined();
    }
    expect([NAMES.levels[0], NAMES.levels[6], NAMES.levels[17]]).toEqual(["SOL_IP", "SOL_TCP", "SOL_UDP"]);
    expect([NAMES.options["1:7"], NAMES.options["0:1"], NAMES.control["1:1"]]).toEqual([
      "SO_SNDBUF",
      "IP_TOS",
      "SCM_RIGHTS",
    ]);
    expect(SO_SNDBUF).toBe(7);
  });
});

describe("printing", () => {
  it("that makes system calls itself changes no result, and prints no lines of its own calls", () => {
    const [a] = pairOf(SOCK_STREAM);
    const lines: string[] = [];
    const plain = { ...binding() };
    const native = traced(plain, (line) => {
      lines.push(line);
      native.recvmsg(a, new Uint8Array(1), MSG_DONTWAIT);
      native.result.fill(99);
      native.scratch.fill(99);
    });
    native.scratch.fill(1);
    native.result.fill(2);
    native.getsockname(a, new Uint8Array(ADDRESS_SPACE));
    expect(lines).toEqual([`getsockname(${a}, { family: 'unix' }) = 0`]);
    expect([native.scratch[0], native.result[5]]).toEqual([1, 2]);
  });

  it("that throws, throws once, and later calls print again", () => {
    let broken = true;
    const lines: string[] = [];
    const native = traced({ ...binding() }, (line) => {
      if (broken) throw new Error("stderr is broken");
      lines.push(line);
    });
    expect(() => native.listen(-1, 0)).toThrow("stderr is broken");
    broken = false;
    native.listen(-1, 0);
    expect(lines).toEqual(["listen(-1, 0) = -1 EBADF"]);
  });
});
