import { byteLength, checkBuffers, checkFlags, checkInteger, checkObject } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { MSG_ERRQUEUE, MSG_OOB, MSG_PEEK, MSG_TRUNC } from "../constants/message-flags.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import type { BatchSlots } from "./batch-slots.js";
import type { SocketFacts } from "./facts.js";
import { hasOutOfBandData } from "./out-of-band.js";
import { DEFAULT_SIZE } from "./receive-memory.js";

/**
 * How many descriptors a receive accepts by default. `"all"`: 253, which is as many as one message can have (SCM_MAX_FD). `"refuse"`:
 * the kernel refuses each message with descriptors (SO_PASSRIGHTS).
 */
export type MaxFds = number | "all" | "refuse";

export interface ReceiveOptions {
  /**
   * How many descriptors to accept: at most 253, which `"all"` means, too. The library closes those beyond, and counts them in
   * `droppedFds`. Default: the socket's.
   */
  maxFds?: number | "all";
  /** How many bytes to receive at most. Default: 64 KiB, or the whole message on Unix datagram and seqpacket sockets. */
  size?: number;
  /** Your own memory to receive into, filled in order. Then `data` is a view of one buffer, or a copy of several. */
  buffers?: ArrayBufferView | ArrayBufferLike | readonly (ArrayBufferView | ArrayBufferLike)[];
  /**
   * MSG_PEEK, … MSG_WAITALL has no effect, because the call itself never waits (MSG_DONTWAIT).
   *
   * With MSG_OOB, the receive waits for TCP's urgent byte, while other receives wait for ordinary data. Sockets without out-of-band
   * data refuse the flag. A Unix stream refuses it too, because there the byte comes in its place.
   */
  flags?: number;
  /** Ends the wait. An aborted receive has consumed nothing. */
  signal?: AbortSignal;
}

const RECEIVE_KEYS = /* @__PURE__ */ keysOf<ReceiveOptions>({
  signal: true,
  maxFds: true,
  size: true,
  buffers: true,
  flags: true,
});

/** The options of a receive to which the caller gave none. */
export const NO_OPTIONS: ReceiveOptions = Object.freeze({});

/** Options that are checked. */
export interface ReceiveRequest {
  maxFds: number;
  /** The program gave no `maxFds`, neither to the receive nor to the socket. */
  hasDefaultMaxFds: boolean;
  /** How many bytes to receive at most. With buffers, it is their length when they were checked. */
  size: number;
  /** The program gave neither a size nor buffers. Then Unix datagram and seqpacket sockets return messages of any length. */
  hasDefaultSize: boolean;
  buffers: Uint8Array | Uint8Array[] | undefined;
  flags: number;
  /** Receive into these slots. */
  slots: BatchSlots | undefined;
}

/** What a receive depends on, apart from its own options. */
export interface ReceivingSocket extends SocketFacts {
  readonly maxFds: CheckedMaxFds;
}

/** A {@link MaxFds} that is checked. Undefined: the program did not say. */
export type CheckedMaxFds = Exclude<MaxFds, "all"> | undefined;

/** Checks `maxFds` of a receive: a number or `"all"`. Returns the number. */
export function checkMaxFds(argument: string, value: unknown): number {
  if (value === "all") return SCM_MAX_FD;
  if (typeof value === "string") throw invalidArgType(argument, 'of type number, or "all"', value);
  return checkInteger(argument, value, 0, SCM_MAX_FD);
}

/** Checks `maxFds` of a socket: a number, `"all"` or `"refuse"`. */
export function checkSocketMaxFds(argument: string, value: unknown): CheckedMaxFds {
  if (value === "refuse") return value;
  if (typeof value === "string" && value !== "all") {
    throw invalidArgType(argument, 'of type number, "all" or "refuse"', value);
  }
  return checkMaxFds(argument, value);
}

/** How many descriptors a receive accepts, from its own option and its socket's. */
function maxFdsOf(value: unknown, ofSocket: CheckedMaxFds): number {
  if (value === undefined) return ofSocket === "refuse" || ofSocket === undefined ? 0 : ofSocket;
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
      'must be 0 on a socket with maxFds: "refuse": the kernel refuses all descriptors',
    );
  }
  return maxFds;
}

/** Checks the options of a receive. */
export function checkReceiveRequest(options: ReceiveOptions, socket: ReceivingSocket): ReceiveRequest {
  const { maxFds, size, buffers, flags } = checkObject("options", options, RECEIVE_KEYS);
  const request: ReceiveRequest = {
    maxFds: maxFdsOf(maxFds, socket.maxFds),
    hasDefaultMaxFds: maxFds === undefined && socket.maxFds === undefined,
    size: size === undefined ? DEFAULT_SIZE : checkInteger("options.size", size, 1, 0x7fffffff),
    hasDefaultSize: size === undefined && buffers === undefined,
    buffers: buffers === undefined ? undefined : checkBuffers("options.buffers", buffers),
    flags: flags === undefined ? 0 : checkFlags("options.flags", flags),
    slots: undefined,
  };
  if (request.buffers !== undefined) {
    if (size !== undefined) throw invalidArgValue("options.size", "must not be given together with buffers");
    request.size = byteLength(request.buffers);
    if (request.size === 0) throw invalidArgValue("options.buffers", "must have room for at least one byte");
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
        ? "must not have MSG_OOB on a Unix stream: there such a byte comes among the other bytes, with its descriptors"
        : "must not have MSG_OOB: this kind of socket has no out-of-band data. TCP has",
    );
  }
  return request;
}

/** The request with which we read the kernel's error queue. */
export const ERROR_QUEUE_REQUEST: ReceiveRequest = Object.freeze({
  maxFds: 0,
  hasDefaultMaxFds: false,
  size: DEFAULT_SIZE,
  hasDefaultSize: true,
  buffers: undefined,
  flags: MSG_ERRQUEUE,
  slots: undefined,
});

/** Options of a receive into a batch. */
export type BatchReceiveOptions = Pick<ReceiveOptions, "maxFds" | "flags" | "signal">;

const BATCH_KEYS = /* @__PURE__ */ keysOf<BatchReceiveOptions>({ signal: true, maxFds: true, flags: true });

/** Checks the options of a receive into a batch. */
export function checkBatchRequest(
  slots: BatchSlots,
  options: BatchReceiveOptions,
  socket: ReceivingSocket,
): ReceiveRequest {
  if (options !== NO_OPTIONS) return newBatchRequest(slots, options, socket);
  if (slots.plainOwner !== socket) {
    slots.plainOwner = socket;
    slots.plainRequest = newBatchRequest(slots, options, socket);
  }
  return slots.plainRequest as ReceiveRequest;
}

function newBatchRequest(
  slots: BatchSlots,
  options: BatchReceiveOptions,
  socket: ReceivingSocket,
): ReceiveRequest {
  const { maxFds, flags } = checkObject("options", options, BATCH_KEYS);
  const request = checkReceiveRequest({ maxFds, flags, size: slots.size } as ReceiveOptions, socket);
  if (request.flags & (MSG_PEEK | MSG_OOB)) {
    throw invalidArgValue("options.flags", "must not have MSG_PEEK or MSG_OOB: use recvmsg() for these");
  }
  request.slots = slots;
  return request;
}
