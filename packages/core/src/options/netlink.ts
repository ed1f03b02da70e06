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

/** How many words of 32 groups each: more than any protocol has. */
const GROUP_WORDS = 2048;

const { get, set, both } = level({ SOL_NETLINK }, { source: "netlink(7)", families: ["netlink"] });

/** The options of SOL_NETLINK. */
export const netlinkOptions = () => ({
  /** Joins a multicast group by its number.
   * NETLINK_ADD_MEMBERSHIP (1) of SOL_NETLINK: __u32, set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkAddMembership: set({ NETLINK_ADD_MEMBERSHIP }, "2.6.14", u32),
  /** Leaves a multicast group by its number.
   * NETLINK_DROP_MEMBERSHIP (2) of SOL_NETLINK: __u32, set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkDropMembership: set({ NETLINK_DROP_MEMBERSHIP }, "2.6.14", u32),
  /** The joined groups. Each group is a bit; group 1 is the lowest bit of the first word.
   * NETLINK_LIST_MEMBERSHIPS (9) of SOL_NETLINK: __u32[], read. Since Linux 4.2. Source: netlink(7). */
  netlinkListMemberships: get({ NETLINK_LIST_MEMBERSHIPS }, "4.2", list(u32, 0, GROUP_WORDS)),
  /** Whether messages come with the number of the group that they were sent to.
   * NETLINK_PKTINFO (3) of SOL_NETLINK: int, read and set. Since Linux 2.6.14. Source: netlink(7). */
  netlinkPktInfo: both({ NETLINK_PKTINFO }, "2.6.14", flag),
  /** Whether a broadcast fails if it did not reach every socket.
   * NETLINK_BROADCAST_ERROR (4) of SOL_NETLINK: int, read and set. Since Linux 2.6.30. Source: netlink(7). */
  netlinkBroadcastError: both({ NETLINK_BROADCAST_ERROR }, "2.6.30", flag),
  /** Whether the kernel does not report ENOBUFS when messages are lost because the receive buffer is full.
   * NETLINK_NO_ENOBUFS (5) of SOL_NETLINK: int, read and set. Since Linux 2.6.30. Source: netlink(7). */
  netlinkNoEnobufs: both({ NETLINK_NO_ENOBUFS }, "2.6.30", flag),
  /** Whether the socket also gets messages from other network namespaces that its own has assigned a number to.
   * NETLINK_LISTEN_ALL_NSID (8) of SOL_NETLINK: int, read and set. Setting needs CAP_NET_BROADCAST. Since Linux 4.2. Source:
   * netlink(7). */
  netlinkListenAllNsid: both({ NETLINK_LISTEN_ALL_NSID }, "4.2", flag, { privilege: "CAP_NET_BROADCAST" }),
  /** Whether acknowledgements come without a copy of the request.
   * NETLINK_CAP_ACK (10) of SOL_NETLINK: int, read and set. Since Linux 4.3. Source: netlink(7). */
  netlinkCapAck: both({ NETLINK_CAP_ACK }, "4.3", flag),
  /** Whether errors come with a text and with the attribute that is wrong.
   * NETLINK_EXT_ACK (11) of SOL_NETLINK: int, read and set. Since Linux 4.12. Source: net/netlink/af_netlink.c. */
  netlinkExtAck: both({ NETLINK_EXT_ACK }, "4.12", flag, { source: "net/netlink/af_netlink.c" }),
  /** Whether the kernel checks the header and the attributes of dump requests, and filters by them.
   * NETLINK_GET_STRICT_CHK (12) of SOL_NETLINK: int, read and set. Since Linux 4.20. Source: net/netlink/af_netlink.c. */
  netlinkGetStrictChk: both({ NETLINK_GET_STRICT_CHK }, "4.20", flag, { source: "net/netlink/af_netlink.c" }),
});
