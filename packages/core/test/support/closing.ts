import { close } from "../../src/syscalls/index.js";

let closers: (() => unknown)[] = [];

/** Runs what the test has left for its end. A file calls this after each test. */
export async function closeAll(): Promise<void> {
  const all = closers.reverse();
  closers = [];
  for (const end of all) await end();
}

/** Calls `end` when the test ends. */
export function atEnd(end: () => unknown): void {
  closers.push(end);
}

/** Closes the object when the test ends. */
export function own<T extends { close(): unknown }>(opened: T): T {
  atEnd(() => opened.close());
  return opened;
}

/** Closes the descriptor when the test ends. */
export function ownFd(fd: number): number {
  atEnd(() => close(fd));
  return fd;
}
