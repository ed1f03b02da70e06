import { checkFd, checkInt32, checkInteger, checkObject, checkView, lengthOf } from "../arguments.js";
import { invalidArgType } from "../errors.js";
import { binding } from "../native/load.js";
import { failure, succeeded } from "./failure.js";
import { refusePointersGet, refusePointersSet } from "./pointers.js";

const SIZEOF_INT = Int32Array.BYTES_PER_ELEMENT;

export interface GetsockoptOptions {
  /** Room for the value in bytes: it is returned as bytes instead of a number. */
  length: number;
}

/**
 * Reads a socket option: as a number, or with a `length` as bytes (as many as the kernel wrote).
 *
 * An option that hands out a descriptor (SO_PEERPIDFD) gives its number, which the caller now owns.
 *
 * @throws a system error: ENOPROTOOPT, ERANGE (`length` is too small, for some options; most cut the value), …
 * @see getsockopt(2), socket(7), unix(7), ip(7), ipv6(7), tcp(7), udp(7)
 */
export function getsockopt(fd: number, level: number, name: number): number;
export function getsockopt(fd: number, level: number, name: number, options: GetsockoptOptions): Uint8Array;
export function getsockopt(
  fd: number,
  level: number,
  name: number,
  options?: GetsockoptOptions,
): number | Uint8Array {
  checkFd("fd", fd);
  checkInt32("level", level);
  checkInt32("name", name);
  if (options !== undefined) {
    const { length } = checkObject("options", options);
    refusePointersGet("name", level, name, checkInteger("options.length", length, 0, 0x7fffffff));
    const value = new Uint8Array(length);
    return value.subarray(0, succeeded(binding().getsockopt(fd, level, name, value, false), "getsockopt"));
  }
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  const written = succeeded(binding().getsockopt(fd, level, name, bytes, false), "getsockopt");
  // A few options of one byte (IP_MULTICAST_TTL, where an int does not fit) leave the others alone.
  return written < SIZEOF_INT ? bytes[0]! : value[0]!;
}

/**
 * Sets a socket option. A number or boolean is passed as an int, which most options take; others take their struct's bytes.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE: the option's struct holds pointers (SO_ATTACH_FILTER, XDP_UMEM_REG, …), and the
 *   kernel would take your bytes for addresses in this process. The error says what to use instead.
 * @throws a system error: ENOPROTOOPT, EINVAL, EPERM, EDOM, …
 * @see setsockopt(2), socket(7), unix(7), ip(7), ipv6(7), tcp(7), udp(7)
 */
export function setsockopt(
  fd: number,
  level: number,
  name: number,
  value: number | boolean | ArrayBufferView,
): void {
  checkFd("fd", fd);
  checkInt32("level", level);
  checkInt32("name", name);
  const bytes = optionBytes(value);
  refusePointersSet("name", level, name, lengthOf(bytes));
  const result = binding().setsockopt(fd, level, name, bytes);
  if (result < 0) throw failure(result, "setsockopt");
}

function optionBytes(value: unknown): Uint8Array {
  if (typeof value === "boolean" || typeof value === "number") {
    const int = new Int32Array(1);
    int[0] = checkInteger("value", Number(value), -0x80000000, 0xffffffff);
    return new Uint8Array(int.buffer);
  }
  if (!ArrayBuffer.isView(value)) {
    throw invalidArgType("value", "of type number or boolean or an ArrayBufferView", value);
  }
  // A copy: another thread could make shared memory larger once we have looked at it.
  return new Uint8Array(checkView("value", value));
}
