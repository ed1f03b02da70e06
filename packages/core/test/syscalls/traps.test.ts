import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  AF_INET,
  AF_UNIX,
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_PEEK,
  MSG_TRUNC,
  SCM_CREDENTIALS,
  SCM_MAX_FD,
  SCM_PIDFD,
  SCM_RIGHTS,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SO_SNDBUF,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../src/constants/index.js";
import { toNetSocket } from "../../src/interop/node-socket.js";
import { RESULT_FLAGS } from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";
import { isDeno } from "../../src/runtime.js";
import {
  accept4,
  bind,
  connect,
  getsockname,
  listen,
  recvmmsg,
  recvmsg,
  sendmmsg,
  sendmsg,
  setsockopt,
  socket,
  socketpair,
} from "../../src/syscalls/index.js";
import { type Cmsg, cmsg, fdsIn, HEADER, INT, ints, intsOf, parse, rights, space } from "../cmsg.js";
import { compiled } from "../compiled.js";
import { closeNow, isCloseOnExec, isOpen, keepDescriptors, openFile, own, sameFile } from "../descriptors.js";
import { fchmodSync, fchownSync, readSync } from "../files.mjs";
import { loopback, unixAddress } from "../sockaddr.js";
import { has, isRoot, onRealKernel, skipUnless, withNoDescriptorLeft } from "../target.js";

// The kernel's own behaviour, observed through the bare calls: see docs of the Socket for what the library makes of it.

keepDescriptors();

let dist: string;

beforeAll(async () => {
  dist = await compiled();
});

/** sizeof(struct ucred): pid, uid, gid. */
const UCRED = 12;

const pair = (type: number) => own(socketpair(AF_UNIX, type));

interface Arrival {
  data: string;
  fds: number[];
  messages: Cmsg[];
  flags: number;
}

/** Receives into `room` bytes of control buffer; the test owns what descriptors come. */
function receive(fd: number, room = space(SCM_MAX_FD * INT), flags = 0): Arrival {
  const buffer = Buffer.alloc(64);
  const control = Buffer.alloc(room);
  const result = recvmsg(fd, buffer, { control, flags });
  const fds = own(fdsIn(control, result.controlLength));
  return {
    data: buffer.toString("latin1", 0, Math.min(result.bytes, buffer.length)),
    fds,
    messages: parse(control, result.controlLength),
    flags: result.flags,
  };
}

function content(fd: number): string {
  const buffer = Buffer.alloc(64);
  return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
}

function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("descriptors", () => {
  onRealKernel("trap 1: a control buffer takes floor((controllen - cmsghdr) / 4) descriptors", () => {
    const [a, b] = pair(SOCK_SEQPACKET);
    const file = openFile("one");
    for (const extra of [1, 2, 3, 4, 5]) {
      sendmsg(a, "x", { control: rights(file, file, file, file, file) });
      const { fds, flags } = receive(b, HEADER + extra * INT);
      expect(fds.length).toBe(extra);
      expect(fds.every((fd) => sameFile(fd, file))).toBe(true);
      expect(flags).toBe(extra === 5 ? 0 : MSG_CTRUNC);
    }
    if (process.arch !== "ia32") {
      // What IO::FDPass allots for one descriptor.
      sendmsg(a, "x", { control: rights(file, file) });
      expect(receive(b, space(INT)).fds.length).toBe(2);
    }
  });

  onRealKernel("trap 2: MSG_CTRUNC, and those that fit are open already", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("open already");
    sendmsg(a, "x", { control: rights(file, file, file) });
    const { data, fds, flags } = receive(b, HEADER + 2 * INT);
    expect({ data, flags }).toEqual({ data: "x", flags: MSG_CTRUNC });
    expect(fds.map(content)).toEqual(["open already", "open already"]);
  });

  const withNoneLeft = isDeno ? withNoDescriptorLeft : onRealKernel;
  withNoneLeft("trap 2: RLIMIT_NOFILE: the data arrives, MSG_CTRUNC, and no control message", () => {
    const results = underLimit(`
      for (const free of [0, 1, 3]) {
        sendmsg(a, "data", { control: rights(0, 0, 0) });
        const filler = [];
        try { for (;;) filler.push(dup(0)); } catch (error) { if (error.code !== "EMFILE") throw error; }
        for (let i = 0; i < free; i++) close(filler.pop());
        const control = new Uint8Array(256);
        const { bytes, controlLength, flags } = recvmsg(b, new Uint8Array(16), { control });
        const fds = fdsIn(control, controlLength);
        filler.concat(fds).forEach(close);
        results.push({ free, bytes, arrived: fds.length, controlLength: controlLength > 0, flags });
      }
    `);
    expect(results).toEqual([
      { free: 0, bytes: 4, arrived: 0, controlLength: false, flags: MSG_CTRUNC },
      { free: 1, bytes: 4, arrived: 1, controlLength: true, flags: MSG_CTRUNC },
      { free: 3, bytes: 4, arrived: 3, controlLength: true, flags: 0 },
    ]);
  });

  skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())(
    "trap 3: SCM_PIDFD is a descriptor too, always close-on-exec",
    () => {
      const [a, b] = pair(SOCK_STREAM);
      setsockopt(b, SOL_SOCKET, SO_PASSPIDFD, true);
      const file = openFile("with it");
      sendmsg(a, "x", { control: rights(file) });
      const { messages, fds } = receive(b);
      const pidfds = own(messages.filter(({ type }) => type === SCM_PIDFD).flatMap(intsOf));
      expect(pidfds.length).toBe(1);
      expect(fds.map(content)).toEqual(["with it"]);
      expect(isOpen(pidfds[0]!)).toBe(true);
      expect(isCloseOnExec(pidfds[0]!)).toBe(true);
    },
  );

  test("trap 4: MSG_PEEK installs fresh descriptors at every call", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("peeked");
    sendmsg(a, "x", { control: rights(file) });
    const fds = [receive(b, undefined, MSG_PEEK), receive(b, undefined, MSG_PEEK), receive(b)].flatMap(
      (arrival) => arrival.fds,
    );
    expect(new Set(fds).size).toBe(3);
    expect(fds.map(content)).toEqual(["peeked", "peeked", "peeked"]);
  });

  test("trap 5: with no byte of data, a stream loses the descriptor", () => {
    const [a, b] = pair(SOCK_STREAM);
    expect(sendmsg(a, "", { control: rights(openFile("lost")) })).toBe(0);
    expect(thrown(() => receive(b))).toMatchObject({ code: "EAGAIN" });
    sendmsg(a, "x");
    expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
  });

  test.each([
    ["SOCK_DGRAM", SOCK_DGRAM],
    ["SOCK_SEQPACKET", SOCK_SEQPACKET],
  ])("trap 5: with no byte of data, %s delivers the descriptor", (_, type) => {
    const [a, b] = pair(type);
    expect(sendmsg(a, "", { control: rights(openFile("empty")) })).toBe(0);
    const { data, fds } = receive(b);
    expect({ data, content: fds.map(content) }).toEqual({ data: "", content: ["empty"] });
  });

  test("trap 6: descriptors are a barrier in a stream, and come with the last send's bytes", () => {
    const [a, b] = pair(SOCK_STREAM);
    sendmsg(a, "aaaa");
    sendmsg(a, "b", { control: rights(openFile("of b")) });
    sendmsg(a, "cccc");
    sendmsg(a, "d", { control: rights(openFile("of d")) });
    const arrivals = [receive(b), receive(b)];
    expect(arrivals.map(({ data, fds }) => [data, ...fds.map(content)])).toEqual([
      ["aaaab", "of b"],
      ["ccccd", "of d"],
    ]);
  });

  test("trap 7: 253 descriptors are the most, 254 are EINVAL, several SCM_RIGHTS are one", () => {
    const [a, b] = pair(SOCK_STREAM);
    const file = openFile("many");
    const copies = (count: number) => rights(...new Array<number>(count).fill(file));
    sendmsg(a, "x", { control: copies(SCM_MAX_FD) });
    const { fds, messages } = receive(b);
    expect({ fds: fds.length, messages: messages.length }).toEqual({ fds: SCM_MAX_FD, messages: 1 });
    expect(fds.every((fd) => sameFile(fd, file))).toBe(true);

    expect(thrown(() => sendmsg(a, "x", { control: copies(SCM_MAX_FD + 1) }))).toMatchObject({
      code: "EINVAL",
      errno: -22,
      syscall: "sendmsg",
    });

    sendmsg(a, "x", {
      control: Buffer.concat([rights(openFile("1"), openFile("2")), rights(openFile("3"))]),
    });
    const merged = receive(b);
    expect(merged.messages.length).toBe(1);
    expect(merged.fds.map(content)).toEqual(["1", "2", "3"]);
  });

  test("trap 8: read(2) closes descriptors that come with the bytes", () => {
    const [a, b] = pair(SOCK_STREAM);
    const [passed, witness] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(passed) });
    closeNow(passed);
    // In flight it is still open…
    expect(thrown(() => receive(witness))).toMatchObject({ code: "EAGAIN" });
    expect(readSync(b, Buffer.alloc(8))).toBe(1);
    // … and now nowhere.
    expect(receive(witness).data).toBe("");
  });

  test("trap 8: so does net.Socket", async () => {
    const [a, b] = socketpair(AF_UNIX, SOCK_STREAM);
    own(a);
    const [passed, witness] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(passed) });
    closeNow(passed);
    const net = toNetSocket(b);
    const data = await new Promise((resolve) => net.once("data", resolve));
    expect(String(data)).toBe("x");
    expect(receive(witness).data).toBe("");
    await new Promise((resolve) => net.once("close", resolve).destroy());
  });

  test("trap 9: an empty SCM_RIGHTS, or part of an int, is accepted and delivers nothing", () => {
    const [a, b] = pair(SOCK_STREAM);
    for (const payload of [[], [1], [1, 0, 0]]) {
      expect(sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_RIGHTS, Uint8Array.from(payload)) })).toBe(1);
      expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
    }
  });

  skipUnless("SO_PASSRIGHTS is unknown here; Linux has it since 6.16", has.passRights())(
    "trap 10: SO_PASSRIGHTS = 0 refuses all descriptors, and the sender gets EPERM",
    () => {
      const [a, b] = pair(SOCK_STREAM);
      setsockopt(b, SOL_SOCKET, SO_PASSRIGHTS, false);
      expect(thrown(() => sendmsg(a, "x", { control: rights(openFile("refused")) }))).toMatchObject({
        code: "EPERM",
        syscall: "sendmsg",
      });
      expect(sendmsg(a, "x")).toBe(1);
      expect(receive(b)).toMatchObject({ data: "x", fds: [] });
    },
  );
});

describe("control messages", () => {
  test("trap 12: an unknown level is ignored, an unknown type is EINVAL", () => {
    const [a, b] = pair(SOCK_STREAM);
    expect(sendmsg(a, "x", { control: cmsg(9999, 1, ints(1)) })).toBe(1);
    expect(receive(b)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
    expect(thrown(() => sendmsg(a, "x", { control: cmsg(SOL_SOCKET, 9999, ints(1)) }))).toMatchObject({
      code: "EINVAL",
    });
  });

  test("trap 12: SCM_RIGHTS on UDP is ignored", () => {
    const to = own(socket(AF_INET, SOCK_DGRAM));
    bind(to, loopback());
    const from = own(socket(AF_INET, SOCK_DGRAM));
    const control = rights(openFile("ignored"));
    expect(sendmsg(from, "x", { control, address: getsockname(to) })).toBe(1);
    expect(receive(to)).toEqual({ data: "x", fds: [], messages: [], flags: 0 });
  });

  test("trap 12: a payload of another length than its type's is EINVAL", () => {
    const [a] = pair(SOCK_STREAM);
    const ucred = ints(process.pid, process.getuid!(), process.getgid!());
    expect(ucred.length).toBe(UCRED);
    expect(sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_CREDENTIALS, ucred) })).toBe(1);
    for (const length of [UCRED - 1, UCRED + 1]) {
      const payload = Buffer.concat([ucred, Buffer.alloc(1)]).subarray(0, length);
      expect(
        thrown(() => sendmsg(a, "x", { control: cmsg(SOL_SOCKET, SCM_CREDENTIALS, payload) })),
      ).toMatchObject({ code: "EINVAL" });
    }
  });

  onRealKernel("trap 12: control data cut short is EINVAL", () => {
    const [a] = pair(SOCK_STREAM);
    const whole = rights(openFile("cut"));
    // Shorter than a header it is no control message at all, which only a 64-bit kernel's 32-bit interface minds.
    const compat = process.arch === "ia32" && machine() === "x86_64";
    if (!compat) expect(sendmsg(a, "x", { control: whole.subarray(0, HEADER - 1) })).toBe(1);
    for (const length of [...(compat ? [HEADER - 1] : []), HEADER, HEADER + INT - 1]) {
      expect(thrown(() => sendmsg(a, "x", { control: whole.subarray(0, length) }))).toMatchObject({
        code: "EINVAL",
        syscall: "sendmsg",
      });
    }
    for (const length of [0, HEADER - 1, HEADER + INT + 1, 0x7fffffff]) {
      const lying = cmsg(SOL_SOCKET, SCM_RIGHTS, ints(0), length).subarray(0, HEADER + INT);
      expect(thrown(() => sendmsg(a, "x", { control: lying }))).toMatchObject({ code: "EINVAL" });
    }
  });

  onRealKernel("trap 13: a received payload is cut to what fits", () => {
    const [a, b] = pair(SOCK_STREAM);
    setsockopt(b, SOL_SOCKET, SO_PASSCRED, true);
    sendmsg(a, "x");
    const { messages, flags } = receive(b, HEADER + INT);
    expect(flags).toBe(MSG_CTRUNC);
    expect(messages).toMatchObject([{ level: SOL_SOCKET, type: SCM_CREDENTIALS }]);
    expect(messages[0]!.data.length).toBe(INT);
    expect(intsOf(messages[0]!)).toEqual([process.pid]);
  });

  test("trap 14: credentials come before rights, and a pidfd comes last", () => {
    const [a, b] = pair(SOCK_STREAM);
    setsockopt(b, SOL_SOCKET, SO_PASSCRED, true);
    const withPidfd = has.passPidfd();
    if (withPidfd) setsockopt(b, SOL_SOCKET, SO_PASSPIDFD, true);
    sendmsg(a, "x", { control: rights(openFile("in order")) });
    const { messages } = receive(b);
    own(messages.filter(({ type }) => type === SCM_PIDFD).flatMap(intsOf));
    expect(messages.map(({ type }) => type)).toEqual([
      SCM_CREDENTIALS,
      SCM_RIGHTS,
      ...(withPidfd ? [SCM_PIDFD] : []),
    ]);
  });

  test("trap 20: the kernel echoes MSG_CMSG_CLOEXEC in msg_flags, and recvmsg takes it away", () => {
    const [a, b] = pair(SOCK_STREAM);
    sendmsg(a, "x", { control: rights(openFile("echo")) });
    const { fds, flags } = receive(b);
    expect(flags).toBe(0);
    expect(binding().result[RESULT_FLAGS]! & MSG_CMSG_CLOEXEC).toBe(MSG_CMSG_CLOEXEC);
    expect(fds.map(isCloseOnExec)).toEqual([true]);
    sendmsg(a, "x");
    expect(recvmmsg(b, [{ buffers: Buffer.alloc(1) }])).toEqual([{ bytes: 1, controlLength: 0, flags: 0 }]);
  });
});

describe("batches and data", () => {
  test("trap 22: sendmmsg tells the number sent, and the error only when the rest is tried again", () => {
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

  test("trap 36: MSG_TRUNC as a flag throws a TCP stream's data away", () => {
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

  test("trap 36: on a datagram it gives the full length and keeps the data that fits", () => {
    const [a, b] = pair(SOCK_DGRAM);
    sendmsg(a, "a long datagram");
    const buffer = Buffer.alloc(6);
    expect(recvmsg(b, buffer, { flags: MSG_TRUNC })).toMatchObject({ bytes: 15, flags: MSG_TRUNC });
    expect(buffer.toString()).toBe("a long");
  });
});

describe("paths", () => {
  function inDirectory(use: (path: string) => void): void {
    const directory = mkdtempSync(join(tmpdir(), "sendmsg-path-"));
    const mask = process.umask(0o022);
    try {
      use(join(directory, "socket"));
    } finally {
      process.umask(mask);
      rmSync(directory, { recursive: true });
    }
  }
  const mode = (path: string) => statSync(path).mode & 0o777;

  test("trap 37: fchmod before bind sets the mode (less the umask), after it nothing", () => {
    inDirectory((path) => {
      const fd = own(socket(AF_UNIX, SOCK_STREAM));
      fchmodSync(fd, 0o660);
      bind(fd, unixAddress(path));
      expect(mode(path)).toBe(0o640);
      fchmodSync(fd, 0o600);
      expect(mode(path)).toBe(0o640);
      chmodSync(path, 0o600);
      expect(mode(path)).toBe(0o600);
    });
  });

  skipUnless("only root may give files away", isRoot)("trap 37: fchown before bind does nothing", () => {
    inDirectory((path) => {
      const fd = own(socket(AF_UNIX, SOCK_STREAM));
      fchownSync(fd, 4711, 4711);
      bind(fd, unixAddress(path));
      expect(statSync(path).uid).toBe(process.geteuid!());
      chownSync(path, 4711, 4711);
      expect(statSync(path).uid).toBe(4711);
    });
  });
});

/** Runs code in a process that may open few descriptors, and returns what it pushed onto `results`. */
function underLimit(code: string): unknown {
  const script = join(dist, "limited.mjs");
  writeFileSync(
    script,
    `import { AF_UNIX, SOCK_STREAM } from "./constants/index.js";
    import { close, dup, recvmsg, sendmsg, socketpair } from "./syscalls/index.js";
    const HEADER = ${HEADER};
    function rights(...fds) {
      const bytes = Buffer.from("${rights(0, 0, 0).toString("hex")}", "hex");
      bytes.set(new Uint8Array(Int32Array.from(fds).buffer), HEADER);
      return bytes;
    }
    function fdsIn(control, length) {
      return length === 0 ? [] : [...new Int32Array(control.slice(HEADER, length).buffer)].slice(0, Math.floor((cmsgLen(control) - HEADER) / 4));
    }
    const cmsgLen = (control) => new Int32Array(control.slice(0, 4).buffer)[0];
    const [a, b] = socketpair(AF_UNIX, SOCK_STREAM);
    const results = [];
    ${code}
    process.stdout.write(JSON.stringify(results));`,
  );
  const child = spawnSync("sh", ["-c", `ulimit -n 64 && exec "$0" "$1"`, process.execPath, script], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect({ status: child.status, stderr: child.stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(child.stdout);
}
