/**
 * Copies the bytes into an ArrayBuffer of their own. Not with Buffer.from() or Buffer.concat(): they take small buffers from a pool
 * that the whole program shares, and structured clone would transfer the whole pool.
 */
export function unshared(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
