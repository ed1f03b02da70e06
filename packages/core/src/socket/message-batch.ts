import type { Buffer } from "node:buffer";
import { isUint8Array } from "node:util/types";
import { type Address, decodeAddress } from "../address/index.js";
import { checkInteger, checkObject, lengthOf } from "../arguments.js";
import { CONSTRUCT, checkConstruct } from "../construct.js";
import { decodeControl } from "../control/decode.js";
import type { ControlMessage } from "../control/table.js";
import type { FileDescriptor } from "../descriptor.js";
import { codedError, invalidArgType, invalidArgValue } from "../errors.js";
import { type InspectArguments, inspected } from "../inspecting.js";
import { keysOf } from "../known-keys.js";
import type { Message, OutgoingMessage } from "../message.js";
import type { BatchSlots, SlotMessage } from "./batch-slots.js";

/** Options of {@link Socket.createBatch}. */
export interface BatchOptions {
  /** How many messages the batch has room for: 1 to 1024 (UIO_MAXIOV). Default: 64. */
  slots?: number;
  /**
   * How many bytes of data each slot has room for, at most 16 MiB. Of a longer message that arrives, the rest is lost.
   * Default: 2048.
   */
  size?: number;
}

/** A message to put into a batch. Its address can also be {@link MessageBatch.addressBytes}. */
export type BatchMessage = Omit<OutgoingMessage, "flags">;

/** How often a batch was used, and how full it was. */
export interface BatchCounters {
  /**
   * How many system calls have sent or received at least one message. A message that is sent with several system calls counts once:
   * a long one with a `segmentSize`, for example.
   */
  readonly calls: number;
  /** How many messages they have sent or received. */
  readonly messages: number;
  /** How many receives have filled all slots. Then more messages may have been there: consider more slots. */
  readonly full: number;
}

const KEYS = /* @__PURE__ */ keysOf<BatchMessage>({
  data: true,
  address: true,
  segmentSize: true,
  control: true,
  fds: true,
});

/** The memory of a batch. For Socket, not for users. */
export let slotsOf: (batch: MessageBatch) => BatchSlots;

/** Makes a batch. `prepare` checks and encodes a message to send. For Socket, not for users. */
export let newBatch: (slots: BatchSlots, prepare: (message: OutgoingMessage) => SlotMessage) => MessageBatch;

/** Whether it is a batch, and not a forged one or a Proxy. */
let isBatch: (value: unknown) => value is MessageBatch;

/** Closes the descriptors that a loop over batches has left. */
export function closeLeft(batch: MessageBatch): void {
  slotsOf(batch).closeDescriptors();
}

/** Throws if it is not a batch for sockets of this kind. */
export function checkBatch(batch: unknown, { family, type }: { family: number; type: number }): BatchSlots {
  if (!isBatch(batch)) {
    throw invalidArgType("batch", "a MessageBatch. socket.createBatch() makes one", batch);
  }
  const slots = slotsOf(batch);
  if (slots.facts.family !== family || slots.facts.type !== type) {
    throw invalidArgValue("batch", "was made by a socket of another family or type");
  }
  slots.checkIdle();
  return slots;
}

const NOT_RECEIVED = "The batch holds messages to send: only received messages";

/**
 * Memory for many messages, which one system call sends or receives. {@link Socket.createBatch} makes it. Use it again and again: it is
 * allocated once.
 *
 * What data(), control(), address() and segments() return for received messages is valid until the batch is used again. Then the
 * same views can show other messages. All views are parts of one ArrayBuffer: don't transfer or post them. message() returns a
 * message with memory of its own.
 *
 * @see sendmmsg(2), recvmmsg(2)
 */
export class MessageBatch<A extends Address = Address> implements Disposable {
  readonly #slots: BatchSlots;
  readonly #prepare: (message: OutgoingMessage) => SlotMessage;

  static {
    slotsOf = (batch) => batch.#slots;
    isBatch = (value) => typeof value === "object" && value !== null && #slots in value;
    newBatch = (slots, prepare) => new MessageBatch(CONSTRUCT, slots, prepare);
  }

  private constructor(
    key: typeof CONSTRUCT,
    slots: BatchSlots,
    prepare: (message: OutgoingMessage) => SlotMessage,
  ) {
    checkConstruct(key, "MessageBatch", "socket.createBatch()");
    this.#slots = slots;
    this.#prepare = prepare;
  }

  /** How many messages there is room for. */
  get slots(): number {
    return this.#slots.count;
  }

  /** How many bytes of data each slot has room for. */
  get size(): number {
    return this.#slots.size;
  }

  /** How many messages it holds: those that the last receive has brought, or those that push() has added. */
  get length(): number {
    return this.#slots.length;
  }

  /** How many of these messages were sent. The next send begins behind them. */
  get sent(): number {
    return this.#slots.sent;
  }

  /** Whether push() has no slot left. */
  get isFull(): boolean {
    return this.#slots.length === this.#slots.count && !this.#isSent();
  }

  /** How often the batch was used, and how full it was. */
  get counters(): BatchCounters {
    const { calls, messages, full } = this.#slots;
    return { calls, messages, full };
  }

  #isSent(): boolean {
    const { length, sent, received } = this.#slots;
    return !received && length > 0 && sent === length;
  }

  /** Prepares for the next push(). If all messages were sent, the batch begins anew. */
  #begin(): void {
    const slots = this.#slots;
    slots.checkIdle();
    if (slots.received) {
      throw codedError("ERR_INVALID_STATE", "The batch holds received messages: call clear() first");
    }
    if (this.#isSent()) slots.clear();
    if (slots.length === slots.count) {
      throw codedError(
        "ERR_INVALID_STATE",
        `The batch is full: it has ${slots.count} slots. Send it first, or make it with more slots`,
      );
    }
    slots.checkMemory();
  }

  /**
   * Adds a message to send. Copies everything, so the caller can change the message afterwards. Descriptors are duplicated at once; the
   * duplicates are closed when the message was sent, or by clear() and skip().
   *
   * @throws RangeError: the data are longer than `size`; `ERR_INVALID_STATE`: all slots are in use, the batch is being sent, or it holds
   *   received messages.
   */
  push(message: BatchMessage): this {
    const { data, address, segmentSize, control, fds } = checkObject(
      "message",
      message,
      KEYS,
      "Write push({ data: … })",
    );
    this.#begin();
    const slots = this.#slots;
    if (
      address === undefined &&
      segmentSize === undefined &&
      control === undefined &&
      fds === undefined &&
      isUint8Array(data)
    ) {
      // TypedArray.prototype.set() and lengthOf() read an array's real memory, whatever its class says.
      const length = lengthOf(data);
      if (length > 0) {
        slots.push(data, length, null, null, 0, undefined);
        return this;
      }
    }
    const given = { data, address, segmentSize, control, fds } as OutgoingMessage;
    const prepared = this.#prepare(given);
    // The message's getters are the caller's code, which can have used the batch.
    try {
      this.#begin();
      slots.push(
        prepared.iov,
        prepared.total,
        prepared.control,
        prepared.address,
        prepared.segmentSize,
        prepared.attached,
      );
    } catch (error) {
      prepared.attached?.duplicates.close();
      throw error;
    }
    return this;
  }

  /**
   * The memory for the data of the next message: `size` bytes. Write there, and give push() the part that you have written:
   * `push({ data: room.subarray(0, length) })`.
   */
  room(): Buffer {
    this.#begin();
    return this.#slots.roomOf(this.#slots.length);
  }

  /** Forgets all messages. Closes the descriptors that were not taken, or not sent. */
  clear(): void {
    this.#slots.checkIdle();
    this.#slots.clear();
  }

  /**
   * Gives up the next message to send. Call this if the message can't be sent, and then send the rest. On a connected socket, the
   * error can be that of an earlier message (ECONNREFUSED, for example): then send the batch again, without skip().
   */
  skip(): void {
    const slots = this.#slots;
    slots.checkIdle();
    if (slots.received || slots.sent === slots.length) {
      throw codedError("ERR_INVALID_STATE", "The batch has no message to skip: all were sent");
    }
    slots.skip();
  }

  /** Closes the descriptors that were not taken, or not sent. */
  [Symbol.dispose](): void {
    this.clear();
  }

  #check(i: number): number {
    const { length } = this.#slots;
    if (i >= 0 && i < length && Number.isInteger(i)) return i;
    if (length === 0) throw codedError("ERR_INVALID_STATE", "The batch holds no message");
    return checkInteger("i", i, 0, length - 1);
  }

  #checkReceived(i: number): number {
    if (!this.#slots.received) throw codedError("ERR_INVALID_STATE", `${NOT_RECEIVED} have that`);
    return this.#check(i);
  }

  /** The bytes of message `i`: a view of the batch's memory. */
  data(i: number): Buffer {
    return this.#slots.dataOf(this.#check(i));
  }

  /** The size of the datagrams that the kernel has joined in message `i`. Undefined: it is one datagram. */
  segmentSize(i: number): number | undefined {
    return this.#slots.segmentSizeOf(this.#check(i));
  }

  /** The datagrams in message `i`, in order: views of the batch's memory. It is one datagram unless {@link segmentSize} says more. */
  segments(i: number): Buffer[] {
    return this.#slots.segmentsOf(this.#check(i));
  }

  /** The sender's address of message `i`, or the destination. Undefined if there is none. */
  address(i: number): A | undefined {
    const slots = this.#slots;
    this.#check(i);
    if (slots.whole) return slots.whole.address as A | undefined;
    const bytes = slots.addressOf(i);
    return bytes === undefined ? undefined : (decodeAddress(bytes) as A);
  }

  /** The same as the bytes of a sockaddr, in the batch's memory. They can be the `address` of a message in another batch. */
  addressBytes(i: number): Uint8Array | undefined {
    this.#check(i);
    return this.#slots.addressOf(i);
  }

  /** The control messages of message `i`, without descriptors. They are decoded at each call. */
  control(i: number): ControlMessage[] {
    const slots = this.#slots;
    this.#check(i);
    if (slots.whole) return [...slots.whole.control];
    const all = decodeControl(slots.controlOf(i), { family: slots.facts.family });
    const { isUnrequested } = slots;
    return isUnrequested ? all.filter((message) => !isUnrequested(message)) : all;
  }

  /** The msg_flags of received message `i`: MSG_TRUNC if its slot was too short. @see recvmsg(2) */
  flags(i: number): number {
    return this.#slots.flagsOf(this.#checkReceived(i));
  }

  /** The descriptors that came with message `i`. The batch closes them when it is used again, unless you take them. */
  fds(i: number): readonly FileDescriptor[] {
    return this.#slots.fdsOf(this.#checkReceived(i));
  }

  /** Returns the descriptors of message `i`. The caller then owns them. */
  takeFds(i: number): FileDescriptor[] {
    return this.#slots.takeFds(this.#checkReceived(i));
  }

  /** Copies received message `i` into memory of its own. Its descriptors move to the copy, because they have one owner. */
  message(i: number): Message<FileDescriptor, A> {
    return this.#slots.messageOf(this.#checkReceived(i)) as Message<FileDescriptor, A>;
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "MessageBatch", () => {
      const { count, size, length, sent, received, calls, messages, full } = this.#slots;
      return {
        slots: count,
        size,
        length,
        sent: received ? undefined : sent,
        counters: { calls, messages, full },
      };
    });
  }
}
