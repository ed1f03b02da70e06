import type { Address } from "../address/index.js";
import { AF_UNIX } from "../constants/address-families.js";
import type { ControlMessage } from "../control/index.js";
import { SOCKET_TYPES } from "../control/socket-type.js";
import { ECONNREFUSED, ECONNRESET, EISCONN, EMSGSIZE, ENOTCONN, EPERM, EPIPE } from "../errno.js";
import { explain, type SystemError, systemError } from "../errors.js";
import { noRoom } from "../reasons/plain-send.js";
import { withReason } from "../reasons/reasons.js";
import { RECEIVE } from "../reasons/receive.js";
import { SEND } from "../reasons/send.js";

export type MemorySocketType = "stream" | "seqpacket" | "dgram";

/** What a send passes along with its bytes. */
export interface Attachments {
  /** The files go with the first byte. */
  readonly files: readonly unknown[];
  readonly control: readonly ControlMessage[];
  readonly address: Address | undefined;
}

/** What one receive returns. */
export interface Arrival extends Attachments {
  readonly data: Buffer;
  readonly fullLength: number;
}

interface Parcel extends Attachments {
  data: Buffer;
}

const NOTHING: Attachments = { files: [], control: [], address: undefined };

/** The socket that reads from a channel. */
export interface ReadingEnd {
  /** Whether sends with descriptors fail, as with `maxFds: "refuse"`. */
  readonly refusesFiles: boolean;
  /** There is something to read. */
  onReadable(): void;
}

/** The socket that writes to a channel. */
export interface WritingEnd {
  /** There is room to write. */
  onWritable(): void;
}

/** One direction of a pair of sockets. It does what the kernel does between two Unix sockets: unix(7). */
export class Channel {
  readonly #type: MemorySocketType;
  readonly #capacity: number;
  readonly #queue: Parcel[] = [];
  #used = 0;
  /** The room that the last message needed, if it was refused. */
  #wanted = 1;
  #writeShutDown = false;
  #readShutDown = false;
  #reader: "open" | "closed" | "disconnected" = "open";
  #reset = false;
  #readerEnd: ReadingEnd | undefined;
  #writerEnd: WritingEnd | undefined;

  constructor(type: MemorySocketType, capacity: number) {
    this.#type = type;
    this.#capacity = capacity;
  }

  attachReader(end: ReadingEnd): void {
    this.#readerEnd = end;
  }

  attachWriter(end: WritingEnd): void {
    this.#writerEnd = end;
  }

  tellWriter(): void {
    this.#writerEnd?.onWritable();
  }

  #kind(): { family: number; type: number } {
    return { family: AF_UNIX, type: SOCKET_TYPES[this.#type] };
  }

  #sendError(errno: number, { files = [], address }: Partial<Attachments> = {}): SystemError {
    return withReason(systemError(errno, "sendmsg"), SEND, {
      ...this.#kind(),
      fd: -1,
      address,
      fds: files.map(() => -1),
      sendables: [],
      control: null,
      flags: 0,
      total: 0,
    });
  }

  /** Accepts `data`, or on a stream its beginning. Returns how many bytes it accepted. Undefined: there is no room. */
  write(data: Buffer, attachments: Attachments): number | undefined {
    if (this.#writeShutDown) throw this.#sendError(EPIPE);
    if (this.#type === "dgram" && this.#reader !== "open") {
      // The first send after the peer has closed finds out, and disconnects the socket.
      const errno = this.#reader === "closed" ? ECONNREFUSED : ENOTCONN;
      this.#reader = "disconnected";
      throw this.#sendError(errno);
    }
    const isStream = this.#type === "stream";
    if (isStream && attachments.address !== undefined) {
      throw this.#sendError(EISCONN, attachments);
    }
    if (this.#readShutDown) throw this.#sendError(EPIPE);
    if (!isStream && data.length > this.#capacity) {
      const error = systemError(EMSGSIZE, "sendmsg");
      explain(error, noRoom(data.length, this.#capacity));
      throw error;
    }
    if (isStream && data.length === 0) return 0;
    const room = this.#capacity - this.#used;
    const cost = isStream ? 1 : charge(data);
    this.#wanted = room < cost ? cost : 1;
    if (room < cost) return undefined;
    return this.push(isStream ? data.subarray(0, room) : data, attachments);
  }

  /** Whether {@link write} would not return undefined. */
  hasRoom(): boolean {
    const isEnded = this.#writeShutDown || this.#readShutDown || this.#reader !== "open";
    return isEnded || this.#capacity - this.#used >= this.#wanted;
  }

  /** Like {@link write}, but needs no room. */
  push(data: Buffer, attachments: Attachments): number {
    if (this.#readerEnd?.refusesFiles && attachments.files.length > 0) {
      throw this.#sendError(EPERM, { files: attachments.files });
    }
    this.#queue.push({ ...attachments, data: Buffer.from(data) });
    this.#used += charge(data);
    this.#readerEnd?.onReadable();
    return data.length;
  }

  /** Returns what one receive with this much room gets. Undefined: there is nothing yet. null: the end. */
  read(room: number, peek: boolean): Arrival | null | undefined {
    const isEmpty = this.#queue.length === 0;
    // A stream returns its remaining data before the error. The other types return the error first (net/core/datagram.c).
    if (this.#reset && (isEmpty || this.#type !== "stream")) {
      this.#reset = false;
      throw withReason(systemError(ECONNRESET, "recvmsg"), RECEIVE, this.#kind());
    }
    if (isEmpty) {
      return this.#readShutDown || (this.#writeShutDown && this.#type !== "dgram") ? null : undefined;
    }
    const arrival = this.#type === "stream" ? this.#gather(room) : this.#next(room);
    if (!peek) this.#consume(arrival.data.length);
    return arrival;
  }

  #next(room: number): Arrival {
    const parcel = this.#queue[0]!;
    return { ...parcel, data: parcel.data.subarray(0, room), fullLength: parcel.data.length };
  }

  /** Joins the data of several sends, as a stream does, up to and including the next send that has descriptors. */
  #gather(room: number): Arrival {
    const pieces: Buffer[] = [];
    let taken: Attachments = NOTHING;
    let length = 0;
    for (const parcel of this.#queue) {
      // The kernel never joins bytes with different control messages, such as credentials.
      if (pieces.length > 0 && (parcel.control.length > 0 || taken.control.length > 0)) break;
      const piece = parcel.data.subarray(0, room - length);
      pieces.push(piece);
      length += piece.length;
      taken = parcel;
      if (parcel.files.length > 0 || length === room) break;
    }
    const { files, control, address } = taken;
    return { data: Buffer.concat(pieces), files, control, address, fullLength: length };
  }

  #consume(length: number): void {
    if (this.#type !== "stream") {
      this.#used -= charge(this.#queue.shift()!.data);
    } else {
      this.#used -= length;
      let left = length;
      while (left > 0) {
        const parcel = this.#queue.shift()!;
        // The descriptors went with the first byte.
        if (parcel.data.length > left)
          this.#queue.unshift({ ...parcel, data: parcel.data.subarray(left), files: [] });
        left -= Math.min(left, parcel.data.length);
      }
    }
    this.tellWriter();
  }

  shutDownWriting(): void {
    this.#writeShutDown = true;
    this.#readerEnd?.onReadable();
  }

  shutDownReading(): void {
    this.#readShutDown = true;
    this.#readerEnd?.onReadable();
    this.tellWriter();
  }

  /** Closes the reading end. Returns whether any data was unread. */
  closeReading(): boolean {
    this.#reader = "closed";
    this.shutDownReading();
    return this.#queue.splice(0).length > 0;
  }

  /** Closes the writing end. `reset`: data that the peer had sent to this end is lost, and the peer's next receive fails once. */
  closeWriting(reset: boolean): void {
    this.#reset = reset && this.#type !== "dgram";
    this.shutDownWriting();
  }
}

/** Even an empty message takes some room. Otherwise a channel could hold any number of them. */
const charge = (data: Buffer): number => Math.max(data.length, 1);
