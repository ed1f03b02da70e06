/** Pauses between attempts, for cases in which no event says when to try again. They begin at 1 ms and double up to 50 ms. */
export class Backoff {
  #delay = 1;
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
    }, this.#next());
    if (!this.#keepsAlive) this.#timer.unref();
  }

  /** Resolves after a pause. The timer keeps the process alive. */
  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#next()));
  }

  /** Whether a pause of {@link wait} is running. */
  get waiting(): boolean {
    return this.#timer !== undefined;
  }

  reset(): void {
    this.#delay = 1;
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): number {
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, 50);
    return delay;
  }
}
