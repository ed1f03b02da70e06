import { listenForAbort } from "./abort.js";
import { afterTurn, mayTry, rejectInTurn } from "./fairness.js";

// biome-ignore lint/suspicious/noExplicitAny: promises of every type are made by the same function.
type Settle = (value: any) => void;

let resolveNew: Settle;
let rejectNew: Settle;
/** One executor for all promises, so that we need not make a new function for each promise. */
const capture = (resolve: Settle, reject: Settle): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** Keep the real class: a program can replace the global Promise by a class whose constructor makes another waiter. */
const NativePromise = Promise;

/**
 * One call that waits.
 *
 * This is a class and not an object literal. If many objects of one literal live long, as those of idle sockets do, V8 allocates
 * all later ones in its old space. Then each keeps its result until V8 collects the whole heap (allocation site pretenuring).
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

/** What a socket or listener does while a call waits for it. */
export interface Waits {
  readonly closed: boolean;
  /** Makes the event loop report these events (EPOLLIN, EPOLLOUT). Throws if it can't. */
  beginWait(events: number): void;
  endWait(): void;
}

/** What an event led to: a call was served; no call waits; or a call waits, but the kernel had nothing. */
export type Outcome = "served" | "idle" | "in vain";

/** Calls that wait for the same thing, in order: a message, an entry of the error queue, a connection. */
export class WaitQueue<Request, Result> {
  readonly #owner: Waits;
  readonly #events: number;
  /** Undefined: nothing is there yet. `isNew`: the call has just begun, and no other call waits. */
  readonly #attempt: (request: Request, isNew: boolean) => Result | undefined;
  readonly #waiters: Waiter<Request, Result>[] = [];
  readonly #pumpLater = () => void this.pump();

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

  /** How many calls wait. */
  get length(): number {
    return this.#waiters.length;
  }

  /** The request of the first call that waits. */
  firstRequest(): Request | undefined {
    return this.#waiters[0]?.request;
  }

  /** Returns a result if one is there and no other call waits. Otherwise the call waits. */
  take(request: Request, signal: AbortSignal | undefined): Promise<Result> {
    if (!this.isEmpty()) return this.wait(request, signal);
    try {
      // After this turn, the queue tries again by itself: no event would come, because the socket may have been ready all along.
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
    if (!this.isEmpty()) afterTurn(this.#pumpLater);
    return promise;
  }

  /** Waits without an attempt, because another call waits or nothing is there. */
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

  /** A result may be there. Serves waiting calls while there are results. */
  pump(): Outcome {
    let outcome: Outcome = this.isEmpty() ? "idle" : "in vain";
    while (this.#waiters.length > 0 && !this.#owner.closed) {
      if (!mayTry()) {
        afterTurn(this.#pumpLater);
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
      if (this.#remove(waiter)) waiter.resolve(result);
      else this.unclaimed(result);
      outcome = "served";
    }
    return outcome;
  }

  /** The attempt ran the caller's code, which has ended the call. Only attempts to accept run such code. */
  protected unclaimed(_result: Result): void {}

  /** Gives a result to the first call that waits. False: no call waits. */
  give(result: Result): boolean {
    const [waiter] = this.#waiters;
    if (waiter === undefined) return false;
    this.#remove(waiter);
    waiter.resolve(result);
    return true;
  }

  /** Rejects the first call that waits. */
  fail(error: unknown): void {
    const [waiter] = this.#waiters;
    if (waiter === undefined) return;
    this.#remove(waiter);
    waiter.reject(error);
  }

  /** Rejects all calls that wait, except the first `kept`. */
  failAll(error: () => Error, kept = 0): void {
    for (const waiter of this.#waiters.slice(kept)) {
      this.#remove(waiter);
      waiter.reject(error());
    }
  }

  /** Returns whether the call was still waiting. */
  #remove(waiter: Waiter<Request, Result>): boolean {
    const at = this.#waiters.indexOf(waiter);
    if (at < 0) return false;
    // Mostly it is the first. shift() is faster, because splice() also makes a list of the removed elements.
    if (at === 0) this.#waiters.shift();
    else this.#waiters.splice(at, 1);
    waiter.stopListening?.();
    this.#owner.endWait();
    return true;
  }
}
