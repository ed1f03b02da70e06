/**
 * Copies the bytes into an ArrayBuffer of their own. Buffer.from() and Buffer.concat() would not do: they take small buffers from a
 * pool that the whole program shares. If a program transferred such a buffer to another thread, it would transfer the whole pool.
 */
export function unshared(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
