import type { AddressInput } from "../address/index.js";
import { MSG_TRUNC } from "../constants/message-flags.js";
import { CONSTRUCT, checkConstruct } from "../construct.js";
import { invalidArgType } from "../errors.js";
import { type InspectArguments, inspected } from "../inspecting.js";
import {
  type BatchCounters,
  type BatchMessage,
  type MessageBatch,
  slotsOf,
} from "../socket/message-batch.js";
import type { UdpMessage } from "./outgoing-packet.js";
import type { UdpAddress, UdpPacket } from "./packet.js";
import { packetOfBytes, packetOfMessage } from "./packet-decoding.js";

/** Options of {@link UdpSocket.createBatch}. */
export interface UdpBatchOptions {
  /** How many packets the batch has room for: 1 to 1024. Default: 64. */
  slots?: number;
  /**
   * How many bytes of data each slot has room for. Of a longer packet that arrives, the rest is lost. Default: 65,536 if the socket
   * receives joined datagrams (`gro`), 2048 if it does not.
   */
  size?: number;
}

/** A packet to put into a batch. */
export interface UdpBatchMessage extends Omit<UdpMessage, "address"> {
  /** The destination, on a socket that is not connected. You can also give the bytes that encodeAddress() returns. */
  address?: AddressInput | Uint8Array | undefined;
}

/** Makes a batch. For UdpSocket, not for users. */
export let batchOf: (
  messages: MessageBatch<UdpAddress>,
  prepare: (message: UdpBatchMessage) => BatchMessage,
) => UdpBatch;

/** The messages of a batch. Throws if it is no batch. For UdpSocket, not for users. */
export let messagesIn: (batch: UdpBatch) => MessageBatch<UdpAddress>;

/**
 * Memory for many packets, which one system call sends or receives. {@link UdpSocket.createBatch} makes it. Use it again and again:
 * it is allocated once.
 *
 * @see sendmmsg(2), recvmmsg(2)
 */
export class UdpBatch {
  readonly #messages: MessageBatch<UdpAddress>;
  readonly #prepare: (message: UdpBatchMessage) => BatchMessage;

  static {
    batchOf = (messages, prepare) => new UdpBatch(CONSTRUCT, messages, prepare);
    messagesIn = (batch) => {
      if (batch instanceof UdpBatch) return batch.#messages;
      throw invalidArgType("batch", "a UdpBatch. createBatch() of a UdpSocket makes one", batch);
    };
  }

  private constructor(
    key: typeof CONSTRUCT,
    messages: MessageBatch<UdpAddress>,
    prepare: (message: UdpBatchMessage) => BatchMessage,
  ) {
    checkConstruct(key, "UdpBatch", "udpSocket.createBatch()");
    this.#messages = messages;
    this.#prepare = prepare;
  }

  /** How many packets there is room for. */
  get slots(): number {
    return this.#messages.slots;
  }

  /** How many bytes of data each slot has room for. */
  get size(): number {
    return this.#messages.size;
  }

  /** How many packets it holds: those that the last receive has brought, or those that push() has added. */
  get length(): number {
    return this.#messages.length;
  }

  /** How many of these packets were sent. The next send begins behind them. */
  get sent(): number {
    return this.#messages.sent;
  }

  /** Whether push() has no slot left. */
  get isFull(): boolean {
    return this.#messages.isFull;
  }

  /** How often the batch was used, and how full it was. */
  get counters(): BatchCounters {
    return this.#messages.counters;
  }

  /**
   * Adds a packet to send. Copies everything, so the caller can change `message` afterwards.
   *
   * @throws TypeError, RangeError: a property is wrong, or the data are longer than `size`; `ERR_INVALID_STATE`: all slots are in
   *   use, the batch is being sent, or it holds received packets.
   */
  push(message: UdpBatchMessage): this {
    this.#messages.push(this.#prepare(message));
    return this;
  }

  /**
   * The memory for the data of the next packet: `size` bytes. Write there, and give push() the part that you have written:
   * `push({ data: room.subarray(0, length), address })`.
   */
  room(): Buffer {
    return this.#messages.room();
  }

  /** Forgets all packets. */
  clear(): void {
    this.#messages.clear();
  }

  /**
   * Gives up the next packet to send. Call this if the packet can't be sent, and then send the rest. On a connected socket, the
   * error can be that of an earlier packet (ECONNREFUSED, for example): then send the batch again, without skip().
   */
  skip(): void {
    this.#messages.skip();
  }

  /** The bytes of packet `i`: a view of the batch's memory. */
  data(i: number): Buffer {
    return this.#messages.data(i);
  }

  /** The datagrams in packet `i`, in order: views of the batch's memory. */
  segments(i: number): Buffer[] {
    return this.#messages.segments(i);
  }

  /**
   * Received packet `i`. Its data are a view of the batch's memory, which the next receive overwrites. Everything else is the
   * packet's own.
   */
  packet(i: number): UdpPacket {
    const messages = this.#messages;
    const truncated = (messages.flags(i) & MSG_TRUNC) !== 0;
    const slots = slotsOf(messages);
    if (slots.whole) return packetOfMessage(slots.whole);
    return packetOfBytes(messages.data(i), slots.addressOf(i), slots.controlOf(i), truncated);
  }

  /** Received packet `i`, in memory of its own. */
  copy(i: number): UdpPacket {
    return packetOfMessage(this.#messages.message(i));
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "UdpBatch", () => {
      const { slots, size, length, sent, counters } = this;
      return { slots, size, length, sent: sent || undefined, counters };
    });
  }
}
