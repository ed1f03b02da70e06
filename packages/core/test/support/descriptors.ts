import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { isDeno } from "../../src/runtime.js";
import { closeSync, fstatSync, openSync } from "./files.mjs";

// include/uapi/asm-generic/fcntl.h; the same on x86 and arm64.
const O_CLOEXEC = 0o2000000;

// Deno makes the sockets by which it hears of signals when it first needs them.
if (isDeno) process.once("SIGUSR2", () => {}).removeAllListeners("SIGUSR2");

/** The number of each open descriptor of this process, and what it is: "socket:[4711]". */
function entries(): [number: string, link: string][] {
  return readdirSync("/proc/self/fd").flatMap((number): [string, string][] => {
    try {
      return [[number, readlinkSync(`/proc/self/fd/${number}`)]];
    } catch {
      // The descriptor that the listing itself was read from.
      return [];
    }
  });
}

const early = entries().map(([, link]) => link);
const denosSockets = new Set(isDeno ? early.filter((link) => link.startsWith("socket:")) : []);

/** What Deno opens, duplicates and closes for its workers as it likes, some time after their end. */
const isDenosOwn = (link: string): boolean =>
  isDeno && (/^anon_inode:\[event(fd|poll)\]$/.test(link) || denosSockets.has(link));

/** What each open descriptor of this process is: "20 socket:[4711]". */
export function descriptorTable(): string[] {
  return entries()
    .filter(([, link]) => !isDenosOwn(link))
    .map((entry) => entry.join(" "));
}

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return descriptorTable().length;
}

let owned: number[] = [];

/** Hands descriptors to the test, which closes them when it ends. */
export function own<T extends number | readonly number[]>(fds: T): T {
  owned = owned.concat(fds);
  return fds;
}

/** Closes a descriptor that the test owns before its end. */
export function closeNow(fd: number): void {
  owned = owned.filter((other) => other !== fd);
  closeSync(fd);
}

/** Called once in a file: each of its tests must end with the very descriptors that it began with. */
export function keepDescriptors(): void {
  let before: string[];
  beforeEach(() => {
    owned = [];
    before = descriptorTable();
  });
  afterEach(() => {
    for (const fd of owned) closeSync(fd);
    expect(descriptorTable(), "open descriptors after the test").toEqual(before);
  });
}

/** A file with that content, already unlinked. The test owns the descriptor. */
export function openFile(content: string): number {
  const directory = mkdtempSync(join(tmpdir(), "sendmsg-file-"));
  const path = join(directory, "file");
  writeFileSync(path, content);
  const fd = own(openSync(path, "r"));
  rmSync(directory, { recursive: true });
  return fd;
}

/** Whether two descriptors are of the same file, socket or pipe. */
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

/** O_CLOEXEC of a descriptor, as /proc shows it. */
export function isCloseOnExec(fd: number): boolean {
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))![1]!;
  return (Number.parseInt(flags, 8) & O_CLOEXEC) !== 0;
}
