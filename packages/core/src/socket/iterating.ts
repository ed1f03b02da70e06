import { checkObject } from "../arguments.js";
import type { SystemError } from "../errors.js";
import { keysOf } from "../known-keys.js";
import type { AcceptQueue } from "./accept-queue.js";
import { Backoff } from "./backoff.js";
import { rejectInTurn } from "./fairness.js";
import type { BatchOptions } from "./message-batch.js";
import { type BatchReceiveOptions, NO_OPTIONS, type ReceiveOptions } from "./receive-request.js";
import { isGivenUp, isIcmpReport, isLoss, needsPause } from "./temporary-errors.js";

/** Options of {@link Socket.messages}. */
export interface IterationOptions extends ReceiveOptions {
  /**
   * Called with each error that does not end the iteration: an ICMP report on a datagram socket; a temporary lack of descriptors,
   * memory or watches; a netlink socket's loss of messages, because its receive buffer was full. Without `onError`, the iteration
   * ignores the first two, and throws a loss.
   */
  onError?: (error: SystemError) => void;
}

const ITERATION_KEYS = /* @__PURE__ */ keysOf<IterationOptions>({
  signal: true,
  maxFds: true,
  onError: true,
  size: true,
  buffers: true,
  flags: true,
});

/** Options of {@link Socket.batches}. */
export interface BatchIterationOptions extends BatchOptions, BatchReceiveOptions {
  /** As in {@link IterationOptions.onError}. */
  onError?: (error: SystemError) => void;
}

const BATCH_KEYS = /* @__PURE__ */ keysOf<BatchIterationOptions>({
  slots: true,
  size: true,
  signal: true,
  maxFds: true,
  onError: true,
  flags: true,
});

const CONNECTION_KEYS = /* @__PURE__ */ keysOf<Pick<IterationOptions, "signal" | "onError">>({
  signal: true,
  onError: true,
});

/** Several reports may follow one another at once. After this many errors in a row, the iteration pauses before it tries again. */
const MOST_FAILURES = 16;

/** Decides after which errors an iteration continues. */
class Persistence {
  readonly #passesOver: (error: unknown) => boolean;
  readonly #onError: ((error: SystemError) => void) | undefined;
  readonly #backoff = new Backoff();
  #failures = 0;

  constructor(passesOver: (error: unknown) => boolean, onError: ((error: SystemError) => void) | undefined) {
    this.#passesOver = passesOver;
    this.#onError = onError;
  }

  succeeded(): void {
    this.#backoff.reset();
    this.#failures = 0;
  }

  /** Resolves when the next attempt is due. Rejects with the error if it ends the iteration. */
  async failed(error: unknown): Promise<void> {
    const isShortage = needsPause(error);
    if (!isShortage && !this.#passesOver(error)) throw error;
    this.#onError?.(error as SystemError);
    if (isShortage || ++this.#failures > MOST_FAILURES) await this.#backoff.pause();
  }
}

interface Source<T> {
  /** Waits for the next value. */
  readonly take: () => Promise<T>;
  readonly isEnd: (taken: T) => boolean;
  readonly isClosed: () => boolean;
  /** Is called when the iteration ends. */
  readonly end?: () => void;
  readonly persistence: Persistence;
}

/** Makes a new object each time, because the caller may change the result. */
const done = (): IteratorReturnResult<void> => ({ done: true, value: undefined });

/** The prototype from which all async iterators inherit. */
const prototype: object = Object.getPrototypeOf(
  Object.getPrototypeOf(Object.getPrototypeOf((async function* () {})())),
);

/**
 * Does what an async generator does, but takes a third of the time for each step. A call of next(), return() or throw() waits for
 * the calls before it.
 */
class Iteration<T> implements AsyncGenerator<T, void, undefined> {
  readonly #start: () => Source<T>;
  #source: Source<T> | undefined;
  #ended = false;
  /** How many calls have not settled, and the last of them. */
  #pending = 0;
  #last: Promise<unknown> | undefined;

  /** The first next() calls `start`, which may throw. */
  constructor(start: () => Source<T>) {
    this.#start = start;
  }

  next(): Promise<IteratorResult<T, void>> {
    return this.#enqueue(this.#step);
  }

  return(value?: void | PromiseLike<void>): Promise<IteratorResult<T, void>> {
    return this.#enqueue(() => {
      this.#end();
      return Promise.resolve(value).then((result) => ({ done: true, value: result }));
    });
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    return this.#enqueue(() => {
      this.#end();
      return Promise.reject(error);
    });
  }

  get [Symbol.toStringTag](): string {
    return "AsyncGenerator";
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #enqueue(call: () => Promise<IteratorResult<T, void>>): Promise<IteratorResult<T, void>> {
    const result = this.#pending++ === 0 ? call() : this.#last!.then(call, call);
    this.#last = result;
    return result;
  }

  /** The running call ends the iteration. */
  #end(): void {
    this.#pending--;
    this.#ended = true;
    this.#source?.end?.();
  }

  readonly #step = (): Promise<IteratorResult<T, void>> => {
    if (this.#ended) {
      this.#pending--;
      return Promise.resolve(done());
    }
    try {
      this.#source ??= this.#start();
      return this.#source.take().then(this.#took, this.#failed);
    } catch (error) {
      this.#end();
      return rejectInTurn(error);
    }
  };

  readonly #took = (value: T): IteratorResult<T, void> => {
    const { persistence, isEnd } = this.#source!;
    persistence.succeeded();
    if (isEnd(value)) {
      this.#end();
      return done();
    }
    this.#pending--;
    return { done: false, value };
  };

  readonly #failed = async (first: unknown): Promise<IteratorResult<T, void>> => {
    const { persistence, isClosed, take } = this.#source!;
    for (let error = first; ; ) {
      // Other code can end the loop by closing the socket.
      if (isClosed()) {
        this.#end();
        return done();
      }
      try {
        await persistence.failed(error);
      } catch (thrown) {
        this.#end();
        throw thrown;
      }
      try {
        return this.#took(await take());
      } catch (next) {
        error = next;
      }
    }
  };
}

Object.setPrototypeOf(Iteration.prototype, prototype);

/** Iterates over the messages that a socket receives, until the end of the stream, or until the socket is closed. */
export function iterate<M extends object>(
  socket: { readonly closed: boolean; recvmsg(options: ReceiveOptions): Promise<M> },
  hasConnection: boolean,
  given: IterationOptions,
  keys = ITERATION_KEYS,
): AsyncGenerator<M, void, undefined> {
  return new Iteration(() => {
    const { onError, ...rest } = checkObject("options", given, keys);
    const options = Object.keys(rest).length === 0 ? NO_OPTIONS : rest;
    return {
      take: () => socket.recvmsg(options),
      isEnd: (message) => (message as { readonly eof?: boolean }).eof === true,
      isClosed: () => socket.closed,
      persistence: forReceives(hasConnection, onError),
    };
  });
}

const forReceives = (
  hasConnection: boolean,
  onError: ((error: SystemError) => void) | undefined,
): Persistence =>
  new Persistence(
    (error) => (isLoss(error) ? onError !== undefined : !hasConnection && isIcmpReport(error)),
    onError,
  );

/** Iterates over the batches that a socket receives. Each is the same object, filled anew. `end` is called after the last one. */
export function iterateBatches<B extends { readonly length: number }>(
  socket: {
    readonly closed: boolean;
    createBatch(options: BatchOptions): B;
    recvBatch(batch: B, options: BatchReceiveOptions): Promise<number>;
  },
  hasConnection: boolean,
  given: BatchIterationOptions,
  end: ((batch: B) => void) | undefined,
  keys = BATCH_KEYS,
): AsyncGenerator<B, void, undefined> {
  return new Iteration(() => {
    const { onError, slots, size, ...options } = checkObject("options", given, keys);
    const batch = socket.createBatch({ slots, size } as BatchOptions);
    return {
      take: () => socket.recvBatch(batch, options).then(() => batch),
      isEnd: ({ length }) => length === 0,
      isClosed: () => socket.closed,
      end: () => end?.(batch),
      persistence: forReceives(hasConnection, onError),
    };
  });
}

/** Iterates over the connections that `accept` returns, until the listener is closed. */
export function iterateConnections<S extends { close(): unknown }>(
  listener: { readonly closed: boolean },
  accept: AcceptQueue<S>["accept"],
  given: Pick<IterationOptions, "signal" | "onError">,
): AsyncGenerator<S, void, undefined> {
  return new Iteration(() => {
    const { signal, onError } = checkObject("options", given, CONNECTION_KEYS);
    return {
      take: () => accept({ signal }, onError as ((error: Error) => void) | undefined),
      isEnd: () => false,
      isClosed: () => listener.closed,
      persistence: new Persistence(isGivenUp, onError),
    };
  });
}
