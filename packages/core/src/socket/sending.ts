import { familyName } from "../address/family.js";
import type { AddressInput } from "../address/index.js";
import { checkObject, checkSignal, isPlainBytes, lengthOf, restOf } from "../arguments.js";
import { AF_INET, AF_INET6, AF_RDS } from "../constants/address-families.js";
import { SHUT_WR } from "../constants/shutdown.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EncodedControl } from "../control/encoded-control.js";
import { encodeRights } from "../control/rights.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { EAGAIN } from "../errno.js";
import { codedError, invalidArgType, invalidArgValue } from "../errors.js";
import { borrowFdAt, markHandedOver, markHandingOver } from "../interop/sendable.js";
import type { OutgoingMessage } from "../message.js";
import { RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { SEND } from "../reasons/send.js";
import { type BoundPath, boundPathsOf } from "../socket-file/bound-path.js";
import { failure } from "../syscalls/failure.js";
import { kernelInterfaceIndex } from "../syscalls/kernel-interfaces.js";
import { readU16 } from "../wire/bytes.js";
import { checkNotAborted, SIGNAL_KEYS } from "./abort.js";
import { BatchSending, type PreparedBatch, type SendBatchOptions } from "./batch-sending.js";
import type { BatchSlots, SlotMessage } from "./batch-slots.js";
import { Duplicates } from "./duplicates.js";
import type { Endpoint } from "./endpoint.js";
import type { ErrorQueue } from "./error-queue.js";
import type { SocketFacts } from "./facts.js";
import { mayTry, nextTurn, rejectInTurn } from "./fairness.js";
import { checkMessage, checkOutgoing, encodedAddress } from "./outgoing.js";
import { EPOLLHUP, EPOLLOUT } from "./readiness.js";
import { SegmentedSending } from "./segmentation.js";
import { isError, SendCall } from "./send-call.js";
import { NO_SEND_OPTIONS, SEND_KEYS, type SendOptions } from "./send-options.js";
import {
  EVERY_LANE,
  SendQueue,
  type SendResult,
  type Transport,
  wentAtOnce,
  withBytesSent,
} from "./send-queue.js";

/** Reads each property of a message once, because a getter can return something else the next time. */
function readMessage(message: OutgoingMessage): OutgoingMessage {
  const { data, fds, control, address, segmentSize, flags } = checkMessage(message);
  return { data, fds, control, address, segmentSize, flags } as OutgoingMessage;
}

/** A message in the form that the system call needs. */
interface PreparedMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  readonly inParts: boolean;
  readonly batch: undefined;
  /**
   * The control messages other than descriptors. They go with every part of a stream message, because the kernel reads them in each
   * call. Without them, the rest would have the process's own credentials (unix_stream_sendmsg(), net/unix/af_unix.c), another
   * record type (tls_sw_sendmsg(), net/tls/tls_sw.c), another mark, or no timestamp for its last byte (tcp_sendmsg_locked(),
   * net/ipv4/tcp.c). Repeating them is safe: no control message that a stream takes has another meaning the second time.
   */
  readonly control: Uint8Array | null;
  /** The whole control data. Once the message waits, it contains {@link duplicates} instead of the caller's descriptors. */
  controlWithFds: Uint8Array | null;
  /** Once the message waits, a copy, because it can be the caller's. */
  address: Uint8Array | null;
  readonly flags: number;
  readonly fds: readonly number[];
  /** The objects or numbers from which `fds` came. */
  readonly sendables: readonly unknown[];
  /** The paths of our own bound sockets among `fds`, even if the caller gave them as numbers. */
  readonly boundPaths: readonly BoundPath[];
  /** The size of the datagrams to cut the data into. 0: it is one message. */
  readonly segmentSize: number;
  /** The result of the first call, if it was already made. */
  first: number | undefined;
  /** The error that ended a call after it had sent a part. The next call throws it. */
  failure: Error | undefined;
  /** While the message waits and nothing of it was sent. */
  duplicates: Duplicates | undefined;
}

type Prepared = PreparedMessage | PreparedBatch;

const concat = (first: Uint8Array | null, second: Uint8Array | null): Uint8Array | null => {
  if (first === null) return second;
  if (second === null) return first;
  return Buffer.concat([first, second]);
};

/** Whether a socket can send to addresses of this family. RDS sockets use IP addresses. */
function canSendTo(family: number, address: number): boolean {
  if (address === family) return true;
  if (family === AF_RDS) return address === AF_INET || address === AF_INET6;
  // An IPv6 datagram socket can send to IPv4 addresses, unless it is IPv6-only: udpv6_sendmsg(), net/ipv6/udp.c.
  return family === AF_INET6 && address === AF_INET;
}

const NONE: readonly never[] = [];

/** A message that has no descriptors. Its first call was already made. */
function plainMessage(
  data: Uint8Array,
  total: number,
  inParts: boolean,
  control: Uint8Array | null,
  address: Uint8Array | null,
  flags: number,
  first: number,
): PreparedMessage {
  return {
    iov: data,
    total,
    inParts,
    batch: undefined,
    control,
    controlWithFds: control,
    address,
    flags,
    fds: NONE,
    sendables: NONE,
    boundPaths: NONE,
    segmentSize: 0,
    first,
    failure: undefined,
    duplicates: undefined,
  };
}

/** The sending half of a socket: checks messages and passes them to the kernel. */
export class Sending implements Transport<Prepared> {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #call: SendCall;
  readonly #batches: BatchSending;
  readonly queue: SendQueue<Prepared>;
  readonly segmentation: SegmentedSending;
  readonly isStream: boolean;
  readonly #interfaceIndex = (name: string): number | undefined =>
    kernelInterfaceIndex(this.#endpoint.open(), name);
  readonly #encode = (argument: string, address: AddressInput | Uint8Array): Uint8Array =>
    this.#checkFamily(argument, encodedAddress(argument, address, this.#interfaceIndex));
  readonly #isConnecting: () => boolean;
  /** Whether it is a connected Unix datagram socket, of whose peer poll(2) knows. */
  #knowsPeer = false;

  constructor(endpoint: Endpoint, facts: SocketFacts, errors: ErrorQueue, isConnecting: () => boolean) {
    this.#endpoint = endpoint;
    this.#isConnecting = isConnecting;
    this.#facts = facts;
    this.#call = new SendCall(endpoint, facts, SEND, errors);
    this.isStream = facts.type === SOCK_STREAM;
    this.queue = new SendQueue(endpoint, this);
    this.segmentation = new SegmentedSending(this.#call);
    this.#batches = new BatchSending(this.#call, this.segmentation);
  }

  /** Whether the socket is a Unix datagram socket that is connected, and whether its own queue can have messages then. */
  noteConnected(isConnected: boolean, mayHaveMessages: boolean): void {
    this.#call.purges = isConnected && mayHaveMessages;
    this.#knowsPeer = isConnected;
  }

  /** See {@link SendCall.purges}. */
  get purges(): boolean {
    return this.#call.purges;
  }

  /** Returns the address if the socket can send to it. */
  #checkFamily(argument: string, bytes: Uint8Array): Uint8Array {
    const family = readU16(bytes, 0);
    if (canSendTo(this.#facts.family, family)) return bytes;
    const [given, own] = [family, this.#facts.family].map((number) => familyName(number) ?? number);
    throw invalidArgValue(argument, `is of family ${given}. This socket sends to addresses of family ${own}`);
  }

  /**
   * The fast path, which most sends take. Sends a message of bytes at once, if no other message waits, and returns their number. If
   * the kernel did not take all of them, returns the message with the result of this first call: the rest or the error goes the same
   * way as any other. Undefined: the message takes the long way.
   */
  #sendPlain(message: OutgoingMessage): number | PreparedMessage | undefined {
    const { data, fds, control, address, segmentSize, flags } = message;
    if (fds !== undefined || flags !== undefined || segmentSize !== undefined) return undefined;
    if ((control !== undefined && !(control instanceof EncodedControl)) || !isPlainBytes(data))
      return undefined;
    const encoded = control === undefined ? null : control.bytes;
    const to = address === undefined ? null : this.#encode("message.address", address);
    // Read the length after all code that runs the caller's code: that code could send too, or transfer the memory.
    const length = lengthOf(data);
    if (length === 0 || !this.queue.isEmpty()) return undefined;
    const first = this.#call.sendmsg(data, encoded, to, this.#call.alwaysSet);
    if (first === length || (first >= 0 && !this.isStream)) return first;
    return plainMessage(data, length, this.isStream, encoded, to, this.#call.alwaysSet, first);
  }

  sendMessage(message: OutgoingMessage, options: SendOptions): Promise<SendResult> {
    let prepared: PreparedMessage;
    let signal: AbortSignal | undefined;
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      if (options !== NO_SEND_OPTIONS) {
        signal = checkSignal("options.signal", checkObject("options", options, SEND_KEYS).signal);
      }
      const checked = readMessage(message);
      const sent = signal === undefined ? this.#sendPlain(checked) : undefined;
      if (typeof sent === "number") return wentAtOnce(sent, !mayTry());
      prepared = sent ?? this.#prepare(checked);
      // Last, because a getter of the message can abort it.
      if (signal) checkNotAborted(signal);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    return this.queue.send(prepared, signal);
  }

  trySendBytes(data: Uint8Array, address: AddressInput | Uint8Array | undefined): boolean {
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      if (this.isStream) {
        throw codedError("ERR_INVALID_STATE", "A stream can take a part of the bytes: use trySendmsg()");
      }
      if (!isPlainBytes(data)) throw invalidArgType("data", "a Buffer or Uint8Array", data);
      // An empty view may be one whose memory was transferred.
      if (lengthOf(data) === 0 || !this.queue.isEmpty())
        return this.trySendMessage({ data, address }) !== undefined;
      const { alwaysSet } = this.#call;
      const to = address === undefined ? null : this.#encode("address", address);
      const first = this.#call.sendmsg(data, null, to, alwaysSet);
      if (first >= 0) {
        this.queue.noteTaken();
        return true;
      }
      return (
        this.queue.trySend(plainMessage(data, lengthOf(data), false, null, to, alwaysSet, first)) !==
        undefined
      );
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  trySendMessage(message: OutgoingMessage): SendResult | undefined {
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      const checked = readMessage(message);
      const sent = this.#sendPlain(checked);
      if (typeof sent !== "number") return this.queue.trySend(sent ?? this.#prepare(checked));
      this.queue.noteTaken();
      return { bytes: sent };
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  #prepareBatch(batch: BatchSlots, options: SendBatchOptions): PreparedBatch | undefined {
    this.#endpoint.checkOpen();
    this.queue.checkOpen();
    return this.#batches.prepare(batch, options);
  }

  sendBatch(batch: BatchSlots, options: SendBatchOptions): Promise<number> {
    let prepared: PreparedBatch | undefined;
    try {
      prepared = this.#prepareBatch(batch, options);
    } catch (error) {
      return rejectInTurn(error);
    }
    if (prepared === undefined) return mayTry() ? Promise.resolve(0) : nextTurn().then(() => 0);
    if (this.queue.isEmpty()) {
      const outOfTurn = !mayTry();
      let first: number;
      try {
        first = this.#batches.send(prepared, 0);
      } catch (error) {
        return rejectInTurn(error);
      }
      if (first >= prepared.total) return outOfTurn ? nextTurn().then(() => first) : Promise.resolve(first);
      prepared.first = first;
    }
    return this.queue
      .send(prepared, prepared.signal)
      .then(({ bytes: messages }) => messages, withoutBytesSent);
  }

  trySendBatch(batch: BatchSlots, options: SendBatchOptions): number {
    const prepared = this.#prepareBatch(batch, options);
    return prepared === undefined ? 0 : (this.queue.trySend(prepared)?.bytes ?? 0);
  }

  writable(options: { signal?: AbortSignal }): Promise<void> {
    try {
      const { signal } = checkObject("options", options, SIGNAL_KEYS);
      this.#endpoint.open();
      return this.queue.writable(checkNotAborted(signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #prepare(message: OutgoingMessage): PreparedMessage {
    const checked = checkOutgoing(message, this.#facts, borrowFdAt, this.#encode, this.#interfaceIndex);
    const { iov, total, files, sendables, control, address, flags, segmentSize } = checked;
    return {
      iov,
      total,
      inParts: this.isStream || segmentSize > 0,
      batch: undefined,
      control,
      controlWithFds: files.length > 0 ? concat(encodeRights(files), control) : control,
      address: address ?? null,
      flags: flags | this.#call.alwaysSet,
      fds: files,
      sendables,
      boundPaths: files.length > 0 ? boundPathsOf(files) : NONE,
      segmentSize,
      first: undefined,
      failure: undefined,
      duplicates: undefined,
    };
  }

  orderOf(message: Prepared): string {
    // A batch can have messages to many destinations.
    if (message.batch) return EVERY_LANE;
    const { address } = message;
    // A stream is one sequence of bytes. TCP ignores the address, and parts of two messages must not mix.
    return address === null || this.isStream ? "" : Buffer.from(address).toString("latin1");
  }

  send(message: Prepared, sent: number): number {
    if (message.batch) return this.#batches.send(message, sent);
    if (message.segmentSize > 0) return this.#sendSegmented(message, sent);
    const { address, flags, first } = message;
    const control = sent === 0 ? message.controlWithFds : message.control;
    // Mark before the call, because the receiver may act before the call returns.
    if (sent === 0) for (const value of message.sendables) markHandingOver(value);
    const iov = sent === 0 ? message.iov : remaining(message.iov, sent);
    message.first = undefined;
    let result = first ?? this.#call.sendmsg(iov, control, address, flags);
    if (this.#call.isOfEarlierPacket(result)) result = this.#call.sendmsg(iov, control, address, flags);
    if (isError(result)) throw this.#call.failure(result, message);
    return result;
  }

  /** Sends the datagrams into which the data behind byte `sent` are cut. */
  #sendSegmented(message: PreparedMessage, sent: number): number {
    const { total, failure } = message;
    if (failure) throw failure;
    let at = sent;
    // Long data give other sockets a turn.
    while (at < total && (at === sent || mayTry())) {
      let result = this.segmentation.send(message, at);
      if (this.#call.isOfEarlierPacket(result)) result = this.segmentation.send(message, at);
      if (isError(result)) {
        const error = this.#call.failure(result, message);
        if (at === sent) throw error;
        message.failure = error;
      }
      if (result < 0) break;
      at += result;
    }
    return at > sent ? at - sent : -EAGAIN;
  }

  /** Checks and encodes a message for a slot. Duplicates its descriptors, because nobody knows when the batch will be sent. */
  prepareForSlot(message: OutgoingMessage): SlotMessage {
    const prepared = this.#prepare(message);
    const { iov, total, address, segmentSize, sendables } = prepared;
    if (sendables.length === 0) {
      return { iov, total, control: prepared.control, address, segmentSize, attached: undefined };
    }
    const duplicates = this.#duplicate(prepared);
    return {
      iov,
      total,
      control: prepared.controlWithFds,
      address,
      segmentSize,
      attached: { sendables, duplicates, noteSent: () => this.noteDescriptorsSent(prepared) },
    };
  }

  sendInThread(message: Prepared, done: (result: number | Error) => void): void {
    if (message.batch) {
      this.#batches.sendInThread(message, done);
      return;
    }
    const { iov, controlWithFds, address, flags } = message;
    this.#call.sendInThread(iov, controlWithFds, address, flags, (result) =>
      done(isError(result) ? this.#call.failure(result, message) : result),
    );
  }

  retain(message: Prepared, sent: number): void {
    if (message.batch) {
      message.batch.lock("sendBatch()");
      return;
    }
    message.address &&= message.address.slice();
    // The descriptors went with the part that was sent.
    if (sent > 0) return;
    this.#duplicate(message);
  }

  /** Makes duplicates of the message's descriptors, which are sent in their place. */
  #duplicate(message: PreparedMessage): Duplicates {
    const descriptors: FileDescriptor[] = [];
    for (const fd of message.fds) {
      const duplicate = binding().dup(fd);
      if (duplicate < 0) {
        for (const descriptor of descriptors) descriptor.close();
        throw this.#call.explained(failure(duplicate, "fcntl"), message);
      }
      descriptors.push(holdUncollected(duplicate, binding().result[RESULT_GENERATION]!));
    }
    if (descriptors.length > 0) {
      message.controlWithFds = concat(encodeRights(descriptors.map(({ fd }) => fd)), message.control);
    }
    message.duplicates = new Duplicates(descriptors, message.boundPaths);
    return message.duplicates;
  }

  release(message: Prepared): void {
    if (message.batch) {
      message.batch.unlock();
      return;
    }
    message.duplicates?.close();
    message.duplicates = undefined;
  }

  noteDescriptorsSent(message: Prepared): void {
    // The batch notes it for each of its messages.
    if (message.batch) return;
    this.release(message);
    for (const path of message.boundPaths) path.leave();
    // `boundPaths` has no sockets of another installed copy of the library. Mark those here.
    for (const value of message.sendables) markHandedOver(value);
  }

  /**
   * If the socket is writable although the kernel said EAGAIN, its own buffer is not full, and no event says when to try again.
   * Examples: an addressed Unix datagram to a full peer, netlink to a full socket of another process, a UDP socket that needs a
   * port while none is free.
   */
  willReportWritable(): boolean {
    const events = binding().poll(this.#endpoint.fd, EPOLLOUT);
    // If poll(2) fails, use the timer: a useless attempt costs little, but waiting for an event could last for ever.
    // EPOLLHUP: the peer has shut down both directions. The next attempt fails at once, and no further event comes.
    if (events < 0 || (events & (EPOLLOUT | EPOLLHUP)) !== 0) return false;
    this.expectWritable();
    return true;
  }

  expectWritable(): void {
    this.#endpoint.watch(EPOLLOUT);
  }

  /**
   * See {@link willReportWritable}. A connected Unix datagram socket is never writable while its peer is full:
   * unix_dgram_poll(), net/unix/af_unix.c.
   */
  refusesWhileWritable(message: Prepared): boolean {
    return !this.#knowsPeer || message.batch !== undefined || message.address !== null;
  }

  /** Until a connect has ended, poll(2) says nothing: it calls an unconnected Unix stream writable. */
  isWritable(): boolean {
    return !this.#isConnecting() && !this.willReportWritable();
  }

  shutDownWriting(): void {
    binding().shutdown(this.#endpoint.fd, SHUT_WR);
  }
}

/** In a batch, the queue counts messages. The batch itself says how many were sent. */
function withoutBytesSent(error: Error & { bytesSent?: number }): never {
  delete error.bytesSent;
  throw error;
}

/** The views from byte `offset` on. */
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
