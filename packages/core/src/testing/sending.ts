import { Buffer } from "node:buffer";
import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import { checkObject, checkSignal } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { MSG_OOB } from "../constants/message-flags.js";
import { decodeControl } from "../control/index.js";
import { EOPNOTSUPP, EPIPE } from "../errno.js";
import { AbortError, closedError, codedError, systemError } from "../errors.js";
import type { OutgoingMessage } from "../message.js";
import { listenForAbort } from "../socket/endpoint.js";
import { mayTry, nextTurn, rejectInTurn } from "../socket/fairness.js";
import { checkType } from "../socket/make.js";
import { checkOutgoing } from "../socket/outgoing.js";
import type { SendOptions, SendResult } from "../socket/sending.js";
import type { Attachments, Channel, MemorySocketType } from "./channel.js";
import { fileBehind } from "./descriptor.js";
import type { Faults } from "./faults.js";

interface Prepared {
  views: readonly Uint8Array[];
  total: number;
  attachments: Attachments;
}

interface Queued extends Prepared {
  sent: number;
  /** Sizes of the borrowed views: one that changes was taken away. */
  sizes: readonly number[];
  resolve: (result: SendResult) => void;
  reject: (error: Error) => void;
  stopListening: (() => void) | undefined;
}

const interfaces = new Map<string, number>();

/** Every name is an interface's here: what this machine has does not matter. */
function interfaceIndex(name: string): number {
  const index = interfaces.get(name) ?? interfaces.size + 1;
  interfaces.set(name, index);
  return index;
}

const throughBytes = (argument: string, address: Address): Address =>
  decodeAddress(encodeAddress(address, argument, interfaceIndex));

function withBytesSent(error: unknown, bytesSent: number): Error {
  return Object.assign(error as Error, { bytesSent });
}

/** The sending half of a socket: what waits to go, in order. */
export class MemorySending {
  readonly #channel: Channel;
  readonly #type: MemorySocketType;
  readonly #faults: Faults<"sendmsg" | "recvmsg">;
  readonly #queue: Queued[] = [];
  #drained: (() => void)[] = [];
  #ended = false;
  #closed = false;

  constructor(channel: Channel, type: MemorySocketType, faults: Faults<"sendmsg" | "recvmsg">) {
    this.#channel = channel;
    this.#type = type;
    this.#faults = faults;
  }

  send(message: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    let prepared: Prepared;
    let signal: AbortSignal | undefined;
    let sent: number | undefined;
    try {
      prepared = this.#prepare(message);
      signal = checkSignal("options.signal", checkObject("options", options).signal);
      if (signal?.aborted) throw new AbortError(signal);
      if (this.#queue.length === 0) sent = this.#attempt(prepared, 0);
    } catch (error) {
      return rejectInTurn(withBytesSent(error, 0));
    }
    if (sent !== undefined && (sent === prepared.total || this.#type !== "stream")) {
      return mayTry() ? Promise.resolve({ bytes: sent }) : nextTurn().then(() => ({ bytes: sent }));
    }
    return new Promise((resolve, reject) => {
      const sizes = prepared.views.map((view) => view.byteLength);
      const entry: Queued = {
        ...prepared,
        sent: sent ?? 0,
        sizes,
        resolve,
        reject,
        stopListening: undefined,
      };
      entry.stopListening = listenForAbort(signal, (error) => this.#fail(entry, error));
      this.#queue.push(entry);
      // An error may be planned for the rest, whether there is room or not.
      if (sent !== undefined) this.#channel.onWritable();
    });
  }

  trySend(message: OutgoingMessage): SendResult | undefined {
    try {
      const prepared = this.#prepare(message);
      const sent = this.#queue.length === 0 ? this.#attempt(prepared, 0) : undefined;
      return sent === undefined ? undefined : { bytes: sent };
    } catch (error) {
      throw withBytesSent(error, 0);
    }
  }

  #prepare(message: OutgoingMessage): Prepared {
    if (this.#closed) throw closedError("socket");
    if (this.#ended) throw systemError(EPIPE, "sendmsg");
    const socket = { family: AF_UNIX, type: checkType("type", this.#type) };
    // A datagram's address says who sends it, and may be of any family.
    const outgoing = checkOutgoing(message, socket, fileBehind, throughBytes, interfaceIndex);
    const { iov, total, files, control, address, flags } = outgoing;
    if (flags & MSG_OOB) throw systemError(EOPNOTSUPP, "sendmsg");
    // What arrives is the receiver's own: encoded and decoded, as through the kernel.
    const attachments = {
      files,
      control: control ? decodeControl(control, { family: AF_UNIX }) : [],
      address,
    };
    return { views: Array.isArray(iov) ? iov : [iov], total, attachments };
  }

  /** Undefined: would block. */
  #attempt({ views, attachments }: Prepared, offset: number): number | undefined {
    const fault = this.#faults.check("sendmsg");
    const bytes = Buffer.concat(views).subarray(offset);
    const given = offset === 0 ? attachments : { ...attachments, files: [] };
    if (fault && bytes.length > 0) {
      const sent = this.#channel.push(bytes.subarray(0, fault.bytesLeft), given);
      fault.bytesLeft -= sent;
      return sent;
    }
    return this.#faults.isBlocked("sendmsg") ? undefined : this.#channel.write(bytes, given);
  }

  /** There may be room. */
  pump(): void {
    for (let entry = this.#queue[0]; entry !== undefined; entry = this.#queue[0]) {
      try {
        if (entry.views.some((view, i) => view.byteLength !== entry!.sizes[i])) {
          throw codedError(
            "ERR_INVALID_STATE",
            "A buffer was transferred or resized while it was being sent",
          );
        }
        const sent = this.#attempt(entry, entry.sent);
        if (sent === undefined) return;
        entry.sent += sent;
        if (entry.sent < entry.total) continue;
        this.#queue.shift();
        this.#settle(entry);
      } catch (error) {
        this.#fail(entry, error as Error);
      }
    }
    this.#settleDrained();
  }

  /** Ends one entry with an error; on a stream, part of it having gone, everything behind it too. */
  #fail(entry: Queued, error: Error): void {
    const broken = entry.sent > 0;
    const failed = this.#queue.splice(this.#queue.indexOf(entry), broken ? Number.POSITIVE_INFINITY : 1);
    if (broken) {
      // The peer cannot tell where the next message begins: nothing more may follow.
      this.#ended = true;
      this.#channel.shutDownWriting();
    }
    for (const behind of failed) this.#settle(behind, behind === entry ? error : brokenBefore(error));
    if (this.#queue.length === 0) this.#settleDrained();
  }

  #settle(entry: Queued, error?: Error): void {
    entry.stopListening?.();
    if (error) entry.reject(withBytesSent(error, entry.sent));
    else entry.resolve({ bytes: entry.sent });
  }

  /** Settles when everything that was given to send has gone or failed; nothing more is accepted. */
  end(): Promise<void> {
    this.#ended = true;
    return this.#queue.length === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#drained.push(resolve));
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#queue.splice(0)) this.#settle(entry, closedError("socket"));
    this.#settleDrained();
  }

  #settleDrained(): void {
    for (const settle of this.#drained.splice(0)) settle();
  }
}

function brokenBefore(cause: Error): Error {
  const error = systemError(EPIPE, "sendmsg");
  error.message += ": an earlier message was cut short, so the stream cannot be continued";
  return Object.assign(error, { cause });
}
