import { checkData, checkFd, checkFlags, checkObject, checkTimeout, type Data } from "../arguments.js";
import { keysOf } from "../known-keys.js";
import { binding } from "../native/load.js";
import { readBatch } from "./batch.js";
import { succeeded } from "./failure.js";
import { POLLOUT, retryUntilTimeout } from "./time-limit.js";

/** One message of a batch. */
export interface MmsgToSend {
  data: Data;
  /** Encoded control messages. */
  control?: ArrayBufferView | undefined;
  /** The destination's encoded sockaddr. */
  address?: ArrayBufferView | undefined;
}

const MESSAGE_KEYS = /* @__PURE__ */ keysOf<MmsgToSend>({ data: true, address: true, control: true });

export interface SendmmsgOptions {
  /** Flags for all messages: MSG_DONTWAIT, MSG_NOSIGNAL, … */
  flags?: number | undefined;
  /** How many milliseconds to wait for room. Without it, the descriptor's O_NONBLOCK and MSG_DONTWAIT decide whether to wait. */
  timeout?: number | undefined;
}

const KEYS = /* @__PURE__ */ keysOf<SendmmsgOptions>({ flags: true, timeout: true });

/**
 * Sends up to 1024 messages with one system call.
 *
 * It stops at the first message that can't be sent. If it has sent messages before that one, it returns their number and does
 * **not** report the error. The error comes when you try to send the rest. Blocking is as with {@link sendmsg}.
 *
 * @returns the number of messages sent.
 * @throws a system error if the first message could not be sent; a RangeError for more than 1024 messages.
 * @see sendmmsg(2)
 */
export function sendmmsg(fd: number, messages: readonly MmsgToSend[], options: SendmmsgOptions = {}): number {
  checkFd("fd", fd);
  const { flags = 0, timeout } = checkObject("options", options, KEYS);
  const { count, numbers, parts } = readBatch(messages, "data", MESSAGE_KEYS, checkData);
  const bits = checkFlags("options.flags", flags);
  const wait = checkTimeout("options.timeout", timeout);
  const native = binding();
  const send = (extra: number) => native.sendmmsg(fd, bits | extra, count, numbers, null, ...parts);
  return succeeded(retryUntilTimeout(wait, fd, POLLOUT, send), "sendmmsg");
}
