import {
  checkBuffers,
  checkFd,
  checkFlags,
  checkObject,
  checkOptionalView,
  checkTimeout,
} from "../arguments.js";
import { MSG_CMSG_CLOEXEC } from "../constants/message-flags.js";
import { type Iov, RESULT_ADDRESS_LENGTH, RESULT_CONTROL_LENGTH, RESULT_FLAGS } from "../native/binding.js";
import { binding } from "../native/load.js";
import { addressOfCall } from "../native/scratch.js";
import { refusesCloseOnExec } from "./close-on-exec.js";
import { succeeded } from "./failure.js";

/** Memory to fill: a view or a buffer, or a list of up to 1024 of them, filled in order. */
export type Buffers = ArrayBufferView | ArrayBufferLike | readonly (ArrayBufferView | ArrayBufferLike)[];

export interface RecvmsgOptions {
  /**
   * Memory for control messages. Without it none is delivered, and the kernel closes descriptors that came. Its size does
   * not limit the descriptors to what CMSG_SPACE suggests: on 64-bit targets CMSG_SPACE(4) has room for two.
   */
  control?: ArrayBufferView | undefined;
  /** Memory for the sender's sockaddr; without it, a fresh one of 128 bytes, which any fits. */
  address?: ArrayBufferView | undefined;
  /** MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE, … */
  flags?: number | undefined;
  /** Milliseconds to wait at most; without it, the descriptor's O_NONBLOCK and MSG_DONTWAIT decide. */
  timeout?: number | undefined;
}

export interface Received {
  /** Bytes of data; with the flag MSG_TRUNC, of the whole datagram, even if not all fitted. */
  bytes: number;
  /** Bytes of `control` that were filled. */
  controlLength: number;
  /** The sender's encoded sockaddr, where the kernel gave one (not on connected streams, nor for an unnamed Unix socket). */
  address?: Uint8Array;
  /** MSG_TRUNC, MSG_CTRUNC, MSG_EOR, MSG_OOB, MSG_ERRQUEUE; without MSG_CMSG_CLOEXEC, which the kernel only echoes. */
  flags: number;
}

/** @internal `address`: the kernel's, if it gave one. */
export function received(
  bytes: number,
  controlLength: number,
  flags: number,
  address: Uint8Array | undefined,
): Received {
  const result: Received = { bytes, controlLength, flags: flags & ~MSG_CMSG_CLOEXEC };
  if (address !== undefined) result.address = address;
  return result;
}

/** Without memory for it, the address comes to the native layer's own. */
function call(
  fd: number,
  iov: Iov,
  flags: number,
  timeout: number,
  control: Uint8Array | null,
  address: Uint8Array | null,
): number {
  return address === null
    ? binding().recvmsg(fd, iov, flags, timeout, control)
    : binding().recvmsg(fd, iov, flags, timeout, control, address);
}

const NO_OPTIONS: RecvmsgOptions = Object.freeze({});

/**
 * Receives one message.
 *
 * It is the system call and nothing else: descriptors in the control data are plain numbers that **the caller now owns**,
 * in SCM_RIGHTS and in SCM_PIDFD, also when MSG_CTRUNC says that others were lost, and anew at every MSG_PEEK. They are
 * always close-on-exec (MSG_CMSG_CLOEXEC is set, but where a family that has no descriptors refuses it, as AF_PACKET does:
 * that costs two more system calls). `Socket` takes care of all that.
 *
 * With nothing to receive, a non-blocking descriptor answers EAGAIN, and a blocking one blocks the thread: no signal handler
 * runs, and `worker.terminate()` and `process.exit()` wait too. A `timeout` bounds it, on either kind; then the error is
 * ETIMEDOUT. MSG_TRUNC as a flag throws the data away on TCP.
 *
 * @returns 0 `bytes` at the end of a stream, and for an empty datagram.
 * @throws a system error: EAGAIN, ETIMEDOUT, ECONNRESET, ECONNREFUSED, ENOTCONN, …
 * @see recvmsg(2), cmsg(3), unix(7)
 */
export function recvmsg(fd: number, buffers: Buffers, options: RecvmsgOptions = NO_OPTIONS): Received {
  checkFd("fd", fd);
  const native = binding();
  let memory: Uint8Array | null = null;
  let bytes: number;
  if (options === NO_OPTIONS) {
    const iov = checkBuffers("buffers", buffers);
    bytes = native.recvmsg(fd, iov, MSG_CMSG_CLOEXEC);
    if (refusesCloseOnExec(bytes, fd)) bytes = native.recvmsg(fd, iov, 0);
  } else {
    // What runs the caller's code comes first (getters), so that nothing can change what is already checked.
    const { control, address, flags = 0, timeout } = checkObject("options", options);
    const iov = checkBuffers("buffers", buffers);
    memory = checkOptionalView("options.address", address);
    const room = checkOptionalView("options.control", control);
    const bits = checkFlags("options.flags", flags);
    const wait = checkTimeout("options.timeout", timeout);
    bytes = call(fd, iov, bits | MSG_CMSG_CLOEXEC, wait, room, memory);
    if (refusesCloseOnExec(bytes, fd)) bytes = call(fd, iov, bits, wait, room, memory);
  }
  succeeded(bytes, "recvmsg");
  const { result } = native;
  const length = result[RESULT_ADDRESS_LENGTH]!;
  // The kernel gives the address's full length, also when the memory is shorter.
  const address =
    length === 0 ? undefined : memory === null ? addressOfCall(length) : memory.subarray(0, length);
  return received(bytes, result[RESULT_CONTROL_LENGTH]!, result[RESULT_FLAGS]!, address);
}
