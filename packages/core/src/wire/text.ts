import { checkBytes, checkString } from "../arguments.js";
import { invalidArgType, invalidArgValue, outOfRange } from "../errors.js";
import { copyBytes, readUtf8 } from "./bytes.js";
import { both } from "./layout.js";
import type { Payload } from "./payload.js";

const encoder = new TextEncoder();

function encodeText(argument: string, text: string): Uint8Array {
  if (text.includes("\0")) throw invalidArgValue(argument, "must be a string without null bytes");
  return encoder.encode(text);
}

function textBytes(argument: string, value: string | Uint8Array): Uint8Array {
  if (typeof value !== "string") {
    if (ArrayBuffer.isView(value)) return checkBytes(argument, value);
    throw invalidArgType(argument, "of type string or an instance of Uint8Array", value);
  }
  return encodeText(argument, value);
}

/**
 * Text of a security module: a string if it is valid UTF-8, otherwise bytes. SELinux ends its labels with a null byte, and AppArmor
 * does not. Reading removes this one byte.
 */
export function text(ctype: string, reserve: number): Payload<string | Uint8Array> {
  return {
    ctype,
    size: both(0),
    align: both(1),
    reserve: both(reserve),
    read(bytes, at, length) {
      const end = length > 0 && bytes[at + length - 1] === 0 ? at + length - 1 : at + length;
      const string = readUtf8(bytes.subarray(at, end));
      return string === undefined || string.includes("\0") ? copyBytes(bytes, at, at + length) : string;
    },
    measure: (value, _encoding, argument) => textBytes(argument, value).length,
    write(bytes, at, value, _encoding, argument, length) {
      bytes.set(textBytes(argument, value).subarray(0, length), at);
    },
  };
}

/** A name with a null byte at its end, together at most `maxSize` bytes. An empty name removes the setting. */
export function nameText(ctype: string, maxSize: number): Payload<string> {
  const encode = (argument: string, value: unknown): Uint8Array => {
    const bytes = encodeText(argument, checkString(argument, value));
    if (bytes.length >= maxSize) throw outOfRange(`${argument}.length`, `< ${maxSize}`, bytes.length);
    return bytes;
  };
  return {
    ctype,
    size: both(0),
    align: both(1),
    reserve: both(maxSize),
    read(bytes, at, length) {
      const text = copyBytes(bytes, at, at + length);
      const end = text.indexOf(0);
      return readUtf8(end < 0 ? text : text.subarray(0, end));
    },
    measure: (value, _encoding, argument) => encode(argument, value).length + 1,
    write(bytes, at, value, _encoding, argument) {
      bytes.set(encode(argument, value), at);
    },
  };
}
