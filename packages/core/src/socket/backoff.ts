/** Pauses between tries, where no readiness tells when to try again: 1 ms at first, twice as long each time, 50 ms at most. */
export class Backoff {
  #delay = 1;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls back once the pause is over; one pause at a time. The timer does not keep the process alive: whoever waits for the
   * socket does, or does not.
   */
  wait(callback: () => void): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      callback();
    }, this.#next()).unref();
  }

  /** Resolves once a pause is over. Until then it keeps the process alive. */
  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, this.#next()));
  }

  /** Whether {@link wait} has a pause under way. */
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
