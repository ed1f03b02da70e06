import type { AbortError } from "../errors.js";
import { listenForAbort } from "../socket/abort.js";
import type { ErrorQueue } from "../socket/error-queue.js";
import { withBytesSent } from "../socket/send-queue.js";
import { milliseconds } from "../syscalls/clock.js";
import { clearTimeout, setTimeout } from "../timers.js";
import type { StampedSend, TransmitEvent } from "./transmit-timestamps.js";

type Times = { [E in TransmitEvent]?: bigint };

/** One send, until its timestamps have come. */
export class PendingSend {
  readonly promise: Promise<StampedSend>;
  resolve!: (result: StampedSend) => void;
  reject!: (error: Error) => void;
  /** Undefined while the message waits to be sent. */
  bytes: number | undefined;
  /** The number with which the kernel reports the message. Undefined: we don't know it yet. */
  id: number | undefined;
  readonly times: Times = {};
  /** When we stop waiting, in milliseconds. */
  deadline = 0;
  stopListening: (() => void) | undefined;
  isSettled = false;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

/** The sends of a socket whose timestamps have not come yet. */
export class PendingSends {
  readonly #queue: ErrorQueue;
  readonly #events: readonly TransmitEvent[];
  readonly #timeout: number;
  readonly #limit: number;
  readonly #byId = new Map<number, PendingSend>();
  /** Those that were sent, the oldest first. All wait equally long. */
  readonly #sent = new Set<PendingSend>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #idle: (() => void)[] = [];
  /** How many sends had to do without a timestamp. */
  missed = 0;

  constructor(queue: ErrorQueue, events: readonly TransmitEvent[], timeout: number, limit: number) {
    this.#queue = queue;
    this.#events = events;
    this.#timeout = timeout;
    this.#limit = limit;
  }

  get size(): number {
    return this.#sent.size;
  }

  /** From now on, reports with this number belong to the send. */
  identify(send: PendingSend, id: number): void {
    if (send.isSettled) return;
    if (send.id !== undefined) this.#byId.delete(send.id);
    send.id = id;
    this.#byId.set(id, send);
  }

  /** The kernel has taken the message. From now on, the send waits only for its timestamps. */
  noteSent(send: PendingSend, bytes: number, signal: AbortSignal | undefined): void {
    send.bytes = bytes;
    if (this.#isComplete(send)) {
      this.#settle(send);
      return;
    }
    // The oldest ones give way: a device that makes no timestamps must not hold up the program.
    for (const oldest of this.#sent) {
      if (this.#sent.size < this.#limit) break;
      this.#settle(oldest);
    }
    try {
      if (this.#sent.size === 0) this.#queue.beginTaking();
    } catch (error) {
      this.fail(send, error as Error);
      return;
    }
    send.deadline = milliseconds() + this.#timeout;
    this.#sent.add(send);
    this.#watchDeadline();
    send.stopListening = listenForAbort(signal, (error: AbortError) => this.fail(send, error));
  }

  /** The message had no bytes. A stream sends nothing then, and there is no timestamp. */
  noteEmpty(send: PendingSend): void {
    send.isSettled = true;
    send.resolve({ bytes: 0 });
  }

  /** The message was not sent, or nobody waits for its timestamps any more. */
  fail(send: PendingSend, error: Error): void {
    if (send.isSettled) return;
    this.#remove(send);
    send.reject("bytesSent" in error ? error : withBytesSent(error, send.bytes ?? 0));
  }

  /** Notes a time. Returns whether it belongs to one of the sends. */
  note(id: number, event: TransmitEvent, time: bigint): boolean {
    const send = this.#byId.get(id);
    if (send === undefined) return false;
    // A message that left in several system calls has several reports. The first one counts.
    send.times[event] ??= time;
    if (this.#isComplete(send)) this.#settle(send);
    return true;
  }

  /** Stops waiting for timestamps. */
  giveUp(): void {
    for (const send of this.#sent) this.#settle(send);
  }

  /** Rejects all sends, because the socket is closed. */
  failAll(error: () => Error): void {
    for (const send of this.#sent) this.fail(send, error());
  }

  /** Settles when no send waits for timestamps. */
  idle(): Promise<void> {
    if (this.#sent.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #isComplete({ bytes, times }: PendingSend): boolean {
    return bytes !== undefined && this.#events.every((event) => times[event] !== undefined);
  }

  #settle(send: PendingSend): void {
    if (!this.#isComplete(send)) this.missed++;
    this.#remove(send);
    send.resolve({ bytes: send.bytes!, ...send.times });
  }

  #remove(send: PendingSend): void {
    send.isSettled = true;
    if (send.id !== undefined && this.#byId.get(send.id) === send) this.#byId.delete(send.id);
    send.stopListening?.();
    if (!this.#sent.delete(send) || this.#sent.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue.endTaking();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** One timer for all: it is set for the oldest. */
  #watchDeadline(): void {
    if (this.#timer !== undefined) return;
    for (const { deadline } of this.#sent) {
      this.#timer = setTimeout(this.#onTimer, Math.ceil(Math.max(deadline - milliseconds(), 1)));
      // The error queue's wait keeps the process alive, unless the socket is unref'd.
      this.#timer.unref();
      return;
    }
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    // The reports may be there, but the event loop was too busy to read them.
    this.#queue.drain();
    const time = milliseconds();
    for (const send of this.#sent) {
      if (send.deadline > time) break;
      this.#settle(send);
    }
    this.#watchDeadline();
  };
}
