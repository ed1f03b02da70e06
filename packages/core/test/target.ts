import { release } from "node:os";
import { test } from "vitest";
import {
  AF_UNIX,
  MSG_OOB,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../src/constants/index.js";
import { EINVAL, ENOPROTOOPT, EOPNOTSUPP } from "../src/errno.js";
import type { SystemError } from "../src/errors.js";
import { isBun, isDeno } from "../src/runtime.js";
import { close, sendmsg, setsockopt, socket, socketpair } from "../src/syscalls/index.js";
import { REAL_KERNEL } from "./real-kernel.js";

/** Where the tests run: "linux-x64", or what SENDMSG_TARGET says ("arm64-user": under qemu's user-mode emulation). */
export function target(): string {
  return process.env.SENDMSG_TARGET || `${process.platform}-${process.arch}`;
}

/** User-mode emulation translates control messages and options, and gets some wrong: those tests want a real kernel. */
export function isEmulated(): boolean {
  return target().endsWith("-user");
}

export const isRoot = process.getuid?.() === 0;

/** Whether the kernel is of this version or a later one. */
export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [a, b] = kernelVersion();
  return a > major || (a === major && b >= minor);
}

export function kernelVersion(): [major: number, minor: number] {
  const [major, minor] = release().split(".").map(Number.parseFloat);
  return [major!, minor!];
}

function knows(option: number): boolean {
  const fd = socket(AF_UNIX, SOCK_STREAM);
  try {
    setsockopt(fd, SOL_SOCKET, option, 1);
    return true;
  } catch (error) {
    const { errno } = error as SystemError;
    if (errno === -ENOPROTOOPT || errno === -EINVAL) return false;
    throw error;
  } finally {
    close(fd);
  }
}

function sendsUnixOob(): boolean {
  const pair = socketpair(AF_UNIX, SOCK_STREAM);
  try {
    sendmsg(pair[0], "x", { flags: MSG_OOB });
    return true;
  } catch (error) {
    if ((error as SystemError).errno === -EOPNOTSUPP) return false;
    throw error;
  } finally {
    for (const fd of pair) close(fd);
  }
}

/** What the kernel at hand can do, asked of itself. */
export const has = {
  /** Since Linux 6.5. */
  passPidfd: () => knows(SO_PASSPIDFD),
  /** Since Linux 6.16. */
  passRights: () => knows(SO_PASSRIGHTS),
  /** Since Linux 5.15, if CONFIG_AF_UNIX_OOB is set. */
  unixOob: sendsUnixOob,
};

/**
 * A `test` that is skipped, saying why, unless the condition holds:
 * `skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd())("trap 3: …", () => { … })`.
 */
export function skipUnless(reason: string, condition: boolean): typeof test | typeof test.skip {
  if (condition) return test;
  return ((name: string, ...rest: [() => void]) => {
    console.info(`skipped: ${name}: ${reason}`);
    test.skip(`${name} (skipped: ${reason})`, ...rest);
  }) as typeof test.skip;
}

/** A `test` that gives what it has received to node:fs. */
export const withFiles = skipUnless(
  "Deno's node:fs refuses a descriptor that it has not opened itself",
  !isDeno,
);

/** A `test` of an HTTP server that changes hands. */
export const withHttpServer = skipUnless(
  isBun
    ? "Bun's http.Server has no descriptor to pass on, and ignores one to listen on"
    : "Deno does not tell the descriptor of a TCP server",
  !isBun && !isDeno,
);

/** A `test` with a TCP or UDP socket of Node's that is passed on or taken over; a Unix one has a descriptor in Deno, too. */
export const withHandleOf = (kind: string): typeof test =>
  skipUnless(
    "Deno does not tell the descriptor of a TCP or UDP socket",
    kind === "unix" || !isDeno,
  ) as typeof test;

/** A `test` that leaves its process, or one that it starts, no descriptor. */
export const withNoDescriptorLeft = skipUnless("Deno ends when it has no descriptor left", !isDeno);

const unlessEmulated = skipUnless("user-mode emulation gets this wrong", !isEmulated());

/** A `test` for what user-mode emulation gets wrong: it is run on a booted kernel instead. */
export const onRealKernel = Object.assign(
  (name: string, ...rest: [() => void]) => unlessEmulated(`${name}, ${REAL_KERNEL}`, ...rest),
  { skip: test.skip },
) as typeof test;
