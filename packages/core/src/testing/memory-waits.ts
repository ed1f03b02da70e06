import type { Waits } from "../socket/wait-queue.js";

/** Counts no waits, because a socket in memory has nothing to watch, and its waits don't keep the process alive. */
export class MemoryWaits implements Waits {
  closed = false;
  beginWait(): void {}
  endWait(): void {}
}
