import { invalidArgValue } from "../errors.js";

/** ETH_ALEN, include/uapi/linux/if_ether.h. */
export const MAC_BYTES = 6;

/** The error of a device address that is none. */
export const invalidMac = (argument: string): Error =>
  invalidArgValue(argument, 'must be a device\'s address, as "aa:bb:cc:dd:ee:ff"');

const hex = (byte: number) => byte.toString(16).padStart(2, "0");

/** Reads `length` bytes as `aa:bb:cc:dd:ee:ff`. Most device addresses have six bytes. */
export const readMac = (bytes: Uint8Array, at: number, length = MAC_BYTES): string =>
  Array.from(bytes.subarray(at, at + length), hex).join(":");

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2})*$/i;

/** Returns the bytes of a device address. Undefined if `text` is not one. */
export function parseMac(text: string): Uint8Array | undefined {
  return MAC.test(text) ? Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16)) : undefined;
}

/** Writes the six bytes of the device address `text`. Returns whether it is one. */
export function writeMac(text: string, bytes: Uint8Array, at: number): boolean {
  const address = parseMac(text);
  if (address?.length !== MAC_BYTES) return false;
  bytes.set(address, at);
  return true;
}
