import { checkBigint } from "../arguments.js";
import { readU32, readU64, write32, write64 } from "../wire/bytes.js";
import { MAX_U32, MAX_U64 } from "../wire/integers.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

const UNLIMITED_32 = 0xffffffff;

/**
 * Bytes per second. Since Linux 4.20, the kernel takes and gives an unsigned long, or 32 bits if the buffer has no more. A value
 * that fits is sent as 32 bits, so that it also works on 32-bit kernels. All ones mean no limit, in both widths.
 */
export const pacingRate: Payload<bigint> = {
  ctype: "unsigned long",
  size: both(4),
  align: both(4),
  reserve: both(8),
  read(bytes, at, length) {
    if (length >= 8) return readU64(bytes, at);
    const rate = readU32(bytes, at);
    return rate === UNLIMITED_32 ? MAX_U64 : BigInt(rate);
  },
  measure: (value) => (typeof value === "bigint" && value >= MAX_U32 && value !== MAX_U64 ? 8 : 4),
  write(bytes, at, value, _encoding, argument, length) {
    const rate = checkBigint(argument, value, 0n, MAX_U64);
    if (length === 8) write64(bytes, at, rate);
    else write32(bytes, at, rate === MAX_U64 ? UNLIMITED_32 : Number(rate));
  },
};
