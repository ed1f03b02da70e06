import { Buffer } from "node:buffer";
import { encodeAddress } from "../address/index.js";
import { byteLength, lengthOf } from "../arguments.js";
import { bufferView } from "../buffer-view.js";
import { MSG_CMSG_CLOEXEC } from "../constants/message-flags.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import type { ControlMessage } from "../control/table.js";
import { encodeSegmentSize, segmentSizeIn } from "../control/udp-segment.js";
import { type FileDescriptor, hold } from "../descriptor.js";
import { codedError, outOfRange } from "../errors.js";
import { arrived, cutSegments, isOneDatagram, type Message, RawParts } from "../message.js";
import {
  ADDRESS_SPACE,
  type Binding,
  CALL_CONTROL,
  CALL_END,
  CALL_FIRST,
  CALL_SIZE,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_DROPPED,
  RESULT_FLAGS,
  RESULT_KEPT,
  RESULT_PIDFD,
  RESULT_PIDFD_GENERATION,
  SLOT_BYTES,
  SLOT_HEADER,
  SLOT_NUMBERS,
} from "../native/binding.js";
import { once } from "../once.js";
import { warnOfCollected } from "../origin.js";
import { unshared } from "../unshared.js";
import type { Duplicates } from "./duplicates.js";
import type { SocketFacts } from "./facts.js";
import type { SegmentedMessage } from "./segmentation.js";

/** Slots, and the data in them, begin at cache lines. */
const LINE = 64;
const align = (length: number): number => Math.ceil(length / LINE) * LINE;

/** A receive keeps at most so many descriptors: room for two messages with as many as possible. */
const MOST_KEPT = 2 * SCM_MAX_FD;
/** More control data than the kernel takes: the sysctl net.core.optmem_max is 128 KiB at most by default. */
const MOST_CONTROL = 128 << 10;
const NO_PAIRS = new Int32Array(0);
const NO_FDS: readonly FileDescriptor[] = Object.freeze([]);

/** A message to send. Its parts are checked and encoded. */
export interface SlotMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  /** All control data, descriptors included, but without the size of segments. */
  readonly control: Uint8Array | null;
  readonly address: Uint8Array | null;
  /** 0: it is one datagram. */
  readonly segmentSize: number;
  /** If the message has descriptors. */
  readonly attached: Attached | undefined;
}

/** The descriptors of a message to send. */
export interface Attached {
  /** Their owners, as the program gave them. */
  readonly sendables: readonly unknown[];
  readonly duplicates: Duplicates;
  /** Another process has the descriptors. Closes the duplicates. */
  noteSent(): void;
}

/** Batches that a program has dropped while they held descriptors to send. */
const forgotten = once(
  () =>
    new FinalizationRegistry<Set<Duplicates>>((unsent) => {
      if (unsent.size === 0) return;
      for (const duplicates of unsent) duplicates.close();
      warnOfCollected(
        "A MessageBatch was closed by garbage collection, with descriptors that were not sent: send it, or call clear()",
        undefined,
      );
    }),
);

/** The segments of a message of `length` bytes. */
interface Cut {
  readonly length: number;
  readonly segmentSize: number;
  readonly segments: readonly Buffer[];
}

/** What one received message has brought besides its bytes. */
interface Brought {
  fds: readonly FileDescriptor[];
  pidfd: FileDescriptor | undefined;
}

/**
 * The memory of a {@link MessageBatch}, and what it holds. binding.ts says how the memory is divided. The views that programs get lie in
 * `#memory`, so a program can transfer that. Nothing else here can be reached.
 */
export class BatchSlots {
  readonly facts: SocketFacts;
  /** How many slots there are. */
  readonly count: number;
  /** How many bytes of data each slot has room for. */
  readonly size: number;
  /** The same for control data. */
  #space = 0;
  #stride = 0;
  #memory!: Buffer;
  /** The same as `#memory.buffer`, which takes longer to read. */
  #buffer!: ArrayBufferLike;
  readonly #numbers: Int32Array;
  readonly #segmentSizes: Uint16Array;
  /**
   * The view of each slot's message. We keep it for the next message of the same length, because V8 needs some 400 instructions to
   * make a view.
   */
  #views: (Buffer | undefined)[] = [];
  readonly #viewLengths: Int32Array;
  /** The same for messages that are made up of segments. */
  #cuts: (Cut | undefined)[] = [];
  #hasSegments = false;
  #pairs = NO_PAIRS;

  /** How many slots hold a message. */
  length = 0;
  /** Whether these messages were received. Otherwise they are there to be sent. */
  received = false;
  /** How many of the messages were sent. */
  sent = 0;
  /** How many bytes of the next message were sent. Only if it goes out in several datagrams. */
  bytesSent = 0;
  /** The error of the next message. The call that met it had sent others before, so it did not throw. */
  failure: Error | undefined;
  readonly #attached = new Map<number, Attached>();
  /** What is in `#attached`, without the program's objects. Undefined until the first message with descriptors. */
  #unsent: Set<Duplicates> | undefined;
  readonly #brought = new Map<number, Brought>();
  /** The only message, if it was received without this memory: see {@link hold}. */
  #whole: Message | undefined;
  /** Recognises control messages that the library switched on for itself. */
  isUnrequested: ((message: ControlMessage) => boolean) | undefined;
  /** The sender's address where the kernel returned none. */
  unnamed: Uint8Array | undefined;
  #user = "";
  /** The request of a receive without options, and the socket that it is for. */
  plainRequest: unknown;
  plainOwner: unknown;

  calls = 0;
  messages = 0;
  full = 0;

  constructor(facts: SocketFacts, count: number, size: number, space: number) {
    this.facts = facts;
    this.count = count;
    this.size = size;
    this.#numbers = new Int32Array(count * (SLOT_NUMBERS + SLOT_HEADER) + SLOT_HEADER);
    this.#segmentSizes = new Uint16Array(count);
    this.#viewLengths = new Int32Array(count);
    this.#allocate(space);
  }

  #allocate(space: number): void {
    const inSlot = align(space + ADDRESS_SPACE) - ADDRESS_SPACE;
    const stride = align(inSlot + ADDRESS_SPACE + this.size);
    // Not from Node's pool: no other code has views of this memory. This throws if there is no memory, so it comes first.
    this.#buffer = new ArrayBuffer(this.count * stride);
    this.#memory = Buffer.from(this.#buffer);
    this.#views = new Array(this.count).fill(undefined);
    this.#cuts = new Array(this.count).fill(undefined);
    this.#space = inSlot;
    this.#stride = stride;
  }

  // Who uses it.

  /** Throws while a call is sending the batch or receives into it. */
  checkIdle(): void {
    if (this.#user !== "") {
      throw codedError("ERR_INVALID_STATE", `The batch is in use until ${this.#user} has settled`);
    }
  }

  /** `user`: the call that uses the batch from now on. Returns the one before. */
  lock(user: string): string {
    const before = this.#user;
    this.#user = user;
    return before;
  }

  unlock(): void {
    this.#user = "";
  }

  /** Throws if a program has transferred the memory. */
  checkMemory(): void {
    if (this.#memory.length > 0) return;
    throw codedError(
      "ERR_INVALID_STATE",
      "The batch's memory was transferred, together with a view of a message: make another batch, and transfer the data of " +
        "batch.message(i) instead",
    );
  }

  // What it holds.

  /** Forgets all messages. Closes descriptors that were neither sent nor taken. */
  clear(): void {
    if (this.#attached.size > 0) for (const i of this.#attached.keys()) this.#closeAttached(i);
    if (this.#brought.size > 0) this.closeDescriptors();
    if (this.#whole !== undefined) {
      this.#whole[Symbol.dispose]();
      this.#whole = undefined;
    }
    this.#hasSegments = false;
    this.received = false;
    this.unnamed = undefined;
    this.length = 0;
    this.sent = 0;
    this.bytesSent = 0;
    this.failure = undefined;
  }

  /** The message will not be sent. */
  #closeAttached(i: number): void {
    this.#takeAttached(i)?.duplicates.close();
  }

  #takeAttached(i: number): Attached | undefined {
    const attached = this.#attached.get(i);
    if (attached === undefined) return undefined;
    this.#attached.delete(i);
    this.#unsent!.delete(attached.duplicates);
    return attached;
  }

  /** Closes the received descriptors that were not taken. The messages stay. */
  closeDescriptors(): void {
    for (const { fds, pidfd } of this.#brought.values()) {
      for (const descriptor of fds) descriptor.close();
      pidfd?.close();
    }
    this.#brought.clear();
  }

  /** Where the data of a slot begins. */
  #dataAt(i: number): number {
    return i * this.#stride + this.#space + ADDRESS_SPACE;
  }

  #view(at: number, length: number): Buffer {
    this.checkMemory();
    return bufferView(this.#buffer, at, length);
  }

  #number(i: number, position: number): number {
    return this.#numbers[i * SLOT_NUMBERS + position]!;
  }

  /** All room for the data of a slot. */
  roomOf(i: number): Buffer {
    return this.#view(this.#dataAt(i), this.size);
  }

  dataOf(i: number): Buffer {
    if (this.#whole) return this.#whole.data;
    const length = Math.min(this.#number(i, SLOT_BYTES), this.size);
    const known = this.#views[i];
    if (known !== undefined && this.#viewLengths[i] === length && this.#memory.length > 0) return known;
    const view = this.#view(this.#dataAt(i), length);
    this.#views[i] = view;
    this.#viewLengths[i] = length;
    return view;
  }

  /** How long the message was when it was sent. */
  fullLengthOf(i: number): number {
    return this.#whole?.fullLength ?? this.#number(i, SLOT_BYTES);
  }

  flagsOf(i: number): number {
    return this.#whole?.flags ?? this.#number(i, RESULT_FLAGS) & ~MSG_CMSG_CLOEXEC;
  }

  /** The message that is in no slot. */
  get whole(): Message | undefined {
    return this.#whole;
  }

  /** The control data as bytes, in the slot's memory. */
  controlOf(i: number): Uint8Array {
    return this.#view(i * this.#stride, this.#number(i, RESULT_CONTROL_LENGTH));
  }

  /** The address as bytes, in the slot's memory. */
  addressOf(i: number): Uint8Array | undefined {
    if (this.#whole) {
      const { address } = this.#whole;
      return address && encodeAddress(address);
    }
    const length = Math.min(this.#number(i, RESULT_ADDRESS_LENGTH), ADDRESS_SPACE);
    if (length === 0) return this.unnamed;
    return this.#view(i * this.#stride + this.#space, length);
  }

  /** The size of the segments that make up a message. Undefined: it is one datagram. */
  segmentSizeOf(i: number): number | undefined {
    if (!this.received) return this.#segmentSizes[i] || undefined;
    if (this.#whole) return this.#whole.segmentSize;
    const start = i * this.#stride;
    return segmentSizeIn(this.#memory, start, start + this.#number(i, RESULT_CONTROL_LENGTH));
  }

  segmentsOf(i: number): Buffer[] {
    if (this.#whole) return this.#whole.segments();
    const length = Math.min(this.#number(i, SLOT_BYTES), this.size);
    const segmentSize = this.segmentSizeOf(i);
    if (isOneDatagram(length, segmentSize)) return [this.dataOf(i)];
    this.checkMemory();
    let cut = this.#cuts[i];
    if (cut === undefined || cut.length !== length || cut.segmentSize !== segmentSize) {
      cut = {
        length,
        segmentSize,
        segments: cutSegments(this.#buffer, this.#dataAt(i), length, segmentSize),
      };
      this.#cuts[i] = cut;
    }
    return cut.segments.slice();
  }

  fdsOf(i: number): readonly FileDescriptor[] {
    return this.#whole?.fds ?? this.#brought.get(i)?.fds ?? NO_FDS;
  }

  droppedOf(i: number): number {
    return this.#whole?.droppedFds ?? (this.received ? this.#number(i, RESULT_DROPPED) : 0);
  }

  /** Moves a message, with its descriptors, into memory of its own. */
  messageOf(i: number): Message {
    if (this.#whole) return this.#whole.copy();
    const brought = this.#brought.get(i);
    const control = this.controlOf(i);
    const message = arrived(
      unshared(this.dataOf(i)),
      brought?.fds ?? NO_FDS,
      brought?.pidfd,
      this.flagsOf(i),
      false,
      this.fullLengthOf(i),
      this.droppedOf(i),
      new RawParts(
        lengthOf(control) > 0 ? control.slice() : undefined,
        this.addressOf(i)?.slice(),
        this.facts.family,
        this.isUnrequested,
      ),
    );
    this.#brought.delete(i);
    return message;
  }

  // Sending.

  /** Puts a message into the next slot. */
  push(
    iov: Uint8Array | Uint8Array[],
    total: number,
    control: Uint8Array | null,
    address: Uint8Array | null,
    segmentSize: number,
    attached: Attached | undefined,
  ): void {
    if (total > this.size) {
      throw outOfRange("message.data.length", `<= ${this.size}, which is the size of a slot`, total);
    }
    const i = this.length;
    const also = segmentSize > 0 ? encodeSegmentSize(segmentSize) : undefined;
    const controlLength = (control?.length ?? 0) + (also?.length ?? 0);
    if (controlLength > MOST_CONTROL) {
      throw outOfRange("message.control", `at most ${MOST_CONTROL} bytes long`, controlLength);
    }
    this.reserveControl(controlLength);
    const start = i * this.#stride;
    if (control !== null) this.#memory.set(control, start);
    if (also !== undefined) this.#memory.set(also, start + controlLength - also.length);
    if (address !== null) this.#memory.set(address, start + this.#space);
    if (total > 0) this.#copy(iov, this.#dataAt(i));
    const at = i * SLOT_NUMBERS;
    this.#numbers[at + RESULT_CONTROL_LENGTH] = controlLength;
    this.#numbers[at + RESULT_ADDRESS_LENGTH] = address?.length ?? 0;
    this.#numbers[at + RESULT_FLAGS] = 0;
    this.#numbers[at + SLOT_BYTES] = total;
    this.#segmentSizes[i] = segmentSize;
    if (segmentSize > 0) this.#hasSegments = true;
    if (attached !== undefined) this.#attach(i, attached);
    this.length++;
  }

  #attach(i: number, attached: Attached): void {
    if (this.#unsent === undefined) {
      this.#unsent = new Set();
      forgotten().register(this, this.#unsent);
    }
    this.#attached.set(i, attached);
    this.#unsent.add(attached.duplicates);
  }

  #copy(iov: Uint8Array | Uint8Array[], to: number): void {
    if (!Array.isArray(iov)) {
      this.#memory.set(iov, to);
      return;
    }
    let at = to;
    for (const view of iov) {
      if (lengthOf(view) > 0) this.#memory.set(view, at);
      at += lengthOf(view);
    }
  }

  /** Makes room for so many bytes of control data in each slot. */
  reserveControl(space: number): void {
    if (space <= this.#space) return;
    const [memory, oldSpace, oldStride] = [this.#memory, this.#space, this.#stride];
    this.checkMemory();
    this.#allocate(space);
    for (let i = 0; i < this.length; i++) {
      const old = i * oldStride;
      memory.copy(this.#memory, i * this.#stride, old, old + oldSpace);
      memory.copy(this.#memory, i * this.#stride + this.#space, old + oldSpace, old + oldStride);
    }
  }

  get hasSegments(): boolean {
    return this.#hasSegments;
  }

  get hasAttached(): boolean {
    return this.#attached.size > 0;
  }

  attachedOf(i: number): Attached | undefined {
    return this.#attached.get(i);
  }

  /** What is sent from a slot. */
  outgoing(i: number, flags: number): SegmentedMessage {
    const control = this.controlOf(i);
    const segmentSize = this.#segmentSizes[i]!;
    const own =
      segmentSize > 0 ? lengthOf(control) - encodeSegmentSize(segmentSize).length : lengthOf(control);
    const iov = this.dataOf(i);
    return {
      iov,
      total: byteLength(iov),
      control: own > 0 ? control.subarray(0, own) : null,
      address: this.addressOf(i) ?? null,
      flags,
      segmentSize,
    };
  }

  /** Sends the messages up to `end`. {@link Binding.call} already has the descriptor and the flags. */
  sendSlots(native: Binding, end: number): number {
    const { call } = native;
    call[CALL_FIRST] = this.sent;
    call[CALL_END] = end;
    call[CALL_SIZE] = this.size;
    call[CALL_CONTROL] = this.#space;
    return native.sendSlots(this.#memory, this.#numbers);
  }

  /** So many messages were sent, in one call. */
  advance(count: number): void {
    if (this.#attached.size > 0) {
      for (let i = this.sent; i < this.sent + count; i++) this.#takeAttached(i)?.noteSent();
    }
    this.sent += count;
    this.bytesSent = 0;
    this.calls++;
    this.messages += count;
  }

  /** Gives up the next message to send. */
  skip(): void {
    this.#closeAttached(this.sent);
    this.sent++;
    this.bytesSent = 0;
    this.failure = undefined;
  }

  // Receiving.

  /** Receives into the slots. {@link Binding.call} already has the descriptor and the flags. */
  receiveSlots(native: Binding, maxFds: number): number {
    const { call } = native;
    call[CALL_END] = this.count;
    call[CALL_SIZE] = this.size;
    call[CALL_CONTROL] = this.#space;
    if (maxFds > 0 && this.#pairs.length === 0) this.#pairs = new Int32Array(2 * MOST_KEPT);
    return native.receiveSlots(this.#memory, this.#numbers, this.#pairs);
  }

  /** So many messages were received. */
  noteReceived(count: number): void {
    this.received = true;
    this.length = count;
  }

  countReceived(): void {
    if (this.length === 0) return;
    this.calls++;
    this.messages += this.length;
    if (this.length === this.count) this.full++;
  }

  /** Holds the descriptors that came with the messages. Returns how many came and how many were closed. */
  takeDescriptors(): { kept: number; dropped: number } {
    let kept = 0;
    let dropped = 0;
    for (let i = 0; i < this.length; i++) {
      const ofMessage = this.#number(i, RESULT_KEPT);
      const pidfd = this.#number(i, RESULT_PIDFD);
      dropped += this.#number(i, RESULT_DROPPED);
      if (ofMessage === 0 && pidfd < 0) continue;
      const fds: FileDescriptor[] = [];
      for (let end = kept + ofMessage; kept < end; kept++) {
        fds.push(hold(this.#pairs[2 * kept]!, this.#pairs[2 * kept + 1]!));
      }
      this.#brought.set(i, {
        fds: Object.freeze(fds),
        pidfd: pidfd < 0 ? undefined : hold(pidfd, this.#number(i, RESULT_PIDFD_GENERATION)),
      });
    }
    return { kept, dropped };
  }

  /** Whether the kernel had no room for all control data of a message. */
  isAnyFlagged(flag: number): boolean {
    for (let i = 0; i < this.length; i++) if (this.#number(i, RESULT_FLAGS) & flag) return true;
    return false;
  }

  /** The position of the first message that is none, but the end of the connection. */
  firstEnd(isEnd: (msgFlags: number, controlLength: number, addressLength: number) => boolean): number {
    for (let i = 0; i < this.length; i++) {
      if (this.#number(i, SLOT_BYTES) > 0) continue;
      const at = i * SLOT_NUMBERS;
      const [flags, control, address] = [RESULT_FLAGS, RESULT_CONTROL_LENGTH, RESULT_ADDRESS_LENGTH].map(
        (position) => this.#numbers[at + position]!,
      );
      if (isEnd(flags!, control!, address!)) return i;
    }
    return this.length;
  }

  /** Takes a message that was received in another way: a thread had to receive it. */
  hold(message: Message): void {
    this.noteReceived(message.eof ? 0 : 1);
    if (!message.eof) this.#whole = message;
    this.countReceived();
  }

  /** Takes the descriptors of a message. */
  takeFds(i: number): FileDescriptor[] {
    if (this.#whole) return this.#whole.takeFds();
    const brought = this.#brought.get(i);
    if (brought === undefined) return [];
    const fds = [...brought.fds];
    brought.fds = NO_FDS;
    return fds;
  }
}
