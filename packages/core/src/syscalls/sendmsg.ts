import {
  checkData,
  checkFd,
  checkFlags,
  checkObject,
  checkOptionalView,
  checkTimeout,
  type Data,
} from "../arguments.js";
import { keysOf } from "../known-keys.js";
import { binding } from "../native/load.js";
import { placeAddress, placeControl } from "../native/scratch.js";
import { succeeded } from "./failure.js";
import { POLLOUT, retryUntilTimeout } from "./time-limit.js";

export interface SendmsgOptions {
  /** Encoded control messages; `sendmsg/control` makes them. The caller still owns descriptors in them. */
  control?: ArrayBufferView | undefined;
  /** The destination's encoded sockaddr, on a socket that is not connected. */
  address?: ArrayBufferView | undefined;
  /** MSG_DONTWAIT, MSG_EOR, MSG_NOSIGNAL, … With MSG_ZEROCOPY, the kernel still reads `data` after the call: don't change it. */
  flags?: number | undefined;
  /** How many milliseconds to wait at most. Without it, the descriptor's O_NONBLOCK and MSG_DONTWAIT decide whether to wait. */
  timeout?: number | undefined;
}

const KEYS = /* @__PURE__ */ keysOf<SendmsgOptions>({
  control: true,
  flags: true,
  address: true,
  timeout: true,
});

const NO_OPTIONS: SendmsgOptions = Object.freeze({});

/**
 * Sends one message: a string (as UTF-8), a view, a buffer, or a list of up to 1024 of them, in order.
 *
 * This is the plain system call. On a stream, the kernel may take fewer bytes than you gave. The descriptors went with the first
 * byte: send the rest without SCM_RIGHTS. Repeat every other control message, because it applies only to the bytes of its own call.
 * On a stream, control data without a single byte is lost.
 *
 * If there is no room, a non-blocking descriptor fails with EAGAIN, and a blocking one blocks the thread: no signal handler runs,
 * and `worker.terminate()` and `process.exit()` wait too. A `timeout` limits the wait on both kinds. After it, the error is
 * ETIMEDOUT, and nothing was sent.
 *
 * @returns the number of bytes sent.
 * @throws a system error: EAGAIN, ETIMEDOUT, EPIPE, ECONNREFUSED, EMSGSIZE, EINVAL (control data that is malformed or cut short,
 *   more than 253 descriptors), EBADF (`fd`, or a descriptor in the control data), EPERM (the receiver refuses descriptors),
 *   ETOOMANYREFS (too many descriptors in flight), …
 * @see sendmsg(2), cmsg(3), unix(7)
 */
export function sendmsg(fd: number, data: Data, options: SendmsgOptions = NO_OPTIONS): number {
  checkFd("fd", fd);
  if (options === NO_OPTIONS) return succeeded(binding().sendmsg(fd, checkData("data", data), 0), "sendmsg");
  // Read the options first, because getters run the caller's code. Later it could change what is already checked.
  const { control, address, flags = 0, timeout } = checkObject("options", options, KEYS);
  const iov = checkData("data", data);
  const bits = checkFlags("options.flags", flags);
  const wait = checkTimeout("options.timeout", timeout);
  const checkedControl = checkOptionalView("options.control", control);
  const checkedAddress = checkOptionalView("options.address", address);
  const native = binding();
  const controlPart = placeControl(native, checkedControl);
  const addressPart = placeAddress(native, checkedAddress);
  const send = (extra: number) => native.sendmsg(fd, iov, bits | extra, controlPart, addressPart);
  return succeeded(wait < 0 ? send(0) : retryUntilTimeout(wait, fd, POLLOUT, send), "sendmsg");
}
