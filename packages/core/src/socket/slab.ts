import { markAsUntransferable } from "node:worker_threads";

/** Room for any datagram of IP, and a good read of a stream. */
export const DEFAULT_SIZE = 65_536;
// Small messages share a slab; one that is kept keeps its slab alive.
const SLAB_SIZE = 8 * DEFAULT_SIZE;

let slab: Buffer | undefined;
let used = 0;

/** Memory for one receive: `slab[offset … offset + size)`. Valid until the next call. */
export function reserve(size: number): { memory: Buffer; offset: number } {
  if (size > DEFAULT_SIZE) return { memory: untransferable(size), offset: 0 };
  // Its length is 0 once it was transferred, which Node before 24 can't prevent: a byte stream does it with what it is given.
  if (slab === undefined || used + size > slab.length) {
    slab = untransferable(SLAB_SIZE);
    used = 0;
  }
  return { memory: slab, offset: used };
}

/** The first `size` bytes of what was reserved are in use. */
export function commit(memory: Buffer, offset: number, size: number): void {
  if (memory === slab && offset === used) used += (size + 7) & ~7;
}

// Transferring one message's buffer to a worker would take the others' bytes away.
function untransferable(size: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(size);
  markAsUntransferable(buffer.buffer as ArrayBuffer);
  return buffer;
}
