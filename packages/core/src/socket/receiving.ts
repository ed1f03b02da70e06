import {
  byteLength,
  checkBuffers,
  checkFlags,
  checkInteger,
  checkObject,
  checkSignal,
  own,
} from "../arguments.js";
import {
  AF_BLUETOOTH,
  AF_CAN,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_PHONET,
  AF_RXRPC,
  AF_SMC,
  AF_UNIX,
  AF_VSOCK,
  AF_X25,
} from "../constants/address-families.js";
import { CAN_J1939 } from "../constants/can.js";
import { SOL_SOCKET } from "../constants/levels.js";
import {
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_EOR,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
} from "../constants/message-flags.js";
import { IPPROTO_TCP } from "../constants/protocols.js";
import { SO_ERROR, SO_OOBINLINE } from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import type { ControlMessage, ControlName } from "../control/index.js";
import { largestControlSpace } from "../control/space.js";
import { type FileDescriptor, hold } from "../descriptor.js";
import { EAGAIN, EINVAL, ENOBUFS, ENOTCONN, EOPNOTSUPP } from "../errno.js";
import { AbortError, codedError, explain, invalidArgType, invalidArgValue, systemError } from "../errors.js";
import { arrived, type Message, messageOf, RawParts } from "../message.js";
import {
  ADDRESS_SPACE,
  CALL_FD,
  CALL_FLAGS,
  CALL_GENERATION,
  CALL_MAX_FDS,
  CALL_SIZE,
  CALL_WHOLE,
  GONE,
  HELD_BACK,
  OFF_LOOP,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_DROPPED,
  RESULT_FDS,
  RESULT_FLAGS,
  RESULT_KEPT,
  RESULT_PIDFD,
  RESULT_PIDFD_GENERATION,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { addressOfCall } from "../native/scratch.js";
import { failure } from "../syscalls/failure.js";
import { getInt } from "../syscalls/int-option.js";
import { Backoff } from "./backoff.js";
import { filled, takeEarly } from "./early.js";
import { type Endpoint, listenForAbort, type Outcome } from "./endpoint.js";
import { afterTurn, countArrived, mayTry, rejectInTurn } from "./fairness.js";
import { nameOf } from "./option-access.js";
import type { OwnSettings } from "./own-settings.js";
import { callOffLoop, EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLRDHUP, turnOfEvents } from "./readiness.js";
import { DEFAULT_SIZE, reserve, take, takeWhole } from "./receive-memory.js";
import { MESSAGES_LOST } from "./transient.js";
import { Waiter } from "./waiter.js";

/** Descriptors of one message at most: SCM_MAX_FD, include/net/scm.h. */
export const SCM_MAX_FD = 253;
/** Descriptors to let in by default, or to let nobody send any: SO_PASSRIGHTS. */
export type MaxFds = number | "refuse";
/** After so many receives that have found nothing, the next ones wait at once: all but one of so many. */
const MOST_MISSES = 2;
const UNASKED = 16;
/** Entries of the error queue that wait for somebody to read them. */
const MAX_ERRORS = 1024;

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
export interface Request {
  maxFds: number;
  size: number | undefined;
  buffers: Uint8Array | Uint8Array[] | undefined;
  /** Bytes that the buffers have room for, as long as nobody takes them away. */
  room: number;
  flags: number;
}

/** What receiving must know of its socket. */
export interface ReceivingSocket {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  readonly maxFds: MaxFds;
  readonly names: ReadonlySet<ControlName>;
  readonly isOwn: ((message: ControlMessage) => boolean) | undefined;
  /** Something was switched on that comes on the error queue. */
  readonly errorQueue: boolean;
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
export function checkRequest(
  options: ReceiveOptions,
  socket: Pick<ReceivingSocket, "family" | "type" | "protocol" | "maxFds">,
): Request {
  const { maxFds, size, buffers, flags } = checkObject("options", options);
  const request: Request = {
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
  if (request.flags & MSG_OOB && !hasUrgentData(socket)) {
    throw invalidArgValue(
      "options.flags",
      socket.family === AF_UNIX && socket.type === SOCK_STREAM
        ? "must not have MSG_OOB on a Unix stream: a byte that was sent with MSG_OOB comes in its place, with its descriptors"
        : "must not have MSG_OOB: this kind of socket has no out-of-band data. TCP has",
    );
  }
  return request;
}

const OUT_OF_BAND: ReadonlySet<number> = new Set([AF_PHONET, AF_RXRPC, AF_X25]);

/**
 * Whether recvmsg(2) with MSG_OOB can give something: TCP's urgent byte, SMC's, X.25's interrupts, … MPTCP and SCTP ignore the flag,
 * and would give ordinary data.
 */
function hasUrgentData({
  family,
  type,
  protocol,
}: Pick<ReceivingSocket, "family" | "type" | "protocol">): boolean {
  if (family === AF_SMC) return type === SOCK_STREAM;
  if (family === AF_INET || family === AF_INET6) {
    return type === SOCK_STREAM && (protocol === 0 || protocol === IPPROTO_TCP);
  }
  return OUT_OF_BAND.has(family);
}

/** For what later kernels have. */
const SPARE_CONTROL_SPACE = 4096;
let room: Uint8Array | undefined;

/**
 * Room for all that a message of any family can bring, whoever has switched it on. Descriptors do not count. Written by the kernel, read
 * before the next call.
 */
export function controlRoom(): Uint8Array {
  if (room === undefined) {
    room = new Uint8Array(largestControlSpace() + SPARE_CONTROL_SPACE);
    binding().controlRoom(room);
  }
  return room;
}

const nothing = new Uint8Array(0);
/** Nobody can add to what all messages share. */
const NO_FDS: readonly FileDescriptor[] = Object.freeze([]);
/** sockaddr_un of an unnamed socket: the family alone. */
const UNNAMED = new Uint8Array([AF_UNIX, 0]);
/** Families whose recvmsg(2) knows MSG_TRUNC as an input flag, J1939 excepted. */
const TELLING: ReadonlySet<number> = new Set([
  AF_UNIX,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_CAN,
  AF_BLUETOOTH,
  AF_IEEE802154,
  AF_VSOCK,
]);
const PEEK = MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT;
/**
 * More than any message has: with pages of 4 KiB, the kernel makes none that is longer than 4 MiB and 17 pages
 * (unix_dgram_sendmsg(), net/unix/af_unix.c).
 */
const LONGEST_UNIX_MESSAGE = 16 << 20;

/** The receiving half of a socket: who waits, in order, and the error queue. */
export class Receiving {
  readonly #endpoint: Endpoint;
  readonly #own: OwnSettings;
  #socket: ReceivingSocket;
  /** What a receive without options asks for. */
  readonly #plain: Request;
  readonly #waiters: Waiter<Request>[] = [];
  /** Those who wait for what is out of band. It comes when it comes, before or after other data. */
  readonly #urgent: Waiter<Request>[] = [];
  #turnScheduled = false;
  /** The turn of the event loop in which a stream has given all that it had. */
  #emptyIn: number | undefined;
  /** Somebody waits without having asked the kernel. */
  #owed = false;
  /** Receives in succession that have found nothing when they began. */
  #misses = 0;
  /** Receives that have not asked the kernel. */
  #unasked = 0;
  /** A message, or an error, that the kernel no longer has and that nobody has been given yet. */
  #early: Message | undefined;
  #earlyError: Error | undefined;
  /** A thread is receiving. */
  #away = false;
  /** The socket became ready while the thread was receiving. */
  #stirred = false;
  #backoff: Backoff | undefined;
  #readShutDown = false;

  readonly #errors: Message[] = [];
  readonly #errorWaiters: Waiter<undefined>[] = [];
  errorsDropped = 0;

  constructor(endpoint: Endpoint, socket: ReceivingSocket, own: OwnSettings) {
    this.#endpoint = endpoint;
    this.#own = own;
    this.#socket = socket;
    this.#plain = checkRequest(NO_OPTIONS, socket);
  }

  /** Other control messages come from now on. */
  deliver({ names, isOwn, errorQueue }: Pick<ReceivingSocket, "names" | "isOwn" | "errorQueue">): void {
    this.#socket = { ...this.#socket, names, isOwn, errorQueue };
  }

  get waiting(): boolean {
    return this.#waiters.length > 0 || this.#urgent.length > 0 || this.#errorWaiters.length > 0 || this.#away;
  }

  /** A message that comes before everything the kernel has. */
  prepend(message: Message): void {
    this.#early = message;
  }

  /** Whether bytes are held here that the kernel no longer has, or will be, because a thread is receiving. */
  get holdsData(): boolean {
    return this.#early !== undefined || this.#away;
  }

  #holdsEarly(): boolean {
    return this.#early !== undefined || this.#earlyError !== undefined;
  }

  /** Reading was shut down on this side: what looks like an empty datagram is the end. */
  readShutDown(): void {
    this.#readShutDown = true;
    this.pump();
  }

  receive(options: ReceiveOptions): Promise<Message> {
    let request: Request;
    let signal: AbortSignal | undefined;
    let outOfTurn = false;
    try {
      this.#endpoint.checkOpen();
      if (options === NO_OPTIONS) request = this.#plain;
      else {
        request = checkRequest(options, this.#socket);
        signal = checkSignal("options.signal", own(options).signal);
        if (signal?.aborted) throw new AbortError(signal);
      }
      if (!this.#own.on) this.#own.switchOn(this.#endpoint.open(), this.#socket.names);
      if (request.flags & MSG_OOB) this.#endpoint.useEdges();
      const isFirst = this.#lineOf(request).length === 0;
      if (isFirst && this.#isQuiet()) this.#owed = true;
      else if (isFirst) {
        outOfTurn = !mayTry();
        const message = outOfTurn ? undefined : this.#try(request);
        if (message) {
          this.#misses = 0;
          return Promise.resolve(message);
        }
        if (!outOfTurn) this.#misses++;
      }
      this.#endpoint.beginWait(EPOLLIN);
    } catch (error) {
      return rejectInTurn(error);
    }
    const waiter = new Waiter(request);
    this.#lineOf(request).push(waiter);
    if (signal) {
      try {
        waiter.stopListening = listenForAbort(signal, (error) => {
          this.#remove(waiter);
          waiter.reject(error);
        });
      } catch (error) {
        this.#remove(waiter);
        return rejectInTurn(error);
      }
    }
    // Nothing would tell that the socket is ready: it may have been all along.
    if (outOfTurn) this.#retryAfterTurn();
    return waiter.promise;
  }

  /**
   * Whether nothing is likely to be there: then the event loop tells soon enough if something is. A stream has nothing more in a turn of
   * the loop after a receive that it did not fill. Otherwise we ask the kernel only now and then, if the receives before have found
   * nothing when they began.
   */
  #isQuiet(): boolean {
    if (this.#holdsEarly() || !this.#endpoint.isToldOf(EPOLLIN)) return false;
    if (this.#emptyIn !== undefined && this.#emptyIn === turnOfEvents()) return true;
    return this.#misses >= MOST_MISSES && ++this.#unasked % UNASKED !== 0;
  }

  /** The socket is about to be closed: who waits without having asked the kernel gets what is there. */
  ask(): void {
    const [waiter] = this.#waiters;
    if (!this.#owed || waiter === undefined) return;
    try {
      const message = this.#try(waiter.request);
      if (message === undefined) return;
      this.#remove(waiter);
      waiter.resolve(message);
    } catch {
      // Closing it is what the waiter is told of.
    }
  }

  tryReceive(options: ReceiveOptions): Message | undefined {
    this.#endpoint.open();
    const request = checkRequest(options, this.#socket);
    const signal = checkSignal("options.signal", own(options).signal);
    if (signal?.aborted) throw new AbortError(signal);
    if (!this.#own.on) this.#own.switchOn(this.#endpoint.open(), this.#socket.names);
    return this.#lineOf(request).length === 0 ? this.#try(request) : undefined;
  }

  #lineOf(request: Request): Waiter<Request>[] {
    return request.flags & MSG_OOB ? this.#urgent : this.#waiters;
  }

  /** The socket became readable, or the event loop has gone round. */
  pump(): Outcome {
    this.#owed = false;
    this.#stirred = this.#away;
    // These come first: if the connection has failed, they take the error and keep it for the others. See #endIfNoneCanCome.
    if (this.#urgent.length > 0) this.#serve(this.#urgent);
    return this.#serve(this.#waiters);
  }

  #serve(line: readonly Waiter<Request>[]): Outcome {
    let outcome: Outcome = line.length === 0 ? "idle" : "in vain";
    while (line.length > 0 && !this.#endpoint.closed) {
      if (!mayTry()) {
        this.#retryAfterTurn();
        return "served";
      }
      const waiter = line[0]!;
      let message: Message | undefined;
      try {
        message = this.#try(waiter.request);
      } catch (error) {
        this.#remove(waiter);
        waiter.reject(error as Error);
        outcome = "served";
        continue;
      }
      if (message === undefined) return outcome;
      this.#remove(waiter);
      waiter.resolve(message);
      outcome = "served";
    }
    return outcome;
  }

  /** Nothing tells any more when there is something to receive. */
  fail(error: () => Error): void {
    for (const waiter of [
      ...this.#waiters.splice(0),
      ...this.#urgent.splice(0),
      ...this.#errorWaiters.splice(0),
    ]) {
      waiter.stopListening?.();
      this.#endpoint.endWait();
      waiter.reject(error());
    }
  }

  close(error: () => Error): void {
    this.fail(error);
    for (const message of this.#errors.splice(0)) message[Symbol.dispose]();
    this.#early?.[Symbol.dispose]();
    this.#early = undefined;
    this.#backoff?.cancel();
  }

  #remove(waiter: Waiter<Request>): void {
    const line = this.#lineOf(waiter.request);
    const at = line.indexOf(waiter);
    if (at < 0) return;
    // It mostly is the first, and splice() makes a list of what it takes.
    if (at === 0) line.shift();
    else line.splice(at, 1);
    waiter.stopListening?.();
    this.#endpoint.endWait();
  }

  #retryAfterTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    afterTurn(() => {
      this.#turnScheduled = false;
      this.pump();
    });
  }

  /** Undefined: would block. */
  #try(request: Request): Message | undefined {
    // What is out of band or on the error queue is still in the kernel.
    const inBand = (request.flags & (MSG_ERRQUEUE | MSG_OOB)) === 0;
    if (inBand && this.#holdsEarly()) return this.#takeEarly(request);
    if (this.#away) return undefined;
    this.#endpoint.checkOpen();
    const { number: fd, generation } = this.#endpoint;
    const { family, type } = this.#socket;
    const native = binding();
    const isPacket = type !== SOCK_STREAM;
    let flags = request.flags;
    // On what keeps message boundaries, MSG_TRUNC makes the kernel return the full length.
    if (isPacket && this.#tellsFullLength()) flags |= MSG_TRUNC;
    // Others have no descriptors, and AF_PACKET and some of AF_CAN refuse flags that they don't know.
    if (family === AF_UNIX) flags |= MSG_CMSG_CLOEXEC;

    let room: number;
    let memory: Buffer | undefined;
    // A Unix message can be longer than any default.
    const isWhole =
      family === AF_UNIX && isPacket && request.size === undefined && request.buffers === undefined;
    if (request.buffers !== undefined) {
      room = byteLength(request.buffers);
      // With less room, the kernel would cut the message or seem to report the end of the stream.
      if (room !== request.room) {
        throw codedError("ERR_INVALID_STATE", "A buffer was transferred or resized before it was filled");
      }
    } else {
      room = request.size ?? DEFAULT_SIZE;
      memory = reserve(room);
    }
    controlRoom();
    const { call } = native;
    call[CALL_FD] = fd;
    call[CALL_GENERATION] = generation;
    call[CALL_FLAGS] = flags;
    call[CALL_SIZE] = Math.min(room, 0x7fffffff);
    call[CALL_MAX_FDS] = request.maxFds;
    call[CALL_WHOLE] = isWhole ? 1 : 0;
    const result =
      memory !== undefined && room <= DEFAULT_SIZE
        ? native.receive()
        : native.receive(memory ?? request.buffers!);
    if (result < 0) {
      if (result === GONE) this.#endpoint.open();
      if (result === -EAGAIN) return this.#endIfShutDown(flags);
      if (result === -EINVAL && flags & MSG_OOB) return this.#endIfNoneCanCome(fd);
      if (result === HELD_BACK) return this.#holdBack();
      if (result === OFF_LOOP) return this.#receiveOffLoop(request, room, flags);
      // With RECVERR on, an earlier packet's error is reported here once, and in full on the error queue.
      if (!(flags & MSG_ERRQUEUE) && this.drainErrors() > 0) return this.#try(request);
      throw this.#failure(result);
    }
    this.#backoff?.reset();
    this.#emptyIn = !isPacket && result < room ? turnOfEvents() : undefined;
    return this.#message(result, isWhole ? Math.max(room, result) : room, flags, request.buffers, memory);
  }

  #failure(result: number): Error {
    const error = failure(result, "recvmsg");
    // netlink_overrun(), net/netlink/af_netlink.c. Of other families it is a shortage of memory.
    return result === -ENOBUFS && this.#socket.family === AF_NETLINK ? lossError(error) : error;
  }

  /**
   * Too many descriptors that the peer has sent wait to be closed: it may send no more until some are. Readiness does not tell when
   * there are fewer, so a timer tries again.
   */
  #holdBack(): undefined {
    this.#backoff ??= new Backoff();
    this.#backoff.wait(() => this.pump());
  }

  /** Near the limit of open files, the kernel may close some of a message's descriptors in the call: a thread makes it. */
  #receiveOffLoop(request: Request, room: number, flags: number): undefined {
    const fd = this.#endpoint.open();
    // A stream gives what is there. A message comes whole: whoever gets it in the end may have room for more than this request.
    // Asking for the length installs no descriptor: there is no room for control data.
    const size =
      this.#socket.type === SOCK_STREAM
        ? Math.min(room, DEFAULT_SIZE)
        : Math.max(Math.min(room, LONGEST_UNIX_MESSAGE), binding().recvmsg(fd, nothing, PEEK));
    const started = callOffLoop(
      (token) => binding().startReceive(fd, size, controlRoom().length, ADDRESS_SPACE, flags, token),
      (token) => this.#arrived(token, request, size, flags),
    );
    if (started < 0) throw failure(started, "recvmsg");
    this.#away = true;
  }

  #arrived(token: number, request: Request, size: number, flags: number): void {
    this.#away = false;
    let message: Message | undefined;
    let error: Error | undefined;
    try {
      message = this.#endReceive(token, request, size, flags);
    } catch (thrown) {
      error = thrown as Error;
    }
    const waiter = this.#waiters[0];
    if (this.#endpoint.closed) {
      message?.[Symbol.dispose]();
      return;
    }
    if (error) this.#earlyError = error;
    else if (message === undefined) {
      // Somebody else has received it. The event of the next one has come already, or is to come.
      if (!this.#stirred) return;
    } else if (!(flags & MSG_PEEK)) {
      this.#early = message;
    } else if (waiter?.request === request) {
      // The kernel still has it: the next receive must not be given this one.
      this.#remove(waiter);
      const whole = { ...request, flags: request.flags & ~MSG_PEEK };
      try {
        waiter.resolve(takeEarly(message, whole, this.#socket.type === SOCK_STREAM).message);
      } catch (thrown) {
        message[Symbol.dispose]();
        waiter.reject(thrown as Error);
      }
    } else {
      message[Symbol.dispose]();
    }
    this.pump();
  }

  /** What the thread has received. Undefined: nothing was there. */
  #endReceive(token: number, request: Request, size: number, flags: number): Message | undefined {
    let memory: Buffer | undefined;
    let lack: unknown;
    try {
      memory = reserve(size);
    } catch (error) {
      lack = error;
    }
    const room = memory ? size : 0;
    // Once it has given up waiting, what it wanted says nothing about what the next one wants.
    const wanted = flags & MSG_PEEK || this.#waiters[0]?.request === request;
    const result = binding().endReceive(token, memory ?? nothing, room, wanted ? request.maxFds : SCM_MAX_FD);
    if (result === -EAGAIN) return this.#endIfShutDown(flags);
    if (result < 0) throw this.#failure(result);
    const message = this.#message(result, room, flags, memory ? undefined : nothing, memory);
    if (memory) return message;
    // The message is lost, its descriptors must not be.
    message[Symbol.dispose]();
    throw lack;
  }

  /**
   * Whether MSG_TRUNC as an input flag makes the kernel return the message's full length. Other families ignore the flag (TIPC),
   * refuse it (RxRPC) or throw the data away (LLC).
   */
  #tellsFullLength(): boolean {
    const { family, protocol } = this.#socket;
    return TELLING.has(family) && !(family === AF_CAN && protocol === CAN_J1939);
  }

  /** On a datagram socket, reading one that was shut down is EAGAIN for ever; here it is the end, as everywhere. */
  #endIfShutDown(flags: number): Message | undefined {
    return this.#readShutDown && !(flags & MSG_ERRQUEUE) ? messageOf({ eof: true }) : undefined;
  }

  /**
   * A receive with MSG_OOB said EINVAL: nothing is there out of band. Undefined, if something can still come. See tcp_recv_urg(),
   * net/ipv4/tcp.c.
   */
  #endIfNoneCanCome(fd: number): Message | undefined {
    if (getInt(fd, SOL_SOCKET, SO_OOBINLINE) !== 0) {
      const error = systemError(EINVAL, "recvmsg");
      explain(
        error,
        `${error.message}: SO_OOBINLINE is on, so that urgent bytes come in their place. Receive without MSG_OOB, or set oobInline to false`,
      );
      throw error;
    }
    const events = binding().poll(fd, EPOLLRDHUP);
    if (events < 0) throw failure(events, "ppoll");
    const pending = events & EPOLLERR ? getInt(fd, SOL_SOCKET, SO_ERROR) : 0;
    if (pending !== 0) {
      // The kernel tells an error once, and whoever receives what is in band must see it, too.
      this.#earlyError ??= systemError(pending, "recvmsg");
      throw systemError(pending, "recvmsg");
    }
    if (events & EPOLLRDHUP) return messageOf({ eof: true });
    if (events & EPOLLHUP) throw systemError(ENOTCONN, "recvmsg");
    return undefined;
  }

  #message(
    result: number,
    room: number,
    flags: number,
    buffers: Uint8Array | Uint8Array[] | undefined,
    memory: Buffer | undefined,
  ): Message {
    const numbers = binding().result;
    const { family, isOwn } = this.#socket;
    const length = Math.min(result, room);
    const kept = numbers[RESULT_KEPT]!;
    const held = kept === 0 ? NO_FDS : heldOf(numbers, kept);
    const dropped = numbers[RESULT_DROPPED]!;
    if (kept + dropped > 0) countArrived(kept + dropped);
    const pidfd =
      numbers[RESULT_PIDFD]! >= 0
        ? hold(numbers[RESULT_PIDFD]!, numbers[RESULT_PIDFD_GENERATION]!)
        : undefined;
    let data: Buffer;
    try {
      if (memory !== undefined) {
        data = length > memory.length ? takeWhole(length) : take(memory, length);
      } else {
        data = filled(buffers!, length);
      }
    } catch (error) {
      // No memory for it: the message is lost, its descriptors must not be.
      for (const descriptor of held) descriptor.close();
      pidfd?.close();
      throw error;
    }
    const controlLength = numbers[RESULT_CONTROL_LENGTH]!;
    const addressLength = Math.min(numbers[RESULT_ADDRESS_LENGTH]!, ADDRESS_SPACE);
    const msgFlags = numbers[RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC;
    const control = controlLength > 0 ? controlRoom().slice(0, controlLength) : undefined;
    const address = this.#senderAddress(addressLength);
    return arrived(
      data,
      held,
      pidfd,
      msgFlags,
      result === 0 && this.#isEnd(flags, msgFlags, controlLength, addressLength),
      result,
      dropped,
      control === undefined && address === undefined
        ? undefined
        : new RawParts(control, address, family, isOwn),
    );
  }

  #senderAddress(length: number): Uint8Array | undefined {
    if (length > 0) return addressOfCall(length);
    // A Unix datagram's sender that is not bound has no name, which is a name too.
    const { family, type } = this.#socket;
    return family === AF_UNIX && type === SOCK_DGRAM && !this.#readShutDown ? UNNAMED : undefined;
  }

  /** Whether 0 bytes are the end of the stream, and not an empty message. */
  #isEnd(flags: number, msgFlags: number, controlLength: number, addressLength: number): boolean {
    if (flags & MSG_ERRQUEUE) return false;
    const { family, type } = this.#socket;
    if (type === SOCK_STREAM) return true;
    // Both are 0 bytes here; the control message that was switched on for this comes with real messages only.
    if (type === SOCK_SEQPACKET) return family === AF_UNIX ? controlLength === 0 : (msgFlags & MSG_EOR) === 0;
    return this.#readShutDown && addressLength === 0;
  }

  #takeEarly(request: Request): Message {
    const error = this.#earlyError;
    if (error) {
      this.#earlyError = undefined;
      throw error;
    }
    const early = this.#early!;
    this.#early = undefined;
    try {
      const { message, rest } = takeEarly(early, request, this.#socket.type === SOCK_STREAM);
      this.#early = rest;
      return message;
    } catch (error) {
      // No memory for it: the message is lost, its descriptors must not be. Peeking has taken nothing, and leaves it.
      if (request.flags & MSG_PEEK) this.#early = early;
      else early[Symbol.dispose]();
      throw error;
    }
  }

  // The error queue: ICMP's reports, transmit timestamps, zero-copy completions. recvmsg(2), MSG_ERRQUEUE.

  /**
   * AF_UNIX does not know the flag and would give a normal message; so do AF_CAN, AF_VSOCK and AF_BLUETOOTH of a kernel that is
   * older than what they put there.
   */
  #hasErrorQueue(): boolean {
    const { family, errorQueue } = this.#socket;
    return errorQueue || family === AF_INET || family === AF_INET6 || family === AF_PACKET;
  }

  /** Moves what the kernel has on the error queue into our list; returns how many entries came. */
  drainErrors(): number {
    if (!this.#hasErrorQueue()) return 0;
    const request: Request = { maxFds: 0, size: undefined, buffers: undefined, room: 0, flags: MSG_ERRQUEUE };
    let count = 0;
    for (; count < MAX_ERRORS && !this.#endpoint.closed; count++) {
      let message: Message | undefined;
      try {
        message = this.#try(request);
      } catch {
        break;
      }
      if (message === undefined) break;
      const waiter = this.#errorWaiters.shift();
      if (waiter) {
        waiter.stopListening?.();
        this.#endpoint.endWait();
        waiter.resolve(message);
      } else if (this.#errors.length < MAX_ERRORS) {
        this.#errors.push(message.copy());
      } else {
        this.errorsDropped++;
      }
    }
    return count;
  }

  receiveError(options: { signal?: AbortSignal }): Promise<Message> {
    let signal: AbortSignal | undefined;
    try {
      this.#endpoint.open();
      signal = checkSignal("options.signal", checkObject("options", options).signal);
      if (signal?.aborted) throw new AbortError(signal);
      if (!this.#hasErrorQueue()) throw noErrors(this.#socket.family);
      this.#endpoint.useEdges();
      this.#endpoint.watch(0);
      if (this.#errors.length === 0) this.drainErrors();
      const message = this.#errors.shift();
      if (message) return Promise.resolve(message);
      this.#endpoint.beginWait(0);
    } catch (error) {
      return rejectInTurn(error);
    }
    const waiter = new Waiter(undefined);
    const end = (error: unknown): void => {
      this.#errorWaiters.splice(this.#errorWaiters.indexOf(waiter), 1);
      waiter.stopListening?.();
      this.#endpoint.endWait();
      waiter.reject(error as Error);
    };
    this.#errorWaiters.push(waiter);
    try {
      waiter.stopListening = listenForAbort(signal, end);
    } catch (error) {
      end(error);
    }
    return waiter.promise;
  }
}

/** The descriptors that a receive has kept. */
function heldOf(numbers: Int32Array, kept: number): FileDescriptor[] {
  const held: FileDescriptor[] = [];
  for (let i = 0; i < kept; i++) {
    held.push(hold(numbers[RESULT_FDS + 2 * i]!, numbers[RESULT_FDS + 2 * i + 1]!));
  }
  return held;
}

function lossError(error: Error): Error {
  explain(
    error,
    `${error.message}: the kernel has dropped messages, because the socket's receive buffer was full. Read again the ` +
      "state that they told of. Receive faster, or set a larger rcvBufForce or rcvBuf",
  );
  return Object.assign(error, { reason: MESSAGES_LOST });
}

const LATE_ERRORS: ReadonlySet<number> = new Set([AF_CAN, AF_VSOCK, AF_BLUETOOTH]);

/** A wait for it would never end. */
function noErrors(family: number): Error {
  const error = systemError(EOPNOTSUPP, "recvmsg");
  const reason = LATE_ERRORS.has(family)
    ? "nothing is switched on that comes on this socket's error queue: transmit timestamps, zero-copy completions"
    : `${nameOf(family)} sockets have no error queue`;
  explain(error, `${error.message}: ${reason}`);
  return error;
}
