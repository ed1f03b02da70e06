import { unshared } from "../unshared.js";

/** Room for any datagram of IP, and a good read of a stream. */
export const DEFAULT_SIZE = 65_536;

/** Receives write here. A message either gets a copy of its bytes or takes the whole buffer, and then there is a new one. */
let scratch: Buffer | undefined;

/** Memory for one receive, of at least `size` bytes. Valid until the next call. */
export function reserve(size: number): Buffer {
  if (size > DEFAULT_SIZE) return Buffer.allocUnsafeSlow(size);
  scratch ??= Buffer.allocUnsafeSlow(DEFAULT_SIZE);
  return scratch;
}

/**
 * The first `length` bytes of what was reserved, in memory that no other message shares. Structured clone copies the whole
 * ArrayBuffer behind a view: with shared memory, `postMessage(message.data)` would give away other peers' bytes.
 *
 * A message that fills at most half of the memory is copied: that costs less than to receive the next one into memory that is
 * not in the processor's cache. A longer message keeps the memory, and what earlier messages left in the rest is overwritten.
 */
export function take(memory: Buffer, length: number): Buffer {
  if (length <= memory.length / 2) {
    return unshared(memory.subarray(0, length));
  }
  if (memory === scratch) scratch = undefined;
  if (length === memory.length) return memory;
  memory.fill(0, length);
  return memory.subarray(0, length);
}
