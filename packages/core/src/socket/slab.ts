import { unshared } from "../unshared.js";

/** Room for any datagram of IP, and a good read of a stream. */
export const DEFAULT_SIZE = 65_536;

/** Receives write here; nobody else ever sees it. */
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
 * Copying up to 32 KiB costs less than memory that the processor has not in its cache. What is longer keeps the memory that it
 * was received into, whose rest may hold anything.
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
