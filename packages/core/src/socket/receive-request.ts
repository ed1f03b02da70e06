import { byteLength, checkBuffers, checkFlags, checkInteger, checkObject } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { MSG_ERRQUEUE, MSG_OOB, MSG_TRUNC } from "../constants/message-flags.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import type { SocketFacts } from "./facts.js";
import { hasOutOfBandData } from "./out-of-band.js";
import { DEFAULT_SIZE } from "./receive-memory.js";

/** How many descriptors to let in by default; `"refuse"`: let nobody send any (SO_PASSRIGHTS). */
export type MaxFds = number | "refuse";

export interface ReceiveOptions {
  /** Descriptors to let in, at most 253; those above are closed and counted in `droppedFds`. Default: the socket's. */
  maxFds?: number;
  /** Bytes to receive at most. Default: 64 KiB, and on Unix datagram and seqpacket sockets whatever the message has. */
  size?: number;
  /** Your own memory to receive into, filled in order. `data` is a view of one buffer, and a copy of several. */
  buffers?: ArrayBufferView | ArrayBufferLike | readonly (ArrayBufferView | ArrayBufferLike)[];
  /**
   * MSG_PEEK, … MSG_WAITALL has no effect: the call itself never waits (MSG_DONTWAIT).
   *
   * MSG_OOB waits for TCP's urgent byte, beside the receives that wait for other data. Sockets without out-of-band data refuse the
   * flag. So does a Unix stream: there the byte comes in its place.
   */
  flags?: number;
  /** Ends the wait; an aborted receive has consumed nothing. */
  signal?: AbortSignal;
}

/** What a receive without options is given. */
export const NO_OPTIONS: ReceiveOptions = Object.freeze({});

/** Options that were checked. */
export interface ReceiveRequest {
  maxFds: number;
  size: number | undefined;
  buffers: Uint8Array | Uint8Array[] | undefined;
  /** Bytes that the buffers have room for, as long as nobody takes them away. */
  room: number;
  flags: number;
}

/** What a receive depends on besides its own options. */
export interface ReceivingSocket extends SocketFacts {
  readonly maxFds: MaxFds;
}

export function checkMaxFds(argument: string, value: unknown): number {
  return checkInteger(argument, value, 0, SCM_MAX_FD);
}

/** The same of a socket, or `"refuse"`. */
export function checkSocketMaxFds(argument: string, value: unknown): MaxFds {
  if (value === "refuse") return value;
  if (typeof value === "string") {
    throw invalidArgType(argument, 'of type number, or "refuse"', value);
  }
  return checkMaxFds(argument, value);
}

/** How many descriptors a receive lets in, given what it and its socket say. */
function maxFdsOf(value: unknown, ofSocket: MaxFds): number {
  if (value === undefined) return ofSocket === "refuse" ? 0 : ofSocket;
  if (value === "refuse") {
    throw invalidArgValue(
      "options.maxFds",
      'must not be "refuse" for a single receive: give it where the socket is made',
    );
  }
  const maxFds = checkMaxFds("options.maxFds", value);
  if (maxFds > 0 && ofSocket === "refuse") {
    throw invalidArgValue(
      "options.maxFds",
      'must be 0 on a socket with maxFds: "refuse": it lets nobody send any',
    );
  }
  return maxFds;
}

/** Checks what a receive is asked for. */
export function checkReceiveRequest(options: ReceiveOptions, socket: ReceivingSocket): ReceiveRequest {
  const { maxFds, size, buffers, flags } = checkObject("options", options);
  const request: ReceiveRequest = {
    maxFds: maxFdsOf(maxFds, socket.maxFds),
    size: size === undefined ? undefined : checkInteger("options.size", size, 1, 0x7fffffff),
    buffers: buffers === undefined ? undefined : checkBuffers("options.buffers", buffers),
    room: 0,
    flags: flags === undefined ? 0 : checkFlags("options.flags", flags),
  };
  if (request.buffers !== undefined) {
    if (size !== undefined) throw invalidArgValue("options.size", "must not be given together with buffers");
    request.room = byteLength(request.buffers);
    if (request.room === 0) throw invalidArgValue("options.buffers", "must have room for a byte");
  }
  if (request.flags & MSG_ERRQUEUE) {
    throw invalidArgValue("options.flags", "must not have MSG_ERRQUEUE: recvError() reads the error queue");
  }
  if (request.flags & MSG_TRUNC && socket.type === SOCK_STREAM) {
    throw invalidArgValue(
      "options.flags",
      "must not have MSG_TRUNC on a stream: TCP throws the data away, see tcp(7)",
    );
  }
  if (request.flags & MSG_OOB && !hasOutOfBandData(socket)) {
    throw invalidArgValue(
      "options.flags",
      socket.family === AF_UNIX && socket.type === SOCK_STREAM
        ? "must not have MSG_OOB on a Unix stream: a byte that was sent with MSG_OOB comes in its place, with its descriptors"
        : "must not have MSG_OOB: this kind of socket has no out-of-band data. TCP has",
    );
  }
  return request;
}

/** How many bytes a receive from a stream can bring. */
export const roomOf = ({ buffers, room, size }: ReceiveRequest): number =>
  buffers === undefined ? (size ?? DEFAULT_SIZE) : room;

/** What fills the list of the error queue. */
export const ERROR_QUEUE_REQUEST: ReceiveRequest = Object.freeze({
  maxFds: 0,
  size: undefined,
  buffers: undefined,
  room: 0,
  flags: MSG_ERRQUEUE,
});
