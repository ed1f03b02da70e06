import { sockaddrIn6 } from "../address/sockaddr.js";
import * as ip from "../constants/ip.js";
import * as ipv6 from "../constants/ipv6.js";
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

const { get, set, both } = level({ SOL_IPV6 }, ipv6, { source: "ipv6(7)", families: ["ipv6"] });
/** What no man page describes. */
const kernel = level({ SOL_IPV6 }, ipv6, { source: "net/ipv6/ipv6_sockglue.c", families: ["ipv6"] });
const rfc3678 = level({ SOL_IPV6 }, ip, { source: "RFC 3678", families: ["ipv6"] });
const rfc3542 = level({ SOL_IPV6 }, ipv6, { source: "RFC 3542", families: ["ipv6"] });
const rfc2292 = level({ SOL_IPV6 }, ipv6, { source: "RFC 2292", families: ["ipv6"] });
const icmpv6 = level({ SOL_ICMPV6 }, ipv6, { source: "RFC 3542", families: ["ipv6"] });

/** The options of SOL_IPV6. */
export const ipv6Options = {
  /** AF_INET turns a socket that is connected to a v4-mapped address into an IPv4 one. */
  ipv6AddrForm: both("IPV6_ADDRFORM", "2.2", i32),
  /** The hop limit of unicast, 0 to 255; -1: the route's. */
  ipv6UnicastHops: both("IPV6_UNICAST_HOPS", "2.2", i32),
  /** The interface that multicast leaves by: its index, to set it its name, too. */
  ipv6MulticastIf: both("IPV6_MULTICAST_IF", "2.2", i32, { setPayload: interfaceIndex }),
  /** The hop limit of multicast, 0 to 255; -1: the route's. */
  ipv6MulticastHops: both("IPV6_MULTICAST_HOPS", "2.2", i32),
  /** Whether multicast that is sent comes back to this host. */
  ipv6MulticastLoop: both("IPV6_MULTICAST_LOOP", "2.2", flag),
  /** Whether the socket gets groups that others on this host have joined. */
  ipv6MulticastAll: kernel.both("IPV6_MULTICAST_ALL", "4.20", flag),
  /** Joins a multicast group. */
  ipv6AddMembership: set("IPV6_ADD_MEMBERSHIP", "2.2", membership),
  /** Leaves a multicast group. */
  ipv6DropMembership: set("IPV6_DROP_MEMBERSHIP", "2.2", membership),
  /** Takes an anycast address. */
  ipv6JoinAnycast: set("IPV6_JOIN_ANYCAST", "2.4", anycast, { source: "net/ipv6/anycast.c" }),
  /** Gives it up. */
  ipv6LeaveAnycast: set("IPV6_LEAVE_ANYCAST", "2.4", anycast, { source: "net/ipv6/anycast.c" }),
  /** Joins a multicast group by its address and the interface. */
  mcast6JoinGroup: rfc3678.set("MCAST_JOIN_GROUP", "2.6", groupRequest),
  /** Leaves it. */
  mcast6LeaveGroup: rfc3678.set("MCAST_LEAVE_GROUP", "2.6", groupRequest),
  /** Joins a multicast group for what one source sends. */
  mcast6JoinSourceGroup: rfc3678.set("MCAST_JOIN_SOURCE_GROUP", "2.6", groupSourceRequest),
  /** Leaves it. */
  mcast6LeaveSourceGroup: rfc3678.set("MCAST_LEAVE_SOURCE_GROUP", "2.6", groupSourceRequest),
  /** Stops receiving a source of a group. */
  mcast6BlockSource: rfc3678.set("MCAST_BLOCK_SOURCE", "2.6", groupSourceRequest),
  /** Receives it again. */
  mcast6UnblockSource: rfc3678.set("MCAST_UNBLOCK_SOURCE", "2.6", groupSourceRequest),
  /** The Router Alert option whose packets a raw socket gets; -1: none. */
  ipv6RouterAlert: both("IPV6_ROUTER_ALERT", "2.2", i32),
  /** Keeps them within the network namespace. */
  ipv6RouterAlertIsolate: kernel.both("IPV6_ROUTER_ALERT_ISOLATE", "5.1", flag),
  /** IPV6_PMTUDISC_*: how the path's MTU is found out. */
  ipv6MtuDiscover: both("IPV6_MTU_DISCOVER", "2.2", i32),
  /** Set, the largest packet that is sent; read, the MTU of the path to the connected peer. */
  ipv6Mtu: both("IPV6_MTU", "2.2", i32),
  /** Whether errors are queued in full: what ICMPv6 said, and about which packet. */
  ipv6RecvErr: both("IPV6_RECVERR", "2.2", flag),
  /** Whether errors bring the extensions of RFC 4884. */
  ipv6RecvErrRfc4884: kernel.both("IPV6_RECVERR_RFC4884", "5.9", flag),
  /** No IPv4 peers. It is set before bind(2). */
  ipv6V6Only: both("IPV6_V6ONLY", "2.4.21", flag),
  /** Asks for a flow label, renews it or gives it back. */
  ipv6FlowLabelMgr: set("IPV6_FLOWLABEL_MGR", "2.2", flowLabel, { source: "include/uapi/linux/in6.h" }),
  /** Whether the flow label of a destination's address is sent. */
  ipv6FlowInfoSend: kernel.both("IPV6_FLOWINFO_SEND", "2.2", flag),
  /** Whether messages come with their packet's flow label and traffic class. */
  ipv6FlowInfo: both("IPV6_FLOWINFO", "2.2", flag),
  /** The socket's own IPsec policy. */
  ipv6XfrmPolicy: set("IPV6_XFRM_POLICY", "2.6", blob("struct xfrm_userpolicy_info", XFRM_ROOM), {
    source: "include/uapi/linux/xfrm.h",
  }),
  /** Whether raw sockets are given the IPv6 header, too. */
  ipv6HdrIncl: kernel.both("IPV6_HDRINCL", "4.5", flag),
  /** Where a raw socket's packets have their checksum, in bytes; -1: nowhere. */
  ipv6Checksum: rfc3542.both("IPV6_CHECKSUM", "2.2", i32),
  /** Whether messages come with their packet's destination and interface. */
  ipv6RecvPktinfo: both("IPV6_RECVPKTINFO", "2.6.14", flag),
  /** The source address and interface of what is sent. */
  ipv6Pktinfo: set(
    "IPV6_PKTINFO",
    "2.6.14",
    struct("in6_pktinfo", { address: ipv6Text, interface: interfaceIndex }),
  ),
  /** Whether messages come with their packet's hop limit. */
  ipv6RecvHopLimit: both("IPV6_RECVHOPLIMIT", "2.6.14", flag),
  /** Whether messages come with their packet's hop-by-hop options. */
  ipv6RecvHopOpts: both("IPV6_RECVHOPOPTS", "2.6.14", flag),
  /** The hop-by-hop options of what is sent. They need CAP_NET_RAW. */
  ipv6HopOpts: both("IPV6_HOPOPTS", "2.6.14", extensionHeader),
  /** The destination options before the routing header of what is sent. They need CAP_NET_RAW. */
  ipv6RthdrDstOpts: both("IPV6_RTHDRDSTOPTS", "2.6.14", extensionHeader),
  /** Whether messages come with their packet's routing header. */
  ipv6RecvRthdr: both("IPV6_RECVRTHDR", "2.6.14", flag),
  /** The routing header of what is sent. */
  ipv6Rthdr: both("IPV6_RTHDR", "2.6.14", extensionHeader),
  /** Whether messages come with their packet's destination options. */
  ipv6RecvDstOpts: both("IPV6_RECVDSTOPTS", "2.6.14", flag),
  /** The destination options of what is sent. They need CAP_NET_RAW. */
  ipv6DstOpts: both("IPV6_DSTOPTS", "2.6.14", extensionHeader),
  /** Whether changes of a path's MTU are reported as messages. */
  ipv6RecvPathMtu: rfc3542.both("IPV6_RECVPATHMTU", "2.6.35", flag),
  /** The MTU of the path to the peer that the socket is connected to. */
  ipv6PathMtu: rfc3542.get(
    "IPV6_PATHMTU",
    "2.6.35",
    struct("ip6_mtuinfo", { destination: sockaddrIn6, mtu: u32 }),
  ),
  /** Whether datagrams that are too big are refused instead of fragmented. */
  ipv6DontFrag: rfc3542.both("IPV6_DONTFRAG", "2.6.35", flag),
  /** Whether messages come with their packet's traffic class. */
  ipv6RecvTclass: rfc3542.both("IPV6_RECVTCLASS", "2.6.14", flag),
  /** The traffic class of what is sent over IPv6: DSCP and ECN. For v4-mapped peers it is `ipTos`. */
  ipv6Tclass: rfc3542.both("IPV6_TCLASS", "2.6.14", i32),
  /** Whether the kernel chooses the flow labels of what is sent. */
  ipv6AutoFlowLabel: kernel.both("IPV6_AUTOFLOWLABEL", "3.17", flag),
  /** IPV6_PREFER_SRC_*: which of the host's addresses are sent from. */
  ipv6AddrPreferences: both("IPV6_ADDR_PREFERENCES", "2.6.26", i32, { source: "RFC 5014" }),
  /** The least hop limit that a packet may arrive with. */
  ipv6MinHopCount: kernel.both("IPV6_MINHOPCOUNT", "2.6.35", i32),
  /** Whether datagrams come with the address that they were sent to before a proxy rule took them. */
  ipv6RecvOrigDstAddr: kernel.both("IPV6_RECVORIGDSTADDR", "2.6.37", flag),
  /** Whether addresses of others can be bound, for proxies. It needs CAP_NET_ADMIN or CAP_NET_RAW. */
  ipv6Transparent: kernel.both("IPV6_TRANSPARENT", "2.6.37", flag),
  /** The interface that unicast leaves by where the route gives the choice, by index or name; read, the index. */
  ipv6UnicastIf: kernel.both("IPV6_UNICAST_IF", "3.3", interfaceIndexBe),
  /** Whether messages come with the size of the largest fragment. */
  ipv6RecvFragSize: kernel.both("IPV6_RECVFRAGSIZE", "4.10", flag),
  /** Whether bind(2) takes an address that no interface has (yet). */
  ipv6Freebind: kernel.both("IPV6_FREEBIND", "4.15", flag),
  /** As `ipv6RecvPktinfo`, with the control messages of RFC 2292. */
  ipv62292Pktinfo: rfc2292.both("IPV6_2292PKTINFO", "2.2", flag),
  /** As `ipv6RecvHopLimit`, with the control messages of RFC 2292. */
  ipv62292HopLimit: rfc2292.both("IPV6_2292HOPLIMIT", "2.2", flag),
  /** As `ipv6RecvHopOpts`, with the control messages of RFC 2292. */
  ipv62292HopOpts: rfc2292.both("IPV6_2292HOPOPTS", "2.2", flag),
  /** As `ipv6RecvDstOpts`, with the control messages of RFC 2292. */
  ipv62292DstOpts: rfc2292.both("IPV6_2292DSTOPTS", "2.2", flag),
  /** As `ipv6RecvRthdr`, with the control messages of RFC 2292. */
  ipv62292Rthdr: rfc2292.both("IPV6_2292RTHDR", "2.2", flag),
  /** On TCP, what the last packet would have brought as control messages, as control data. */
  ipv62292PktOptions: rfc2292.get("IPV6_2292PKTOPTIONS", "2.2", blob("cmsghdr[]", PKTOPTIONS_ROOM)),
  /** Where a connection was going before netfilter redirected it here. */
  ip6tOriginalDst: get("IP6T_SO_ORIGINAL_DST", "3.8", sockaddrIn6, {
    source: "include/uapi/linux/netfilter_ipv6/ip6_tables.h",
  }),
  /** The ICMPv6 types that a raw socket of IPPROTO_ICMPV6 does not want, a bit each, 256 in all. */
  icmpv6Filter: icmpv6.both("ICMPV6_FILTER", "2.2", array(u32, ICMPV6_FILTER_WORDS)),
};
