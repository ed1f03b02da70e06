import { sockaddrIn6 } from "../address/sockaddr.js";
import {
  MCAST_BLOCK_SOURCE,
  MCAST_JOIN_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MCAST_UNBLOCK_SOURCE,
} from "../constants/ip.js";
import {
  ICMPV6_FILTER,
  IP6T_SO_ORIGINAL_DST,
  IPV6_2292DSTOPTS,
  IPV6_2292HOPLIMIT,
  IPV6_2292HOPOPTS,
  IPV6_2292PKTINFO,
  IPV6_2292PKTOPTIONS,
  IPV6_2292RTHDR,
  IPV6_ADD_MEMBERSHIP,
  IPV6_ADDR_PREFERENCES,
  IPV6_ADDRFORM,
  IPV6_AUTOFLOWLABEL,
  IPV6_CHECKSUM,
  IPV6_DONTFRAG,
  IPV6_DROP_MEMBERSHIP,
  IPV6_DSTOPTS,
  IPV6_FLOWINFO,
  IPV6_FLOWINFO_SEND,
  IPV6_FLOWLABEL_MGR,
  IPV6_FREEBIND,
  IPV6_HDRINCL,
  IPV6_HOPOPTS,
  IPV6_JOIN_ANYCAST,
  IPV6_LEAVE_ANYCAST,
  IPV6_MINHOPCOUNT,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_PATHMTU,
  IPV6_PKTINFO,
  IPV6_RECVDSTOPTS,
  IPV6_RECVERR,
  IPV6_RECVERR_RFC4884,
  IPV6_RECVFRAGSIZE,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVHOPOPTS,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVPATHMTU,
  IPV6_RECVPKTINFO,
  IPV6_RECVRTHDR,
  IPV6_RECVTCLASS,
  IPV6_ROUTER_ALERT,
  IPV6_ROUTER_ALERT_ISOLATE,
  IPV6_RTHDR,
  IPV6_RTHDRDSTOPTS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  IPV6_UNICAST_IF,
  IPV6_V6ONLY,
  IPV6_XFRM_POLICY,
} from "../constants/ipv6.js";
import { SOL_ICMPV6, SOL_IPV6 } from "../constants/levels.js";
import { ipv6Text } from "../wire/address-text.js";
import { blob } from "../wire/blob.js";
import { flag } from "../wire/flag.js";
import { i32, u8, u16, u32, u32Be } from "../wire/integers.js";
import { interfaceIndex, interfaceIndexBe } from "../wire/interface.js";
import { array } from "../wire/list.js";
import { reserved, struct } from "../wire/struct.js";
import { type OptionEntries, option } from "./entry.js";
import { groupRequest, groupSourceRequest } from "./multicast-group.js";

/** Room for what a packet can bring. */
const PKTOPTIONS_ROOM = 2048;

/** More than sizeof(struct xfrm_userpolicy_info) and its templates. */
const XFRM_ROOM = 4096;

/** Types of ICMPv6 by 32: struct icmp6_filter, include/uapi/linux/icmpv6.h. */
const ICMPV6_FILTER_WORDS = 8;

/** Eight bytes for each of the 255 units that the header's length can count, and the first eight. */
const EXTENSION_ROOM = 2048;

/** As it goes into the packet: next header, length in units of eight bytes, options. */
const extensionHeader = blob("struct ipv6_opt_hdr", EXTENSION_ROOM);

const membership = struct("ipv6_mreq", { group: ipv6Text, interface: interfaceIndex });
const anycast = struct("ipv6_mreq", { address: ipv6Text, interface: interfaceIndex });

const flowLabel = struct("in6_flowlabel_req", {
  destination: ipv6Text,
  label: u32Be,
  action: u8,
  share: u8,
  flags: u16,
  expires: u16,
  linger: u16,
  _padding: reserved(4),
});

/** The options of SOL_IPV6. */
export const ipv6Options = {
  /**
   * AF_INET turns a socket that is connected to a v4-mapped address into an IPv4 one. Source: ipv6(7). Since
   * Linux 2.2.
   */
  ipv6AddrForm: option({
    level: SOL_IPV6,
    option: IPV6_ADDRFORM,
    constant: "IPV6_ADDRFORM",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /** The hop limit of unicast, 0 to 255; -1: the route's. Source: ipv6(7). Since Linux 2.2. */
  ipv6UnicastHops: option({
    level: SOL_IPV6,
    option: IPV6_UNICAST_HOPS,
    constant: "IPV6_UNICAST_HOPS",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /** The interface that multicast leaves by: its index, to set it its name, too. Source: ipv6(7). Since Linux 2.2. */
  ipv6MulticastIf: option({
    level: SOL_IPV6,
    option: IPV6_MULTICAST_IF,
    constant: "IPV6_MULTICAST_IF",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
    setPayload: interfaceIndex,
  }),
  /** The hop limit of multicast, 0 to 255; -1: the route's. Source: ipv6(7). Since Linux 2.2. */
  ipv6MulticastHops: option({
    level: SOL_IPV6,
    option: IPV6_MULTICAST_HOPS,
    constant: "IPV6_MULTICAST_HOPS",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /** Whether multicast that is sent comes back to this host. Source: ipv6(7). Since Linux 2.2. */
  ipv6MulticastLoop: option({
    level: SOL_IPV6,
    option: IPV6_MULTICAST_LOOP,
    constant: "IPV6_MULTICAST_LOOP",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * Whether the socket gets groups that others on this host have joined. Source: net/ipv6/ipv6_sockglue.c.
   * Since Linux 4.20.
   */
  ipv6MulticastAll: option({
    level: SOL_IPV6,
    option: IPV6_MULTICAST_ALL,
    constant: "IPV6_MULTICAST_ALL",
    direction: "both",
    since: "4.20",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Joins a multicast group. Source: ipv6(7). Since Linux 2.2. */
  ipv6AddMembership: option({
    level: SOL_IPV6,
    option: IPV6_ADD_MEMBERSHIP,
    constant: "IPV6_ADD_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: membership,
  }),
  /** Leaves a multicast group. Source: ipv6(7). Since Linux 2.2. */
  ipv6DropMembership: option({
    level: SOL_IPV6,
    option: IPV6_DROP_MEMBERSHIP,
    constant: "IPV6_DROP_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: membership,
  }),
  /** Takes an anycast address. Source: net/ipv6/anycast.c. Since Linux 2.4. */
  ipv6JoinAnycast: option({
    level: SOL_IPV6,
    option: IPV6_JOIN_ANYCAST,
    constant: "IPV6_JOIN_ANYCAST",
    direction: "set",
    since: "2.4",
    source: "net/ipv6/anycast.c",
    families: ["ipv6"],
    payload: anycast,
  }),
  /** Gives it up. Source: net/ipv6/anycast.c. Since Linux 2.4. */
  ipv6LeaveAnycast: option({
    level: SOL_IPV6,
    option: IPV6_LEAVE_ANYCAST,
    constant: "IPV6_LEAVE_ANYCAST",
    direction: "set",
    since: "2.4",
    source: "net/ipv6/anycast.c",
    families: ["ipv6"],
    payload: anycast,
  }),
  /** Joins a multicast group by its address and the interface. Source: RFC 3678. Since Linux 2.6. */
  mcast6JoinGroup: option({
    level: SOL_IPV6,
    option: MCAST_JOIN_GROUP,
    constant: "MCAST_JOIN_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupRequest,
  }),
  /** Leaves it. Source: RFC 3678. Since Linux 2.6. */
  mcast6LeaveGroup: option({
    level: SOL_IPV6,
    option: MCAST_LEAVE_GROUP,
    constant: "MCAST_LEAVE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupRequest,
  }),
  /** Joins a multicast group for what one source sends. Source: RFC 3678. Since Linux 2.6. */
  mcast6JoinSourceGroup: option({
    level: SOL_IPV6,
    option: MCAST_JOIN_SOURCE_GROUP,
    constant: "MCAST_JOIN_SOURCE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupSourceRequest,
  }),
  /** Leaves it. Source: RFC 3678. Since Linux 2.6. */
  mcast6LeaveSourceGroup: option({
    level: SOL_IPV6,
    option: MCAST_LEAVE_SOURCE_GROUP,
    constant: "MCAST_LEAVE_SOURCE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupSourceRequest,
  }),
  /** Stops receiving a source of a group. Source: RFC 3678. Since Linux 2.6. */
  mcast6BlockSource: option({
    level: SOL_IPV6,
    option: MCAST_BLOCK_SOURCE,
    constant: "MCAST_BLOCK_SOURCE",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupSourceRequest,
  }),
  /** Receives it again. Source: RFC 3678. Since Linux 2.6. */
  mcast6UnblockSource: option({
    level: SOL_IPV6,
    option: MCAST_UNBLOCK_SOURCE,
    constant: "MCAST_UNBLOCK_SOURCE",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv6"],
    payload: groupSourceRequest,
  }),
  /** The Router Alert option whose packets a raw socket gets; -1: none. Source: ipv6(7). Since Linux 2.2. */
  ipv6RouterAlert: option({
    level: SOL_IPV6,
    option: IPV6_ROUTER_ALERT,
    constant: "IPV6_ROUTER_ALERT",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /** Keeps them within the network namespace. Source: net/ipv6/ipv6_sockglue.c. Since Linux 5.1. */
  ipv6RouterAlertIsolate: option({
    level: SOL_IPV6,
    option: IPV6_ROUTER_ALERT_ISOLATE,
    constant: "IPV6_ROUTER_ALERT_ISOLATE",
    direction: "both",
    since: "5.1",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** IPV6_PMTUDISC_*: how the path's MTU is found out. Source: ipv6(7). Since Linux 2.2. */
  ipv6MtuDiscover: option({
    level: SOL_IPV6,
    option: IPV6_MTU_DISCOVER,
    constant: "IPV6_MTU_DISCOVER",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /**
   * Set, the largest packet that is sent; read, the MTU of the path to the connected peer. Source: ipv6(7).
   * Since Linux 2.2.
   */
  ipv6Mtu: option({
    level: SOL_IPV6,
    option: IPV6_MTU,
    constant: "IPV6_MTU",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  }),
  /**
   * Whether errors are queued in full: what ICMPv6 said, and about which packet. Source: ipv6(7). Since Linux
   * 2.2.
   */
  ipv6RecvErr: option({
    level: SOL_IPV6,
    option: IPV6_RECVERR,
    constant: "IPV6_RECVERR",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Whether errors bring the extensions of RFC 4884. Source: net/ipv6/ipv6_sockglue.c. Since Linux 5.9. */
  ipv6RecvErrRfc4884: option({
    level: SOL_IPV6,
    option: IPV6_RECVERR_RFC4884,
    constant: "IPV6_RECVERR_RFC4884",
    direction: "both",
    since: "5.9",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** No IPv4 peers. It is set before bind(2). Source: ipv6(7). Since Linux 2.4.21. */
  ipv6V6Only: option({
    level: SOL_IPV6,
    option: IPV6_V6ONLY,
    constant: "IPV6_V6ONLY",
    direction: "both",
    since: "2.4.21",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Asks for a flow label, renews it or gives it back. Source: include/uapi/linux/in6.h. Since Linux 2.2. */
  ipv6FlowLabelMgr: option({
    level: SOL_IPV6,
    option: IPV6_FLOWLABEL_MGR,
    constant: "IPV6_FLOWLABEL_MGR",
    direction: "set",
    since: "2.2",
    source: "include/uapi/linux/in6.h",
    families: ["ipv6"],
    payload: flowLabel,
  }),
  /** Whether the flow label of a destination's address is sent. Source: net/ipv6/ipv6_sockglue.c. Since Linux 2.2. */
  ipv6FlowInfoSend: option({
    level: SOL_IPV6,
    option: IPV6_FLOWINFO_SEND,
    constant: "IPV6_FLOWINFO_SEND",
    direction: "both",
    since: "2.2",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's flow label and traffic class. Source: ipv6(7). Since Linux 2.2. */
  ipv6FlowInfo: option({
    level: SOL_IPV6,
    option: IPV6_FLOWINFO,
    constant: "IPV6_FLOWINFO",
    direction: "both",
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The socket's own IPsec policy. Source: include/uapi/linux/xfrm.h. Since Linux 2.6. */
  ipv6XfrmPolicy: option({
    level: SOL_IPV6,
    option: IPV6_XFRM_POLICY,
    constant: "IPV6_XFRM_POLICY",
    direction: "set",
    since: "2.6",
    source: "include/uapi/linux/xfrm.h",
    families: ["ipv6"],
    payload: blob("struct xfrm_userpolicy_info", XFRM_ROOM),
  }),
  /** Whether raw sockets are given the IPv6 header, too. Source: net/ipv6/ipv6_sockglue.c. Since Linux 4.5. */
  ipv6HdrIncl: option({
    level: SOL_IPV6,
    option: IPV6_HDRINCL,
    constant: "IPV6_HDRINCL",
    direction: "both",
    since: "4.5",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Where a raw socket's packets have their checksum, in bytes; -1: nowhere. Source: RFC 3542. Since Linux 2.2. */
  ipv6Checksum: option({
    level: SOL_IPV6,
    option: IPV6_CHECKSUM,
    constant: "IPV6_CHECKSUM",
    direction: "both",
    since: "2.2",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: i32,
  }),
  /** Whether messages come with their packet's destination and interface. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6RecvPktinfo: option({
    level: SOL_IPV6,
    option: IPV6_RECVPKTINFO,
    constant: "IPV6_RECVPKTINFO",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The source address and interface of what is sent. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6Pktinfo: option({
    level: SOL_IPV6,
    option: IPV6_PKTINFO,
    constant: "IPV6_PKTINFO",
    direction: "set",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: struct("in6_pktinfo", { address: ipv6Text, interface: interfaceIndex }),
  }),
  /** Whether messages come with their packet's hop limit. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6RecvHopLimit: option({
    level: SOL_IPV6,
    option: IPV6_RECVHOPLIMIT,
    constant: "IPV6_RECVHOPLIMIT",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's hop-by-hop options. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6RecvHopOpts: option({
    level: SOL_IPV6,
    option: IPV6_RECVHOPOPTS,
    constant: "IPV6_RECVHOPOPTS",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The hop-by-hop options of what is sent. They need CAP_NET_RAW. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6HopOpts: option({
    level: SOL_IPV6,
    option: IPV6_HOPOPTS,
    constant: "IPV6_HOPOPTS",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: extensionHeader,
  }),
  /**
   * The destination options before the routing header of what is sent. They need CAP_NET_RAW. Source:
   * ipv6(7). Since Linux 2.6.14.
   */
  ipv6RthdrDstOpts: option({
    level: SOL_IPV6,
    option: IPV6_RTHDRDSTOPTS,
    constant: "IPV6_RTHDRDSTOPTS",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: extensionHeader,
  }),
  /** Whether messages come with their packet's routing header. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6RecvRthdr: option({
    level: SOL_IPV6,
    option: IPV6_RECVRTHDR,
    constant: "IPV6_RECVRTHDR",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The routing header of what is sent. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6Rthdr: option({
    level: SOL_IPV6,
    option: IPV6_RTHDR,
    constant: "IPV6_RTHDR",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: extensionHeader,
  }),
  /** Whether messages come with their packet's destination options. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6RecvDstOpts: option({
    level: SOL_IPV6,
    option: IPV6_RECVDSTOPTS,
    constant: "IPV6_RECVDSTOPTS",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The destination options of what is sent. They need CAP_NET_RAW. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6DstOpts: option({
    level: SOL_IPV6,
    option: IPV6_DSTOPTS,
    constant: "IPV6_DSTOPTS",
    direction: "both",
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: extensionHeader,
  }),
  /** Whether changes of a path's MTU are reported as messages. Source: RFC 3542. Since Linux 2.6.35. */
  ipv6RecvPathMtu: option({
    level: SOL_IPV6,
    option: IPV6_RECVPATHMTU,
    constant: "IPV6_RECVPATHMTU",
    direction: "both",
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: flag,
  }),
  /** The MTU of the path to the peer that the socket is connected to. Source: RFC 3542. Since Linux 2.6.35. */
  ipv6PathMtu: option({
    level: SOL_IPV6,
    option: IPV6_PATHMTU,
    constant: "IPV6_PATHMTU",
    direction: "get",
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: struct("ip6_mtuinfo", { destination: sockaddrIn6, mtu: u32 }),
  }),
  /** Whether datagrams that are too big are refused instead of fragmented. Source: RFC 3542. Since Linux 2.6.35. */
  ipv6DontFrag: option({
    level: SOL_IPV6,
    option: IPV6_DONTFRAG,
    constant: "IPV6_DONTFRAG",
    direction: "both",
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's traffic class. Source: RFC 3542. Since Linux 2.6.14. */
  ipv6RecvTclass: option({
    level: SOL_IPV6,
    option: IPV6_RECVTCLASS,
    constant: "IPV6_RECVTCLASS",
    direction: "both",
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * The traffic class of what is sent over IPv6: DSCP and ECN. For v4-mapped peers it is `ipTos`. Source: RFC
   * 3542. Since Linux 2.6.14.
   */
  ipv6Tclass: option({
    level: SOL_IPV6,
    option: IPV6_TCLASS,
    constant: "IPV6_TCLASS",
    direction: "both",
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: i32,
  }),
  /**
   * Whether the kernel chooses the flow labels of what is sent. Source: net/ipv6/ipv6_sockglue.c. Since Linux
   * 3.17.
   */
  ipv6AutoFlowLabel: option({
    level: SOL_IPV6,
    option: IPV6_AUTOFLOWLABEL,
    constant: "IPV6_AUTOFLOWLABEL",
    direction: "both",
    since: "3.17",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** IPV6_PREFER_SRC_*: which of the host's addresses are sent from. Source: RFC 5014. Since Linux 2.6.26. */
  ipv6AddrPreferences: option({
    level: SOL_IPV6,
    option: IPV6_ADDR_PREFERENCES,
    constant: "IPV6_ADDR_PREFERENCES",
    direction: "both",
    since: "2.6.26",
    source: "RFC 5014",
    families: ["ipv6"],
    payload: i32,
  }),
  /** The least hop limit that a packet may arrive with. Source: net/ipv6/ipv6_sockglue.c. Since Linux 2.6.35. */
  ipv6MinHopCount: option({
    level: SOL_IPV6,
    option: IPV6_MINHOPCOUNT,
    constant: "IPV6_MINHOPCOUNT",
    direction: "both",
    since: "2.6.35",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: i32,
  }),
  /**
   * Whether datagrams come with the address that they were sent to before a proxy rule took them. Source:
   * net/ipv6/ipv6_sockglue.c. Since Linux 2.6.37.
   */
  ipv6RecvOrigDstAddr: option({
    level: SOL_IPV6,
    option: IPV6_RECVORIGDSTADDR,
    constant: "IPV6_RECVORIGDSTADDR",
    direction: "both",
    since: "2.6.37",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * Whether addresses of others can be bound, for proxies. It needs CAP_NET_ADMIN or CAP_NET_RAW. Source:
   * net/ipv6/ipv6_sockglue.c. Since Linux 2.6.37.
   */
  ipv6Transparent: option({
    level: SOL_IPV6,
    option: IPV6_TRANSPARENT,
    constant: "IPV6_TRANSPARENT",
    direction: "both",
    since: "2.6.37",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * The interface that unicast leaves by where the route gives the choice, by index or name; read, the index.
   * Source: net/ipv6/ipv6_sockglue.c. Since Linux 3.3.
   */
  ipv6UnicastIf: option({
    level: SOL_IPV6,
    option: IPV6_UNICAST_IF,
    constant: "IPV6_UNICAST_IF",
    direction: "both",
    since: "3.3",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: interfaceIndexBe,
  }),
  /**
   * Whether messages come with the size of the largest fragment. Source: net/ipv6/ipv6_sockglue.c. Since
   * Linux 4.10.
   */
  ipv6RecvFragSize: option({
    level: SOL_IPV6,
    option: IPV6_RECVFRAGSIZE,
    constant: "IPV6_RECVFRAGSIZE",
    direction: "both",
    since: "4.10",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * Whether bind(2) takes an address that no interface has (yet). Source: net/ipv6/ipv6_sockglue.c. Since
   * Linux 4.15.
   */
  ipv6Freebind: option({
    level: SOL_IPV6,
    option: IPV6_FREEBIND,
    constant: "IPV6_FREEBIND",
    direction: "both",
    since: "4.15",
    source: "net/ipv6/ipv6_sockglue.c",
    families: ["ipv6"],
    payload: flag,
  }),
  /** As `ipv6RecvPktinfo`, with the control messages of RFC 2292. Source: RFC 2292. Since Linux 2.2. */
  ipv62292Pktinfo: option({
    level: SOL_IPV6,
    option: IPV6_2292PKTINFO,
    constant: "IPV6_2292PKTINFO",
    direction: "both",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: flag,
  }),
  /** As `ipv6RecvHopLimit`, with the control messages of RFC 2292. Source: RFC 2292. Since Linux 2.2. */
  ipv62292HopLimit: option({
    level: SOL_IPV6,
    option: IPV6_2292HOPLIMIT,
    constant: "IPV6_2292HOPLIMIT",
    direction: "both",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: flag,
  }),
  /** As `ipv6RecvHopOpts`, with the control messages of RFC 2292. Source: RFC 2292. Since Linux 2.2. */
  ipv62292HopOpts: option({
    level: SOL_IPV6,
    option: IPV6_2292HOPOPTS,
    constant: "IPV6_2292HOPOPTS",
    direction: "both",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: flag,
  }),
  /** As `ipv6RecvDstOpts`, with the control messages of RFC 2292. Source: RFC 2292. Since Linux 2.2. */
  ipv62292DstOpts: option({
    level: SOL_IPV6,
    option: IPV6_2292DSTOPTS,
    constant: "IPV6_2292DSTOPTS",
    direction: "both",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: flag,
  }),
  /** As `ipv6RecvRthdr`, with the control messages of RFC 2292. Source: RFC 2292. Since Linux 2.2. */
  ipv62292Rthdr: option({
    level: SOL_IPV6,
    option: IPV6_2292RTHDR,
    constant: "IPV6_2292RTHDR",
    direction: "both",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: flag,
  }),
  /**
   * On TCP, what the last packet would have brought as control messages, as control data. Source: RFC 2292.
   * Since Linux 2.2.
   */
  ipv62292PktOptions: option({
    level: SOL_IPV6,
    option: IPV6_2292PKTOPTIONS,
    constant: "IPV6_2292PKTOPTIONS",
    direction: "get",
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: blob("cmsghdr[]", PKTOPTIONS_ROOM),
  }),
  /**
   * Where a connection was going before netfilter redirected it here. Source:
   * include/uapi/linux/netfilter_ipv6/ip6_tables.h. Since Linux 3.8.
   */
  ip6tOriginalDst: option({
    level: SOL_IPV6,
    option: IP6T_SO_ORIGINAL_DST,
    constant: "IP6T_SO_ORIGINAL_DST",
    direction: "get",
    since: "3.8",
    source: "include/uapi/linux/netfilter_ipv6/ip6_tables.h",
    families: ["ipv6"],
    payload: sockaddrIn6,
  }),
  /**
   * The ICMPv6 types that a raw socket of IPPROTO_ICMPV6 does not want, a bit each, 256 in all. Source: RFC
   * 3542. Since Linux 2.2.
   */
  icmpv6Filter: option({
    level: SOL_ICMPV6,
    option: ICMPV6_FILTER,
    constant: "ICMPV6_FILTER",
    direction: "both",
    since: "2.2",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: array(u32, ICMPV6_FILTER_WORDS),
  }),
} as const satisfies OptionEntries;
