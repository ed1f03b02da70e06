import { describe, expect, test } from "vitest";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_TAI } from "../../src/constants/index.js";
import { now } from "../../src/index.js";
import { binding } from "../../src/native/load.js";
import { milliseconds } from "../../src/syscalls/clock.js";
import { thrown } from "../support/outcome.js";

const MILLISECOND = 1_000_000n;
const clocks = [
  ["realtime", CLOCK_REALTIME],
  ["monotonic", CLOCK_MONOTONIC],
  ["boottime", CLOCK_BOOTTIME],
  ["tai", CLOCK_TAI],
] as const;

describe("now()", () => {
  test.each(clocks)("%s is the clock with the kernel's number %i", (name, number) => {
    const [first, second, third] = [now(name), now(number), now(name)];
    expect(second).toBeGreaterThanOrEqual(first);
    expect(third).toBeGreaterThanOrEqual(second);
    // Within a second, even where the emulated machine is slow.
    expect(third - first).toBeLessThan(1_000n * MILLISECOND);
  });

  test("realtime is JavaScript's clock, in nanoseconds since 1970", () => {
    const before = BigInt(Date.now()) * MILLISECOND;
    const time = now("realtime");
    const after = (BigInt(Date.now()) + 1n) * MILLISECOND;
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(after);
  });

  test("boottime also counts the time that the machine was suspended", () => {
    const monotonic = now("monotonic");
    expect(now("boottime")).toBeGreaterThanOrEqual(monotonic);
  });

  test("tai does not fall behind realtime", () => {
    const realtime = now("realtime");
    expect(now("tai")).toBeGreaterThanOrEqual(realtime);
  });

  test("a clock that the kernel does not have is refused", () => {
    expect(thrown(() => now(1000))).toMatchObject({
      message: "clock_gettime EINVAL: the kernel has no clock 1000",
      code: "EINVAL",
      syscall: "clock_gettime",
    });
  });

  test("a wrong name is refused, and the error says which was meant", () => {
    expect(thrown(() => now("monotone" as never))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      message:
        'The "clock" argument must be "realtime", "monotonic", "boottime", "tai" or a number (CLOCK_*). ' +
        'Received type string ("monotone")',
    });
    expect(thrown(() => now(1n as never)).code).toBe("ERR_INVALID_ARG_VALUE");
    expect(thrown(() => now(1.5)).code).toBe("ERR_OUT_OF_RANGE");
  });

  test("milliseconds() is the monotonic clock", () => {
    const before = Number(now("monotonic")) / 1e6;
    const time = milliseconds();
    expect(time).toBeGreaterThanOrEqual(before - 1e-3);
    expect(time).toBeLessThanOrEqual(Number(now("monotonic")) / 1e6 + 1e-3);
  });

  test("the binary gives the seconds and the nanoseconds apart, so that no digit is lost", () => {
    const seconds = binding().now(CLOCK_REALTIME);
    expect(Number.isInteger(seconds)).toBe(true);
    expect(BigInt(seconds)).toBeLessThanOrEqual(now("realtime") / 1_000_000_000n);
  });
});
