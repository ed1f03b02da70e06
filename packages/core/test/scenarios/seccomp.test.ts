import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { EACCES, ENOSYS, EPERM, errnoName } from "../../src/errno.js";
import { isDeno } from "../../src/runtime.js";
import { thorough } from "../support/scale.js";
import { skipUnless } from "../support/skip-unless.js";
import { isEmulated } from "../support/target.js";
import { firstOf, report } from "./program.js";
import { requireProgram } from "./required.js";

const python = firstOf("/usr/bin/python3") ?? "python3";
const denier = fileURLToPath(new URL("../../../../tools/deny-syscalls.py", import.meta.url));

// arch/x86/entry/syscalls/syscall_32.tbl, syscall_64.tbl; include/uapi/asm-generic/unistd.h
const NUMBERS = {
  ia32: {
    socket: 359,
    socketpair: 360,
    bind: 361,
    connect: 362,
    listen: 363,
    accept4: 364,
    getsockopt: 365,
    setsockopt: 366,
    getsockname: 367,
    getpeername: 368,
    sendto: 369,
    sendmsg: 370,
    recvmsg: 372,
    shutdown: 373,
    recvmmsg: 337,
    sendmmsg: 345,
  },
  x64: {
    socket: 41,
    socketpair: 53,
    bind: 49,
    connect: 42,
    listen: 50,
    accept4: 288,
    getsockopt: 55,
    setsockopt: 54,
    getsockname: 51,
    getpeername: 52,
    sendto: 44,
    sendmsg: 46,
    recvmsg: 47,
    shutdown: 48,
    recvmmsg: 299,
    sendmmsg: 307,
  },
};
const SOCKETCALL = 102;
type Call = keyof (typeof NUMBERS)["x64"];

const arch = process.arch === "ia32" ? "ia32" : "x64";
const numbers = NUMBERS[arch];

interface Failed {
  code: string;
  errno: number;
  syscall: string;
  reason?: string;
  message: string;
}
interface Report {
  sockets: unknown;
  iteration: unknown;
  descriptors: unknown;
  batches: unknown;
}

const denying = (denied: number[], errno: number) =>
  report<Report>("calls.mjs", { through: [python, denier, arch, denied.join(","), String(errno)] });

const ALL_WELL = {
  sockets: ["over TCP", "127.0.0.1", true],
  iteration: true,
  descriptors: [2, true, true],
  batches: [2, 2, "two"],
};

const isX86 = process.arch === "ia32" || process.arch === "x64";
const { status } = isX86 ? spawnSync(python, [denier, arch, "9999", "1", "true"]) : { status: 1 };
const withFilter =
  isX86 && !isEmulated()
    ? requireProgram("needs Python 3 and seccomp filters", status === 0)
    : (name: string, _: () => unknown) => test.skip(`${name} (skipped: no x86)`, () => {});
const onlyOnIa32 =
  process.arch === "ia32"
    ? withFilter
    : (name: string, _: () => unknown) => test.skip(`${name} (skipped: only ia32 has two paths)`, () => {});
const onlyElsewhere =
  process.arch === "ia32"
    ? (name: string, _: () => unknown) => test.skip(`${name} (skipped: ia32 has another way)`, () => {})
    : withFilter;

const withoutSocketpair = skipUnless("Deno does not start without socketpair(2)", false);

function deniedError(syscall: string, errno: number) {
  const code = errnoName(errno);
  const what =
    process.arch === "ia32"
      ? "denies the system call and socketcall(2), the other way to it. Allow one of them"
      : "denies the system call. Allow it";
  return {
    code,
    errno: -errno,
    syscall,
    reason: "ERR_SENDMSG_SYSCALL_DENIED",
    message: `${syscall} is not permitted here (${code}): a seccomp filter ${what} in the sandbox's or container's profile.`,
  };
}

describe.each([
  ["ENOSYS", ENOSYS],
  ["EPERM", EPERM],
  ["EACCES", EACCES],
])("a filter that answers %s, on a real kernel", (_, errno) => {
  // The filter's error number makes no difference to most tests.
  const takesTime = thorough || errno === ENOSYS;

  if (takesTime) {
    onlyOnIa32("with every direct call denied, socketcall(2) is used for all", async () => {
      expect(await denying(Object.values(numbers), errno)).toEqual(ALL_WELL);
    });

    onlyOnIa32("with socketcall(2) denied, the direct calls are used for all", async () => {
      expect(await denying([SOCKETCALL], errno)).toEqual(ALL_WELL);
    });
  }

  onlyOnIa32("with both denied, each error says that a filter denied the call", async () => {
    const found = await denying([SOCKETCALL, numbers.sendto, numbers.sendmsg, numbers.sendmmsg], errno);
    expect(found).toEqual({
      ...ALL_WELL,
      sockets: deniedError("sendmsg", errno),
      descriptors: deniedError("sendmsg", errno),
      batches: deniedError("sendmmsg", errno),
    });
  });

  onlyElsewhere("with one call denied, its error says so, and the others work", async () => {
    const found = await denying([numbers.sendto, numbers.sendmsg], errno);
    expect(found).toEqual({
      ...ALL_WELL,
      sockets: deniedError("sendmsg", errno),
      descriptors: deniedError("sendmsg", errno),
    });
  });

  withFilter("with sendto(2) denied, sendmsg(2) sends everything", async () => {
    expect(await denying([numbers.sendto], errno)).toEqual(ALL_WELL);
  });

  onlyElsewhere("with sendmsg(2) denied, sendto(2) sends messages without control data", async () => {
    const found = await denying([numbers.sendmsg], errno);
    expect(found).toEqual({ ...ALL_WELL, descriptors: deniedError("sendmsg", errno) });
  });

  const first: [Call, keyof Report][] = [
    ["socketpair", "descriptors"],
    ["socket", "sockets"],
    ["bind", "sockets"],
    ["listen", "sockets"],
    ["accept4", "sockets"],
    ["accept4", "iteration"],
    ["recvmsg", "sockets"],
    ["sendmmsg", "batches"],
    ["recvmmsg", "batches"],
    ["setsockopt", "descriptors"],
    ["getsockopt", "descriptors"],
    ["getsockname", "sockets"],
    ["getpeername", "sockets"],
    ["shutdown", "sockets"],
  ];
  for (const [call, part] of takesTime ? first : first.slice(0, 1)) {
    const test = isDeno && call === "socketpair" ? withoutSocketpair : onlyElsewhere;
    test(`with ${call} denied, the error of the ${part} names it`, async () => {
      const found = await denying([numbers[call]], errno);
      expect((found[part] as Failed).message).toContain(deniedError(call, errno).message);
    });
  }
});
