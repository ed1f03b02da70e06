import { copyBytes, readUtf8 } from "../bytes.js";
import { both, type Payload } from "../control/payload.js";
import { invalidArgType, invalidArgValue, outOfRange } from "../errors.js";

const encoder = new TextEncoder();

/** A name that the kernel ends with a null byte, of at most `room` bytes with it. An empty one takes back what was set. */
export function nameText(ctype: string, room: number): Payload<string> {
  const encode = (argument: string, value: unknown): Uint8Array => {
    if (typeof value !== "string") throw invalidArgType(argument, "of type string", value);
    if (value.includes("\0")) throw invalidArgValue(argument, "must be a string without null bytes");
    const bytes = encoder.encode(value);
    if (bytes.length >= room) throw outOfRange(`${argument}.length`, `< ${room}`, bytes.length);
    return bytes;
  };
  return {
    ctype,
    size: both(0),
    align: both(1),
    room: both(room),
    read(bytes, at, length) {
      const text = copyBytes(bytes, at, at + length);
      const end = text.indexOf(0);
      return readUtf8(end < 0 ? text : text.subarray(0, end));
    },
    measure: (value, _layout, argument) => encode(argument, value).length + 1,
    write(bytes, at, value, _layout, argument) {
      bytes.set(encode(argument, value), at);
    },
  };
}
