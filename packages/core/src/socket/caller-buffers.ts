import { byteLength, lengthOf, partOf } from "../arguments.js";
import { codedError } from "../errors.js";
import type { ReceiveRequest } from "./receive-request.js";

/**
 * Throws if the caller's buffers no longer have the length that they had when they were checked. In shorter buffers, a message would
 * be cut, or it would look like the end of the stream.
 */
export function checkBuffersUnchanged({ buffers, size }: ReceiveRequest): void {
  if (buffers !== undefined && byteLength(buffers) !== size) {
    throw codedError("ERR_INVALID_STATE", "A buffer was transferred or resized before it was filled");
  }
}

/** Copies bytes into the caller's buffers, in order. Returns the part that was filled. */
export function fill(buffers: Uint8Array | Uint8Array[], data: Buffer): Buffer {
  let at = 0;
  for (const view of Array.isArray(buffers) ? buffers : [buffers]) at += data.copy(view, 0, at);
  return filled(buffers, at);
}

/** Returns the filled part of the caller's buffers: a view of one buffer, or a copy of several. */
export function filled(buffers: Uint8Array | Uint8Array[], length: number): Buffer {
  if (Array.isArray(buffers)) {
    // Not Buffer.concat(), which takes memory from a pool that all small buffers of the program share.
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
