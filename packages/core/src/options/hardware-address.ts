import { checkBytes, checkInteger } from "../arguments.js";
import { copyBytes, readU16, writeU16 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

const MAX_LENGTH = 8;

/** The length and the eight bytes of a link-layer address, as struct packet_mreq has them. */
export const hardwareAddress: Payload<Uint8Array> = {
  ctype: "struct { unsigned short alen; unsigned char address[8]; }",
  size: both(2 + MAX_LENGTH),
  align: both(2),
  read: (bytes, at) => copyBytes(bytes, at + 2, at + 2 + Math.min(readU16(bytes, at), MAX_LENGTH)),
  write(bytes, at, value, _encoding, argument) {
    const address = checkBytes(argument, value);
    checkInteger(`${argument}.length`, address.length, 0, MAX_LENGTH);
    writeU16(bytes, at, address.length);
    bytes.set(address, at + 2);
  },
};
