/** Clocks, such as that of SO_TXTIME. Source: include/uapi/linux/time.h. */

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_BOOTTIME = 7;
export const CLOCK_TAI = 11;
