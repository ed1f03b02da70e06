import { checkBytes } from "../arguments.js";
import { copyBytes, readUtf8 } from "../bytes.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { both, type Payload } from "./payload.js";

/** Bytes that the library does not interpret, any number of them. */
export function blob(ctype: string, room: number): Payload<Uint8Array> {
  return {
    ctype,
    size: both(0),
    align: both(1),
    room: both(room),
    read: (bytes, at, length) => copyBytes(bytes, at, at + length),
    measure: (value, _layout, argument) => checkBytes(argument, value).length,
    write(bytes, at, value, _layout, argument, length) {
      bytes.set(checkBytes(argument, value).subarray(0, length), at);
    },
  };
}

const encoder = new TextEncoder();

function textBytes(argument: string, value: string | Uint8Array): Uint8Array {
  if (typeof value !== "string") {
    if (ArrayBuffer.isView(value)) return checkBytes(argument, value);
    throw invalidArgType(argument, "of type string or an instance of Uint8Array", value);
  }
  if (value.includes("\0")) throw invalidArgValue(argument, "must be a string without null bytes");
  return encoder.encode(value);
}

/**
 * Text of a security module, as a string where it is valid UTF-8, otherwise as bytes. SELinux ends its labels with a
 * null byte, AppArmor doesn't: that one byte is dropped.
 */
export function text(ctype: string, room: number): Payload<string | Uint8Array> {
  return {
    ctype,
    size: both(0),
    align: both(1),
    room: both(room),
    read(bytes, at, length) {
      const end = length > 0 && bytes[at + length - 1] === 0 ? at + length - 1 : at + length;
      const string = readUtf8(bytes.subarray(at, end));
      return string === undefined || string.includes("\0") ? copyBytes(bytes, at, at + length) : string;
    },
    measure: (value, _layout, argument) => textBytes(argument, value).length,
    write(bytes, at, value, _layout, argument, length) {
      bytes.set(textBytes(argument, value).subarray(0, length), at);
    },
  };
}

/** No bytes at all: that the message is there says it all. */
export const nothing: Payload<null> = {
  ctype: "(empty)",
  size: both(0),
  align: both(1),
  read: () => null,
  write(_bytes, _at, value, _layout, argument) {
    if (value !== null) throw invalidArgType(argument, "null", value);
  },
};
