import { checkBuffers, checkFd, checkFlags, checkObject, checkTimeout } from "../arguments.js";
import { MSG_CMSG_CLOEXEC } from "../constants/message-flags.js";
import { keysOf } from "../known-keys.js";
import {
  ADDRESS_SPACE,
  MMSG_BYTES,
  MMSG_NUMBERS,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_FLAGS,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { readBatch } from "./batch.js";
import { refusesCloseOnExec } from "./close-on-exec.js";
import { succeeded } from "./failure.js";
import { type Buffers, type Received, received } from "./recvmsg.js";
import { POLLIN, retryUntilTimeout } from "./time-limit.js";

/** Memory for one message of a batch. */
export interface MmsgToReceive {
  buffers: Buffers;
  /** Memory for the message's control messages. */
  control?: ArrayBufferView | undefined;
  /** Memory for the sender's sockaddr. Without it, the result has memory of its own. */
  address?: ArrayBufferView | undefined;
}

const MESSAGE_KEYS = /* @__PURE__ */ keysOf<MmsgToReceive>({ buffers: true, address: true, control: true });

export interface RecvmmsgOptions {
  /** Flags for all messages: MSG_DONTWAIT, MSG_TRUNC, MSG_WAITFORONE, … */
  flags?: number | undefined;
  /** How many milliseconds to wait for the first message. The call returns it together with the messages that are there by then. */
  timeout?: number | undefined;
}

const KEYS = /* @__PURE__ */ keysOf<RecvmmsgOptions>({ flags: true, timeout: true });

/** Memory for one address per message, for the largest batch so far. */
let memory = new Uint8Array(0);

/**
 * Receives up to 1024 messages with one system call: as many as there are, but at least one.
 *
 * Without a `timeout`, a blocking descriptor waits until *all* the given memory is used, unless MSG_WAITFORONE is set. The call
 * does not report an error after the first message: the next call does. The caller owns descriptors in control data, as with
 * {@link recvmsg}.
 *
 * @returns one result for each message that arrived, in the order of `messages`.
 * @throws a system error if there is no first message: EAGAIN, ETIMEDOUT, …; a RangeError for more than 1024 messages.
 * @see recvmmsg(2)
 */
export function recvmmsg(
  fd: number,
  messages: readonly MmsgToReceive[],
  options: RecvmmsgOptions = {},
): Received[] {
  checkFd("fd", fd);
  const { flags = 0, timeout } = checkObject("options", options, KEYS);
  const { count, numbers, parts, addresses } = readBatch(messages, "buffers", MESSAGE_KEYS, checkBuffers);
  if (memory.length < count * ADDRESS_SPACE) memory = new Uint8Array(count * ADDRESS_SPACE);
  const bits = checkFlags("options.flags", flags);
  const wait = checkTimeout("options.timeout", timeout);
  const native = binding();
  const receive = (also: number) =>
    retryUntilTimeout(wait, fd, POLLIN, (extra) =>
      native.recvmmsg(fd, bits | also | extra, count, numbers, memory, ...parts),
    );
  let arrived = receive(MSG_CMSG_CLOEXEC);
  if (refusesCloseOnExec(arrived, fd)) arrived = receive(0);
  succeeded(arrived, "recvmmsg");
  const results: Received[] = [];
  for (let i = 0; i < arrived; i++) {
    const at = i * MMSG_NUMBERS;
    const length = numbers[at + RESULT_ADDRESS_LENGTH]!;
    const start = i * ADDRESS_SPACE;
    // The kernel returns the address's full length, even if the memory is shorter.
    const address =
      length === 0
        ? undefined
        : (addresses[i]?.subarray(0, length) ?? memory.slice(start, start + Math.min(length, ADDRESS_SPACE)));
    results.push(
      received(
        numbers[at + MMSG_BYTES]!,
        numbers[at + RESULT_CONTROL_LENGTH]!,
        numbers[at + RESULT_FLAGS]!,
        address,
      ),
    );
  }
  return results;
}
