import { checkBytes } from "../arguments.js";
import { invalidArgType } from "../errors.js";
import { copyBytes } from "./bytes.js";
import { both } from "./layout.js";
import type { Payload } from "./payload.js";

/** Any number of bytes, which the library does not interpret. */
export function blob(ctype: string, reserve: number): Payload<Uint8Array> {
  return {
    ctype,
    size: both(0),
    align: both(1),
    reserve: both(reserve),
    read: (bytes, at, length) => copyBytes(bytes, at, at + length),
    measure: (value, _encoding, argument) => checkBytes(argument, value).length,
    write(bytes, at, value, _encoding, argument, length) {
      bytes.set(checkBytes(argument, value).subarray(0, length), at);
    },
  };
}

/** A message without payload. Its presence is the whole information. */
export const nothing: Payload<null> = {
  ctype: "(empty)",
  size: both(0),
  align: both(1),
  read: () => null,
  write(_bytes, _at, value, _encoding, argument) {
    if (value !== null) throw invalidArgType(argument, "null", value);
  },
};
