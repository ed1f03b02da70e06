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
import {
  ADDRESS_SPACE,
  MMSG_BYTES,
  MMSG_RESULTS,
  RESULT_ADDRESS_LENGTH,
  RESULT_CONTROL_LENGTH,
  RESULT_FLAGS,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { append, type Flattened, readMessages } from "./batch.js";
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
const addresses: Uint8Array[] = [];

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
  const raw = readMessages(messages, "buffers", MESSAGE_KEYS);
  const flattened: Flattened = { parts: [], counts: new Int32Array(raw.length) };
  const memory: (Uint8Array | null)[] = [];
  while (addresses.length < raw.length) addresses.push(new Uint8Array(ADDRESS_SPACE));
  for (let i = 0; i < raw.length; i++) {
    const { data, control, address } = raw[i]!;
    memory.push(checkOptionalView(`messages[${i}].address`, address));
    append(
      flattened,
      i,
      memory[i] ?? addresses[i]!,
      checkOptionalView(`messages[${i}].control`, control),
      checkBuffers(`messages[${i}].buffers`, data),
    );
  }
  const results = new Int32Array(raw.length * MMSG_RESULTS);
  const bits = checkFlags("options.flags", flags);
  const wait = checkTimeout("options.timeout", timeout);
  const { parts, counts } = flattened;
  const native = binding();
  const receive = (also: number) =>
    retryUntilTimeout(wait, fd, POLLIN, (extra) =>
      native.recvmmsg(fd, parts, counts, results, bits | also | extra),
    );
  let count = receive(MSG_CMSG_CLOEXEC);
  if (refusesCloseOnExec(count, fd)) count = receive(0);
  succeeded(count, "recvmmsg");
  return Array.from({ length: count }, (_, i) => {
    const at = i * MMSG_RESULTS;
    const length = results[at + RESULT_ADDRESS_LENGTH]!;
    const address = memory[i]?.subarray(0, length) ?? addresses[i]!.slice(0, length);
    return received(
      results[at + MMSG_BYTES]!,
      results[at + RESULT_CONTROL_LENGTH]!,
      results[at + RESULT_FLAGS]!,
      length === 0 ? undefined : address,
    );
  });
}
