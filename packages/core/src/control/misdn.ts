import { SOL_MISDN } from "../constants/levels.js";
import { MISDN_TIME_STAMP } from "../constants/misdn.js";
import { oldTimeval } from "../wire/times.js";
import { level } from "./level.js";

const { receive } = level(
  { SOL_MISDN },
  {
    source: "drivers/isdn/mISDN/socket.c",
    families: ["isdn"],
  },
);

/** The control message of SOL_MISDN. */
export const misdnMessages = () => ({
  /** When the frame came, in nanoseconds since 1970.
   * MISDN_TIME_STAMP (1) of SOL_MISDN: struct __kernel_old_timeval, received, switched on by MISDN_TIME_STAMP. Since Linux 2.6.27.
   * Source: drivers/isdn/mISDN/socket.c. */
  misdnTimestamp: receive({ MISDN_TIME_STAMP }, "2.6.27", oldTimeval, { enable: { MISDN_TIME_STAMP } }),
});
