import {
  checkBuffers,
  checkFd,
  checkFlags,
  checkObject,
  checkOptionalView,
  checkTimeout,
} from "../arguments.js";
import { MSG_CMSG_CLOEXEC } from "../constants/message-flags.js";
import { keysOf } from "../known-keys.js";
import { RESULT_ADDRESS_LENGTH, RESULT_CONTROL_LENGTH, RESULT_FLAGS } from "../native/binding.js";
import { binding } from "../native/load.js";
import { addressOfCall } from "../native/scratch.js";
import { refusesCloseOnExec } from "./close-on-exec.js";
import { succeeded } from "./failure.js";
import { POLLIN, retryUntilTimeout } from "./time-limit.js";

/** Memory to fill: a view or a buffer, or a list of up to 1024 of them, filled in order. */
export type Buffers = ArrayBufferView | ArrayBufferLike | readonly (ArrayBufferView | ArrayBufferLike)[];

export interface RecvmsgOptions {
  /**
   * Memory for control messages. Without it, the kernel delivers none, and closes descriptors that came with the message. Its size
   * does not limit the number of descriptors as CMSG_SPACE suggests: on 64-bit targets CMSG_SPACE(4) has room for two.
   */
  control?: ArrayBufferView | undefined;
  /** Memory for the sender's sockaddr. Without it, the call uses 128 new bytes, which are enough for any address. */
  address?: ArrayBufferView | undefined;
  /** MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, MSG_ERRQUEUE, … */
  flags?: number | undefined;
  /** How many milliseconds to wait at most. Without it, the descriptor's O_NONBLOCK and MSG_DONTWAIT decide whether to wait. */
  timeout?: number | undefined;
}

const KEYS = /* @__PURE__ */ keysOf<RecvmsgOptions>({
  control: true,
  flags: true,
  address: true,
  timeout: true,
});

export interface Received {
  /** How many bytes of data came. With the flag MSG_TRUNC, the length of the whole datagram, even if it did not fit. */
  bytes: number;
  /** How many bytes of `control` were filled. */
  controlLength: number;
  /** The sender's encoded sockaddr. Absent if the kernel gave none: on connected streams, and from an unnamed Unix socket. */
  address?: Uint8Array;
  /**
   * MSG_TRUNC, MSG_CTRUNC, MSG_EOR, MSG_OOB, MSG_ERRQUEUE, but never MSG_CMSG_CLOEXEC, because the kernel only repeats that flag.
   */
  flags: number;
}

/** @internal `address`: the address that the kernel gave, if any. */
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

const NO_OPTIONS: RecvmsgOptions = Object.freeze({});

/**
 * Receives one message.
 *
 * This is the plain system call. Descriptors in the control data are plain numbers, and **the caller now owns them**. This is also
 * true in SCM_PIDFD, also if MSG_CTRUNC says that others were lost, and again for each MSG_PEEK. They are always close-on-exec:
 * MSG_CMSG_CLOEXEC is set. Families without descriptors, such as AF_PACKET, can refuse the flag; then the receive takes two more
 * system calls. `Socket` takes care of all that.
 *
 * If there is nothing to receive, a non-blocking descriptor fails with EAGAIN, and a blocking one blocks the thread: no signal
 * handler runs, and `worker.terminate()` and `process.exit()` wait too. A `timeout` limits the wait on both kinds. After it, the
 * error is ETIMEDOUT. On TCP, the flag MSG_TRUNC discards the data.
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
    // Read the options first, because getters run the caller's code. Later it could change what is already checked.
    const { control, address, flags = 0, timeout } = checkObject("options", options, KEYS);
    const iov = checkBuffers("buffers", buffers);
    memory = checkOptionalView("options.address", address);
    const controlMemory = checkOptionalView("options.control", control);
    const bits = checkFlags("options.flags", flags);
    const wait = checkTimeout("options.timeout", timeout);
    // Without `memory`, the address goes to the native layer's own memory.
    const attempt = (all: number) =>
      memory === null
        ? native.recvmsg(fd, iov, all, controlMemory)
        : native.recvmsg(fd, iov, all, controlMemory, memory);
    const receive = (all: number) =>
      wait < 0 ? attempt(all) : retryUntilTimeout(wait, fd, POLLIN, (extra) => attempt(all | extra));
    bytes = receive(bits | MSG_CMSG_CLOEXEC);
    if (refusesCloseOnExec(bytes, fd)) bytes = receive(bits);
  }
  succeeded(bytes, "recvmsg");
  const { result } = native;
  const length = result[RESULT_ADDRESS_LENGTH]!;
  // The kernel returns the address's full length, even if the memory is shorter.
  const address =
    length === 0 ? undefined : memory === null ? addressOfCall(length) : memory.subarray(0, length);
  return received(bytes, result[RESULT_CONTROL_LENGTH]!, result[RESULT_FLAGS]!, address);
}
