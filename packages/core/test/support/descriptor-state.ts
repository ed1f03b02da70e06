import { readFileSync } from "node:fs";
import { fstatSync } from "./files.mjs";

// include/uapi/asm-generic/fcntl.h; the same on x86 and arm64.
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Whether two descriptors have the same file, socket or pipe. */
export function sameFile(a: number, b: number): boolean {
  const [x, y] = [fstatSync(a), fstatSync(b)];
  return x.dev === y.dev && x.ino === y.ino;
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

function flagsOf(fd: number): number {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!;
  return Number.parseInt(flags, 8);
}

/** Whether /proc shows O_CLOEXEC for a descriptor. */
export const isCloseOnExec = (fd: number): boolean => (flagsOf(fd) & O_CLOEXEC) !== 0;

/** Whether /proc shows O_NONBLOCK for a descriptor. */
export const isNonBlocking = (fd: number): boolean => (flagsOf(fd) & O_NONBLOCK) !== 0;
