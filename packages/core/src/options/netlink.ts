import { SOL_NETLINK } from "../constants/levels.js";
import {
  NETLINK_ADD_MEMBERSHIP,
  NETLINK_BROADCAST_ERROR,
  NETLINK_CAP_ACK,
  NETLINK_DROP_MEMBERSHIP,
  NETLINK_EXT_ACK,
  NETLINK_GET_STRICT_CHK,
  NETLINK_LIST_MEMBERSHIPS,
  NETLINK_LISTEN_ALL_NSID,
  NETLINK_NO_ENOBUFS,
  NETLINK_PKTINFO,
} from "../constants/netlink.js";
import { flag } from "../wire/flag.js";
import { u32 } from "../wire/integers.js";
import { list } from "../wire/list.js";
import { type OptionEntries, option } from "./entry.js";

/** Words of 32 groups each, more than any protocol has. */
const GROUP_WORDS = 2048;

/** The options of SOL_NETLINK. */
export const netlinkOptions = {
  /** Joins a group, by its number. Source: netlink(7). Since Linux 2.6.14. */
  netlinkAddMembership: option({
    level: SOL_NETLINK,
    option: NETLINK_ADD_MEMBERSHIP,
    constant: "NETLINK_ADD_MEMBERSHIP",
    direction: "set",
    since: "2.6.14",
    source: "netlink(7)",
    families: ["netlink"],
    payload: u32,
  }),
  /** Leaves a group. Source: netlink(7). Since Linux 2.6.14. */
  netlinkDropMembership: option({
    level: SOL_NETLINK,
    option: NETLINK_DROP_MEMBERSHIP,
    constant: "NETLINK_DROP_MEMBERSHIP",
    direction: "set",
    since: "2.6.14",
    source: "netlink(7)",
    families: ["netlink"],
    payload: u32,
  }),
  /**
   * The groups that were joined, a bit each: group 1 is the lowest of the first word. Source: netlink(7).
   * Since Linux 4.2.
   */
  netlinkListMemberships: option({
    level: SOL_NETLINK,
    option: NETLINK_LIST_MEMBERSHIPS,
    constant: "NETLINK_LIST_MEMBERSHIPS",
    direction: "get",
    since: "4.2",
    source: "netlink(7)",
    families: ["netlink"],
    payload: list(u32, 0, GROUP_WORDS),
  }),
  /** Whether messages come with the group that they were sent to. Source: netlink(7). Since Linux 2.6.14. */
  netlinkPktinfo: option({
    level: SOL_NETLINK,
    option: NETLINK_PKTINFO,
    constant: "NETLINK_PKTINFO",
    direction: "both",
    since: "2.6.14",
    source: "netlink(7)",
    families: ["netlink"],
    payload: flag,
  }),
  /** Whether a broadcast reports that it did not reach everybody. Source: netlink(7). Since Linux 2.6.30. */
  netlinkBroadcastError: option({
    level: SOL_NETLINK,
    option: NETLINK_BROADCAST_ERROR,
    constant: "NETLINK_BROADCAST_ERROR",
    direction: "both",
    since: "2.6.30",
    source: "netlink(7)",
    families: ["netlink"],
    payload: flag,
  }),
  /** Whether messages that found no room are lost without ENOBUFS. Source: netlink(7). Since Linux 2.6.30. */
  netlinkNoEnobufs: option({
    level: SOL_NETLINK,
    option: NETLINK_NO_ENOBUFS,
    constant: "NETLINK_NO_ENOBUFS",
    direction: "both",
    since: "2.6.30",
    source: "netlink(7)",
    families: ["netlink"],
    payload: flag,
  }),
  /**
   * Whether the socket hears the network namespaces that this one has numbers for, too. It needs
   * CAP_NET_BROADCAST. Source: netlink(7). Since Linux 4.2.
   */
  netlinkListenAllNsid: option({
    level: SOL_NETLINK,
    option: NETLINK_LISTEN_ALL_NSID,
    constant: "NETLINK_LISTEN_ALL_NSID",
    direction: "both",
    since: "4.2",
    source: "netlink(7)",
    families: ["netlink"],
    payload: flag,
  }),
  /** Whether acknowledgements leave out the request. Source: netlink(7). Since Linux 4.3. */
  netlinkCapAck: option({
    level: SOL_NETLINK,
    option: NETLINK_CAP_ACK,
    constant: "NETLINK_CAP_ACK",
    direction: "both",
    since: "4.3",
    source: "netlink(7)",
    families: ["netlink"],
    payload: flag,
  }),
  /**
   * Whether errors come with a text and the attribute at fault. Source: net/netlink/af_netlink.c. Since Linux
   * 4.12.
   */
  netlinkExtAck: option({
    level: SOL_NETLINK,
    option: NETLINK_EXT_ACK,
    constant: "NETLINK_EXT_ACK",
    direction: "both",
    since: "4.12",
    source: "net/netlink/af_netlink.c",
    families: ["netlink"],
    payload: flag,
  }),
  /** Whether dumps heed, and check, what is asked for. Source: net/netlink/af_netlink.c. Since Linux 4.20. */
  netlinkGetStrictChk: option({
    level: SOL_NETLINK,
    option: NETLINK_GET_STRICT_CHK,
    constant: "NETLINK_GET_STRICT_CHK",
    direction: "both",
    since: "4.20",
    source: "net/netlink/af_netlink.c",
    families: ["netlink"],
    payload: flag,
  }),
} as const satisfies OptionEntries;
