import type { Waits } from "../socket/wait-queue.js";

/** The waits for a socket or listener in memory. They do not keep the process alive, and nothing has to be watched. */
export class MemoryWaits implements Waits {
  closed = false;
  beginWait(): void {}
  endWait(): void {}
}
