/**
 * A copy of the bytes in an ArrayBuffer of its own. Not Buffer.from() or Buffer.concat(): these take small buffers from a pool
 * that the whole program shares, and structured clone would give all of the pool away.
 */
export function unshared(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
