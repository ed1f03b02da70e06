import { SOL_MISDN } from "../constants/levels.js";
import { MISDN_TIME_STAMP } from "../constants/misdn.js";
import { oldTimeval } from "../wire/times.js";
import type { ControlEntries } from "./entry.js";

/** The control message of SOL_MISDN. */
export const misdnMessages = {
  /** When the frame came, in nanoseconds since 1970.
   * MISDN_TIME_STAMP (1) of SOL_MISDN: struct __kernel_old_timeval, received, switched on by MISDN_TIME_STAMP. Since Linux 2.6.27. Source: drivers/isdn/mISDN/socket.c. */
  misdnTimeStamp: {
    level: SOL_MISDN,
    type: MISDN_TIME_STAMP,
    constant: "MISDN_TIME_STAMP",
    direction: "receive",
    enable: { level: SOL_MISDN, option: MISDN_TIME_STAMP },
    since: "2.6.27",
    source: "drivers/isdn/mISDN/socket.c",
    families: ["isdn"],
    payload: oldTimeval,
  },
} as const satisfies ControlEntries;
