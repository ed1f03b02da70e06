import { checkInt32 } from "../arguments.js";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI } from "../constants/clocks.js";
import { EINVAL } from "../errno.js";
import { explain, invalidArgValue, printed } from "../errors.js";
import { RESULT_NANOSECONDS } from "../native/binding.js";
import { binding } from "../native/load.js";
import { failure } from "./failure.js";

/**
 * A clock of clock_gettime(2).
 *
 * - "realtime": the time since 1970. The kernel's timestamps of packets have this clock.
 * - "monotonic": the time since some moment. Nobody can set it. `txTime` with sch_fq has this clock.
 * - "boottime": as "monotonic", and goes on while the machine is suspended.
 * - "tai": as "realtime", without leap seconds. `txTime` with sch_etf has this clock.
 */
export type Clock = "realtime" | "monotonic" | "boottime" | "tai";

export const CLOCK_NAMES = '"realtime", "monotonic", "boottime", "tai" or a number (CLOCK_*)';

/** The kernel's number of a clock that a program named. */
export function checkClock(argument: string, clock: unknown): number {
  switch (clock) {
    case "realtime":
      return CLOCK_REALTIME;
    case "monotonic":
      return CLOCK_MONOTONIC;
    case "boottime":
      return CLOCK_BOOTTIME;
    case "tai":
      return CLOCK_TAI;
    default:
      if (typeof clock === "number") return checkInt32(argument, clock);
      throw invalidArgValue(argument, `must be ${CLOCK_NAMES}. Received ${printed(clock)}`);
  }
}

/**
 * The time of one of the kernel's clocks, in nanoseconds. To compare with a packet's timestamp, take "realtime"; for the control
 * message `txTime`, take the clock of the option `txTime`.
 *
 * A number is a CLOCK_* of `sendmsg/constants`, or the clock of a network card: `(~fd << 3) | 3`, where `fd` is an open /dev/ptp0.
 *
 * @throws `EINVAL`: the kernel has no such clock.
 * @see clock_gettime(2)
 */
export function now(clock: Clock | number): bigint {
  const number = checkClock("clock", clock);
  const native = binding();
  const seconds = native.now(number);
  if (seconds < 0) {
    const error = failure(seconds, "clock_gettime");
    if (seconds === -EINVAL) explain(error, `the kernel has no clock ${number}`);
    throw error;
  }
  return BigInt(seconds) * 1_000_000_000n + BigInt(native.result[RESULT_NANOSECONDS]!);
}

/**
 * The milliseconds since some moment in the past, for limits of time. Test tools can stop JavaScript's clocks, but not this one.
 */
export function milliseconds(): number {
  const native = binding();
  return native.now(CLOCK_MONOTONIC) * 1e3 + native.result[RESULT_NANOSECONDS]! / 1e6;
}
