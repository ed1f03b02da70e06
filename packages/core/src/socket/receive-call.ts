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
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
} from "../constants/message-flags.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { type FileDescriptor, hold } from "../descriptor.js";
import { EAGAIN, ENOBUFS } from "../errno.js";
import { explain } from "../errors.js";
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
import { withReason } from "../reasons/reasons.js";
import { RECEIVE } from "../reasons/receive.js";
import { failure } from "../syscalls/failure.js";
import { isEnd } from "./arrival.js";
import { checkBuffersUnchanged, filled } from "./caller-buffers.js";
import { controlBuffer } from "./control-memory.js";
import { warnOfDropped } from "./dropped-descriptors.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { countArrived } from "./fairness.js";
import { callOffLoop } from "./readiness.js";
import { DEFAULT_SIZE, reserve, take, takeWhole } from "./receive-memory.js";
import type { ReceiveRequest } from "./receive-request.js";
import { MESSAGES_LOST } from "./temporary-errors.js";

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
export abstract class ReceiveCall<Message> {
  readonly #native = binding();
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  /** Flags that every call gets. */
  readonly alwaysSet: number;
  /** Whether a receive without a size returns the whole message. Unix messages can be longer than any default size. */
  readonly #takesWhole: boolean;
  readonly #controlBuffer = controlBuffer();
  /** The program has shut down reading. Then an apparently empty datagram is the end. */
  readShutDown = false;

  constructor(endpoint: Endpoint, facts: SocketFacts) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    const keepsBoundaries = facts.type !== SOCK_STREAM;
    const isUnix = facts.family === AF_UNIX;
    this.#takesWhole = isUnix && keepsBoundaries;
    // Only on AF_UNIX: other sockets have no descriptors, and AF_PACKET and some of AF_CAN refuse flags that they don't know.
    this.alwaysSet =
      (isUnix ? MSG_CMSG_CLOEXEC : 0) | (keepsBoundaries && returnsFullLength(facts) ? MSG_TRUNC : 0);
  }

  /**
   * Makes a message of what the kernel has returned. `control`: the bytes, if there are any. `addressLength`: of the sender's address,
   * which addressOfCall() returns. 0: there is none.
   */
  protected abstract messageOf(
    data: Buffer,
    fds: readonly FileDescriptor[],
    pidfd: FileDescriptor | undefined,
    flags: number,
    eof: boolean,
    fullLength: number,
    droppedFds: number,
    control: Uint8Array | undefined,
    addressLength: number,
  ): Message;

  /**
   * Receives a message. A negative result says why there is none: an errno, or THROTTLED or OFF_LOOP if the call was not made.
   *
   * @throws `ERR_SENDMSG_CLOSED`: we no longer own the descriptor; `ERR_INVALID_STATE`: a buffer was transferred.
   */
  make(request: ReceiveRequest): Message | number {
    this.#endpoint.checkOpen();
    const { buffers, size } = request;
    const flags = request.flags | this.alwaysSet;
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
    const flags = request.flags | this.alwaysSet;
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
    // The message is lost for lack of memory, but its descriptors must be closed.
    if (memory === undefined) {
      const { result: numbers } = this.#native;
      closeAll(heldOf(numbers, numbers[RESULT_KEPT]!), pidfdOf(numbers));
      throw lack;
    }
    return this.#message(result, Math.min(result, available), flags, undefined, memory, hasDefaultMaxFds);
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
    if (!this.readShutDown || flags & MSG_ERRQUEUE) return -EAGAIN;
    return this.messageOf(Buffer.alloc(0), NO_FDS, undefined, 0, true, 0, 0, undefined, 0);
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
    // Mostly there are none, so V8 never sees heldOf() run, and inlines functions here that do.
    const kept = numbers[RESULT_KEPT]!;
    const held = kept === 0 ? NO_FDS : heldOf(numbers, kept);
    const pidfd = numbers[RESULT_PIDFD]! < 0 ? undefined : pidfdOf(numbers);
    const dropped = numbers[RESULT_DROPPED]!;
    if (kept + dropped > 0) {
      countArrived(kept + dropped);
      if (dropped > 0 && hasDefaultMaxFds) warnOfDropped();
    }
    let data: Buffer;
    try {
      if (memory !== undefined) {
        data = length > memory.length ? takeWhole(length) : take(memory, length);
      } else {
        data = filled(buffers!, length);
      }
    } catch (error) {
      // There is no memory for the message, so it is lost. But its descriptors must be closed.
      closeAll(held, pidfd);
      throw error;
    }
    const controlLength = numbers[RESULT_CONTROL_LENGTH]!;
    const addressLength = Math.min(numbers[RESULT_ADDRESS_LENGTH]!, ADDRESS_SPACE);
    const msgFlags = numbers[RESULT_FLAGS]! & ~MSG_CMSG_CLOEXEC;
    const control = controlLength > 0 ? this.#controlBuffer.slice(0, controlLength) : undefined;
    return this.messageOf(
      data,
      held,
      pidfd,
      msgFlags,
      result === 0 && isEnd(this.#facts, this.readShutDown, flags, msgFlags, controlLength, addressLength),
      result,
      dropped,
      control,
      addressLength,
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

/** The descriptor of SCM_PIDFD. */
const pidfdOf = (numbers: Int32Array): FileDescriptor | undefined =>
  numbers[RESULT_PIDFD]! < 0 ? undefined : hold(numbers[RESULT_PIDFD]!, numbers[RESULT_PIDFD_GENERATION]!);

function closeAll(held: readonly FileDescriptor[], pidfd: FileDescriptor | undefined): void {
  for (const descriptor of held) descriptor.close();
  pidfd?.close();
}

function lossError(error: Error): Error {
  explain(
    error,
    "the kernel has dropped messages, because the socket's receive buffer was full. Read the state " +
      "that they reported again. Receive faster, or set a larger rcvBufForce or rcvBuf",
  );
  return Object.assign(error, { reason: MESSAGES_LOST });
}
