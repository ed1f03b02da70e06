import { lengthOf, partOf } from "../arguments.js";
import { MSG_PEEK, MSG_TRUNC } from "../constants/message-flags.js";
import type { FileDescriptor } from "../descriptor.js";
import { Message } from "../message.js";
import { unshared } from "../unshared.js";
import { DEFAULT_SIZE } from "./receive-memory.js";
import type { Request } from "./receiving.js";

/**
 * Receives from a message that the kernel no longer has: a net.Socket had read it before the socket became ours, or a thread had
 * received it. `rest` is what the next receive gets.
 */
export function takeEarly(
  early: Message,
  request: Request,
  isStream: boolean,
): { message: Message; rest: Message | undefined } {
  const whole = isStream ? DEFAULT_SIZE : early.data.length;
  const room = request.buffers ? request.room : (request.size ?? whole);
  const peek = (request.flags & MSG_PEEK) !== 0;
  const cut = early.data.length > room;
  const part = early.data.subarray(0, room);
  let data: Buffer;
  // Without memory for the data, both throw: before anything is taken.
  if (request.buffers) {
    let at = 0;
    for (const view of Array.isArray(request.buffers) ? request.buffers : [request.buffers]) {
      at += part.copy(view, 0, at);
    }
    data = filled(request.buffers, part.length);
  } else {
    // What is left would be gone once somebody transfers the memory of this part. What Node has read may lie in its pool.
    data = unshared(part);
  }
  const left = peek || !(cut && isStream) ? undefined : early.data.subarray(room);
  const fds = peek ? duplicates(early.fds.slice(0, request.maxFds)) : early.takeFds();
  const unwanted = fds.splice(request.maxFds);
  for (const descriptor of unwanted) descriptor.close();
  const message = Message.from({
    data,
    fds,
    pidfd: peek ? early.pidfd?.dup() : early.takePidfd(),
    control: early.control,
    address: early.address,
    flags: early.flags | (cut && !isStream ? MSG_TRUNC : 0),
    eof: early.eof,
    fullLength: isStream ? data.length : early.fullLength,
    droppedFds: early.droppedFds + unwanted.length,
  });
  return { message, rest: peek ? early : left && Message.from({ data: left }) };
}

/** All of them or none: without a descriptor left, this throws. */
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

/** The part of the caller's buffers that was filled: a view on one, a copy of several. */
export function filled(buffers: Uint8Array | Uint8Array[], length: number): Buffer {
  if (Array.isArray(buffers)) {
    // Not Buffer.concat(), which takes memory of a pool that all of the program's small buffers share.
    const data = Buffer.allocUnsafeSlow(length);
    let at = 0;
    for (const view of buffers) {
      if (at === length) break;
      const size = Math.min(lengthOf(view), length - at);
      data.set(partOf(view, 0, size), at);
      at += size;
    }
    return data;
  }
  const { buffer, byteOffset } = partOf(buffers, 0, length);
  return Buffer.from(buffer, byteOffset, length);
}
