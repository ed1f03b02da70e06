import { detailsOf } from "../address/encode.js";
import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import { checkObject, isPlainBytes, lengthOf, restOf } from "../arguments.js";
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
import { EAGAIN, EMSGSIZE } from "../errno.js";
import { invalidArgValue } from "../errors.js";
import { borrowFdAt, markHandedOver, markHandingOver } from "../interop/sendable.js";
import type { OutgoingMessage } from "../message.js";
import { CALL_FD, CALL_FLAGS, CALL_GENERATION, CALL_PURGES, GONE, OFF_LOOP } from "../native/binding.js";
import { binding } from "../native/load.js";
import { sendParts } from "../native/scratch.js";
import { failure } from "../syscalls/failure.js";
import { kernelInterfaceIndex } from "../syscalls/kernel-interfaces.js";
import { readU16 } from "../wire/bytes.js";
import { checkNotAborted } from "./abort.js";
import { type BoundPath, boundPathsOf } from "./bound-path.js";
import type { Endpoint } from "./endpoint.js";
import type { ErrorQueue } from "./error-queue.js";
import type { SocketFacts } from "./facts.js";
import { mayTry, rejectInTurn } from "./fairness.js";
import { checkOutgoing } from "./outgoing.js";
import { callOffLoop, EPOLLOUT } from "./readiness.js";
import { explainRefusal } from "./refusing-descriptors.js";
import { SendQueue, type SendResult, type Transport, wentAtOnce, withBytesSent } from "./send-queue.js";

export interface SendOptions {
  /** Ends the wait: nothing was sent, unless part of a stream message had gone already. */
  signal?: AbortSignal;
}

/** What a send without options is given. */
export const NO_SEND_OPTIONS: SendOptions = Object.freeze({});

/** A message as the system call wants it. */
interface KernelMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  /**
   * Control messages besides the descriptors. They go with every part of a stream message: the kernel reads them anew in each
   * call. Without them, the rest would have the process's own credentials (unix_stream_sendmsg(), net/unix/af_unix.c),
   * another record type (tls_sw_sendmsg(), net/tls/tls_sw.c), another mark, or no timestamp for its last byte
   * (tcp_sendmsg_locked(), net/ipv4/tcp.c). No message that a stream takes means something else the second time.
   */
  readonly control: Uint8Array | null;
  /** The whole control data, with {@link duplicates} in place of the caller's descriptors once the message waits. */
  controlWithFds: Uint8Array | null;
  readonly address: Uint8Array | null;
  readonly flags: number;
  readonly fds: readonly number[];
  /** What `fds` are the numbers of. */
  readonly sendables: readonly unknown[];
  /** The socket files of our own sockets among them, whether they were given as objects or as numbers. */
  readonly boundPaths: readonly BoundPath[];
  /** What the first call has returned, if it was made already. */
  first: number | undefined;
  /** Our own duplicates of `fds`, while the message waits and nothing of it has gone. */
  duplicates: FileDescriptor[];
  /** The message waits: close() of a socket among its descriptors leaves the socket's file. */
  holdsPaths: boolean;
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
const REFUSE_NOSIGNAL: ReadonlySet<number> = new Set([AF_RDS, AF_AX25, AF_NETROM, AF_ROSE, AF_X25]);

const NONE: readonly never[] = [];
const NO_DUPLICATES: FileDescriptor[] = [];

/** A message of bytes alone, of which the first call was made. */
function plainMessage(
  data: Uint8Array,
  total: number,
  address: Uint8Array | null,
  flags: number,
  first: number,
): KernelMessage {
  return {
    iov: data,
    total,
    control: null,
    controlWithFds: null,
    address,
    flags,
    fds: NONE,
    sendables: NONE,
    boundPaths: NONE,
    first,
    duplicates: NO_DUPLICATES,
    holdsPaths: false,
  };
}

/** The sending half of a socket: how a message is checked, and how the kernel takes it. */
export class Sending implements Transport<KernelMessage> {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #errors: ErrorQueue;
  /** Flags of every call. */
  readonly #alwaysSet: number;
  readonly queue: SendQueue<KernelMessage>;
  readonly isStream: boolean;
  readonly #interfaceIndex = (name: string): number | undefined =>
    kernelInterfaceIndex(this.#endpoint.open(), name);
  readonly #encode = (argument: string, address: Address): Uint8Array => {
    const bytes = encodeAddress(address, argument, this.#interfaceIndex);
    if (takes(this.#facts.family, readU16(bytes, 0))) return bytes;
    throw invalidArgValue(argument, "must be of the socket's address family");
  };
  /**
   * Whether a send can purge the socket's own receive queue: a connected Unix datagram socket, whose peer may be gone
   * (net/unix/af_unix.c, unix_dgram_disconnected). Closing what is in that queue could take its time.
   */
  purges = false;

  constructor(endpoint: Endpoint, facts: SocketFacts, errors: ErrorQueue) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#errors = errors;
    this.#alwaysSet = REFUSE_NOSIGNAL.has(facts.family) ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_NOSIGNAL;
    this.isStream = facts.type === SOCK_STREAM;
    this.queue = new SendQueue(endpoint, this);
  }

  sendMessage(message: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    let prepared: KernelMessage;
    let signal: AbortSignal | undefined;
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      if (options !== NO_SEND_OPTIONS) {
        signal = checkNotAborted(checkObject("options", options).signal);
      }
      const { data, fds, control, address, flags } = checkObject("message", message);
      let plain: KernelMessage | undefined;
      if (fds === undefined && control === undefined && flags === undefined && signal === undefined) {
        if (isPlainBytes(data)) {
          const to = address === undefined ? null : this.#encode("message.address", address);
          // Later than what runs the caller's code, which can send, too, or take the memory away.
          const length = lengthOf(data);
          if (length > 0 && this.queue.isEmpty()) {
            // What most programs send. If it has not all gone, the rest, or the error, is treated like any other's.
            const outOfTurn = !mayTry();
            const first = this.#call(data, null, to, this.#alwaysSet);
            if (this.queue.isAll(first, length)) return wentAtOnce(first, outOfTurn);
            plain = plainMessage(data, length, to, this.#alwaysSet, first);
          }
        }
      }
      prepared = plain ?? this.#prepare({ data, fds, control, address, flags } as OutgoingMessage);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    return this.queue.send(prepared, signal);
  }

  trySendMessage(message: OutgoingMessage): SendResult | undefined {
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      return this.queue.trySend(this.#prepare(message));
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  #prepare(message: OutgoingMessage): KernelMessage {
    const checked = checkOutgoing(message, this.#facts, borrowFdAt, this.#encode, this.#interfaceIndex);
    const { iov, total, files, sendables, control, address, flags } = checked;
    return {
      iov,
      total,
      control,
      controlWithFds: files.length > 0 ? concat(encodeRights(files), control) : control,
      address: address ?? null,
      flags: flags | this.#alwaysSet,
      fds: files,
      sendables,
      boundPaths: files.length > 0 ? boundPathsOf(files) : NONE,
      first: undefined,
      duplicates: NO_DUPLICATES,
      holdsPaths: false,
    };
  }

  orderOf({ address }: KernelMessage): string {
    // On a stream all bytes are one sequence: TCP ignores an address, and parts of messages must not mix.
    return address === null || this.isStream ? "" : Buffer.from(address).toString("latin1");
  }

  send(message: KernelMessage, sent: number): number {
    const { address, flags, first } = message;
    const control = sent === 0 ? message.controlWithFds : message.control;
    // The receiver may be faster than what follows the call.
    if (sent === 0) for (const value of message.sendables) markHandingOver(value);
    const iov = sent === 0 ? message.iov : remaining(message.iov, sent);
    message.first = undefined;
    let result = first ?? this.#call(iov, control, address, flags);
    // With RECVERR on, the error may be an earlier packet's, and this one was not sent: the report is on the error queue. Once
    // more, and not for ever: a message that is too long puts a report of its own there each time.
    if (isError(result) && this.#errors.drain() > 0 && result !== -EMSGSIZE) {
      result = this.#call(iov, control, address, flags);
    }
    if (isError(result)) throw this.#failure(result, message);
    return result;
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

  #failure(result: number, { address, fds }: KernelMessage): Error {
    // Of what was sent, and not of what was given: that is the caller's, and may have changed.
    const details = address === null ? undefined : detailsOf(decodeAddress(address));
    const error = failure(result, "sendmsg", details);
    if (fds.length > 0) explainRefusal(error, result);
    return error;
  }

  /** A datagram: see {@link purges}. */
  sendInThread(message: KernelMessage, done: (result: number | Error) => void): void {
    const { iov, controlWithFds, address, flags } = message;
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startSend(fd, iov, controlWithFds, address, flags, token),
      (token) => {
        const result = binding().endCall(token);
        done(isError(result) ? this.#failure(result, message) : result);
      },
    );
    if (started < 0) throw failure(started, "sendmsg");
  }

  hold(message: KernelMessage): void {
    const duplicates: FileDescriptor[] = [];
    for (const fd of message.fds) {
      const duplicate = binding().dup(fd, true);
      if (duplicate < 0) {
        for (const descriptor of duplicates) descriptor.close();
        throw failure(duplicate, "fcntl");
      }
      duplicates.push(holdUncollected(duplicate, binding().result[0]!));
    }
    if (duplicates.length > 0) {
      message.duplicates = duplicates;
      message.controlWithFds = concat(encodeRights(duplicates.map(({ fd }) => fd)), message.control);
    }
    message.holdsPaths = true;
    for (const path of message.boundPaths) path.wait();
  }

  letGo(message: KernelMessage): void {
    for (const descriptor of message.duplicates.splice(0)) descriptor.close();
    if (message.holdsPaths) for (const path of message.boundPaths) path.endWait();
    message.holdsPaths = false;
  }

  noteGone(message: KernelMessage): void {
    this.letGo(message);
    for (const path of message.boundPaths) path.leave();
    // Sockets of another installed copy of the library are not among those.
    for (const value of message.sendables) markHandedOver(value);
  }

  /**
   * If the socket is writable although the kernel said EAGAIN, it is not the socket's own buffer that is full, and no readiness tells
   * when to try again: an addressed Unix datagram to a full peer, netlink to a full socket of another process, a UDP socket that needs
   * a port while none is free.
   */
  willTellOfRoom(): boolean {
    const events = binding().poll(this.#endpoint.fd, EPOLLOUT);
    // Where the kernel does not say, trying again costs little, and not trying could mean to wait for ever.
    if (events < 0 || (events & EPOLLOUT) !== 0) return false;
    this.#endpoint.watch(EPOLLOUT);
    return true;
  }

  shutDownWriting(): void {
    binding().shutdown(this.#endpoint.fd, SHUT_WR);
  }
}

const isError = (result: number): boolean => result < 0 && result !== -EAGAIN && result !== OFF_LOOP;

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
