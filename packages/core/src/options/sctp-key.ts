import { checkBytes, checkInt32, checkInteger, checkObject } from "../arguments.js";
import { copyBytes, readI32, readU16, write32, writeU16 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

/** A key of SCTP's authentication. */
export interface SctpKey {
  association: number;
  /** The key's number. */
  number: number;
  key: Uint8Array;
}

/** struct sctp_authkey, include/uapi/linux/sctp.h. */
const NUMBER = 4;
const LENGTH = 6;
const KEY = 8;
const MAX_LENGTH = 0xffff;

export const sctpKey: Payload<SctpKey> = {
  ctype: "struct sctp_authkey",
  size: both(KEY),
  align: both(4),
  room: both(KEY + MAX_LENGTH),
  read(bytes, at, length) {
    const end = KEY + readU16(bytes, at + LENGTH);
    if (length < end) return undefined;
    return {
      association: readI32(bytes, at),
      number: readU16(bytes, at + NUMBER),
      key: copyBytes(bytes, at + KEY, at + end),
    };
  },
  measure(value, _encoding, argument) {
    const { key } = checkObject(argument, value);
    const { length } = checkBytes(`${argument}.key`, key);
    return KEY + checkInteger(`${argument}.key.length`, length, 0, MAX_LENGTH);
  },
  write(bytes, at, { association, number, key }, _encoding, argument) {
    write32(bytes, at, checkInt32(`${argument}.association`, association));
    writeU16(bytes, at + NUMBER, checkInteger(`${argument}.number`, number, 0, 0xffff));
    const secret = checkBytes(`${argument}.key`, key);
    writeU16(bytes, at + LENGTH, secret.length);
    bytes.set(secret, at + KEY);
  },
};
