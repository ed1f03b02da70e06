import { SOL_NETLINK } from "../constants/levels.js";
import { NETLINK_LISTEN_ALL_NSID, NETLINK_PKTINFO } from "../constants/netlink.js";
import { i32, u32 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import { level } from "./level.js";

const { receive } = level({ SOL_NETLINK }, { source: "netlink(7)", families: ["netlink"] });

/** The control messages of SOL_NETLINK. */
export const netlinkMessages = () => ({
  /** The multicast group that the message was sent to. 0: the message was sent to this socket only.
   * NETLINK_PKTINFO (3) of SOL_NETLINK: struct nl_pktinfo, received, switched on by NETLINK_PKTINFO. Since Linux 2.6.14. Source:
   * netlink(7). */
  netlinkPktInfo: receive({ NETLINK_PKTINFO }, "2.6.14", struct("nl_pktinfo", { group: u32 }), {
    enable: { NETLINK_PKTINFO },
  }),
  /** The network namespace that the message comes from: its number in the socket's own namespace.
   * NETLINK_LISTEN_ALL_NSID (8) of SOL_NETLINK: int, received, switched on by NETLINK_LISTEN_ALL_NSID. Since Linux 4.2. Source:
   * netlink(7). */
  netlinkListenAllNsid: receive({ NETLINK_LISTEN_ALL_NSID }, "4.2", i32, {
    enable: { NETLINK_LISTEN_ALL_NSID },
  }),
});
