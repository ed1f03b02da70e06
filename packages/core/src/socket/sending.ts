import { detailsOf } from "../address/encode.js";
import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import { checkObject, checkSignal, isPlainBytes, lengthOf, restOf } from "../arguments.js";
import {
  AF_AX25,
  AF_INET,
  AF_INET6,
  AF_NETROM,
  AF_RDS,
  AF_ROSE,
  AF_X25,
} from "../constants/address-families.js";
import { MSG_DONTWAIT, MSG_NOSIGNAL } from "../constants/message-flags.js";
import { SHUT_WR } from "../constants/shutdown.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { encodeRights } from "../control/rights.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { EAGAIN, EMSGSIZE, EPIPE } from "../errno.js";
import { AbortError, codedError, explain, invalidArgValue, systemError } from "../errors.js";
import { borrowFdAt, markHandedOver, markHandingOver } from "../interop/sendable.js";
import type { OutgoingMessage } from "../message.js";
import { CALL_FD, CALL_FLAGS, CALL_GENERATION, CALL_PURGES, GONE, OFF_LOOP } from "../native/binding.js";
import { binding } from "../native/load.js";
import { sendParts } from "../native/scratch.js";
import { failure } from "../syscalls/failure.js";
import { kernelInterfaceIndex } from "../syscalls/kernel-interfaces.js";
import { readU16 } from "../wire/bytes.js";
import { Backoff } from "./backoff.js";
import { type BoundPath, boundPathsOf } from "./bound-path.js";
import { type Endpoint, listenForAbort, type Outcome } from "./endpoint.js";
import { afterTurn, mayTry, nextTurn, rejectInTurn } from "./fairness.js";
import { checkOutgoing } from "./outgoing.js";
import { callOffLoop, EPOLLOUT } from "./readiness.js";
import { explainRefusal } from "./refusing-descriptors.js";

export interface SendOptions {
  /** Ends the wait: nothing was sent, unless part of a stream message had gone already. */
  signal?: AbortSignal;
}

/** What a send without options is given. */
export const NO_OPTIONS: SendOptions = Object.freeze({});

export interface SendResult {
  /** Bytes that the kernel took: all of them. */
  bytes: number;
}

/** What sending must know of its socket. */
export interface SendingSocket {
  readonly family: number;
  readonly type: number;
}

/** A message as the system call wants it. */
interface Prepared {
  iov: Uint8Array | Uint8Array[];
  total: number;
  fds: number[];
  /**
   * Control messages besides the descriptors. They go with every part of a stream message: the kernel reads them anew in each
   * call. Without them, the rest would have the process's own credentials (unix_stream_sendmsg(), net/unix/af_unix.c),
   * another record type (tls_sw_sendmsg(), net/tls/tls_sw.c), another mark, or no timestamp for its last byte
   * (tcp_sendmsg_locked(), net/ipv4/tcp.c). No message that a stream takes means something else the second time.
   */
  control: Uint8Array | null;
  /** The whole control data, descriptors included. */
  controlWithFds: Uint8Array | null;
  address: Uint8Array | null;
  flags: number;
  /** What `fds` are the numbers of. */
  sendables: readonly unknown[];
  /** The socket files of our own sockets among them, whether they were given as objects or as numbers. */
  boundPaths: readonly BoundPath[];
}

interface Queued {
  prepared: Prepared;
  /** Our own duplicates of what is to be sent, until the message's first byte has gone. */
  duplicates: FileDescriptor[];
  /** The files of bound sockets among them. While the message waits, close() of such a socket leaves its file. */
  waitingPaths: BoundPath[];
  /** Sizes of the borrowed views: one that changes was taken away. */
  sizes: number[];
  sent: number;
  resolve: (result: SendResult) => void;
  reject: (error: Error) => void;
  stopListening: (() => void) | undefined;
  /** A thread is sending it. Until the call returns, nobody knows whether the message went. */
  away: boolean;
  /** An abort or close() that came meanwhile: the error, if the thread's call has sent nothing. */
  failure: Error | undefined;
}

/** Sends that must keep their order: all of a connected socket's, or those to one destination. */
interface Lane {
  queue: Queued[];
  backoff: Backoff | undefined;
  /** The socket became writable while a thread was sending. */
  stirred: boolean;
}

const concat = (first: Uint8Array | null, second: Uint8Array | null): Uint8Array | null => {
  if (first === null) return second;
  if (second === null) return first;
  return Buffer.concat([first, second]);
};

/** Whether a socket's addresses are of this family: those of RDS are IP's. */
function takes(family: number, address: number): boolean {
  if (address === family) return true;
  if (family === AF_RDS) return address === AF_INET || address === AF_INET6;
  // An IPv6 datagram socket sends IPv4, unless it is IPv6 only: udpv6_sendmsg(), net/ipv6/udp.c.
  return family === AF_INET6 && address === AF_INET;
}

/** Families that refuse MSG_NOSIGNAL; runtimes ignore SIGPIPE anyway. */
const STRICT: ReadonlySet<number> = new Set([AF_RDS, AF_AX25, AF_NETROM, AF_ROSE, AF_X25]);

const NO_SENDABLES: readonly never[] = [];

/** A message of bytes alone. */
function plainMessage(data: Uint8Array, total: number, address: Uint8Array | null, flags: number): Prepared {
  return {
    iov: data,
    total,
    fds: [],
    control: null,
    controlWithFds: null,
    address,
    flags,
    sendables: NO_SENDABLES,
    boundPaths: NO_SENDABLES,
  };
}

function markSent({ sendables, boundPaths }: Prepared): void {
  for (const path of boundPaths) path.leave();
  // Sockets of another installed copy of the library are not among those.
  for (const value of sendables) markHandedOver(value);
}

/** The promise of a send that has gone at once; out of turn, it settles after the event loop has run. */
function sentAll(bytes: number, outOfTurn: boolean): Promise<SendResult> {
  const all = { bytes };
  return outOfTurn ? nextTurn().then(() => all) : Promise.resolve(all);
}

function withBytesSent<E extends Error>(error: E, bytesSent: number): E & { bytesSent: number } {
  return Object.assign(error, { bytesSent });
}

/** The sending half of a socket: what waits to go, in order. */
export class Sending {
  readonly #endpoint: Endpoint;
  readonly #socket: SendingSocket;
  /** Flags of every call. */
  readonly #alwaysSet: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #drained: (() => void)[] = [];
  #ended = false;
  /** Part of a message went, and the rest never will. */
  #broken = false;
  #turnScheduled = false;
  readonly #interfaceIndex = (name: string): number | undefined =>
    kernelInterfaceIndex(this.#endpoint.open(), name);
  readonly #encode = (argument: string, address: Address): Uint8Array => {
    const bytes = encodeAddress(address, argument, this.#interfaceIndex);
    if (takes(this.#socket.family, readU16(bytes, 0))) return bytes;
    throw invalidArgValue(argument, "must be of the socket's address family");
  };
  /**
   * Whether a send can purge the socket's own receive queue: a connected Unix datagram socket, whose peer may be gone
   * (net/unix/af_unix.c, unix_dgram_disconnected). Closing what is in that queue could take its time.
   */
  purges = false;
  /** Called when a send or receive met an error: whether the error queue had something to say about it. */
  onError: () => boolean = () => false;

  constructor(endpoint: Endpoint, socket: SendingSocket) {
    this.#endpoint = endpoint;
    this.#socket = socket;
    this.#alwaysSet = STRICT.has(socket.family) ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_NOSIGNAL;
  }

  get waiting(): boolean {
    return this.#lanes.size > 0;
  }

  send(message: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    let prepared: Prepared;
    let signal: AbortSignal | undefined;
    let entry: Queued;
    let key: string;
    let outOfTurn = false;
    let offLoop = false;
    try {
      this.#endpoint.checkOpen();
      if (this.#ended) throw systemError(EPIPE, "sendmsg");
      if (options !== NO_OPTIONS) {
        signal = checkSignal("options.signal", checkObject("options", options).signal);
      }
      const { data, fds, control, address, flags } = checkObject("message", message);
      let first: number | undefined;
      let plain: Prepared | undefined;
      if (fds === undefined && control === undefined && flags === undefined && signal === undefined) {
        if (isPlainBytes(data)) {
          const to = address === undefined ? null : this.#encode("message.address", address);
          // Later than what runs the caller's code, which can send, too, or take the memory away.
          const length = lengthOf(data);
          if (length > 0 && this.#lanes.size === 0) {
            // What most programs send. If it has not all gone, the rest, or the error, is treated like any other's.
            outOfTurn = !mayTry();
            first = this.#call(data, null, to, this.#alwaysSet);
            if (this.#isAll(first, length)) return sentAll(first, outOfTurn);
            plain = plainMessage(data, length, to, this.#alwaysSet);
          }
        }
      }
      prepared = plain ?? this.#prepare({ data, fds, control, address, flags } as OutgoingMessage);
      if (signal?.aborted) throw new AbortError(signal);
      key = this.#laneOf(prepared);
      let sent = 0;
      if (!this.#lanes.has(key)) {
        // We make the system call at once even if it is not this socket's turn, because a queued send needs duplicates of its
        // descriptors. The promise settles after the event loop has run.
        if (first === undefined) outOfTurn = !mayTry();
        const result = this.#attempt(prepared, 0, prepared.controlWithFds, first);
        if (result >= 0) {
          markSent(prepared);
          if (this.#isAll(result, prepared.total)) return sentAll(result, outOfTurn);
          sent = result;
        } else if (result === OFF_LOOP) {
          offLoop = true;
        } else if (result !== -EAGAIN) {
          throw this.#failure(result, prepared);
        }
      }
      entry = this.#snapshot(prepared, sent);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    let isTold = true;
    try {
      if (!offLoop && !this.#lanes.has(key)) isTold = this.#watchForRoom();
      this.#endpoint.beginWait(0);
    } catch (error) {
      this.#discard(entry);
      if (entry.sent > 0) this.#break();
      return rejectInTurn(withBytesSent(error as Error, entry.sent));
    }
    return new Promise((resolve, reject) => {
      entry.resolve = resolve;
      entry.reject = reject;
      const lane = this.#lanes.get(key);
      if (lane) {
        lane.queue.push(entry);
      } else {
        this.#lanes.set(key, { queue: [entry], backoff: undefined, stirred: false });
        if (offLoop) this.#sendOffLoop(key, entry);
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

  trySend(message: OutgoingMessage): SendResult | undefined {
    try {
      this.#endpoint.checkOpen();
      if (this.#ended) throw systemError(EPIPE, "sendmsg");
      const prepared = this.#prepare(message);
      if (this.#lanes.has(this.#laneOf(prepared))) return undefined;
      const result = this.#attempt(prepared, 0, prepared.controlWithFds);
      // A thread would have to make the call; there is nobody to wait for it.
      if (result === -EAGAIN || result === OFF_LOOP) return undefined;
      if (result < 0) throw this.#failure(result, prepared);
      markSent(prepared);
      return { bytes: result };
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  #laneOf({ address }: Prepared): string {
    // On a stream all bytes are one sequence: TCP ignores an address, and parts of messages must not mix.
    return address === null || this.#socket.type === SOCK_STREAM
      ? ""
      : Buffer.from(address).toString("latin1");
  }

  /** The socket became writable. */
  pump(): Outcome {
    let outcome: Outcome = "idle";
    if (this.#lanes.size === 0) return outcome;
    for (const [key, lane] of [...this.#lanes]) {
      // A datagram that a full peer refuses makes the sender writable anew, for its memory is free again: an edge at
      // each try (net/unix/af_unix.c, unix_write_space). What waits by timer must not listen to it.
      if (lane.backoff?.waiting) continue;
      const ofLane = this.#pumpLane(key);
      if (ofLane === "served" || outcome === "idle") outcome = ofLane;
    }
    return this.#lanes.size === 0 ? "idle" : outcome;
  }

  /** Nothing tells any more when there is room. */
  fail(error: () => Error): void {
    for (const [key, lane] of [...this.#lanes]) {
      for (const entry of [...lane.queue]) this.#fail(key, entry, error());
    }
  }

  /** Settles when everything that was given to send has gone or failed; nothing more is accepted. */
  end(): Promise<void> {
    this.#ended = true;
    return this.#lanes.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve));
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
        if (entry.away) entry.failure = error();
        else this.#settle(entry, error());
      }
    }
    this.#settleDrained();
  }

  /** Whether so many bytes are the whole message: only a stream takes part of one. */
  #isAll(result: number, total: number): boolean {
    return result >= total || (result >= 0 && this.#socket.type !== SOCK_STREAM);
  }

  #prepare(message: OutgoingMessage): Prepared {
    const checked = checkOutgoing(message, this.#socket, borrowFdAt, this.#encode, this.#interfaceIndex);
    const { iov, total, files, sendables, control, address, flags } = checked;
    return {
      iov,
      total,
      fds: files,
      control,
      controlWithFds: files.length > 0 ? concat(encodeRights(files), control) : control,
      address: address ?? null,
      flags: flags | this.#alwaysSet,
      sendables,
      boundPaths: files.length > 0 ? boundPathsOf(files) : NO_SENDABLES,
    };
  }

  /** `first`: what the call has returned, if it was made already. */
  #attempt(prepared: Prepared, offset: number, control: Uint8Array | null, first?: number): number {
    const { address, flags } = prepared;
    // The receiver may be faster than what follows the call.
    if (offset === 0) for (const value of prepared.sendables) markHandingOver(value);
    const iov = offset === 0 ? prepared.iov : remaining(prepared.iov, offset);
    const result = first ?? this.#call(iov, control, address, flags);
    if (result >= 0 || result === -EAGAIN || result === OFF_LOOP || !this.onError()) return result;
    // With RECVERR on, the error may be an earlier packet's, and this one was not sent: the report is on the error queue. Once
    // more, and not for ever: a message that is too long puts a report of its own there each time.
    return result === -EMSGSIZE ? result : this.#call(iov, control, address, flags);
  }

  #call(
    iov: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number {
    this.#endpoint.checkOpen();
    const { call } = binding();
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_PURGES] = this.purges ? 1 : 0;
    const result = sendParts(iov, control, address);
    if (result === GONE) this.#endpoint.open();
    return result;
  }

  #failure(result: number, { address, fds }: Prepared): Error {
    // Of what was sent, and not of what was given: that is the caller's, and may have changed.
    const details = address === null ? undefined : detailsOf(decodeAddress(address));
    const error = failure(result, "sendmsg", details);
    if (fds.length > 0) explainRefusal(error, result);
    return error;
  }

  /** Takes hold of everything that must not change while the message waits. The bytes stay borrowed. */
  #snapshot(prepared: Prepared, sent: number): Queued {
    const duplicates: FileDescriptor[] = [];
    if (sent === 0) {
      for (const fd of prepared.fds) {
        const duplicate = binding().dup(fd, true);
        if (duplicate < 0) {
          for (const descriptor of duplicates) descriptor.close();
          throw failure(duplicate, "fcntl");
        }
        duplicates.push(holdUncollected(duplicate, binding().result[0]!));
      }
      if (duplicates.length > 0) {
        prepared.controlWithFds = concat(encodeRights(duplicates.map(({ fd }) => fd)), prepared.control);
      }
    }
    const views = Array.isArray(prepared.iov) ? prepared.iov : [prepared.iov];
    const waitingPaths = sent === 0 ? [...prepared.boundPaths] : [];
    for (const path of waitingPaths) path.wait();
    return {
      prepared,
      duplicates,
      waitingPaths,
      sizes: views.map(lengthOf),
      sent,
      resolve: () => {},
      reject: () => {},
      stopListening: undefined,
      away: false,
      failure: undefined,
    };
  }

  #pumpLane(key: string): Outcome {
    const lane = this.#lanes.get(key);
    let outcome: Outcome = "idle";
    while (lane && lane.queue.length > 0 && !this.#endpoint.closed) {
      if (!mayTry()) {
        this.#retryAfterTurn();
        return "served";
      }
      const entry = lane.queue[0]!;
      if (entry.away) {
        lane.stirred = true;
        return outcome;
      }
      const { prepared } = entry;
      const views = Array.isArray(prepared.iov) ? prepared.iov : [prepared.iov];
      if (views.some((view, i) => lengthOf(view) !== entry.sizes[i])) {
        const error = codedError(
          "ERR_INVALID_STATE",
          "A buffer was transferred or resized while it was being sent",
        );
        this.#fail(key, entry, error);
        outcome = "served";
        continue;
      }
      let result: number;
      try {
        result = this.#attempt(
          prepared,
          entry.sent,
          entry.sent === 0 ? prepared.controlWithFds : prepared.control,
        );
      } catch (error) {
        // The number was closed behind the socket's back.
        this.#fail(key, entry, error as Error);
        outcome = "served";
        continue;
      }
      if (result === -EAGAIN) {
        this.#waitForRoom(key);
        return outcome === "served" ? outcome : "in vain";
      }
      if (result === OFF_LOOP) {
        this.#sendOffLoop(key, entry);
        return outcome;
      }
      outcome = "served";
      if (result < 0) {
        this.#fail(key, entry, this.#failure(result, prepared));
        continue;
      }
      lane.backoff?.reset();
      this.#took(entry, result);
      if (entry.sent >= prepared.total || this.#socket.type !== SOCK_STREAM) this.#finish(key, entry);
    }
    return outcome;
  }

  /** The kernel took so many bytes. */
  #took(entry: Queued, bytes: number): void {
    // The descriptors go with the first byte, and never again.
    if (entry.sent === 0) {
      this.#discard(entry);
      markSent(entry.prepared);
    }
    entry.sent += bytes;
  }

  /** The first of the lane has gone. */
  #finish(key: string, entry: Queued): void {
    const lane = this.#lanes.get(key);
    lane?.queue.shift();
    this.#settle(entry);
    if (lane?.queue.length === 0) this.#endLane(key);
  }

  /** Has a thread send the first of a lane, a datagram: see {@link purges}. */
  #sendOffLoop(key: string, entry: Queued): void {
    const { iov, controlWithFds, address, flags } = entry.prepared;
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startSend(fd, iov, controlWithFds, address, flags, token),
      (token) => this.#returned(key, entry, binding().endCall(token)),
    );
    if (started < 0) this.#fail(key, entry, failure(started, "sendmsg"));
    else entry.away = true;
  }

  #returned(key: string, entry: Queued, result: number): void {
    entry.away = false;
    const lane = this.#lanes.get(key);
    const stirred = lane?.stirred === true;
    if (lane) lane.stirred = false;
    if (result >= 0) {
      this.#took(entry, result);
      if (lane) this.#finish(key, entry);
      else this.#settle(entry);
    } else if (!lane) {
      this.#settle(entry, entry.failure);
    } else if (entry.failure || result !== -EAGAIN) {
      this.#fail(key, entry, entry.failure ?? this.#failure(result, entry.prepared));
    } else {
      this.#waitForRoom(key);
      if (!stirred) return;
    }
    this.#pumpLane(key);
  }

  /** The kernel said EAGAIN to the first of a lane. */
  #waitForRoom(key: string): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    try {
      if (!this.#watchForRoom()) this.#sendLater(key);
    } catch (error) {
      this.#fail(key, lane.queue[0]!, error as Error);
    }
  }

  /**
   * Whether the event loop will tell when there is room. If the socket is writable although the kernel said EAGAIN, it is not the
   * socket's own buffer that is full, and no readiness tells when to try again: an addressed Unix datagram to a full peer, netlink to a
   * full socket of another process, a UDP socket that needs a port while none is free.
   */
  #watchForRoom(): boolean {
    const events = binding().poll(this.#endpoint.fd, EPOLLOUT);
    // Where the kernel does not say, trying again costs little, and not trying could mean to wait for ever.
    if (events < 0 || (events & EPOLLOUT) !== 0) return false;
    this.#endpoint.watch(EPOLLOUT);
    return true;
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

  /** Ends one entry with an error; on a stream, part of it having gone, everything behind it too. */
  #fail(key: string, entry: Queued, error: Error): void {
    const lane = this.#lanes.get(key);
    if (!lane) return;
    const at = lane.queue.indexOf(entry);
    if (at < 0) return;
    if (entry.away) {
      entry.failure = error;
      return;
    }
    const broken = entry.sent > 0 && entry.sent < entry.prepared.total;
    const failed = lane.queue.splice(at, broken ? Number.POSITIVE_INFINITY : 1);
    if (lane.queue.length === 0) this.#endLane(key);
    if (broken) this.#break();
    this.#settle(entry, error);
    for (const behind of failed) {
      if (behind !== entry) this.#settle(behind, brokenBefore(error));
    }
    if (this.#lanes.size === 0) this.#settleDrained();
  }

  /** Part of a message has gone, and the rest never will: the peer could not tell where the next message begins. */
  #break(): void {
    this.#broken = true;
    this.#ended = true;
    if (!this.#endpoint.closed) binding().shutdown(this.#endpoint.fd, SHUT_WR);
  }

  #endLane(key: string): void {
    this.#lanes.get(key)?.backoff?.cancel();
    this.#lanes.delete(key);
    if (this.#lanes.size === 0) this.#settleDrained();
  }

  #settle(entry: Queued, error?: Error): void {
    entry.stopListening?.();
    this.#endpoint.endWait();
    this.#discard(entry);
    if (error) entry.reject(withBytesSent(error, entry.sent));
    else entry.resolve({ bytes: entry.sent });
  }

  #discard(entry: Queued): void {
    for (const descriptor of entry.duplicates.splice(0)) descriptor.close();
    for (const path of entry.waitingPaths.splice(0)) path.endWait();
  }

  #settleDrained(): void {
    for (const settle of this.#drained.splice(0)) settle();
  }
}

function brokenBefore(cause: Error): Error {
  const error = systemError(EPIPE, "sendmsg");
  explain(error, `${error.message}: an earlier message was cut short, so the stream cannot be continued`);
  return Object.assign(error, { cause });
}

/** The views from `offset` bytes on. */
function remaining(iov: Uint8Array | Uint8Array[], offset: number): Uint8Array | Uint8Array[] {
  if (!Array.isArray(iov)) return restOf(iov, offset);
  const rest: Uint8Array[] = [];
  let left = offset;
  for (const view of iov) {
    if (left >= lengthOf(view)) left -= lengthOf(view);
    else {
      rest.push(left > 0 ? restOf(view, left) : view);
      left = 0;
    }
  }
  return rest;
}
