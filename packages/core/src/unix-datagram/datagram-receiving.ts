import { MSG_DONTWAIT } from "../constants/message-flags.js";
import type { FileDescriptor } from "../descriptor.js";
import { EAGAIN } from "../errno.js";
import { OFF_LOOP, THROTTLED } from "../native/binding.js";
import { Backoff } from "../socket/backoff.js";
import type { Endpoint } from "../socket/endpoint.js";
import type { SocketFacts } from "../socket/facts.js";
import { afterTurn, mayTry } from "../socket/fairness.js";
import { Misses } from "../socket/misses.js";
import { EPOLLIN } from "../socket/readiness.js";
import { DEFAULT_SIZE } from "../socket/receive-memory.js";
import type { ReceiveRequest } from "../socket/receive-request.js";
import type { Outcome } from "../socket/wait-queue.js";
import { clearTimeout, setTimeout } from "../timers.js";
import { type Datagram, DatagramReceiveCall } from "./datagram-receive-call.js";

/** What a socket tells its owner. These functions must not throw. */
export interface DatagramListeners {
  /**
   * `from`: the sender's encoded address, which is the same object for messages of the same sender. Undefined: the sender has none. The
   * listener owns the descriptors. False: the next message must wait for the next turn of the event loop.
   */
  onMessage(data: Buffer, from: Uint8Array | undefined, fds: readonly FileDescriptor[]): boolean;
  /** A receive has failed. The next one follows after a pause. */
  onError(error: Error): void;
  /** After a send that found no room: there may be room now. */
  onRoom(): void;
}

/** Which messages of the kernel's queue were received before their turn. "none": none was there. "not all": the rest must wait. */
export type Early = "all" | "none" | "not all";

/** How many milliseconds pass between a failed receive and the next one. Otherwise an error that lasts would use a whole processor. */
const PAUSE_AFTER_ERROR = 100;
/** How many messages a socket holds that it has received before their turn. */
const MOST_EARLY = 1000;

/** Receives the messages of a Unix datagram socket, and gives them to its listener. */
export class DatagramReceiving {
  readonly #endpoint: Endpoint;
  readonly #call: DatagramReceiveCall;
  readonly #request: ReceiveRequest;
  readonly #listeners: DatagramListeners;
  /** Runs a function in the asynchronous context of the listeners. Timers, microtasks and threads have the context of other code. */
  readonly #inContext: (run: () => void) => void;
  /** Is called when the queue is empty. */
  readonly #onEmpty: () => void;
  /** Messages, and errors of receives, that the kernel no longer has. */
  readonly #early: (Datagram | Error)[] = [];
  readonly #misses = new Misses();
  readonly #receiveLater = () => this.#inContext(() => void this.receive());
  #inThread = false;
  #isPausing = false;
  #pause: NodeJS.Timeout | undefined;
  #throttling: Backoff | undefined;

  constructor(
    endpoint: Endpoint,
    facts: SocketFacts,
    maxFds: number,
    listeners: DatagramListeners,
    inContext: (run: () => void) => void,
    onEmpty: () => void,
  ) {
    this.#endpoint = endpoint;
    this.#listeners = listeners;
    this.#inContext = inContext;
    this.#onEmpty = onEmpty;
    this.#call = new DatagramReceiveCall(endpoint, facts);
    this.#request = {
      maxFds,
      hasDefaultMaxFds: false,
      size: DEFAULT_SIZE,
      hasDefaultSize: true,
      buffers: undefined,
      flags: MSG_DONTWAIT,
      slots: undefined,
    };
  }

  /** Receives what is there. */
  receive(): Outcome {
    let outcome: Outcome = "in vain";
    for (;;) {
      if (this.#endpoint.closed) return outcome;
      if (!mayTry()) {
        afterTurn(this.#receiveLater);
        return "served";
      }
      const next = this.#early.length > 0 ? this.#early.shift() : this.#take();
      if (outcome === "served") this.#misses.note(next !== undefined);
      if (next === undefined) return outcome;
      outcome = "served";
      if (next instanceof Error) {
        this.fail(next);
        return outcome;
      }
      if (!this.#listeners.onMessage(next.data, next.from, next.fds)) {
        afterTurn(this.#receiveLater);
        return outcome;
      }
      // Mostly one message is there. If there are more, the event loop reports them in its next turn.
      if (this.#early.length === 0 && this.#endpoint.willReport(EPOLLIN) && !this.#misses.mayAsk())
        return outcome;
    }
  }

  /** Whether a thread receives, or a pause is running. */
  #mustWait(): boolean {
    return this.#inThread || this.#isPausing;
  }

  /** The next message of the kernel's queue. Undefined: there is none, or it comes later. */
  #take(): Datagram | undefined {
    if (this.#mustWait()) return undefined;
    try {
      const result = this.#call.make(this.#request);
      if (typeof result !== "number") {
        this.#throttling?.reset();
        return result;
      }
      if (result === -EAGAIN) this.#onEmpty();
      else if (result === THROTTLED) this.#throttle();
      else if (result === OFF_LOOP) this.#receiveInThread();
      else this.fail(this.#call.failure(result));
    } catch (error) {
      this.fail(error as Error);
    }
    return undefined;
  }

  /** Receives all messages that are in the kernel's queue, and keeps them for {@link receive}. */
  receiveEarly(): Early {
    let early: Early = "none";
    while (this.#early.length < MOST_EARLY && !this.#mustWait()) {
      const next = this.#takeEarly();
      if (next === -EAGAIN) return early;
      if (typeof next === "number") break;
      // The error lasts. A later receive reports it again, if it is still there.
      if (next instanceof Error && this.#early.at(-1) instanceof Error) break;
      early = "all";
      if (this.#early.push(next) === 1) queueMicrotask(this.#receiveLater);
    }
    return "not all";
  }

  #takeEarly(): Datagram | Error | number {
    try {
      const result = this.#call.make(this.#request);
      const isThere = typeof result !== "number" || [-EAGAIN, THROTTLED, OFF_LOOP].includes(result);
      return isThere ? result : this.#call.failure(result);
    } catch (error) {
      return error as Error;
    }
  }

  /** Too many descriptors from this sender wait to be closed. No event says when there are fewer. */
  #throttle(): void {
    this.#isPausing = true;
    this.#throttling ??= new Backoff();
    this.#throttling.wait(() => this.#endPause());
  }

  /** Closing descriptors that a stranger has sent can take long: see {@link ReceiveCall.makeInThread}. */
  #receiveInThread(): void {
    this.#call.makeInThread(
      this.#request,
      () => true,
      (message, error) => {
        this.#inThread = false;
        if (this.#endpoint.closed) {
          for (const descriptor of message?.fds ?? []) descriptor.close();
          return;
        }
        if (error !== undefined) {
          this.fail(error);
          return;
        }
        if (message !== undefined) this.#early.push(message);
        this.#goOn();
      },
    );
    this.#inThread = true;
  }

  /** Reports an error, and goes on after a pause. */
  fail(error: Error): void {
    if (this.#endpoint.closed) return;
    this.#isPausing = true;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#endPause(), PAUSE_AFTER_ERROR);
    // The socket itself keeps the process alive.
    this.#pause.unref();
    this.#inContext(() => this.#listeners.onError(error));
  }

  #endPause(): void {
    this.#isPausing = false;
    this.#goOn();
  }

  /** No event need come for what has arrived during a pause, or while a thread was receiving. */
  #goOn(): void {
    try {
      this.#endpoint.watch(EPOLLIN);
    } catch (error) {
      this.fail(error as Error);
      return;
    }
    this.#receiveLater();
  }

  /** The socket is about to close. */
  close(): void {
    clearTimeout(this.#pause);
    this.#throttling?.cancel();
    for (const left of this.#early.splice(0)) {
      if (!(left instanceof Error)) for (const descriptor of left.fds) descriptor.close();
    }
  }
}
