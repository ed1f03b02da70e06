import { checkObject } from "../arguments.js";
import { EAGAIN, EFAULT } from "../errno.js";
import { codedError, type SystemError } from "../errors.js";
import { markHandingOver } from "../interop/sendable.js";
import { keysOf } from "../known-keys.js";
import { checkNotAborted } from "./abort.js";
import type { BatchSlots } from "./batch-slots.js";
import { countBatch, mayTry } from "./fairness.js";
import { checkSendFlags } from "./outgoing.js";
import { isRefusal, type SegmentedSending } from "./segmentation.js";
import { isError, type SendCall } from "./send-call.js";
import { NO_SEND_OPTIONS, type SendOptions } from "./send-options.js";

/** Options of {@link Socket.sendBatch}. */
export interface SendBatchOptions extends SendOptions {
  /** MSG_* flags for all messages, as in {@link OutgoingMessage.flags}. */
  flags?: number;
}

const SEND_BATCH_KEYS = /* @__PURE__ */ keysOf<SendBatchOptions>({ signal: true, flags: true });

/** The messages of a batch. The queue counts them, not their bytes. */
export interface PreparedBatch {
  readonly iov: Uint8Array[];
  /** How many messages this call sends: all that are left, or those before the first one that failed. */
  total: number;
  readonly inParts: true;
  readonly batch: BatchSlots;
  readonly flags: number;
  readonly signal: AbortSignal | undefined;
  /** The result of the first calls, if they were already made. */
  first: number | undefined;
}

const NONE: readonly never[] = [];
const NO_VIEWS: Uint8Array[] = [];

/** Sends the messages of batches. */
export class BatchSending {
  readonly #call: SendCall;
  readonly #segmentation: SegmentedSending;

  constructor(call: SendCall, segmentation: SegmentedSending) {
    this.#call = call;
    this.#segmentation = segmentation;
  }

  /** Checks the batch and the options. Undefined: everything was sent. */
  prepare(batch: BatchSlots, options: SendBatchOptions): PreparedBatch | undefined {
    // Read the options first: their getters are the caller's code, which can use the batch.
    const given = options === NO_SEND_OPTIONS ? options : checkObject("options", options, SEND_BATCH_KEYS);
    const { flags, signal } = given;
    const bits = flags === undefined ? 0 : checkSendFlags("options.flags", flags, batch.hasSegments);
    checkNotAborted(signal);
    batch.checkIdle();
    if (batch.received) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The batch holds received messages: push() those that you want to send into another batch",
      );
    }
    const total = batch.length - batch.sent;
    return total === 0
      ? undefined
      : {
          iov: NO_VIEWS,
          total,
          inParts: true,
          batch,
          flags: bits | this.#call.alwaysSet,
          signal,
          first: undefined,
        };
  }

  /** Sends the messages of a batch, until there is no room, or one fails. `before`: how many this call has sent already. */
  send(message: PreparedBatch, before: number): number {
    const { batch, first } = message;
    if (first !== undefined) {
      message.first = undefined;
      return first;
    }
    const { failure } = batch;
    if (failure) {
      batch.failure = undefined;
      throw failure;
    }
    // Sending an object of the program's can run its code: see markHandingOver().
    const user = batch.lock("sendBatch()");
    try {
      return this.#sendLocked(message, before);
    } finally {
      batch.lock(user);
    }
  }

  #sendLocked(message: PreparedBatch, before: number): number {
    const { batch } = message;
    const start = batch.sent;
    // Long batches give other sockets a turn.
    while (batch.sent < batch.length && (batch.sent === start || mayTry())) {
      let result = this.#sendSlots(message);
      if (this.#call.isOfEarlierPacket(result)) result = this.#sendSlots(message);
      if (result > 0) {
        batch.advance(result);
        countBatch(result);
      } else if (!isError(result)) {
        if (batch.sent === start) return result;
        break;
      } else {
        const error = this.#failure(result, batch);
        const sent = batch.sent - start;
        if (before + sent === 0) throw error;
        // The call ends here, and tells how many it has sent. The next one throws.
        batch.failure = error;
        message.total = before + sent;
        return sent;
      }
    }
    return batch.sent - start;
  }

  /** Sends as many of the next messages as one system call takes. Returns how many were sent, or a negative errno. */
  #sendSlots({ batch, flags }: PreparedBatch): number {
    const segmentation = this.#segmentation;
    const first = batch.sent;
    if (batch.hasAttached) {
      for (let i = first; i < batch.length; i++) batch.attachedOf(i)?.sendables.forEach(markHandingOver);
    }
    if (batch.bytesSent > 0 || this.#mustCut(batch, first, flags)) return this.#sendSlotInParts(batch, flags);
    let end = this.#call.purges ? first + 1 : batch.length;
    if (batch.hasSegments && segmentation.isRestricted) {
      for (let i = first + 1; i < end; i++) if (this.#mustCut(batch, i, flags)) end = i;
    }
    const result = this.#call.ended(batch.sendSlots(this.#call.begin(flags), end));
    if (result === -EFAULT) batch.checkMemory();
    if (!batch.hasSegments) return result;
    if (isRefusal(result) && batch.segmentSizeOf(first) !== undefined) {
      return this.#sendSlotInParts(batch, flags);
    }
    for (let i = first; i < first + result; i++) {
      const size = batch.segmentSizeOf(i);
      if (size !== undefined) segmentation.noteOffloaded(batch.fullLengthOf(i), size);
    }
    return result;
  }

  /** Whether we have to cut a message into datagrams, because the kernel would refuse to, or must not. */
  #mustCut(batch: BatchSlots, i: number, flags: number): boolean {
    if (!this.#segmentation.isRestricted || batch.segmentSizeOf(i) === undefined) return false;
    return !this.#segmentation.mayOffloadAll(batch.outgoing(i, flags));
  }

  /** Sends one message of a batch as datagrams. Returns 1 when all of it was sent. */
  #sendSlotInParts(batch: BatchSlots, flags: number): number {
    const message = batch.outgoing(batch.sent, flags);
    const before = batch.bytesSent;
    while (batch.bytesSent < message.total) {
      if (batch.bytesSent > before && !mayTry()) return -EAGAIN;
      const result = this.#segmentation.send(message, batch.bytesSent);
      if (result < 0) return result;
      batch.bytesSent += result;
    }
    return 1;
  }

  #failure(result: number, batch: BatchSlots): SystemError {
    const { total, control, address, flags } = batch.outgoing(batch.sent, 0);
    const sendables = batch.attachedOf(batch.sent)?.sendables ?? NONE;
    const error = this.#call.failure(result, { address, fds: NONE, sendables, control, flags, total });
    return Object.assign(error, { index: batch.sent });
  }

  /** Only for datagrams: see {@link SendCall.purges}. Sends the next message. */
  sendInThread({ batch, flags }: PreparedBatch, done: (result: number | Error) => void): void {
    const { iov, control, address } = batch.outgoing(batch.sent, flags);
    this.#call.sendInThread(iov, control, address, flags, (result) => {
      if (isError(result)) {
        done(this.#failure(result, batch));
      } else if (result < 0) {
        done(result);
      } else {
        batch.advance(1);
        done(1);
      }
    });
  }
}
