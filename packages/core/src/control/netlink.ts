import { SOL_NETLINK } from "../constants/levels.js";
import { NETLINK_LISTEN_ALL_NSID, NETLINK_PKTINFO } from "../constants/netlink.js";
import { i32, u32 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import type { ControlEntries } from "./entry.js";

/** The control messages of SOL_NETLINK. */
export const netlinkMessages = {
  /** The multicast group that the message was sent to; 0: this socket alone.
   * NETLINK_PKTINFO (3) of SOL_NETLINK: struct nl_pktinfo, received, switched on by NETLINK_PKTINFO. Since Linux 2.6.14. Source: netlink(7). */
  netlinkPktinfo: {
    level: SOL_NETLINK,
    type: NETLINK_PKTINFO,
    constant: "NETLINK_PKTINFO",
    direction: "receive",
    enable: { level: SOL_NETLINK, option: NETLINK_PKTINFO },
    since: "2.6.14",
    source: "netlink(7)",
    families: ["netlink"],
    payload: struct("nl_pktinfo", { group: u32 }),
  },
  /** The network namespace that the message comes from, as this one numbers it.
   * NETLINK_LISTEN_ALL_NSID (8) of SOL_NETLINK: int, received, switched on by NETLINK_LISTEN_ALL_NSID. Since Linux 4.2. Source: netlink(7). */
  netlinkListenAllNsid: {
    level: SOL_NETLINK,
    type: NETLINK_LISTEN_ALL_NSID,
    constant: "NETLINK_LISTEN_ALL_NSID",
    direction: "receive",
    enable: { level: SOL_NETLINK, option: NETLINK_LISTEN_ALL_NSID },
    since: "4.2",
    source: "netlink(7)",
    families: ["netlink"],
    payload: i32,
  },
} as const satisfies ControlEntries;
