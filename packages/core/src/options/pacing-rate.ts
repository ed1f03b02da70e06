import { invalidArgType, outOfRange } from "../errors.js";
import { readU32, readU64, write32, write64 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

const UNLIMITED_32 = 0xffffffff;
const MAX_U32 = 0xffffffffn;
const MAX_U64 = 0xffffffffffffffffn;

/**
 * Bytes per second. Since Linux 4.20, the kernel takes and gives an unsigned long, or 32 bits if the buffer has no more. A value
 * that fits is sent as 32 bits, so that it also works on 32-bit kernels. All ones mean no limit, in both widths.
 */
export const pacingRate: Payload<bigint> = {
  ctype: "unsigned long",
  size: both(4),
  align: both(4),
  room: both(8),
  read(bytes, at, length) {
    if (length >= 8) return readU64(bytes, at);
    const rate = readU32(bytes, at);
    return rate === UNLIMITED_32 ? MAX_U64 : BigInt(rate);
  },
  measure: (value) => (typeof value === "bigint" && value >= MAX_U32 && value !== MAX_U64 ? 8 : 4),
  write(bytes, at, value, _encoding, argument, length) {
    if (typeof value !== "bigint") throw invalidArgType(argument, "of type bigint", value);
    if (value < 0n || value > MAX_U64) throw outOfRange(argument, `>= 0n && <= ${MAX_U64}n`, value);
    if (length === 8) write64(bytes, at, value);
    else write32(bytes, at, value === MAX_U64 ? UNLIMITED_32 : Number(value));
  },
};
