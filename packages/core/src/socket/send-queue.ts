import { lengthOf } from "../arguments.js";
import { EAGAIN, EPIPE } from "../errno.js";
import { codedError, explain, systemError } from "../errors.js";
import { OFF_LOOP } from "../native/binding.js";
import { listenForAbort } from "./abort.js";
import { Backoff } from "./backoff.js";
import { afterTurn, mayTry, nextTurn, rejectInTurn } from "./fairness.js";
import type { Outcome, Waits } from "./wait-queue.js";

export interface SendResult {
  /** Bytes that the kernel took: all of them. */
  bytes: number;
}

/** What the queue must know of a message. */
interface QueueableMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
}

/** What takes a queue's messages: the kernel, or a channel in memory. */
export interface Transport<Message extends QueueableMessage> {
  /** Whether it may take a part of a message, and messages have no boundaries. */
  readonly isStream: boolean;
  /** Messages with the same key keep their order. */
  orderOf(message: Message): string;
  /**
   * Sends the message from the byte `sent` on. Returns how many bytes went; -EAGAIN: there is no room; OFF_LOOP: a thread has to make
   * the call. Throws any other error.
   */
  send(message: Message, sent: number): number;
  /** Has a thread send the message, of which nothing went yet. `done` gets what {@link send} would return, or the error. */
  sendInThread(message: Message, done: (result: number | Error) => void): void;
  /** Takes hold of everything that must not change while the message waits. The bytes stay borrowed. */
  hold(message: Message): void;
  /** Lets go of it. */
  letGo(message: Message): void;
  /** The message's first byte has gone, and everything that travels with it. */
  noteGone(message: Message): void;
  /** Whether the event loop will tell when there is room. Otherwise a timer tries again. */
  willTellOfRoom(): boolean;
  /** Nothing more may follow. */
  shutDownWriting(): void;
}

interface Entry<Message> {
  readonly message: Message;
  /** Sizes of the borrowed views: one that changes was taken away. */
  readonly sizes: readonly number[];
  sent: number;
  resolve: (result: SendResult) => void;
  reject: (error: Error) => void;
  stopListening: (() => void) | undefined;
  /** A thread is sending it. Until the call returns, nobody knows whether the message went. */
  inThread: boolean;
  /** An abort or close() that came meanwhile: the error, if the thread's call has sent nothing. */
  failure: Error | undefined;
}

/** Sends that must keep their order: all of a connected socket's, or those to one destination. */
interface Lane<Message> {
  readonly queue: Entry<Message>[];
  backoff: Backoff | undefined;
  /** The socket became writable while a thread was sending. */
  readyMeanwhile: boolean;
}

export function withBytesSent<E extends Error>(error: E, bytesSent: number): E & { bytesSent: number } {
  return Object.assign(error, { bytesSent });
}

/** The promise of a send that went at once; out of turn, it settles after the event loop has run. */
export function wentAtOnce(bytes: number, outOfTurn: boolean): Promise<SendResult> {
  const all = { bytes };
  return outOfTurn ? nextTurn().then(() => all) : Promise.resolve(all);
}

const viewsOf = ({ iov }: QueueableMessage): readonly Uint8Array[] => (Array.isArray(iov) ? iov : [iov]);

/** What waits to be sent, in order. */
export class SendQueue<Message extends QueueableMessage> {
  readonly #owner: Waits;
  readonly #transport: Transport<Message>;
  readonly #lanes = new Map<string, Lane<Message>>();
  readonly #drained: (() => void)[] = [];
  #ended = false;
  /** Part of a message went, and the rest never will. */
  #broken = false;
  #turnScheduled = false;

  constructor(owner: Waits, transport: Transport<Message>) {
    this.#owner = owner;
    this.#transport = transport;
  }

  isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** @throws `EPIPE` after {@link end}. */
  checkOpen(): void {
    if (this.#ended) throw systemError(EPIPE, "sendmsg");
  }

  /** Whether so many bytes are the whole message: only a stream takes part of one. */
  isAll(result: number, total: number): boolean {
    return result >= total || (result >= 0 && !this.#transport.isStream);
  }

  /** Sends a message at once, if no other waits that must go before it; otherwise, and if there is no room, it waits. */
  send(message: Message, signal: AbortSignal | undefined): Promise<SendResult> {
    const transport = this.#transport;
    const key = transport.orderOf(message);
    let sent = 0;
    let needsThread = false;
    let isTold = true;
    try {
      if (!this.#lanes.has(key)) {
        // We make the system call at once even if it is not this socket's turn, because a queued send needs duplicates of its
        // descriptors. The promise settles after the event loop has run.
        const outOfTurn = !mayTry();
        const result = transport.send(message, 0);
        if (result >= 0) {
          transport.noteGone(message);
          if (this.isAll(result, message.total)) return wentAtOnce(result, outOfTurn);
          sent = result;
        }
        needsThread = result === OFF_LOOP;
      }
      if (sent === 0) transport.hold(message);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    try {
      if (!needsThread && !this.#lanes.has(key)) isTold = transport.willTellOfRoom();
      this.#owner.beginWait(0);
    } catch (error) {
      transport.letGo(message);
      if (sent > 0) this.#break();
      return rejectInTurn(withBytesSent(error as Error, sent));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry<Message> = {
        message,
        sizes: viewsOf(message).map(lengthOf),
        sent,
        resolve,
        reject,
        stopListening: undefined,
        inThread: false,
        failure: undefined,
      };
      const lane = this.#lanes.get(key);
      if (lane) {
        lane.queue.push(entry);
      } else {
        this.#lanes.set(key, { queue: [entry], backoff: undefined, readyMeanwhile: false });
        if (needsThread) this.#sendInThread(key, entry);
        else if (!isTold) this.#sendLater(key);
      }
      if (signal === undefined) return;
      try {
        entry.stopListening = listenForAbort(signal, (error) => this.#fail(key, entry, error));
      } catch (error) {
        this.#fail(key, entry, error as Error);
      }
    });
  }

  /** Sends what goes at once. Undefined: nothing does. */
  trySend(message: Message): SendResult | undefined {
    if (this.#lanes.has(this.#transport.orderOf(message))) return undefined;
    const result = this.#transport.send(message, 0);
    // Where a thread would have to make the call, there is nobody to wait for it.
    if (result < 0) return undefined;
    this.#transport.noteGone(message);
    return { bytes: result };
  }

  /** There may be room. */
  pump(): Outcome {
    let outcome: Outcome = "idle";
    for (const [key, lane] of [...this.#lanes]) {
      // A datagram that a full peer refuses makes the sender writable anew, for its memory is free again: an edge at
      // each try (net/unix/af_unix.c, unix_write_space). What waits by timer must not listen to it.
      if (lane.backoff?.waiting) continue;
      const ofLane = this.#pumpLane(key);
      if (ofLane === "served" || outcome === "idle") outcome = ofLane;
    }
    return this.isEmpty() ? "idle" : outcome;
  }

  /** Every message that waits fails. */
  fail(error: () => Error): void {
    for (const [key, lane] of [...this.#lanes]) {
      for (const entry of [...lane.queue]) this.#fail(key, entry, error());
    }
  }

  /** Settles when everything that was given to send has gone or failed; nothing more is accepted. */
  end(): Promise<void> {
    this.#ended = true;
    return this.isEmpty() ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** shutdown(2) failed after all: sending goes on. */
  resume(): void {
    this.#ended = this.#broken;
  }

  close(error: () => Error): void {
    for (const [key, lane] of this.#lanes) {
      lane.backoff?.cancel();
      this.#lanes.delete(key);
      for (const entry of lane.queue) {
        if (entry.inThread) entry.failure = error();
        else this.#settle(entry, error());
      }
    }
    this.#settleDrained();
  }

  #pumpLane(key: string): Outcome {
    const lane = this.#lanes.get(key);
    let outcome: Outcome = "idle";
    while (lane && lane.queue.length > 0 && !this.#owner.closed) {
      if (!mayTry()) {
        this.#retryAfterTurn();
        return "served";
      }
      const entry = lane.queue[0]!;
      if (entry.inThread) {
        lane.readyMeanwhile = true;
        return outcome;
      }
      let result: number;
      try {
        checkSizes(entry);
        result = this.#transport.send(entry.message, entry.sent);
      } catch (error) {
        this.#fail(key, entry, error as Error);
        outcome = "served";
        continue;
      }
      if (result === -EAGAIN) {
        this.#waitForRoom(key);
        return outcome === "served" ? outcome : "in vain";
      }
      if (result === OFF_LOOP) {
        this.#sendInThread(key, entry);
        return outcome;
      }
      outcome = "served";
      lane.backoff?.reset();
      this.#noteSent(entry, result);
      if (this.isAll(entry.sent, entry.message.total)) this.#finish(key, entry);
    }
    return outcome;
  }

  /** So many bytes went. */
  #noteSent(entry: Entry<Message>, bytes: number): void {
    // The descriptors go with the first byte, and never again.
    if (entry.sent === 0) this.#transport.noteGone(entry.message);
    entry.sent += bytes;
  }

  /** The first of the lane has gone. */
  #finish(key: string, entry: Entry<Message>): void {
    const lane = this.#lanes.get(key);
    lane?.queue.shift();
    this.#settle(entry);
    if (lane?.queue.length === 0) this.#endLane(key);
  }

  #sendInThread(key: string, entry: Entry<Message>): void {
    try {
      this.#transport.sendInThread(entry.message, (result) => this.#returned(key, entry, result));
      entry.inThread = true;
    } catch (error) {
      this.#fail(key, entry, error as Error);
    }
  }

  #returned(key: string, entry: Entry<Message>, result: number | Error): void {
    entry.inThread = false;
    const lane = this.#lanes.get(key);
    const readyMeanwhile = lane?.readyMeanwhile === true;
    if (lane) lane.readyMeanwhile = false;
    if (typeof result === "number" && result >= 0) {
      this.#noteSent(entry, result);
      if (lane) this.#finish(key, entry);
      else this.#settle(entry);
    } else if (!lane) {
      this.#settle(entry, entry.failure);
    } else if (entry.failure || typeof result === "object") {
      this.#fail(key, entry, entry.failure ?? (result as Error));
    } else {
      this.#waitForRoom(key);
      if (!readyMeanwhile) return;
    }
    this.#pumpLane(key);
  }

  /** There was no room for the first of a lane. */
  #waitForRoom(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    try {
      if (!this.#transport.willTellOfRoom()) this.#sendLater(key);
    } catch (error) {
      this.#fail(key, lane.queue[0]!, error as Error);
    }
  }

  /** Has a timer try again. */
  #sendLater(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    lane.backoff ??= new Backoff();
    lane.backoff.wait(() => this.#pumpLane(key));
  }

  #retryAfterTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    afterTurn(() => {
      this.#turnScheduled = false;
      this.pump();
    });
  }

  /** Ends one entry with an error. If part of it has gone on a stream, everything behind it fails, too. */
  #fail(key: string, entry: Entry<Message>, error: Error): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    const at = lane.queue.indexOf(entry);
    if (at < 0) return;
    if (entry.inThread) {
      entry.failure = error;
      return;
    }
    const broken = entry.sent > 0 && entry.sent < entry.message.total;
    const failed = lane.queue.splice(at, broken ? Number.POSITIVE_INFINITY : 1);
    if (lane.queue.length === 0) this.#endLane(key);
    if (broken) this.#break();
    this.#settle(entry, error);
    for (const behind of failed) {
      if (behind !== entry) this.#settle(behind, brokenBefore(error));
    }
    if (this.isEmpty()) this.#settleDrained();
  }

  /** Part of a message has gone, and the rest never will: the peer could not tell where the next message begins. */
  #break(): void {
    this.#broken = true;
    this.#ended = true;
    if (!this.#owner.closed) this.#transport.shutDownWriting();
  }

  #endLane(key: string): void {
    this.#lanes.get(key)?.backoff?.cancel();
    this.#lanes.delete(key);
    if (this.isEmpty()) this.#settleDrained();
  }

  #settle(entry: Entry<Message>, error?: Error): void {
    entry.stopListening?.();
    this.#owner.endWait();
    this.#transport.letGo(entry.message);
    if (error) entry.reject(withBytesSent(error, entry.sent));
    else entry.resolve({ bytes: entry.sent });
  }

  #settleDrained(): void {
    for (const settle of this.#drained.splice(0)) settle();
  }
}

function checkSizes({ message, sizes }: Entry<QueueableMessage>): void {
  if (viewsOf(message).some((view, i) => lengthOf(view) !== sizes[i])) {
    throw codedError("ERR_INVALID_STATE", "A buffer was transferred or resized while it was being sent");
  }
}

function brokenBefore(cause: Error): Error {
  const error = systemError(EPIPE, "sendmsg");
  explain(error, `${error.message}: an earlier message was cut short, so the stream cannot be continued`);
  return Object.assign(error, { cause });
}
