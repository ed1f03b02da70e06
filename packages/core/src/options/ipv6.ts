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
import { level } from "./level.js";
import { groupRequest, groupSourceRequest } from "./multicast-group.js";
import { xfrmPolicy } from "./xfrm-policy.js";

/** Room for the control messages of one packet. */
const PKTOPTIONS_RESERVE = 2048;

/** 256 types of ICMPv6, 32 in each word: struct icmp6_filter, include/uapi/linux/icmpv6.h. */
const ICMPV6_FILTER_WORDS = 8;

/** The longest header: its length field counts at most 255 units of eight bytes after the first eight bytes. */
const EXTENSION_RESERVE = 2048;

/** The header as it stands in the packet: next header, length in units of eight bytes, options. */
const extensionHeader = blob("struct ipv6_opt_hdr", EXTENSION_RESERVE);

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

const { get, set, both } = level({ SOL_IPV6 }, { source: "ipv6(7)", families: ["ipv6"] });
/** For options that no man page describes. */
const kernel = level({ SOL_IPV6 }, { source: "net/ipv6/ipv6_sockglue.c", families: ["ipv6"] });
const rfc3678 = level({ SOL_IPV6 }, { source: "RFC 3678", families: ["ipv6"] });
const rfc3542 = level({ SOL_IPV6 }, { source: "RFC 3542", families: ["ipv6"] });
const rfc2292 = level({ SOL_IPV6 }, { source: "RFC 2292", families: ["ipv6"] });
const icmpv6 = level({ SOL_ICMPV6 }, { source: "RFC 3542", families: ["ipv6"] });

/** The options of SOL_IPV6. */
export const ipv6Options = () => ({
  /** With AF_INET, turns a socket that is connected to a v4-mapped address into an IPv4 socket.
   * IPV6_ADDRFORM (1) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6AddrForm: both({ IPV6_ADDRFORM }, "2.2", i32),
  /** The hop limit of sent unicast packets, from 0 to 255. -1: the route's.
   * IPV6_UNICAST_HOPS (16) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6UnicastHops: both({ IPV6_UNICAST_HOPS }, "2.2", i32),
  /** The interface that sends multicast packets. Set its index or its name; reading gives the index.
   * IPV6_MULTICAST_IF (17) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6MulticastIf: both({ IPV6_MULTICAST_IF }, "2.2", i32, { setPayload: interfaceIndex }),
  /** The hop limit of sent multicast packets, from 0 to 255. -1: the route's.
   * IPV6_MULTICAST_HOPS (18) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6MulticastHops: both({ IPV6_MULTICAST_HOPS }, "2.2", i32),
  /** Whether this host's sockets also get the multicast packets that this socket sends.
   * IPV6_MULTICAST_LOOP (19) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6MulticastLoop: both({ IPV6_MULTICAST_LOOP }, "2.2", flag),
  /** Whether the socket also gets packets to groups that only other sockets of this host have joined.
   * IPV6_MULTICAST_ALL (29) of SOL_IPV6: int, read and set. Since Linux 4.20. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6MulticastAll: kernel.both({ IPV6_MULTICAST_ALL }, "4.20", flag),
  /** Joins a multicast group.
   * IPV6_ADD_MEMBERSHIP (20) of SOL_IPV6: struct ipv6_mreq, set. Since Linux 2.2. Source: ipv6(7). */
  ipv6AddMembership: set({ IPV6_ADD_MEMBERSHIP }, "2.2", membership),
  /** Leaves a multicast group.
   * IPV6_DROP_MEMBERSHIP (21) of SOL_IPV6: struct ipv6_mreq, set. Since Linux 2.2. Source: ipv6(7). */
  ipv6DropMembership: set({ IPV6_DROP_MEMBERSHIP }, "2.2", membership),
  /** Joins an anycast group, so that this host receives packets to the anycast address.
   * IPV6_JOIN_ANYCAST (27) of SOL_IPV6: struct ipv6_mreq, set. Since Linux 2.4. Source: net/ipv6/anycast.c. */
  ipv6JoinAnycast: set({ IPV6_JOIN_ANYCAST }, "2.4", anycast, { source: "net/ipv6/anycast.c" }),
  /** Leaves an anycast group.
   * IPV6_LEAVE_ANYCAST (28) of SOL_IPV6: struct ipv6_mreq, set. Since Linux 2.4. Source: net/ipv6/anycast.c. */
  ipv6LeaveAnycast: set({ IPV6_LEAVE_ANYCAST }, "2.4", anycast, { source: "net/ipv6/anycast.c" }),
  /** Joins a multicast group by its address and the interface.
   * MCAST_JOIN_GROUP (42) of SOL_IPV6: struct group_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6JoinGroup: rfc3678.set({ MCAST_JOIN_GROUP }, "2.6", groupRequest),
  /** Leaves a multicast group.
   * MCAST_LEAVE_GROUP (45) of SOL_IPV6: struct group_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6LeaveGroup: rfc3678.set({ MCAST_LEAVE_GROUP }, "2.6", groupRequest),
  /** Joins a multicast group, but only for packets from one source.
   * MCAST_JOIN_SOURCE_GROUP (46) of SOL_IPV6: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6JoinSourceGroup: rfc3678.set({ MCAST_JOIN_SOURCE_GROUP }, "2.6", groupSourceRequest),
  /** Leaves a multicast group that was joined for one source.
   * MCAST_LEAVE_SOURCE_GROUP (47) of SOL_IPV6: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6LeaveSourceGroup: rfc3678.set({ MCAST_LEAVE_SOURCE_GROUP }, "2.6", groupSourceRequest),
  /** Stops receiving a group's packets from one source.
   * MCAST_BLOCK_SOURCE (43) of SOL_IPV6: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6BlockSource: rfc3678.set({ MCAST_BLOCK_SOURCE }, "2.6", groupSourceRequest),
  /** Receives a group's packets from a blocked source again.
   * MCAST_UNBLOCK_SOURCE (44) of SOL_IPV6: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcast6UnblockSource: rfc3678.set({ MCAST_UNBLOCK_SOURCE }, "2.6", groupSourceRequest),
  /** A raw socket gets the packets that have the Router Alert option with this value. -1: no packets.
   * IPV6_ROUTER_ALERT (22) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6RouterAlert: both({ IPV6_ROUTER_ALERT }, "2.2", i32),
  /** Whether the socket gets packets with the Router Alert option only from its own network namespace.
   * IPV6_ROUTER_ALERT_ISOLATE (30) of SOL_IPV6: int, read and set. Since Linux 5.1. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6RouterAlertIsolate: kernel.both({ IPV6_ROUTER_ALERT_ISOLATE }, "5.1", flag),
  /** How the kernel finds out the path's MTU: IPV6_PMTUDISC_*.
   * IPV6_MTU_DISCOVER (23) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6MtuDiscover: both({ IPV6_MTU_DISCOVER }, "2.2", i32),
  /** Setting limits the size of sent packets. Reading gives the MTU of the path to the connected peer.
   * IPV6_MTU (24) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6Mtu: both({ IPV6_MTU }, "2.2", i32),
  /** Whether the error queue gets the errors of sent packets: the ICMPv6 message, and the packet that it is about.
   * IPV6_RECVERR (25) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6RecvErr: both({ IPV6_RECVERR }, "2.2", flag),
  /** Whether errors come with the extensions of RFC 4884.
   * IPV6_RECVERR_RFC4884 (31) of SOL_IPV6: int, read and set. Since Linux 5.9. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6RecvErrRfc4884: kernel.both({ IPV6_RECVERR_RFC4884 }, "5.9", flag),
  /** Whether the socket refuses IPv4 peers. Set this before bind(2).
   * IPV6_V6ONLY (26) of SOL_IPV6: int, read and set. Since Linux 2.4.21. Source: ipv6(7). */
  ipv6V6Only: both({ IPV6_V6ONLY }, "2.4.21", flag),
  /** Requests, renews or releases a flow label.
   * IPV6_FLOWLABEL_MGR (32) of SOL_IPV6: struct in6_flowlabel_req, set. Since Linux 2.2. Source: include/uapi/linux/in6.h. */
  ipv6FlowLabelMgr: set({ IPV6_FLOWLABEL_MGR }, "2.2", flowLabel, { source: "include/uapi/linux/in6.h" }),
  /** Whether packets are sent with the flow label of the destination's address.
   * IPV6_FLOWINFO_SEND (33) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6FlowInfoSend: kernel.both({ IPV6_FLOWINFO_SEND }, "2.2", flag),
  /** Whether messages come with their packet's flow label and traffic class.
   * IPV6_FLOWINFO (11) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: ipv6(7). */
  ipv6FlowInfo: both({ IPV6_FLOWINFO }, "2.2", flag),
  /** The socket's own IPsec policy.
   * IPV6_XFRM_POLICY (35) of SOL_IPV6: struct xfrm_userpolicy_info, set. Setting needs CAP_NET_ADMIN. Since Linux 2.6. Source:
   * include/uapi/linux/xfrm.h. */
  ipv6XfrmPolicy: set({ IPV6_XFRM_POLICY }, "2.6", xfrmPolicy, {
    source: "include/uapi/linux/xfrm.h",
    privilege: "CAP_NET_ADMIN",
  }),
  /** Whether the program writes the IPv6 header itself, on a raw socket.
   * IPV6_HDRINCL (36) of SOL_IPV6: int, read and set. Since Linux 4.5. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6HdrIncl: kernel.both({ IPV6_HDRINCL }, "4.5", flag),
  /** The position of the checksum in a raw socket's packets, in bytes. -1: they have none.
   * IPV6_CHECKSUM (7) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 3542. */
  ipv6Checksum: rfc3542.both({ IPV6_CHECKSUM }, "2.2", i32),
  /** Whether messages come with their packet's destination and interface.
   * IPV6_RECVPKTINFO (49) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RecvPktInfo: both({ IPV6_RECVPKTINFO }, "2.6.14", flag),
  /** The source address and the interface of sent packets.
   * IPV6_PKTINFO (50) of SOL_IPV6: struct in6_pktinfo, set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6PktInfo: set(
    { IPV6_PKTINFO },
    "2.6.14",
    struct("in6_pktinfo", { address: ipv6Text, interface: interfaceIndex }),
  ),
  /** Whether messages come with their packet's hop limit.
   * IPV6_RECVHOPLIMIT (51) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RecvHopLimit: both({ IPV6_RECVHOPLIMIT }, "2.6.14", flag),
  /** Whether messages come with their packet's hop-by-hop options.
   * IPV6_RECVHOPOPTS (53) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RecvHopOpts: both({ IPV6_RECVHOPOPTS }, "2.6.14", flag),
  /** The hop-by-hop options of sent packets.
   * IPV6_HOPOPTS (54) of SOL_IPV6: struct ipv6_opt_hdr, read and set. Setting needs CAP_NET_RAW. Since Linux 2.6.14. Source:
   * ipv6(7). */
  ipv6HopOpts: both({ IPV6_HOPOPTS }, "2.6.14", extensionHeader, { privilege: "CAP_NET_RAW" }),
  /** The destination options before the routing header of sent packets.
   * IPV6_RTHDRDSTOPTS (55) of SOL_IPV6: struct ipv6_opt_hdr, read and set. Setting needs CAP_NET_RAW. Since Linux 2.6.14. Source:
   * ipv6(7). */
  ipv6RtHdrDstOpts: both({ IPV6_RTHDRDSTOPTS }, "2.6.14", extensionHeader, { privilege: "CAP_NET_RAW" }),
  /** Whether messages come with their packet's routing header.
   * IPV6_RECVRTHDR (56) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RecvRtHdr: both({ IPV6_RECVRTHDR }, "2.6.14", flag),
  /** The routing header of sent packets.
   * IPV6_RTHDR (57) of SOL_IPV6: struct ipv6_opt_hdr, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RtHdr: both({ IPV6_RTHDR }, "2.6.14", extensionHeader),
  /** Whether messages come with their packet's destination options.
   * IPV6_RECVDSTOPTS (58) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6RecvDstOpts: both({ IPV6_RECVDSTOPTS }, "2.6.14", flag),
  /** The destination options of sent packets.
   * IPV6_DSTOPTS (59) of SOL_IPV6: struct ipv6_opt_hdr, read and set. Setting needs CAP_NET_RAW. Since Linux 2.6.14. Source:
   * ipv6(7). */
  ipv6DstOpts: both({ IPV6_DSTOPTS }, "2.6.14", extensionHeader, { privilege: "CAP_NET_RAW" }),
  /** Whether the socket gets a message when a path's MTU changes.
   * IPV6_RECVPATHMTU (60) of SOL_IPV6: int, read and set. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6RecvPathMtu: rfc3542.both({ IPV6_RECVPATHMTU }, "2.6.35", flag),
  /** The MTU of the path to the peer that the socket is connected to.
   * IPV6_PATHMTU (61) of SOL_IPV6: struct ip6_mtuinfo, read. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6PathMtu: rfc3542.get(
    { IPV6_PATHMTU },
    "2.6.35",
    struct("ip6_mtuinfo", { destination: sockaddrIn6, mtu: u32 }),
  ),
  /** Whether a send of a datagram that is too large fails. Otherwise, the kernel fragments the datagram.
   * IPV6_DONTFRAG (62) of SOL_IPV6: int, read and set. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6DontFrag: rfc3542.both({ IPV6_DONTFRAG }, "2.6.35", flag),
  /** Whether messages come with their packet's traffic class.
   * IPV6_RECVTCLASS (66) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6RecvTclass: rfc3542.both({ IPV6_RECVTCLASS }, "2.6.14", flag),
  /** The traffic class of packets sent over IPv6: DSCP and ECN. For v4-mapped peers, set `ipTos`.
   * IPV6_TCLASS (67) of SOL_IPV6: int, read and set. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Tclass: rfc3542.both({ IPV6_TCLASS }, "2.6.14", i32),
  /** Whether the kernel chooses the flow labels of sent packets.
   * IPV6_AUTOFLOWLABEL (70) of SOL_IPV6: int, read and set. Since Linux 3.17. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6AutoFlowLabel: kernel.both({ IPV6_AUTOFLOWLABEL }, "3.17", flag),
  /** Which of the host's addresses the kernel prefers as the source: IPV6_PREFER_SRC_*.
   * IPV6_ADDR_PREFERENCES (72) of SOL_IPV6: int, read and set. Since Linux 2.6.26. Source: RFC 5014. */
  ipv6AddrPreferences: both({ IPV6_ADDR_PREFERENCES }, "2.6.26", i32, { source: "RFC 5014" }),
  /** The least hop limit of received packets. The kernel drops packets with less.
   * IPV6_MINHOPCOUNT (73) of SOL_IPV6: int, read and set. Since Linux 2.6.35. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6MinHopCount: kernel.both({ IPV6_MINHOPCOUNT }, "2.6.35", i32),
  /** Whether datagrams come with the address that they were sent to before a proxy rule took them.
   * IPV6_RECVORIGDSTADDR (74) of SOL_IPV6: int, read and set. Since Linux 2.6.37. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6RecvOrigDstAddr: kernel.both({ IPV6_RECVORIGDSTADDR }, "2.6.37", flag),
  /** Whether bind(2) accepts addresses of other hosts. Proxies need this.
   * IPV6_TRANSPARENT (75) of SOL_IPV6: int, read and set. Setting needs CAP_NET_RAW or CAP_NET_ADMIN. Since Linux 2.6.37. Source:
   * net/ipv6/ipv6_sockglue.c. */
  ipv6Transparent: kernel.both({ IPV6_TRANSPARENT }, "2.6.37", flag, {
    privilege: "CAP_NET_RAW or CAP_NET_ADMIN",
  }),
  /** The interface that sends unicast packets, where the routes permit several. Set its index or its name; reading gives the index.
   * IPV6_UNICAST_IF (76) of SOL_IPV6: __be32, read and set. Since Linux 3.3. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6UnicastIf: kernel.both({ IPV6_UNICAST_IF }, "3.3", interfaceIndexBe),
  /** Whether messages come with the size of the largest fragment.
   * IPV6_RECVFRAGSIZE (77) of SOL_IPV6: int, read and set. Since Linux 4.10. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6RecvFragSize: kernel.both({ IPV6_RECVFRAGSIZE }, "4.10", flag),
  /** Whether bind(2) accepts an address that no interface has, or has yet.
   * IPV6_FREEBIND (78) of SOL_IPV6: int, read and set. Since Linux 4.15. Source: net/ipv6/ipv6_sockglue.c. */
  ipv6FreeBind: kernel.both({ IPV6_FREEBIND }, "4.15", flag),
  /** As `ipv6RecvPktInfo`, with the control messages of RFC 2292.
   * IPV6_2292PKTINFO (2) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 2292. */
  ipv6PktInfo2292: rfc2292.both({ IPV6_2292PKTINFO }, "2.2", flag),
  /** As `ipv6RecvHopLimit`, with the control messages of RFC 2292.
   * IPV6_2292HOPLIMIT (8) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 2292. */
  ipv6HopLimit2292: rfc2292.both({ IPV6_2292HOPLIMIT }, "2.2", flag),
  /** As `ipv6RecvHopOpts`, with the control messages of RFC 2292.
   * IPV6_2292HOPOPTS (3) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 2292. */
  ipv6HopOpts2292: rfc2292.both({ IPV6_2292HOPOPTS }, "2.2", flag),
  /** As `ipv6RecvDstOpts`, with the control messages of RFC 2292.
   * IPV6_2292DSTOPTS (4) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 2292. */
  ipv6DstOpts2292: rfc2292.both({ IPV6_2292DSTOPTS }, "2.2", flag),
  /** As `ipv6RecvRtHdr`, with the control messages of RFC 2292.
   * IPV6_2292RTHDR (5) of SOL_IPV6: int, read and set. Since Linux 2.2. Source: RFC 2292. */
  ipv6RtHdr2292: rfc2292.both({ IPV6_2292RTHDR }, "2.2", flag),
  /** On TCP: control data with the control messages that would have come with the last packet.
   * IPV6_2292PKTOPTIONS (6) of SOL_IPV6: cmsghdr[], read. Since Linux 2.2. Source: RFC 2292. */
  ipv6PktOptions2292: rfc2292.get({ IPV6_2292PKTOPTIONS }, "2.2", blob("cmsghdr[]", PKTOPTIONS_RESERVE)),
  /** The destination of a connection before netfilter redirected it to this socket.
   * IP6T_SO_ORIGINAL_DST (80) of SOL_IPV6: struct sockaddr_in6, read. Since Linux 3.8. Source:
   * include/uapi/linux/netfilter_ipv6/ip6_tables.h. */
  ip6tOriginalDst: get({ IP6T_SO_ORIGINAL_DST }, "3.8", sockaddrIn6, {
    source: "include/uapi/linux/netfilter_ipv6/ip6_tables.h",
  }),
  /** The ICMPv6 types that a raw socket of IPPROTO_ICMPV6 does not get. Each of the 256 types is a bit.
   * ICMPV6_FILTER (1) of SOL_ICMPV6: __u32[8], read and set. Since Linux 2.2. Source: RFC 3542. */
  icmpv6Filter: icmpv6.both({ ICMPV6_FILTER }, "2.2", array(u32, ICMPV6_FILTER_WORDS)),
});
