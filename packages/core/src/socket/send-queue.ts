import { lengthOf } from "../arguments.js";
import { EAGAIN, EPIPE } from "../errno.js";
import { codedError, explain, systemError } from "../errors.js";
import { OFF_LOOP } from "../native/binding.js";
import { listenForAbort } from "./abort.js";
import { Backoff } from "./backoff.js";
import { afterTurn, mayTry, nextTurn, rejectInTurn } from "./fairness.js";
import type { Outcome, Waits } from "./wait-queue.js";
import { type Room, WritableWaits } from "./writable-waits.js";

export interface SendResult {
  /** How many bytes the kernel took: all of them. */
  bytes: number;
}

/** What the queue must know about a message. */
interface QueueableMessage {
  readonly iov: Uint8Array | Uint8Array[];
  /** How much there is to send, in the unit in which the transport counts: bytes, or the messages of a batch. */
  readonly total: number;
  /** Whether the transport may take a part of it. Otherwise whatever the transport has taken is all. */
  readonly inParts: boolean;
}

/** The key of messages that keep their order with all others. */
export const EVERY_LANE = "*";

/** Sends the queue's messages: through the kernel, or through a channel in memory. */
export interface Transport<Message extends QueueableMessage> {
  /** Whether messages have no boundaries. If the rest of one can't be sent, nothing can follow. */
  readonly isStream: boolean;
  /** Returns a key. Messages with the same key keep their order. {@link EVERY_LANE}: it keeps its order with every message. */
  orderOf(message: Message): string;
  /**
   * Sends the message behind the `sent` that went before. Returns how much was sent; -EAGAIN if there is no room; OFF_LOOP if a thread has
   * to make the call. Throws any other error.
   */
  send(message: Message, sent: number): number;
  /** Makes a thread send a message of which nothing was sent yet. `done` gets what {@link send} would return, or the error. */
  sendInThread(message: Message, done: (result: number | Error) => void): void;
  /** Copies or duplicates everything that must not change while the rest of the message waits. The bytes stay borrowed. */
  retain(message: Message, sent: number): void;
  /** Releases what {@link retain} made. */
  release(message: Message): void;
  /** The message's first byte was sent, and with it the descriptors. */
  noteDescriptorsSent(message: Message): void;
  /** Whether the event loop will report that the transport can send again. If not, a timer tries again. */
  willReportWritable(): boolean;
  /** The transport has just refused a message. Makes the event loop report when it can send again. */
  expectWritable(): void;
  /** Whether the transport would take a message now, as far as it knows. If not, the event loop will report when it would. */
  isWritable(): boolean;
  /** Whether {@link send} can return -EAGAIN while {@link isWritable} returns true. Then no event comes, and a timer must try again. */
  refusesWhileWritable(message: Message): boolean;
  /** Shuts down writing, because nothing may follow. */
  shutDownWriting(): void;
}

interface Entry<Message> {
  readonly message: Message;
  /** The sizes of the borrowed views. If one has changed, the program has transferred or resized its buffer. */
  readonly sizes: readonly number[];
  sent: number;
  resolve: (result: SendResult) => void;
  reject: (error: Error) => void;
  stopListening: (() => void) | undefined;
  /** A thread is sending this message. Until the call returns, we don't know whether it was sent. */
  inThread: boolean;
  /** The error of an abort or close() while the thread was sending. It applies if the thread sent nothing. */
  failure: Error | undefined;
}

/** Sends that must keep their order: all sends of a connected socket, or all sends to one destination. */
interface Lane<Message> {
  readonly queue: Entry<Message>[];
  backoff: Backoff | undefined;
  /** The socket became writable while a thread was sending. */
  readyMeanwhile: boolean;
}

export function withBytesSent<E extends Error>(error: E, bytesSent: number): E & { bytesSent: number } {
  return Object.assign(error, { bytesSent });
}

/**
 * The result of a send that completed at once. `outOfTurn`: the burst of calls was already at its end. Then the promise settles
 * after the event loop has made a turn.
 */
export function wentAtOnce(bytes: number, outOfTurn: boolean): Promise<SendResult> {
  const all = { bytes };
  return outOfTurn ? nextTurn().then(() => all) : Promise.resolve(all);
}

const nothing = (): void => {};

const viewsOf = ({ iov }: QueueableMessage): readonly Uint8Array[] => (Array.isArray(iov) ? iov : [iov]);

/** The messages that wait to be sent, in order. */
export class SendQueue<Message extends QueueableMessage> {
  readonly #owner: Waits;
  readonly #transport: Transport<Message>;
  readonly #lanes = new Map<string, Lane<Message>>();
  readonly #drained: (() => void)[] = [];
  #ended = false;
  /** A part of a message was sent, and the rest never will be. */
  #broken = false;
  readonly #pumpLater = () => void this.pump();
  #writableWaits: WritableWaits | undefined;
  /** {@link trySend} was refused, no message was taken since then, and the transport may call itself writable all the same. */
  #refused = false;
  /** {@link trySend} was refused because there was no room, and no event has come since then. */
  #full = false;

  constructor(owner: Waits, transport: Transport<Message>) {
    this.#owner = owner;
    this.#transport = transport;
  }

  isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  /** How many calls of {@link writable} wait. */
  get writablesWaiting(): number {
    return this.#writableWaits?.length ?? 0;
  }

  /** Whether a send waits, or a call of {@link writable}. */
  get isAwaited(): boolean {
    return !this.isEmpty() || this.#writableWaits?.isEmpty() === false;
  }

  /** How many messages wait to be sent. */
  get length(): number {
    return [...this.#lanes.values()].reduce((count, { queue }) => count + queue.length, 0);
  }

  /** @throws `EPIPE` after {@link end}. */
  checkOpen(): void {
    if (this.#ended) throw endedError(this.#broken);
  }

  /** Messages go behind a batch that waits, whatever their destination is. */
  #laneOf(message: Message): string {
    return this.#lanes.has(EVERY_LANE) ? EVERY_LANE : this.#transport.orderOf(message);
  }

  /** Whether other messages must go first. */
  #isBehind(key: string): boolean {
    return key === EVERY_LANE ? !this.isEmpty() : this.#lanes.has(key);
  }

  /** Sends a message at once, unless other messages must go first. If they must, or if there is no room, the message waits. */
  send(message: Message, signal: AbortSignal | undefined): Promise<SendResult> {
    const transport = this.#transport;
    const key = this.#laneOf(message);
    let sent = 0;
    let needsThread = false;
    let isReported = true;
    try {
      if (!this.#isBehind(key)) {
        // We make the system call at once even if it is not this socket's turn, because a queued send needs duplicates of its
        // descriptors. The promise settles after the event loop has run.
        const outOfTurn = !mayTry();
        const result = transport.send(message, 0);
        if (result >= 0) {
          transport.noteDescriptorsSent(message);
          if (isAll(result, message)) return wentAtOnce(result, outOfTurn);
          sent = result;
        }
        needsThread = result === OFF_LOOP;
      }
      transport.retain(message, sent);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    try {
      if (!needsThread && !this.#isBehind(key)) isReported = transport.willReportWritable();
      this.#owner.beginWait(0);
    } catch (error) {
      transport.release(message);
      if (sent > 0 && transport.isStream) this.#break();
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
        else if (!isReported) this.#sendLater(key);
      }
      if (signal === undefined) return;
      try {
        entry.stopListening = listenForAbort(signal, (error) => this.#fail(key, entry, error));
      } catch (error) {
        this.#fail(key, entry, error as Error);
      }
    });
  }

  /** Sends what the kernel takes at once. Undefined: it takes nothing. */
  trySend(message: Message): SendResult | undefined {
    if (this.#isBehind(this.#laneOf(message))) return undefined;
    const result = this.#transport.send(message, 0);
    // OFF_LOOP: a thread would have to make the call, but the caller can't wait for it.
    if (result < 0) {
      this.#refused = result === OFF_LOOP || this.#transport.refusesWhileWritable(message);
      this.#full = !this.#refused;
      return undefined;
    }
    this.#transport.noteDescriptorsSent(message);
    this.noteTaken();
    return { bytes: result };
  }

  /** The transport has taken a message at once. */
  noteTaken(): void {
    this.#refused = false;
    this.#full = false;
    this.#writableWaits?.reset();
  }

  /**
   * Waits until the queue is empty and the transport would take a message. After a refused {@link trySend}, a transport that calls
   * itself writable all the same gets a pause first. Otherwise a loop of the two calls would spin.
   */
  writable(signal: AbortSignal | undefined): Promise<void> {
    this.checkOpen();
    this.#writableWaits ??= new WritableWaits(this.#owner, this.#room());
    return this.#writableWaits.take(undefined, signal).then(nothing);
  }

  #room(): Room {
    const isWritable = () => {
      if (!this.#full) return this.isEmpty() && this.#transport.isWritable();
      // There is no need to ask the kernel what it has just said.
      this.#transport.expectWritable();
      return false;
    };
    const wasRefused = () => this.#refused;
    const forget = () => {
      this.#refused = false;
    };
    return { isWritable, wasRefused, forget };
  }

  /** There may be room now. */
  pump(): Outcome {
    this.#full = false;
    let outcome: Outcome = "idle";
    for (const [key, lane] of [...this.#lanes]) {
      // If a full peer refuses a datagram, the kernel frees the datagram. Freeing it makes the sender writable, which is an edge
      // (net/unix/af_unix.c, unix_write_space). So each attempt causes the next edge. A lane that waits for its timer must ignore
      // these edges.
      if (lane.backoff?.waiting) continue;
      const ofLane = this.#pumpLane(key);
      if (ofLane === "served" || outcome === "idle") outcome = ofLane;
    }
    return this.isEmpty() ? this.#pumpWritable() : outcome;
  }

  /** Serves the calls that wait for an empty queue and a writable transport. */
  #pumpWritable(): Outcome {
    const waits = this.#writableWaits;
    return waits === undefined || waits.isPausing ? "idle" : waits.pump();
  }

  /** Fails every message that waits. */
  fail(error: () => Error): void {
    for (const [key, lane] of [...this.#lanes]) {
      for (const entry of [...lane.queue]) this.#fail(key, entry, error());
    }
    this.#writableWaits?.close(error);
  }

  /** Accepts no more messages. Settles when all waiting messages have been sent or have failed. */
  end(): Promise<void> {
    this.#ended = true;
    this.#writableWaits?.close(() => endedError(this.#broken));
    return this.isEmpty() ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
  }

  /** shutdown(2) has failed, so sending continues. */
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
    this.#writableWaits?.close(error);
    this.#settleDrained();
  }

  #pumpLane(key: string): Outcome {
    const lane = this.#lanes.get(key);
    let outcome: Outcome = "idle";
    // The others were there before.
    if (key === EVERY_LANE && this.#lanes.size > 1) return outcome;
    while (lane && lane.queue.length > 0 && !this.#owner.closed) {
      if (!mayTry()) {
        afterTurn(this.#pumpLater);
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
        this.#waitUntilWritable(key);
        return outcome === "served" ? outcome : "in vain";
      }
      if (result === OFF_LOOP) {
        this.#sendInThread(key, entry);
        return outcome;
      }
      outcome = "served";
      lane.backoff?.reset();
      this.#advance(entry, result);
      if (isAll(entry.sent, entry.message)) this.#finish(key, entry);
    }
    return outcome;
  }

  #advance(entry: Entry<Message>, count: number): void {
    // The descriptors go with the first byte, and are never sent again.
    if (entry.sent === 0) this.#transport.noteDescriptorsSent(entry.message);
    entry.sent += count;
  }

  /** The first message of the lane was sent completely. */
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
      this.#advance(entry, result);
      const isDone = isAll(entry.sent, entry.message);
      if (!lane) this.#settle(entry, isDone ? undefined : entry.failure);
      else if (isDone) this.#finish(key, entry);
      else if (entry.failure) this.#fail(key, entry, entry.failure);
    } else if (!lane) {
      this.#settle(entry, entry.failure);
    } else if (entry.failure || typeof result === "object") {
      this.#fail(key, entry, entry.failure ?? (result as Error));
    } else {
      this.#waitUntilWritable(key);
      if (!readyMeanwhile) return;
    }
    this.#pumpLane(key);
  }

  /** There was no room for the first message of a lane. */
  #waitUntilWritable(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    try {
      if (!this.#transport.willReportWritable()) this.#sendLater(key);
    } catch (error) {
      this.#fail(key, lane.queue[0]!, error as Error);
    }
  }

  /** Makes a timer try again. */
  #sendLater(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    lane.backoff ??= new Backoff();
    lane.backoff.wait(() => this.#pumpLane(key));
  }

  /** Fails one message. If a part of it was already sent on a stream, all messages behind it fail too. */
  #fail(key: string, entry: Entry<Message>, error: Error): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    const at = lane.queue.indexOf(entry);
    if (at < 0) return;
    if (entry.inThread) {
      entry.failure = error;
      return;
    }
    const broken = this.#transport.isStream && entry.sent > 0 && entry.sent < entry.message.total;
    const failed = lane.queue.splice(at, broken ? Number.POSITIVE_INFINITY : 1);
    if (lane.queue.length === 0) this.#endLane(key);
    if (broken) this.#break();
    this.#settle(entry, error);
    for (const behind of failed) {
      if (behind !== entry) this.#settle(behind, brokenBefore(error));
    }
    if (this.isEmpty()) this.#settleDrained();
  }

  /** Part of a message was sent and the rest never will be, so the peer could not find the beginning of the next message. */
  #break(): void {
    this.#broken = true;
    this.#ended = true;
    this.#writableWaits?.close(() => endedError(this.#broken));
    if (!this.#owner.closed) this.#transport.shutDownWriting();
  }

  #endLane(key: string): void {
    this.#lanes.get(key)?.backoff?.cancel();
    this.#lanes.delete(key);
    if (this.isEmpty()) this.#settleDrained();
    // Its turn has come. No event need come for it.
    else if (this.#lanes.size === 1 && this.#lanes.has(EVERY_LANE)) afterTurn(this.#pumpLater);
  }

  #settle(entry: Entry<Message>, error?: Error): void {
    entry.stopListening?.();
    this.#owner.endWait();
    this.#transport.release(entry.message);
    if (error) entry.reject(withBytesSent(error, entry.sent));
    else entry.resolve({ bytes: entry.sent });
  }

  #settleDrained(): void {
    for (const settle of this.#drained.splice(0)) settle();
    this.#pumpWritable();
  }
}

/** Whether all of the message was sent. */
export const isAll = (sent: number, { total, inParts }: QueueableMessage): boolean =>
  sent >= total || (sent >= 0 && !inParts);

/** `broken`: a message was sent only in part. */
function endedError(broken: boolean): Error {
  const error = systemError(EPIPE, "sendmsg");
  explain(
    error,
    broken ? SENT_IN_PART : "this end is shut down for writing: shutdown() was called. Close this socket",
  );
  return error;
}

function checkSizes({ message, sizes }: Entry<QueueableMessage>): void {
  if (viewsOf(message).some((view, i) => lengthOf(view) !== sizes[i])) {
    throw codedError("ERR_INVALID_STATE", "A buffer was transferred or resized while it was being sent");
  }
}

const SENT_IN_PART =
  "an earlier message was sent only in part, so the stream can send nothing more. Close this socket";

function brokenBefore(cause: Error): Error {
  const error = systemError(EPIPE, "sendmsg");
  explain(error, SENT_IN_PART);
  return Object.assign(error, { cause });
}
