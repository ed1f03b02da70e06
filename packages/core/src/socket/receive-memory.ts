// The global Buffer is a getter, which takes time.
import { Buffer } from "node:buffer";
import { binding } from "../native/load.js";

/** Room for any IP datagram, and for a large read from a stream. */
export const DEFAULT_SIZE = 65_536;

/** The largest size, in bytes, of a typed array that V8 keeps on its own heap: --typed-array-max-size-in-heap. */
const ON_HEAP = 64;
const { slice } = Uint8Array.prototype;

const NOTHING = new Uint8Array(0);

/**
 * Receives write here. Short messages get a copy of their bytes. A longer message takes the whole buffer, and we make a new one.
 */
let scratch: Buffer | undefined;

/**
 * Returns memory of at least `size` bytes for one receive. It is valid until the next call. Up to DEFAULT_SIZE, the binding knows
 * it.
 */
export function reserve(size: number): Buffer {
  if (size > DEFAULT_SIZE) return Buffer.allocUnsafeSlow(size);
  if (scratch === undefined) {
    scratch = Buffer.allocUnsafeSlow(DEFAULT_SIZE);
    binding().dataBuffer(scratch);
  }
  return scratch;
}

/** Takes a message that is longer than the reserved memory. It was received with CALL_WHOLE. */
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
 * Returns the first `length` bytes of the reserved memory, in memory that no other message shares. Structured clone copies the
 * whole ArrayBuffer of a view. So with shared memory, `postMessage(message.data)` would also send the bytes of other peers.
 *
 * A message that fills at most half of the memory is copied: that is cheaper than receiving the next message into memory that is
 * not in the processor's cache. A longer message keeps the memory, and we overwrite the bytes that earlier messages left in its
 * rest.
 */
export function take(memory: Buffer, length: number): Buffer {
  // Such a short array is on V8's heap. This is the fastest way to make it.
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
