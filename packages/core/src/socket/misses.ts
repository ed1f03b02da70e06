/** After MOST_MISSES attempts in a row that found nothing, only one in ASK_EVERY asks the kernel. */
const MOST_MISSES = 2;
const ASK_EVERY = 16;

/** Saves system calls that would probably find nothing. For sockets of which the event loop reports what comes. */
export class Misses {
  /** How many attempts in a row found nothing. */
  #misses = 0;
  /** How many attempts were left out. */
  #skips = 0;

  note(hasFound: boolean): void {
    this.#misses = hasFound ? 0 : this.#misses + 1;
  }

  /** Whether to ask the kernel. */
  mayAsk(): boolean {
    return this.#misses < MOST_MISSES || ++this.#skips % ASK_EVERY === 0;
  }
}
