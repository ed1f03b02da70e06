import { AbortError } from "../errors.js";
import { listenForAbort } from "../socket/endpoint.js";
import { afterTurn, mayTry, rejectInTurn } from "../socket/fairness.js";

interface Waiter<T> {
  /** Undefined: would block. */
  attempt: () => T | undefined;
  resolve: (result: T) => void;
  reject: (error: Error) => void;
  stopListening: (() => void) | undefined;
}

/** Those who wait for something to arrive, in order. */
export class Waiting<T> {
  readonly #waiters: Waiter<T>[] = [];

  get empty(): boolean {
    return this.#waiters.length === 0;
  }

  /** Tries at once, unless others wait or the event loop is to have its turn; waits then. */
  start(attempt: () => T | undefined, signal: AbortSignal | undefined): Promise<T> {
    try {
      if (signal?.aborted) throw new AbortError(signal);
      if (this.empty) {
        if (!mayTry()) afterTurn(() => this.pump());
        else {
          const result = attempt();
          if (result !== undefined) return Promise.resolve(result);
        }
      }
    } catch (error) {
      return rejectInTurn(error);
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter<T> = { attempt, resolve, reject, stopListening: undefined };
      waiter.stopListening = listenForAbort(signal, (error) => {
        this.#remove(waiter);
        reject(error);
      });
      this.#waiters.push(waiter);
    });
  }

  /** Something may have arrived. */
  pump(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      try {
        const result = waiter.attempt();
        if (result === undefined) return;
        this.#remove(waiter);
        waiter.resolve(result);
      } catch (error) {
        this.#remove(waiter);
        waiter.reject(error as Error);
      }
    }
  }

  rejectAll(error: () => Error): void {
    for (const waiter of [...this.#waiters]) {
      this.#remove(waiter);
      waiter.reject(error());
    }
  }

  #remove(waiter: Waiter<T>): void {
    const at = this.#waiters.indexOf(waiter);
    if (at < 0) return;
    this.#waiters.splice(at, 1);
    waiter.stopListening?.();
  }
}
