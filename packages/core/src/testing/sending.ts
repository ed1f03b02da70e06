import { Buffer } from "node:buffer";
import { byteLength, checkData, checkObject, checkSignal } from "../arguments.js";
import { MSG_OOB } from "../constants/message-flags.js";
import { EOPNOTSUPP, EPIPE } from "../errno.js";
import {
  AbortError,
  closedError,
  codedError,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  systemError,
} from "../errors.js";
import type { OutgoingMessage } from "../message.js";
import { listenForAbort } from "../socket/endpoint.js";
import { SCM_MAX_FD } from "../socket/receiving.js";
import { checkSendFlags, type SendOptions, type SendResult } from "../socket/sending.js";
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
      return Promise.reject(withBytesSent(error, 0));
    }
    if (sent !== undefined && (sent === prepared.total || this.#type !== "stream")) {
      return Promise.resolve({ bytes: sent });
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
    const { data = "", fds = [], control = [], address, flags = 0 } = checkObject("message", message);
    const iov = checkData("message.data", data);
    const total = byteLength(iov);
    if (!Array.isArray(fds)) throw invalidArgType("message.fds", "an array", fds);
    if (fds.length > SCM_MAX_FD) {
      throw outOfRange("message.fds.length", `<= ${SCM_MAX_FD} (SCM_MAX_FD)`, fds.length);
    }
    const files = fds.map((sendable, i) => fileBehind(`message.fds[${i}]`, sendable));
    if (files.length > 0 && this.#type === "stream" && total === 0) {
      throw invalidArgValue(
        "message.fds",
        "needs a byte of data to travel with: on a stream the kernel would lose the descriptors",
      );
    }
    if (!Array.isArray(control)) throw invalidArgType("message.control", "an array", control);
    const rights = control.findIndex((item) => item?.name === "rights");
    if (rights >= 0) {
      throw invalidArgValue(
        `message.control[${rights}]`,
        'must not be "rights": give the descriptors as message.fds',
      );
    }
    if (checkSendFlags("message.flags", flags) & MSG_OOB) throw systemError(EOPNOTSUPP, "sendmsg");
    const attachments = { files, control: [...control], address };
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
