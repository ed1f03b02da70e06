import { checkFd, checkInt32, checkInteger, checkObject, checkView, lengthOf } from "../arguments.js";
import { invalidArgType } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { binding } from "../native/load.js";
import { failure, succeeded } from "./failure.js";
import { SIZEOF_INT } from "./int-option.js";
import { refusePointersGet, refusePointersSet } from "./pointers.js";

export interface GetsockoptOptions {
  /** How many bytes the value may have. The result is then bytes instead of a number. */
  length: number;
}

const GET_KEYS = /* @__PURE__ */ keysOf<GetsockoptOptions>({ length: true });

/**
 * Reads a socket option as a number. With a `length`, reads it as bytes: as many as the kernel wrote.
 *
 * If the option's value is a descriptor (SO_PEERPIDFD), the result is its number, and the caller now owns it.
 *
 * @throws a system error: ENOPROTOOPT, ERANGE (for some options, if `length` is too small; most options cut the value), …
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
    const { length } = checkObject("options", options, GET_KEYS);
    refusePointersGet("name", level, name, checkInteger("options.length", length, 0, 0x7fffffff));
    const value = new Uint8Array(length);
    return value.subarray(0, succeeded(binding().getsockopt(fd, level, name, value), "getsockopt"));
  }
  const value = new Int32Array(1);
  const bytes = new Uint8Array(value.buffer);
  const written = succeeded(binding().getsockopt(fd, level, name, bytes), "getsockopt");
  // A few options have one byte (IP_MULTICAST_TTL, if an int does not fit). They leave the other bytes unchanged.
  return written < SIZEOF_INT ? bytes[0]! : value[0]!;
}

/**
 * Sets a socket option. A number or boolean is passed as an int, which most options need. For other options, give the bytes of
 * their struct.
 *
 * @throws TypeError ERR_INVALID_ARG_VALUE: the option's struct contains pointers (SO_ATTACH_FILTER, XDP_UMEM_REG, …), so the
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
  // Copy: with shared memory, another thread could change the bytes after we have checked them.
  return new Uint8Array(checkView("value", value));
}
