import { invalidArgType, invalidArgValue, outOfRange } from "../errors.js";
import { i64, long } from "./integers.js";
import { inLayout, type Layout, type PerLayout } from "./layout.js";
import type { Payload } from "./payload.js";

// All times are bigints in nanoseconds, no matter which structure the kernel uses.

const NANOSECONDS = 1_000_000_000n;

const MAX_SECONDS: Record<"long" | "i64", (layout: Layout) => bigint> = {
  long: (layout) => (layout === "64" ? 0x7fffffffffffffffn : 0x7fffffffn),
  i64: () => 0x7fffffffffffffffn,
};

/** Two integers of the same width: the seconds, and the rest in units of `unit` nanoseconds. */
function time(ctype: string, part: Payload<bigint>, width: "long" | "i64", unit: bigint): Payload<bigint> {
  const limit = NANOSECONDS / unit;
  const size: PerLayout = { "64": 2 * part.size["64"], "32": 2 * part.size["32"] };
  return {
    ctype,
    size,
    align: part.align,
    read(bytes, at, _length, layout) {
      const half = inLayout(part.size, layout);
      const seconds = part.read(bytes, at, half, layout)!;
      const rest = part.read(bytes, at + half, half, layout)!;
      if (rest < 0n || rest >= limit) return undefined;
      return seconds * NANOSECONDS + rest * unit;
    },
    write(bytes, at, value, encoding, argument) {
      if (typeof value !== "bigint") throw invalidArgType(argument, "of type bigint", value);
      if (value % unit !== 0n)
        throw invalidArgValue(argument, `must be a multiple of ${unit}n: ${ctype} has no finer unit`);
      let rest = value % NANOSECONDS;
      if (rest < 0n) rest += NANOSECONDS;
      const seconds = (value - rest) / NANOSECONDS;
      const max = MAX_SECONDS[width](encoding.layout);
      if (seconds > max || seconds < -max - 1n) {
        throw outOfRange(argument, `a time that ${ctype} holds in the ${encoding.layout}-bit layout`, value);
      }
      const half = inLayout(part.size, encoding.layout);
      part.write(bytes, at, seconds, encoding, argument, half);
      part.write(bytes, at + half, rest / unit, encoding, argument, half);
    },
  };
}

/** In the 32-bit layout, its seconds have 32 bits, which end in 2038. */
export const oldTimeval = time("struct __kernel_old_timeval", long, "long", 1000n);
/** In the 32-bit layout, its seconds have 32 bits, which end in 2038. */
export const oldTimespec = time("struct __kernel_old_timespec", long, "long", 1n);
export const timeval64 = time("struct __kernel_sock_timeval", i64, "i64", 1000n);
export const timespec64 = time("struct __kernel_timespec", i64, "i64", 1n);
