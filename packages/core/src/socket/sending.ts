import { detailsOf } from "../address/encode.js";
import { familyName } from "../address/family.js";
import { type AddressInput, decodeAddress, encodeAddress } from "../address/index.js";
import { checkBytes, checkObject, checkSignal, isPlainBytes, lengthOf, restOf } from "../arguments.js";
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
import { EncodedControl } from "../control/encoded-control.js";
import { encodeRights } from "../control/rights.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { EAGAIN, EFAULT, EMSGSIZE } from "../errno.js";
import { codedError, invalidArgValue, outOfRange, type SystemError } from "../errors.js";
import { borrowFdAt, markHandedOver, markHandingOver } from "../interop/sendable.js";
import { type KnownKeys, keysOf } from "../known-keys.js";
import type { OutgoingMessage } from "../message.js";
import {
  ADDRESS_SPACE,
  type Binding,
  CALL_ADDRESS,
  CALL_CONTROL,
  CALL_FD,
  CALL_FLAGS,
  CALL_GENERATION,
  CALL_PURGES,
  CALL_SIZE,
  GONE,
  OFF_LOOP,
  RESULT_GENERATION,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { placeAddress, placeControl, placeData } from "../native/scratch.js";
import { withReason } from "../reasons/reasons.js";
import { SEND } from "../reasons/send.js";
import { type BoundPath, boundPathsOf } from "../socket-file/bound-path.js";
import { failure } from "../syscalls/failure.js";
import { kernelInterfaceIndex } from "../syscalls/kernel-interfaces.js";
import { readU16 } from "../wire/bytes.js";
import { checkNotAborted, SIGNAL_KEYS } from "./abort.js";
import type { BatchSlots, SlotMessage } from "./batch-slots.js";
import { Duplicates } from "./duplicates.js";
import type { Endpoint } from "./endpoint.js";
import type { ErrorQueue } from "./error-queue.js";
import type { SocketFacts } from "./facts.js";
import { countBatch, mayTry, nextTurn, rejectInTurn } from "./fairness.js";
import { checkMessage, checkOutgoing, checkSendFlags } from "./outgoing.js";
import { callOffLoop, EPOLLHUP, EPOLLOUT } from "./readiness.js";
import { isRefusal, SegmentedSending } from "./segmentation.js";
import {
  EVERY_LANE,
  SendQueue,
  type SendResult,
  type Transport,
  wentAtOnce,
  withBytesSent,
} from "./send-queue.js";

export interface SendOptions {
  /** Ends the wait. Nothing was sent, unless a part of a stream message had already been sent. */
  signal?: AbortSignal;
}

/** Options of {@link Socket.sendBatch}. */
export interface SendBatchOptions extends SendOptions {
  /** MSG_* flags for all messages, as in {@link OutgoingMessage.flags}. */
  flags?: number;
}

const SEND_BATCH_KEYS = /* @__PURE__ */ keysOf<SendBatchOptions>({ signal: true, flags: true });

export const SEND_KEYS: KnownKeys = /* @__PURE__ */ keysOf<SendOptions>({ signal: true });

/** The options of a send to which the caller gave none. */
export const NO_SEND_OPTIONS: SendOptions = Object.freeze({});

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
  readonly address: Uint8Array | null;
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

/** The messages of a batch. The queue counts them, not their bytes. */
interface PreparedBatch {
  readonly iov: Uint8Array[];
  /** How many messages this call sends: all that are left, or those before the first one that failed. */
  total: number;
  readonly inParts: true;
  readonly batch: BatchSlots;
  readonly flags: number;
  readonly signal: AbortSignal | undefined;
  /** The result of the first calls, if they were already made. */
  first: number | undefined;
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

/** Families that refuse MSG_NOSIGNAL. There we leave it out: runtimes ignore SIGPIPE anyway. */
const REFUSE_NOSIGNAL: ReadonlySet<number> = new Set([AF_RDS, AF_AX25, AF_NETROM, AF_ROSE, AF_X25]);

const NONE: readonly never[] = [];
const NO_VIEWS: Uint8Array[] = [];

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
  readonly #native = binding();
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #errors: ErrorQueue;
  /** Flags that every call gets. */
  readonly #alwaysSet: number;
  readonly queue: SendQueue<Prepared>;
  readonly segmentation: SegmentedSending;
  readonly isStream: boolean;
  readonly #interfaceIndex = (name: string): number | undefined =>
    kernelInterfaceIndex(this.#endpoint.open(), name);
  readonly #encode = (argument: string, address: AddressInput): Uint8Array =>
    this.#checkFamily(argument, encodeAddress(address, argument, this.#interfaceIndex));
  /** Only a message for a batch may have an address that is already encoded. */
  readonly #encodeForSlot = (argument: string, address: AddressInput | Uint8Array): Uint8Array => {
    if (!ArrayBuffer.isView(address)) return this.#encode(argument, address);
    const bytes = checkBytes(argument, address);
    const length = lengthOf(bytes);
    if (length < 2 || length > ADDRESS_SPACE) {
      throw outOfRange(`${argument}.length`, `>= 2 and <= ${ADDRESS_SPACE}`, length);
    }
    return this.#checkFamily(argument, bytes);
  };
  /**
   * Whether a send can purge the socket's own receive queue. That is so on a connected Unix datagram socket whose peer has gone
   * (net/unix/af_unix.c, unix_dgram_disconnected). Closing the descriptors in that queue can take long, so a thread sends.
   */
  purges = false;

  /** See {@link willReportWritable}. */
  readonly refusesWhileWritable = true;
  readonly #isConnecting: () => boolean;

  constructor(endpoint: Endpoint, facts: SocketFacts, errors: ErrorQueue, isConnecting: () => boolean) {
    this.#endpoint = endpoint;
    this.#isConnecting = isConnecting;
    this.#facts = facts;
    this.#errors = errors;
    this.#alwaysSet = REFUSE_NOSIGNAL.has(facts.family) ? MSG_DONTWAIT : MSG_DONTWAIT | MSG_NOSIGNAL;
    this.isStream = facts.type === SOCK_STREAM;
    this.queue = new SendQueue(endpoint, this);
    this.segmentation = new SegmentedSending({
      sendmsg: (data, control, address, flags) => this.#call(data, control, address, flags),
      sendSegments: (data, size, control, address, flags) =>
        this.#callSegments(data, size, control, address, flags),
    });
  }

  /** Returns the address if the socket can send to it. */
  #checkFamily(argument: string, bytes: Uint8Array): Uint8Array {
    const family = readU16(bytes, 0);
    if (canSendTo(this.#facts.family, family)) return bytes;
    const [given, own] = [family, this.#facts.family].map((number) => familyName(number) ?? number);
    throw invalidArgValue(argument, `is of family ${given}. This socket sends to addresses of family ${own}`);
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
      const { data, fds, control, address, segmentSize, flags } = checkMessage(message);
      let plain: PreparedMessage | undefined;
      if (fds === undefined && flags === undefined && segmentSize === undefined && signal === undefined) {
        if ((control === undefined || control instanceof EncodedControl) && isPlainBytes(data)) {
          const encoded = control === undefined ? null : control.bytes;
          const to = address === undefined ? null : this.#encode("message.address", address);
          // Read the length after all code that runs the caller's code: that code could send too, or transfer the memory.
          const length = lengthOf(data);
          if (length > 0 && this.queue.isEmpty()) {
            // The fast path, which most sends take. If the kernel did not take all bytes, the rest or the error goes the same way
            // as any other.
            const outOfTurn = !mayTry();
            const first = this.#call(data, encoded, to, this.#alwaysSet);
            if (first === length || (first >= 0 && !this.isStream)) return wentAtOnce(first, outOfTurn);
            plain = plainMessage(data, length, this.isStream, encoded, to, this.#alwaysSet, first);
          }
        }
      }
      prepared =
        plain ?? this.#prepare({ data, fds, control, address, segmentSize, flags } as OutgoingMessage);
      // Last, because a getter of the message can abort it.
      if (signal) checkNotAborted(signal);
    } catch (error) {
      return rejectInTurn(withBytesSent(error as Error, 0));
    }
    return this.queue.send(prepared, signal);
  }

  trySendMessage(message: OutgoingMessage): SendResult | undefined {
    try {
      this.#endpoint.checkOpen();
      this.queue.checkOpen();
      return this.queue.trySend(this.#prepare(checkMessage(message)));
    } catch (error) {
      throw withBytesSent(error as Error, 0);
    }
  }

  async writable(options: { signal?: AbortSignal }): Promise<void> {
    const { signal } = checkObject("options", options, SIGNAL_KEYS);
    this.#endpoint.open();
    return this.queue.writable(checkNotAborted(signal));
  }

  #prepare(message: OutgoingMessage, encode = this.#encode): PreparedMessage {
    const checked = checkOutgoing(message, this.#facts, borrowFdAt, encode, this.#interfaceIndex);
    const { iov, total, files, sendables, control, address, flags, segmentSize } = checked;
    return {
      iov,
      total,
      inParts: this.isStream || segmentSize > 0,
      batch: undefined,
      control,
      controlWithFds: files.length > 0 ? concat(encodeRights(files), control) : control,
      address: address ?? null,
      flags: flags | this.#alwaysSet,
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
    if (message.batch) return this.#sendBatch(message, sent);
    if (message.segmentSize > 0) return this.#sendSegmented(message, sent);
    const { address, flags, first } = message;
    const control = sent === 0 ? message.controlWithFds : message.control;
    // Mark before the call, because the receiver may act before the call returns.
    if (sent === 0) for (const value of message.sendables) markHandingOver(value);
    const iov = sent === 0 ? message.iov : remaining(message.iov, sent);
    message.first = undefined;
    let result = first ?? this.#call(iov, control, address, flags);
    if (this.#isOfEarlierPacket(result)) result = this.#call(iov, control, address, flags);
    if (isError(result)) throw this.#failure(result, message);
    return result;
  }

  /**
   * With RECVERR on, the error may belong to an earlier packet, and this one was not sent. Then a report is on the error queue, and the
   * caller tries again. Only once: a message that is too long adds a report of its own at each attempt.
   */
  #isOfEarlierPacket(result: number): boolean {
    return isError(result) && this.#errors.drain() > 0 && result !== -EMSGSIZE;
  }

  /** Sends the datagrams into which the data behind byte `sent` are cut. */
  #sendSegmented(message: PreparedMessage, sent: number): number {
    const { total, failure } = message;
    if (failure) throw failure;
    let at = sent;
    // Long data give other sockets a turn.
    while (at < total && (at === sent || mayTry())) {
      let result = this.segmentation.send(message, at);
      if (this.#isOfEarlierPacket(result)) result = this.segmentation.send(message, at);
      if (isError(result)) {
        const error = this.#failure(result, message);
        if (at === sent) throw error;
        message.failure = error;
      }
      if (result < 0) break;
      at += result;
    }
    return at > sent ? at - sent : -EAGAIN;
  }

  #call(
    iov: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number {
    const native = this.#beginCall(flags);
    const { call } = native;
    const data = placeData(native, iov);
    let result: number;
    if (control === null && address === null) {
      call[CALL_CONTROL] = 0;
      call[CALL_ADDRESS] = 0;
      result = data === undefined ? native.send() : native.send(data);
    } else {
      result = native.send(data, placeControl(native, control), placeAddress(native, address));
    }
    if (result === GONE) this.#endpoint.open();
    return result;
  }

  /** Writes what all calls of the native layer need. */
  #beginCall(flags: number): Binding {
    this.#endpoint.checkOpen();
    const native = this.#native;
    const { call } = native;
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_PURGES] = this.purges ? 1 : 0;
    return native;
  }

  #callSegments(
    data: Uint8Array,
    size: number,
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number {
    const native = this.#beginCall(flags);
    native.call[CALL_SIZE] = size;
    const result = native.sendSegments(data, placeControl(native, control), placeAddress(native, address));
    if (result === GONE) this.#endpoint.open();
    return result;
  }

  // Batches.

  /** Checks and encodes a message for a slot. Duplicates its descriptors, because nobody knows when the batch will be sent. */
  prepareForSlot(message: OutgoingMessage): SlotMessage {
    const prepared = this.#prepare(message, this.#encodeForSlot);
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

  /** Checks the batch and the options. Undefined: everything was sent. */
  #prepareBatch(batch: BatchSlots, options: SendBatchOptions): PreparedBatch | undefined {
    this.#endpoint.checkOpen();
    this.queue.checkOpen();
    // Read the options first: their getters are the caller's code, which can use the batch.
    const given = options === NO_SEND_OPTIONS ? options : checkObject("options", options, SEND_BATCH_KEYS);
    const { flags, signal } = given;
    const bits = flags === undefined ? 0 : checkSendFlags("options.flags", flags, batch.hasSegments);
    checkNotAborted(signal);
    batch.checkIdle();
    if (batch.received) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The batch holds received messages: push() those that you want to send into another batch",
      );
    }
    const total = batch.length - batch.sent;
    return total === 0
      ? undefined
      : {
          iov: NO_VIEWS,
          total,
          inParts: true,
          batch,
          flags: bits | this.#alwaysSet,
          signal,
          first: undefined,
        };
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
        first = this.#sendBatch(prepared, 0);
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

  /** Sends the messages of a batch, until there is no room, or one fails. `before`: how many this call has sent already. */
  #sendBatch(message: PreparedBatch, before: number): number {
    const { batch, first } = message;
    if (first !== undefined) {
      message.first = undefined;
      return first;
    }
    const { failure } = batch;
    if (failure) {
      batch.failure = undefined;
      throw failure;
    }
    // Sending an object of the program's can run its code: see markHandingOver().
    const user = batch.lock("sendBatch()");
    try {
      return this.#sendLocked(message, before);
    } finally {
      batch.lock(user);
    }
  }

  #sendLocked(message: PreparedBatch, before: number): number {
    const { batch } = message;
    const start = batch.sent;
    // Long batches give other sockets a turn.
    while (batch.sent < batch.length && (batch.sent === start || mayTry())) {
      let result = this.#sendSlots(message);
      if (this.#isOfEarlierPacket(result)) result = this.#sendSlots(message);
      if (result > 0) {
        batch.advance(result);
        countBatch(result);
      } else if (!isError(result)) {
        if (batch.sent === start) return result;
        break;
      } else {
        const error = Object.assign(this.#failureOfSlot(result, batch), { index: batch.sent });
        const sent = batch.sent - start;
        if (before + sent === 0) throw error;
        // The call ends here, and tells how many it has sent. The next one throws.
        batch.failure = error;
        message.total = before + sent;
        return sent;
      }
    }
    return batch.sent - start;
  }

  /** Sends as many of the next messages as one system call takes. Returns how many were sent, or a negative errno. */
  #sendSlots({ batch, flags }: PreparedBatch): number {
    const { segmentation } = this;
    const first = batch.sent;
    if (batch.hasAttached) {
      for (let i = first; i < batch.length; i++) batch.attachedOf(i)?.sendables.forEach(markHandingOver);
    }
    if (batch.bytesSent > 0 || this.#mustCut(batch, first, flags)) return this.#sendSlotInParts(batch, flags);
    let end = this.purges ? first + 1 : batch.length;
    if (batch.hasSegments && segmentation.isRestricted) {
      for (let i = first + 1; i < end; i++) if (this.#mustCut(batch, i, flags)) end = i;
    }
    const result = batch.sendSlots(this.#beginCall(flags), end);
    if (result === GONE) this.#endpoint.open();
    if (result === -EFAULT) batch.checkMemory();
    if (!batch.hasSegments) return result;
    if (isRefusal(result) && batch.segmentSizeOf(first) !== undefined) {
      return this.#sendSlotInParts(batch, flags);
    }
    for (let i = first; i < first + result; i++) {
      const size = batch.segmentSizeOf(i);
      if (size !== undefined) segmentation.noteOffloaded(batch.fullLengthOf(i), size);
    }
    return result;
  }

  /** Whether we have to cut a message into datagrams, because the kernel would refuse to, or must not. */
  #mustCut(batch: BatchSlots, i: number, flags: number): boolean {
    if (!this.segmentation.isRestricted || batch.segmentSizeOf(i) === undefined) return false;
    return !this.segmentation.mayOffloadAll(batch.outgoing(i, flags));
  }

  /** Sends one message of a batch as datagrams. Returns 1 when all of it was sent. */
  #sendSlotInParts(batch: BatchSlots, flags: number): number {
    const message = batch.outgoing(batch.sent, flags);
    const before = batch.bytesSent;
    while (batch.bytesSent < message.total) {
      if (batch.bytesSent > before && !mayTry()) return -EAGAIN;
      const result = this.segmentation.send(message, batch.bytesSent);
      if (result < 0) return result;
      batch.bytesSent += result;
    }
    return 1;
  }

  #failureOfSlot(result: number, batch: BatchSlots): SystemError {
    const { iov, total, control, address, flags } = batch.outgoing(batch.sent, 0);
    const sendables = batch.attachedOf(batch.sent)?.sendables ?? NONE;
    const message = {
      ...plainMessage(iov as Uint8Array, total, false, control, address, flags, result),
      sendables,
    };
    return this.#failure(result, message);
  }

  #failure(result: number, message: PreparedMessage): SystemError {
    const { address } = message;
    // Decode the address that was sent. The caller's object may have changed.
    const details = address === null ? undefined : detailsOf(decodeAddress(address));
    return this.#explained(failure(result, "sendmsg", details), message);
  }

  #explained(
    error: SystemError,
    { address, fds, sendables, control, flags, total }: PreparedMessage,
  ): SystemError {
    const { family, type } = this.#facts;
    return withReason(error, SEND, {
      fd: this.#endpoint.fd,
      family,
      type,
      address: address === null ? undefined : decodeAddress(address),
      fds,
      sendables,
      control,
      flags: flags & ~this.#alwaysSet,
      total,
    });
  }

  /** Only for datagrams: see {@link purges}. */
  sendInThread(message: Prepared, done: (result: number | Error) => void): void {
    if (message.batch) {
      this.#sendSlotInThread(message.batch, message.flags, done);
      return;
    }
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

  #sendSlotInThread(batch: BatchSlots, flags: number, done: (result: number | Error) => void): void {
    const { iov, control, address } = batch.outgoing(batch.sent, flags);
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startSend(fd, iov, control, address, flags, token),
      (token) => {
        const result = binding().endCall(token);
        if (isError(result)) {
          done(Object.assign(this.#failureOfSlot(result, batch), { index: batch.sent }));
        } else if (result < 0) {
          done(result);
        } else {
          batch.advance(1);
          done(1);
        }
      },
    );
    if (started < 0) throw failure(started, "sendmsg");
  }

  retain(message: Prepared, sent: number): void {
    if (message.batch) {
      message.batch.lock("sendBatch()");
      return;
    }
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
        throw this.#explained(failure(duplicate, "fcntl"), message);
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
    this.#endpoint.watch(EPOLLOUT);
    return true;
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

const isError = (result: number): boolean => result < 0 && result !== -EAGAIN && result !== OFF_LOOP;

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
