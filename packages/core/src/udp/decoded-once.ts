import { copyBytes } from "../wire/bytes.js";

/** A power of two. */
const SLOTS = 256;

/**
 * Remembers what the last different byte strings meant. The headers of most packets say the same, and decoding them takes ten times
 * as long as comparing them.
 *
 * Each byte string has one slot, by its hash. A peer that finds strings with the same hash makes us decode each of them, as without
 * this class.
 */
export class DecodedOnce<T> {
  readonly #decode: (bytes: Uint8Array) => T;
  readonly #keys: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly #values: (T | undefined)[] = new Array(SLOTS).fill(undefined);
  #last = 0;

  /** All callers get the same result of `decode`, so they must not change it. */
  constructor(decode: (bytes: Uint8Array) => T) {
    this.#decode = decode;
  }

  /** What the bytes from `from` on mean. */
  get(bytes: Uint8Array, from: number): T {
    if (!isSame(this.#keys[this.#last], bytes, from)) this.#last = this.#slotOf(bytes, from);
    return this.#values[this.#last]!;
  }

  #slotOf(bytes: Uint8Array, from: number): number {
    let hash = 0;
    for (let i = from; i < bytes.length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (SLOTS - 1);
    if (!isSame(this.#keys[slot], bytes, from)) {
      // A copy, because `bytes` may be memory that the next receive writes to.
      const key = copyBytes(bytes, from, bytes.length);
      const value = this.#decode(key);
      this.#keys[slot] = key;
      this.#values[slot] = value;
    }
    return slot;
  }
}

function isSame(key: Uint8Array | undefined, bytes: Uint8Array, from: number): boolean {
  if (key === undefined || key.length !== bytes.length - from) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== bytes[from + i]) return false;
  return true;
}
