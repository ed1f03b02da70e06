// The global one is a getter, which takes time.
import { Buffer } from "node:buffer";
import { binding } from "../native/load.js";

/** Room for any datagram of IP, and a good read of a stream. */
export const DEFAULT_SIZE = 65_536;

/** Bytes of a typed array that V8 keeps on its own heap: --typed-array-max-size-in-heap. */
const ON_HEAP = 64;
const { slice } = Uint8Array.prototype;

const NOTHING = new Uint8Array(0);

/** Receives write here. A message either gets a copy of its bytes or takes the whole buffer, and then there is a new one. */
let scratch: Buffer | undefined;

/** Memory for one receive, of at least `size` bytes. Valid until the next call. Up to DEFAULT_SIZE it is the binding's data room. */
export function reserve(size: number): Buffer {
  if (size > DEFAULT_SIZE) return Buffer.allocUnsafeSlow(size);
  if (scratch === undefined) {
    scratch = Buffer.allocUnsafeSlow(DEFAULT_SIZE);
    binding().dataRoom(scratch);
  }
  return scratch;
}

/** A message that is longer than what was reserved: received with CALL_WHOLE. */
export function takeWhole(length: number): Buffer {
  let data: Buffer | undefined;
  try {
    data = Buffer.allocUnsafeSlow(length);
    return data;
  } finally {
    binding().takeWhole(data ?? NOTHING, length);
  }
}

/**
 * The first `length` bytes of what was reserved, in memory that no other message shares. Structured clone copies the whole
 * ArrayBuffer behind a view: with shared memory, `postMessage(message.data)` would give away other peers' bytes.
 *
 * A message that fills at most half of the memory is copied: that costs less than to receive the next one into memory that is
 * not in the processor's cache. A longer message keeps the memory, and what earlier messages left in the rest is overwritten.
 */
export function take(memory: Buffer, length: number): Buffer {
  // So short an array lies on V8's heap, and this is the quickest way to it.
  if (length <= ON_HEAP) return slice.call(memory, 0, length) as Buffer;
  if (length <= memory.length / 2) {
    const data = Buffer.allocUnsafeSlow(length);
    memory.copy(data, 0, 0, length);
    return data;
  }
  if (memory === scratch) scratch = undefined;
  if (length === memory.length) return memory;
  memory.fill(0, length);
  return memory.subarray(0, length);
}
