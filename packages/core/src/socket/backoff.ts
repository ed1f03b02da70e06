import { clearTimeout, longerPause, SHORTEST_PAUSE, setTimeout } from "../timers.js";

/** Pauses between attempts, for cases in which no event says when to try again. */
export class Backoff {
  #next = SHORTEST_PAUSE;
  #timer: NodeJS.Timeout | undefined;
  readonly #keepsAlive: boolean;

  /** @param keepsAlive Whether {@link wait} keeps the process alive by itself. */
  constructor(keepsAlive = false) {
    this.#keepsAlive = keepsAlive;
  }

  /**
   * Calls `callback` after a pause. Only one pause runs at a time. Usually the timer does not keep the process alive: the wait on the
   * socket does, unless the socket is unref'd.
   */
  wait(callback: () => void): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      callback();
    }, this.#take());
    if (!this.#keepsAlive) this.#timer.unref();
  }

  /** Resolves after a pause. The timer keeps the process alive. */
  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#take()));
  }

  /** Whether a pause of {@link wait} is running. */
  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  reset(): void {
    this.#next = SHORTEST_PAUSE;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #take(): number {
    const pause = this.#next;
    this.#next = longerPause(pause);
    return pause;
  }
}
