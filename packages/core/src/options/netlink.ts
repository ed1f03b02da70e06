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
import { level } from "./level.js";

/** Words of 32 groups each, more than any protocol has. */
const GROUP_WORDS = 2048;

const { get, set, both } = level({ SOL_NETLINK }, { source: "netlink(7)", families: ["netlink"] });

/** The options of SOL_NETLINK. */
export const netlinkOptions = {
  /** Joins a group, by its number.
   * NETLINK_ADD_MEMBERSHIP (1) of SOL_NETLINK: __u32, set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkAddMembership: set({ NETLINK_ADD_MEMBERSHIP }, "2.6.14", u32),
  /** Leaves a group.
   * NETLINK_DROP_MEMBERSHIP (2) of SOL_NETLINK: __u32, set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkDropMembership: set({ NETLINK_DROP_MEMBERSHIP }, "2.6.14", u32),
  /** The groups that were joined, a bit each: group 1 is the lowest of the first word.
   * NETLINK_LIST_MEMBERSHIPS (9) of SOL_NETLINK: __u32[], read. Since Linux 4.2. Source: netlink(7). */
  netlinkListMemberships: get({ NETLINK_LIST_MEMBERSHIPS }, "4.2", list(u32, 0, GROUP_WORDS)),
  /** Whether messages come with the group that they were sent to.
   * NETLINK_PKTINFO (3) of SOL_NETLINK: int, read and set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkPktInfo: both({ NETLINK_PKTINFO }, "2.6.14", flag),
  /** Whether a broadcast reports that it did not reach everybody.
   * NETLINK_BROADCAST_ERROR (4) of SOL_NETLINK: int, read and set. Since Linux 2.6.30. Source: netlink(7). */
  netlinkBroadcastError: both({ NETLINK_BROADCAST_ERROR }, "2.6.30", flag),
  /** Whether messages that found no room are lost without ENOBUFS.
   * NETLINK_NO_ENOBUFS (5) of SOL_NETLINK: int, read and set. Since Linux 2.6.30. Source: netlink(7). */
  netlinkNoEnobufs: both({ NETLINK_NO_ENOBUFS }, "2.6.30", flag),
  /** Whether the socket hears the network namespaces that this one has numbers for, too.
   * NETLINK_LISTEN_ALL_NSID (8) of SOL_NETLINK: int, read and set. Setting needs CAP_NET_BROADCAST. Since Linux 4.2. Source:
   * netlink(7). */
  netlinkListenAllNsid: both({ NETLINK_LISTEN_ALL_NSID }, "4.2", flag, { privilege: "CAP_NET_BROADCAST" }),
  /** Whether acknowledgements leave out the request.
   * NETLINK_CAP_ACK (10) of SOL_NETLINK: int, read and set. Since Linux 4.3. Source: netlink(7). */
  netlinkCapAck: both({ NETLINK_CAP_ACK }, "4.3", flag),
  /** Whether errors come with a text and the attribute at fault.
   * NETLINK_EXT_ACK (11) of SOL_NETLINK: int, read and set. Since Linux 4.12. Source: net/netlink/af_netlink.c. */
  netlinkExtAck: both({ NETLINK_EXT_ACK }, "4.12", flag, { source: "net/netlink/af_netlink.c" }),
  /** Whether dumps heed, and check, what is asked for.
   * NETLINK_GET_STRICT_CHK (12) of SOL_NETLINK: int, read and set. Since Linux 4.20. Source: net/netlink/af_netlink.c. */
  netlinkGetStrictChk: both({ NETLINK_GET_STRICT_CHK }, "4.20", flag, { source: "net/netlink/af_netlink.c" }),
} as const;
