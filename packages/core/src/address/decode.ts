import { checkBytes } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { readU16 } from "../wire/bytes.js";

import { FAMILY_BYTES } from "./codec.js";
import { raw } from "./raw.js";
import { type Address, codecOfNumber } from "./table.js";

/**
 * Decodes the bytes of a sockaddr, as the kernel returns them.
 *
 * It never throws on bytes: those of an unknown family, or too few of a known one, become `{ family: 38, data }`, the
 * family as its number. No bytes at all is what an unnamed Unix socket sends from: with `family` AF_UNIX they become
 * `{ family: "unix" }`, as its two bytes do.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE: `bytes` is no Uint8Array
 */
export function decodeAddress(bytes: Uint8Array, family?: number): Address {
  const sockaddr = checkBytes("bytes", bytes);
  if (sockaddr.length < FAMILY_BYTES) {
    return family === AF_UNIX && sockaddr.length === 0 ? { family: "unix" } : raw.decode(sockaddr)!;
  }
  return codecOfNumber(readU16(sockaddr, 0))?.decode(sockaddr) ?? raw.decode(sockaddr)!;
}
