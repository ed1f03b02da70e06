import { checkInteger, checkObject } from "../arguments.js";
import { keysNamed } from "../known-keys.js";
import { both } from "./layout.js";
import type { Payload } from "./payload.js";

/** One byte that contains several small numbers. The first number is in the lowest bits. */
export function bits<const F extends Readonly<Record<string, number>>>(
  widths: F,
): Payload<{ -readonly [K in keyof F]: number }> {
  const fields = Object.entries(widths);
  const keys = keysNamed(Object.keys(widths));
  return {
    ctype: "__u8",
    size: both(1),
    align: both(1),
    read(bytes, at) {
      let rest = bytes[at]!;
      const value: Record<string, number> = {};
      for (const [name, width] of fields) {
        value[name] = rest & ((1 << width) - 1);
        rest >>>= width;
      }
      return value as { -readonly [K in keyof F]: number };
    },
    write(bytes, at, value, _encoding, argument) {
      const given: Record<string, unknown> = checkObject(argument, value, keys);
      let byte = 0;
      let shift = 0;
      for (const [name, width] of fields) {
        byte |= checkInteger(`${argument}.${name}`, given[name], 0, (1 << width) - 1) << shift;
        shift += width;
      }
      bytes[at] = byte;
    },
  };
}
