import { closedError } from "../errors.js";
import type { Waits } from "../socket/wait-queue.js";
import { setImmediate } from "../timers.js";

/** What Endpoint is to a socket of the kernel: whether the socket or listener is closed, and the events that its calls wait for. */
export class MemoryEndpoint implements Waits {
  closed = false;
  readonly #what: "socket" | "listener";
  readonly #onReady: () => void;
  #scheduled = false;

  constructor(what: "socket" | "listener", onReady: () => void) {
    this.#what = what;
    this.#onReady = onReady;
  }

  /** Throws if the socket or listener is closed. */
  open(): void {
    if (this.closed) throw this.closedError();
  }

  closedError(): Error {
    return closedError(this.#what);
  }

  /** Something has changed. Waiting calls try again in the next turn of the event loop, as after an event of the kernel's. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#onReady();
    });
  }

  // There is nothing to watch, and waits on a socket in memory don't keep the process alive.
  beginWait(): void {}
  endWait(): void {}
}
