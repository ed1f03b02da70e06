import { listenForAbort } from "./abort.js";
import { afterTurn, mayTry, rejectInTurn } from "./fairness.js";

// biome-ignore lint/suspicious/noExplicitAny: promises of every type are made by the same function.
type Settle = (value: any) => void;

let resolveNew: Settle;
let rejectNew: Settle;
/** One function for all promises: another one for each would have to be made. */
const capture = (resolve: Settle, reject: Settle): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** A program can replace the global one later by a class whose constructor makes another waiter. */
const NativePromise = Promise;

/**
 * Somebody who waits.
 *
 * It is a class, and no object literal. If many objects of a literal live long, as those of idle sockets do, V8 makes all later ones in its
 * old memory, and each then keeps its result until the whole heap is collected (allocation site pretenuring).
 */
class Waiter<Request, Result> {
  readonly promise: Promise<Result>;
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  stopListening: (() => void) | undefined = undefined;

  constructor(request: Request) {
    this.promise = new NativePromise(capture);
    this.request = request;
    this.resolve = resolveNew;
    this.reject = rejectNew;
  }
}

/** What a socket or listener does while somebody waits for it. */
export interface Waits {
  readonly closed: boolean;
  /** Has the event loop tell when one of these events comes (EPOLLIN, EPOLLOUT). Throws if it can't. */
  beginWait(events: number): void;
  endWait(): void;
}

/** What came of an event: somebody was served; nobody waits for it; somebody waits, and the kernel had nothing after all. */
export type Outcome = "served" | "idle" | "in vain";

/** Those who wait for the same thing, in the order in which they came: a message, an entry of the error queue, a connection. */
export class WaitQueue<Request, Result> {
  readonly #owner: Waits;
  readonly #events: number;
  /** Undefined: nothing is there yet. `isNew`: the caller has just come, and nobody waits before him. */
  readonly #attempt: (request: Request, isNew: boolean) => Result | undefined;
  readonly #waiters: Waiter<Request, Result>[] = [];
  #turnScheduled = false;

  constructor(
    owner: Waits,
    events: number,
    attempt: (request: Request, isNew: boolean) => Result | undefined,
  ) {
    this.#owner = owner;
    this.#events = events;
    this.#attempt = attempt;
  }

  isEmpty(): boolean {
    return this.#waiters.length === 0;
  }

  /** What the first who waits has asked for. */
  firstRequest(): Request | undefined {
    return this.#waiters[0]?.request;
  }

  /** Gives what is there to the caller; if nothing is, or others wait, the caller waits. */
  take(request: Request, signal: AbortSignal | undefined): Promise<Result> {
    if (!this.isEmpty()) return this.wait(request, signal);
    try {
      // Nothing would tell that the socket is ready: it may have been all along.
      if (!mayTry()) return this.#waitForTurn(request, signal);
      const result = this.#attempt(request, true);
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return rejectInTurn(error);
    }
    return this.wait(request, signal);
  }

  #waitForTurn(request: Request, signal: AbortSignal | undefined): Promise<Result> {
    const promise = this.wait(request, signal);
    if (!this.isEmpty()) this.#retryAfterTurn();
    return promise;
  }

  /** The caller waits, without an attempt: somebody else waits, or nothing is there. */
  wait(request: Request, signal: AbortSignal | undefined): Promise<Result> {
    try {
      this.#owner.beginWait(this.#events);
    } catch (error) {
      return rejectInTurn(error);
    }
    const waiter = new Waiter<Request, Result>(request);
    this.#waiters.push(waiter);
    if (signal === undefined) return waiter.promise;
    try {
      waiter.stopListening = listenForAbort(signal, (error) => {
        this.#remove(waiter);
        waiter.reject(error);
      });
    } catch (error) {
      this.#remove(waiter);
      return rejectInTurn(error);
    }
    return waiter.promise;
  }

  /** Something may be there: serves those who wait, as long as it lasts. */
  pump(): Outcome {
    let outcome: Outcome = this.isEmpty() ? "idle" : "in vain";
    while (this.#waiters.length > 0 && !this.#owner.closed) {
      if (!mayTry()) {
        this.#retryAfterTurn();
        return "served";
      }
      const waiter = this.#waiters[0]!;
      let result: Result | undefined;
      try {
        result = this.#attempt(waiter.request, false);
      } catch (error) {
        this.#remove(waiter);
        waiter.reject(error);
        outcome = "served";
        continue;
      }
      if (result === undefined) return outcome;
      this.#remove(waiter);
      waiter.resolve(result);
      outcome = "served";
    }
    return outcome;
  }

  /** Gives a result to the first who waits. False: nobody waits. */
  give(result: Result): boolean {
    const [waiter] = this.#waiters;
    if (waiter === undefined) return false;
    this.#remove(waiter);
    waiter.resolve(result);
    return true;
  }

  /** Gives an error to the first who waits. */
  fail(error: unknown): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) return;
    this.#remove(waiter);
    waiter.reject(error);
  }

  /** Gives an error to all but the first `kept` who wait. */
  failAll(error: () => Error, kept = 0): void {
    for (const waiter of this.#waiters.slice(kept)) {
      this.#remove(waiter);
      waiter.reject(error());
    }
  }

  #remove(waiter: Waiter<Request, Result>): void {
    const at = this.#waiters.indexOf(waiter);
    if (at < 0) return;
    // It mostly is the first, and splice() makes a list of what it takes.
    if (at === 0) this.#waiters.shift();
    else this.#waiters.splice(at, 1);
    waiter.stopListening?.();
    this.#owner.endWait();
  }

  #retryAfterTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    afterTurn(() => {
      this.#turnScheduled = false;
      this.pump();
    });
  }
}
