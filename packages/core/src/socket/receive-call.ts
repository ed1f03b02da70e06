import {
  AF_BLUETOOTH,
  AF_CAN,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_NETLINK,
  AF_PACKET,
  AF_UNIX,
  AF_VSOCK,
} from "../constants/address-families.js";
import { CAN_J1939 } from "../constants/can.js";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
} from "../constants/message-flags.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import type { ControlName } from "../control/index.js";
import { controlSpace, LARGEST_CONTROL_SPACE } from "../control/space.js";
import { type FileDescriptor, hold } from "../descriptor.js";
import { EAGAIN, EFAULT, ENOBUFS } from "../errno.js";
import { explain } from "../errors.js";
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
  LONGEST_UNIX_MESSAGE,
  OFF_LOOP,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_DROPPED,
  RESULT_FDS,
  RESULT_FLAGS,
  RESULT_KEPT,
  RESULT_PIDFD,
  RESULT_PIDFD_GENERATION,
  RESULT_STOPPED,
  THROTTLED,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { addressOfCall } from "../native/scratch.js";
import { withReason } from "../reasons/reasons.js";
import { RECEIVE } from "../reasons/receive.js";
import { failure } from "../syscalls/failure.js";
import { addressOfUnnamed, isEnd } from "./arrival.js";
import type { BatchSlots } from "./batch-slots.js";
import { checkBuffersUnchanged, filled } from "./caller-buffers.js";
import type { ControlSwitchboard } from "./control-switches.js";
import { warnOfDropped } from "./dropped-descriptors.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { countArrived, countBatch } from "./fairness.js";
import { callOffLoop } from "./readiness.js";
import { DEFAULT_SIZE, reserve, take, takeWhole } from "./receive-memory.js";
import type { ReceiveRequest } from "./receive-request.js";
import { MESSAGES_LOST } from "./temporary-errors.js";

/** Extra room for control messages that newer kernels may add. */
const SPARE_CONTROL_SPACE = 4096;
/** The same for each slot of a batch. It also has room for what the library itself switches on. */
const SPARE_SLOT_SPACE = 128;
let buffer: Uint8Array | undefined;

/**
 * A buffer with room for all control messages that a message of any family can bring, no matter who switched them on. Descriptors
 * are not counted. The kernel writes to it, and we read it before the next call.
 */
export function controlBuffer(): Uint8Array {
  if (buffer === undefined) {
    buffer = new Uint8Array(LARGEST_CONTROL_SPACE + SPARE_CONTROL_SPACE);
    binding().controlBuffer(buffer);
  }
  return buffer;
}

const nothing = new Uint8Array(0);
/** Frozen, because all messages share it. */
const NO_FDS: readonly FileDescriptor[] = Object.freeze([]);
/**
 * Families whose recvmsg(2) returns a message's full length if it gets MSG_TRUNC. Other families ignore the flag (TIPC), refuse it
 * (RxRPC) or drop the data (LLC).
 */
const TRUNC_RETURNS_FULL_LENGTH: ReadonlySet<number> = new Set([
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
const returnsFullLength = ({ family, protocol }: SocketFacts): boolean =>
  TRUNC_RETURNS_FULL_LENGTH.has(family) && !(family === AF_CAN && protocol === CAN_J1939);

const PEEK_LENGTH = MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT;

/** One recvmsg(2) of a socket, on the event loop's thread or in another one, and the message that it returns. */
export class ReceiveCall {
  readonly #native = binding();
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #switches: ControlSwitchboard;
  /** Flags that every call gets. */
  readonly #alwaysSet: number;
  /** Whether a receive without a size returns the whole message. Unix messages can be longer than any default size. */
  readonly #takesWhole: boolean;
  readonly #controlBuffer = controlBuffer();
  /** The room for control data in a slot of a batch, and the messages for which it was measured. */
  #space = 0;
  #spacedFor: ReadonlySet<ControlName> | undefined;
  #mostSpace = 0;
  /** The program has shut down reading. Then an apparently empty datagram is the end. */
  readShutDown = false;

  constructor(endpoint: Endpoint, facts: SocketFacts, switches: ControlSwitchboard) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#switches = switches;
    const keepsBoundaries = facts.type !== SOCK_STREAM;
    const isUnix = facts.family === AF_UNIX;
    this.#takesWhole = isUnix && keepsBoundaries;
    // Only on AF_UNIX: other sockets have no descriptors, and AF_PACKET and some of AF_CAN refuse flags that they don't know.
    this.#alwaysSet =
      (isUnix ? MSG_CMSG_CLOEXEC : 0) | (keepsBoundaries && returnsFullLength(facts) ? MSG_TRUNC : 0);
  }

  /**
   * Receives a message. A negative result says why there is none: an errno, or THROTTLED or OFF_LOOP if the call was not made.
   *
   * @throws `ERR_SENDMSG_CLOSED`: we no longer own the descriptor; `ERR_INVALID_STATE`: a buffer was transferred.
   */
  make(request: ReceiveRequest): Message | number {
    this.#endpoint.checkOpen();
    const { buffers, size } = request;
    const flags = request.flags | this.#alwaysSet;
    let memory: Buffer | undefined;
    if (buffers === undefined) memory = reserve(size);
    else checkBuffersUnchanged(request);
    const isWhole = this.#takesWhole && request.hasDefaultSize;
    const native = this.#native;
    const { call } = native;
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_SIZE] = Math.min(size, 0x7fffffff);
    call[CALL_MAX_FDS] = request.maxFds;
    call[CALL_WHOLE] = isWhole ? 1 : 0;
    const result =
      memory !== undefined && size <= DEFAULT_SIZE ? native.receive() : native.receive(memory ?? buffers!);
    if (result >= 0) {
      const length = isWhole ? result : Math.min(result, size);
      return this.#message(result, length, flags, buffers, memory, request.hasDefaultMaxFds);
    }
    if (result === GONE) this.#endpoint.open();
    return result === -EAGAIN ? this.#nothingThere(flags) : result;
  }

  /**
   * Receives messages into the slots of a batch. Returns how many: 0 at the end of the connection. A negative result says why there is
   * none, as for {@link make}.
   */
  makeBatch(request: ReceiveRequest, slots: BatchSlots): number {
    this.#endpoint.checkOpen();
    const native = this.#native;
    const { call } = native;
    const flags = request.flags | this.#alwaysSet;
    slots.clear();
    slots.reserveControl(this.#spaceOfSlot());
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_MAX_FDS] = request.maxFds;
    const result = slots.receiveSlots(native, request.maxFds);
    if (result >= 0) return this.#received(result, flags, request, slots);
    if (result === GONE) this.#endpoint.open();
    if (result === -EFAULT) slots.checkMemory();
    return result === -EAGAIN && this.readShutDown ? 0 : result;
  }

  #received(count: number, flags: number, request: ReceiveRequest, slots: BatchSlots): number {
    const { family, type } = this.#facts;
    slots.noteReceived(count);
    slots.isUnrequested = this.#switches.isUnrequested;
    slots.unnamed = addressOfUnnamed(this.#facts, this.readShutDown);
    countBatch(count);
    if (family === AF_UNIX) {
      const { kept, dropped } = slots.takeDescriptors();
      countArrived(kept + dropped);
      if (dropped > 0 && request.hasDefaultMaxFds) warnOfDropped();
    }
    if (type !== SOCK_DGRAM || this.readShutDown) {
      const ends = (msgFlags: number, controlLength: number, addressLength: number) =>
        isEnd(this.#facts, this.readShutDown, flags, msgFlags, controlLength, addressLength);
      slots.length = slots.firstEnd(ends);
    }
    slots.countReceived();
    // Somebody else switched on control messages that we do not know of. The next receive has room for all that there are.
    if (slots.isAnyFlagged(MSG_CTRUNC)) this.#mostSpace = this.#controlBuffer.length;
    return slots.length;
  }

  /** The error that ended the last batch on a Unix socket after it had received messages. Undefined: there is none. */
  errorBehindBatch(): Error | undefined {
    if (this.#facts.family !== AF_UNIX) return undefined;
    const result = this.#native.result[RESULT_STOPPED]!;
    const isError = result !== -EAGAIN && result !== THROTTLED && result !== OFF_LOOP;
    return isError ? this.failure(result) : undefined;
  }

  /** Room for the control messages that are on for the socket. */
  #spaceOfSlot(): number {
    const { names } = this.#switches;
    if (this.#spacedFor !== names) {
      this.#spacedFor = names;
      this.#space = controlSpace([...names], this.#facts.family) + SPARE_SLOT_SPACE;
    }
    return Math.max(this.#space, this.#mostSpace);
  }

  /**
   * Receives a message in a thread. Near the limit of open files, the kernel may close some of a message's descriptors within the
   * call, and closing a file that a peer sent can take long.
   *
   * @param isWanted Whether the caller still waits when the thread has returned. If not, the next receive may have another
   *   `maxFds`.
   * @param done Gets the message, or undefined if there was none, or the error.
   */
  makeInThread(
    request: ReceiveRequest,
    isWanted: () => boolean,
    done: (message: Message | undefined, error: Error | undefined) => void,
  ): void {
    const fd = this.#endpoint.open();
    const flags = request.flags | this.#alwaysSet;
    // A stream returns the bytes that are there. Other sockets must return the whole message, because a later receive with more
    // room may get it. Asking for the length installs no descriptors, because the call has no room for control data.
    const size =
      this.#facts.type === SOCK_STREAM
        ? Math.min(request.size, DEFAULT_SIZE)
        : Math.max(
            Math.min(request.size, LONGEST_UNIX_MESSAGE),
            this.#native.recvmsg(fd, nothing, PEEK_LENGTH),
          );
    const started = callOffLoop(
      (token) => this.#native.startReceive(fd, size, this.#controlBuffer.length, ADDRESS_SPACE, flags, token),
      (token) => {
        let message: Message | undefined;
        let error: Error | undefined;
        try {
          const wanted = (flags & MSG_PEEK) !== 0 || isWanted();
          const { maxFds, hasDefaultMaxFds } = request;
          message = this.#endInThread(token, size, flags, wanted ? maxFds : SCM_MAX_FD, hasDefaultMaxFds);
        } catch (thrown) {
          error = thrown as Error;
        }
        done(message, error);
      },
    );
    if (started < 0) throw failure(started, "recvmsg");
  }

  #endInThread(
    token: number,
    size: number,
    flags: number,
    maxFds: number,
    hasDefaultMaxFds: boolean,
  ): Message | undefined {
    let memory: Buffer | undefined;
    let lack: unknown;
    try {
      memory = reserve(size);
    } catch (error) {
      lack = error;
    }
    const available = memory ? size : 0;
    const result = this.#native.endReceive(token, memory ?? nothing, available, maxFds);
    if (result === -EAGAIN) {
      const end = this.#nothingThere(flags);
      return typeof end === "number" ? undefined : end;
    }
    if (result < 0) throw this.failure(result);
    const length = Math.min(result, available);
    const buffers = memory ? undefined : nothing;
    const message = this.#message(result, length, flags, buffers, memory, hasDefaultMaxFds);
    if (memory) return message;
    // The message is lost for lack of memory, but its descriptors must be closed.
    message[Symbol.dispose]();
    throw lack;
  }

  /** Makes the error for a negative result. */
  failure(result: number): Error {
    const error = failure(result, "recvmsg");
    // netlink_overrun(), net/netlink/af_netlink.c. On other families, ENOBUFS is a lack of memory.
    return result === -ENOBUFS && this.#facts.family === AF_NETLINK
      ? lossError(error)
      : withReason(error, RECEIVE, this.#facts);
  }

  /**
   * On a datagram socket that was shut down for reading, the kernel returns EAGAIN for ever. We report the end, as on other
   * sockets.
   */
  #nothingThere(flags: number): Message | number {
    return this.readShutDown && !(flags & MSG_ERRQUEUE) ? messageOf({ eof: true }) : -EAGAIN;
  }

  /** Makes the message. The kernel returned `result`, and `length` bytes of it are in the memory. */
  #message(
    result: number,
    length: number,
    flags: number,
    buffers: Uint8Array | Uint8Array[] | undefined,
    memory: Buffer | undefined,
    hasDefaultMaxFds: boolean,
  ): Message {
    const numbers = this.#native.result;
    const kept = numbers[RESULT_KEPT]!;
    const held = kept === 0 ? NO_FDS : heldOf(numbers, kept);
    const dropped = numbers[RESULT_DROPPED]!;
    if (kept + dropped > 0) {
      countArrived(kept + dropped);
      if (dropped > 0 && hasDefaultMaxFds) warnOfDropped();
    }
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
      // There is no memory for the message, so it is lost. But its descriptors must be closed.
      for (const descriptor of held) descriptor.close();
      pidfd?.close();
      throw error;
    }
    const controlLength = numbers[RESULT_CONTROL_LENGTH]!;
    const addressLength = Math.min(numbers[RESULT_ADDRESS_LENGTH]!, ADDRESS_SPACE);
    const msgFlags = numbers[RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC;
    const control = controlLength > 0 ? this.#controlBuffer.slice(0, controlLength) : undefined;
    const address =
      addressLength > 0 ? addressOfCall(addressLength) : addressOfUnnamed(this.#facts, this.readShutDown);
    return arrived(
      data,
      held,
      pidfd,
      msgFlags,
      result === 0 && isEnd(this.#facts, this.readShutDown, flags, msgFlags, controlLength, addressLength),
      result,
      dropped,
      control === undefined && address === undefined
        ? undefined
        : new RawParts(control, address, this.#facts.family, this.#switches.isUnrequested),
    );
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
    "the kernel has dropped messages, because the socket's receive buffer was full. Read the state " +
      "that they reported again. Receive faster, or set a larger rcvBufForce or rcvBuf",
  );
  return Object.assign(error, { reason: MESSAGES_LOST });
}
