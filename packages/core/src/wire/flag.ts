import { checkBoolean } from "../arguments.js";
import { readI32, write32 } from "./bytes.js";
import { both } from "./layout.js";
import type { Payload } from "./payload.js";

/** An int that means on or off. */
export const flag: Payload<boolean> = {
  ctype: "int",
  size: both(4),
  align: both(4),
  read: (bytes, at) => readI32(bytes, at) !== 0,
  write(bytes, at, value, _encoding, argument) {
    write32(bytes, at, checkBoolean(argument, value) ? 1 : 0);
  },
};

/** A byte in a structure that means on or off. */
export const byteFlag: Payload<boolean> = {
  ctype: "__u8",
  size: both(1),
  align: both(1),
  read: (bytes, at) => bytes[at] !== 0,
  write(bytes, at, value, _encoding, argument) {
    bytes[at] = checkBoolean(argument, value) ? 1 : 0;
  },
};
