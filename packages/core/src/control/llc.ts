import { SOL_LLC } from "../constants/levels.js";
import { LLC_OPT_PKTINFO } from "../constants/llc.js";
import { mac } from "../wire/address-text.js";
import { i32, u8 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import { level } from "./level.js";

const { receive } = level({ SOL_LLC }, { source: "include/uapi/linux/llc.h", families: ["llc"] });

/** The control message of SOL_LLC. */
export const llcMessages = () => ({
  /** The interface that the frame came in on, and the frame's destination.
   * LLC_OPT_PKTINFO (9) of SOL_LLC: struct llc_pktinfo, received, switched on by LLC_OPT_PKTINFO. Since Linux 2.6.34. Source:
   * include/uapi/linux/llc.h. */
  llcPktInfo: receive(
    { LLC_OPT_PKTINFO },
    "2.6.34",
    struct("llc_pktinfo", { interfaceIndex: i32, sap: u8, mac: mac }),
    { enable: { LLC_OPT_PKTINFO } },
  ),
});
