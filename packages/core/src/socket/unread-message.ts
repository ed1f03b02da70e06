import { MSG_PEEK, MSG_TRUNC } from "../constants/message-flags.js";
import type { FileDescriptor } from "../descriptor.js";
import { Message } from "../message.js";
import { unshared } from "../unshared.js";
import { fill } from "./caller-buffers.js";
import { warnOfDropped } from "./dropped-descriptors.js";
import { DEFAULT_SIZE } from "./receive-memory.js";
import type { ReceiveRequest } from "./receive-request.js";

/**
 * Receives from a message that was already taken from the kernel: by a net.Socket before the socket became ours, or by a thread.
 * `rest` is what remains for the next receive.
 */
export function takeUnread(
  unread: Message,
  request: ReceiveRequest,
  isStream: boolean,
): { message: Message; rest: Message | undefined } {
  const whole = isStream ? DEFAULT_SIZE : unread.data.length;
  const size = request.hasDefaultSize ? whole : request.size;
  const peek = (request.flags & MSG_PEEK) !== 0;
  const cut = unread.data.length > size;
  const part = unread.data.subarray(0, size);
  let data: Buffer;
  // If there is no memory for the data, both branches throw before anything is taken.
  if (request.buffers) {
    data = fill(request.buffers, part);
  } else {
    // Copy: if the program transferred the memory of this part, the rest would be lost. And bytes that Node read may be in Node's
    // pool.
    data = unshared(part);
  }
  const left = peek || !(cut && isStream) ? undefined : unread.data.subarray(size);
  const fds = peek ? duplicates(unread.fds.slice(0, request.maxFds)) : unread.takeFds();
  const unwanted = fds.splice(request.maxFds);
  for (const descriptor of unwanted) descriptor.close();
  if (unwanted.length > 0 && request.hasDefaultMaxFds) warnOfDropped();
  const message = Message.from({
    data,
    fds,
    pidfd: peek ? unread.pidfd?.dup() : unread.takePidfd(),
    control: unread.control,
    address: unread.address,
    flags: unread.flags | (cut && !isStream ? MSG_TRUNC : 0),
    eof: unread.eof,
    fullLength: isStream ? data.length : unread.fullLength,
    droppedFds: unread.droppedFds + unwanted.length,
  });
  return { message, rest: peek ? unread : left && Message.from({ data: left }) };
}

/** Duplicates all descriptors or none. Throws if no descriptor is free. */
function duplicates(descriptors: readonly FileDescriptor[]): FileDescriptor[] {
  const made: FileDescriptor[] = [];
  try {
    for (const descriptor of descriptors) made.push(descriptor.dup());
  } catch (error) {
    for (const descriptor of made) descriptor.close();
    throw error;
  }
  return made;
}
