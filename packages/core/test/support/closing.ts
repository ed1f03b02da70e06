import type { FileDescriptor, Listener, Socket } from "../../src/index.js";
import { close } from "../../src/syscalls/index.js";

let closers: (() => unknown)[] = [];

/** Closes what the test opened. */
export async function closeAll(): Promise<void> {
  const all = closers.reverse();
  closers = [];
  for (const end of all) await end();
}

/** Calls back when the test ends. */
export function atEnd(end: () => unknown): void {
  closers.push(end);
}

/** Closes it when the test ends. */
export function own<T extends Socket | Listener | FileDescriptor>(opened: T): T {
  atEnd(() => opened.close());
  return opened;
}

/** A descriptor that the test owns. */
export function ownFd(fd: number): number {
  atEnd(() => close(fd));
  return fd;
}
