import { SOL_LLC } from "../constants/levels.js";
import { LLC_OPT_PKTINFO } from "../constants/llc.js";
import { mac } from "../wire/address-text.js";
import { i32, u8 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import type { ControlEntries } from "./entry.js";

/** The control message of SOL_LLC. */
export const llcMessages = {
  /** Where the frame came in, and its destination.
   * LLC_OPT_PKTINFO (9) of SOL_LLC: struct llc_pktinfo, received, switched on by LLC_OPT_PKTINFO. Since Linux 2.6.34. Source: include/uapi/linux/llc.h. */
  llcPktinfo: {
    level: SOL_LLC,
    type: LLC_OPT_PKTINFO,
    constant: "LLC_OPT_PKTINFO",
    direction: "receive",
    enable: { level: SOL_LLC, option: LLC_OPT_PKTINFO },
    since: "2.6.34",
    source: "include/uapi/linux/llc.h",
    families: ["llc"],
    payload: struct("llc_pktinfo", { interfaceIndex: i32, sap: u8, mac: mac }),
  },
} as const satisfies ControlEntries;
