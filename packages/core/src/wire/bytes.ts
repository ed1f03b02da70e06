/**
 * Integers in a kernel structure. x64, ia32 and arm64 are all little-endian, and only this file depends on it: a big-endian target
 * would need its own versions of these functions. Functions for integers in network byte order have `Be` in their names.
 *
 * They accept any offset, because on ia32 a u64 in a control message need not be aligned.
 */

export const readU16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

export const readU16Be = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

export const readI32 = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

export const readU32 = (bytes: Uint8Array, at: number): number => readI32(bytes, at) >>> 0;

export const readU32Be = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;

/** Makes one bigint from two words. This is faster than arithmetic on bigints. */
const wide = new DataView(new ArrayBuffer(8));

export function readU64(bytes: Uint8Array, at: number): bigint {
  wide.setInt32(0, readI32(bytes, at), true);
  wide.setInt32(4, readI32(bytes, at + 4), true);
  return wide.getBigUint64(0, true);
}

export function readI64(bytes: Uint8Array, at: number): bigint {
  wide.setInt32(0, readI32(bytes, at), true);
  wide.setInt32(4, readI32(bytes, at + 4), true);
  return wide.getBigInt64(0, true);
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function writeU16Be(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** The value may be signed or unsigned. */
export function write32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function write32Be(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The value may be signed or unsigned. */
export function write64(bytes: Uint8Array, at: number, value: bigint): void {
  wide.setBigUint64(0, value, true);
  write32(bytes, at, wide.getInt32(0, true));
  write32(bytes, at + 4, wide.getInt32(4, true));
}

/** Copies bytes into a plain Uint8Array. slice() of a Buffer would share the Buffer's memory. */
export const copyBytes = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.subarray(start, end));

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Paths and names are short and mostly ASCII. For these, starting a TextDecoder takes ten times as long as reading the bytes. */
const SHORT = 128;

function readShortAscii(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** Returns the text. Undefined if the bytes are not valid UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  const ascii = bytes.length <= SHORT ? readShortAscii(bytes) : undefined;
  if (ascii !== undefined) return ascii;
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
