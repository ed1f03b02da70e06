import {
  checkData,
  checkFd,
  checkFlags,
  checkObject,
  checkOptionalView,
  checkTimeout,
  type Data,
} from "../arguments.js";
import { binding } from "../native/load.js";
import { addressForCall, controlForCall } from "../native/scratch.js";
import { succeeded } from "./failure.js";

export interface SendmsgOptions {
  /** Encoded control messages; `sendmsg/control` makes them. Descriptors in them stay the caller's. */
  control?: ArrayBufferView | undefined;
  /** The destination's encoded sockaddr, on a socket that is not connected. */
  address?: ArrayBufferView | undefined;
  /** MSG_DONTWAIT, MSG_EOR, MSG_NOSIGNAL, … With MSG_ZEROCOPY, the kernel reads `data` after the call, too: keep it as it is. */
  flags?: number | undefined;
  /** Milliseconds to wait at most; without it, the descriptor's O_NONBLOCK and MSG_DONTWAIT decide. */
  timeout?: number | undefined;
}

const NO_OPTIONS: SendmsgOptions = Object.freeze({});

/**
 * Sends one message: a string (as UTF-8), a view, a buffer, or a list of up to 1024 of them, gathered in order.
 *
 * It is the system call and nothing else. On a stream the kernel may take fewer bytes than given. The descriptors went with the
 * first byte: send the rest without SCM_RIGHTS. Repeat every other control message: it holds only for the bytes of its own call.
 * On a stream, control data without a single byte is lost.
 *
 * When there is no room, a non-blocking descriptor answers EAGAIN, and a blocking one blocks the thread: no signal handler
 * runs, and `worker.terminate()` and `process.exit()` wait too. A `timeout` bounds it, on either kind; then the error is
 * ETIMEDOUT, and nothing was sent.
 *
 * @returns the number of bytes sent.
 * @throws a system error: EAGAIN, ETIMEDOUT, EPIPE, ECONNREFUSED, EMSGSIZE, EINVAL (control data that is malformed or cut
 *   short, more than 253 descriptors), EBADF (`fd`, or a descriptor in the control data), EPERM (the receiver refuses
 *   descriptors), ETOOMANYREFS (too many descriptors in flight), …
 * @see sendmsg(2), cmsg(3), unix(7)
 */
export function sendmsg(fd: number, data: Data, options: SendmsgOptions = NO_OPTIONS): number {
  checkFd("fd", fd);
  if (options === NO_OPTIONS) return succeeded(binding().sendmsg(fd, checkData("data", data), 0), "sendmsg");
  // What runs the caller's code comes first (getters), so that nothing can change what is already checked.
  const { control, address, flags = 0, timeout } = checkObject("options", options);
  const iov = checkData("data", data);
  return succeeded(
    binding().sendmsg(
      fd,
      iov,
      checkFlags("options.flags", flags),
      checkTimeout("options.timeout", timeout),
      controlForCall(checkOptionalView("options.control", control)),
      addressForCall(checkOptionalView("options.address", address)),
    ),
    "sendmsg",
  );
}
