import { checkBytes, checkInteger } from "../arguments.js";
import { invalidArgType, outOfRange } from "../errors.js";
import { checkKeys, keysOf } from "../known-keys.js";
import { copyBytes, readU16, writeU16 } from "./bytes.js";
import { alignTo, both } from "./layout.js";
import type { Payload } from "./payload.js";

/** One netlink attribute: its number, a TCP_NLA_* of `sendmsg/constants`, and its bytes. */
export interface Attribute {
  type: number;
  data: Uint8Array;
}

const KEYS = /* @__PURE__ */ keysOf<Attribute>({ type: true, data: true });

/** struct nlattr, include/uapi/linux/netlink.h: a length and a type of two bytes each, then the data. It is aligned to 4. */
const HEADER = 4;
const ALIGN = 4;
const MAX_DATA = 0xffff - HEADER;

function checkAttribute(argument: string, attribute: Attribute): Attribute {
  if (attribute === null || typeof attribute !== "object")
    throw invalidArgType(argument, "of type object", attribute);
  checkKeys(argument, attribute, KEYS);
  const type = checkInteger(`${argument}.type`, attribute.type, 0, 0xffff);
  const data = checkBytes(`${argument}.data`, attribute.data);
  if (data.length > MAX_DATA) throw outOfRange(`${argument}.data.length`, `<= ${MAX_DATA}`, data.length);
  return { type, data };
}

/**
 * Reads the netlink attributes from byte `at` up to `end`. Returns undefined if a length is wrong: smaller than a header, or larger
 * than what is left.
 */
export function readAttributes(bytes: Uint8Array, at: number, end: number): Attribute[] | undefined {
  const found: Attribute[] = [];
  for (let here = at; here < end; ) {
    if (here + HEADER > end) return undefined;
    const total = readU16(bytes, here);
    if (total < HEADER || here + alignTo(total, ALIGN) > end) return undefined;
    found.push({ type: readU16(bytes, here + 2), data: copyBytes(bytes, here + HEADER, here + total) });
    here += alignTo(total, ALIGN);
  }
  return found;
}

/** A stream of netlink attributes. */
export function attributes(reserve: number): Payload<Attribute[]> {
  return {
    ctype: "struct nlattr[]",
    size: both(0),
    align: both(ALIGN),
    reserve: both(reserve),
    read: (bytes, at, length) => readAttributes(bytes, at, at + length),
    measure(value, _encoding, argument) {
      if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
      let total = 0;
      for (let i = 0; i < value.length; i++) {
        total += alignTo(HEADER + checkAttribute(`${argument}[${i}]`, value[i]!).data.length, ALIGN);
      }
      return total;
    },
    write(bytes, at, value, _encoding, argument) {
      let here = at;
      for (let i = 0; i < value.length; i++) {
        const { type, data } = checkAttribute(`${argument}[${i}]`, value[i]!);
        writeU16(bytes, here, HEADER + data.length);
        writeU16(bytes, here + 2, type);
        bytes.set(data, here + HEADER);
        here += alignTo(HEADER + data.length, ALIGN);
      }
    },
  };
}
