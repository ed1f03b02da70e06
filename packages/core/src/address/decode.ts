import { checkBytes } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { readU16 } from "../wire/bytes.js";

import { FAMILY_BYTES } from "./codec.js";
import { raw } from "./raw.js";
import { type Address, codecOfNumber } from "./table.js";

/**
 * Decodes the bytes of a sockaddr, as the kernel returns them.
 *
 * It never throws because of the bytes. If the family is unknown, or the bytes are too few, the result is `{ family: 38, data }`,
 * with the family as a number. For an unnamed Unix socket, the kernel returns no bytes, or only the two bytes of the family. Give
 * AF_UNIX as `family`: then both become `{ family: "unix" }`.
 *
 * @throws TypeError ERR_INVALID_ARG_TYPE: `bytes` is not a Uint8Array
 */
export function decodeAddress(bytes: Uint8Array, family?: number): Address {
  const sockaddr = checkBytes("bytes", bytes);
  if (sockaddr.length < FAMILY_BYTES) {
    return family === AF_UNIX && sockaddr.length === 0 ? { family: "unix" } : raw.decode(sockaddr)!;
  }
  return codecOfNumber(readU16(sockaddr, 0))?.decode(sockaddr) ?? raw.decode(sockaddr)!;
}
