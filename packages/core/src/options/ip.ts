import { sockaddrIn } from "../address/sockaddr.js";
import {
  ICMP_FILTER,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_BIND_ADDRESS_NO_PORT,
  IP_BLOCK_SOURCE,
  IP_CHECKSUM,
  IP_DROP_MEMBERSHIP,
  IP_DROP_SOURCE_MEMBERSHIP,
  IP_FREEBIND,
  IP_HDRINCL,
  IP_LOCAL_PORT_RANGE,
  IP_MINTTL,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_NODEFRAG,
  IP_OPTIONS,
  IP_PASSSEC,
  IP_PKTINFO,
  IP_PKTOPTIONS,
  IP_PROTOCOL,
  IP_RECVERR,
  IP_RECVERR_RFC4884,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_RETOPTS,
  IP_ROUTER_ALERT,
  IP_TOS,
  IP_TRANSPARENT,
  IP_TTL,
  IP_UNBLOCK_SOURCE,
  IP_UNICAST_IF,
  IP_XFRM_POLICY,
  MCAST_BLOCK_SOURCE,
  MCAST_JOIN_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MCAST_UNBLOCK_SOURCE,
  SO_ORIGINAL_DST,
} from "../constants/ip.js";
import { SOL_IP, SOL_RAW } from "../constants/levels.js";
import { ipv4Text } from "../wire/address-text.js";
import { blob } from "../wire/blob.js";
import { flag } from "../wire/flag.js";
import { i32, u32 } from "../wire/integers.js";
import { interfaceIndex, interfaceIndexBe } from "../wire/interface.js";
import { reserved, struct } from "../wire/struct.js";
import { type OptionEntries, option } from "./entry.js";
import { groupRequest, groupSourceRequest } from "./multicast-group.js";
import { portRange } from "./port-range.js";

/** MAX_IPOPTLEN, include/net/inet_sock.h. */
const MAX_IP_OPTIONS = 40;

/** Room for what a packet can bring. */
const PKTOPTIONS_ROOM = 1024;

/** More than sizeof(struct xfrm_userpolicy_info) and its templates. */
const XFRM_ROOM = 4096;

/** struct ip_mreqn without the address that named the interface before there were indexes. */
const membership = struct("ip_mreqn", { group: ipv4Text, _address: reserved(4), interface: interfaceIndex });

/** struct ip_mreqn: the index counts if it is not 0, then the address. */
const multicastInterface = struct("ip_mreqn", {
  _group: reserved(4),
  address: ipv4Text,
  interface: interfaceIndex,
});

const sourceMembership = struct("ip_mreq_source", {
  group: ipv4Text,
  interfaceAddress: ipv4Text,
  source: ipv4Text,
});

/** The options of SOL_IP. AF_INET6 sockets have most of them, too, for their IPv4 packets. */
export const ipOptions = {
  /**
   * The type of service of what is sent: DSCP in the upper six bits, ECN in the lower two. Source: ip(7).
   * Since Linux 2.2.
   */
  ipTos: option({
    level: SOL_IP,
    option: IP_TOS,
    constant: "IP_TOS",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The time to live of what is sent, 1 to 255; -1: the system's default. Source: ip(7). Since Linux 2.2. */
  ipTtl: option({
    level: SOL_IP,
    option: IP_TTL,
    constant: "IP_TTL",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether raw sockets are given the IP header, too. Source: ip(7). Since Linux 2.2. */
  ipHdrIncl: option({
    level: SOL_IP,
    option: IP_HDRINCL,
    constant: "IP_HDRINCL",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4"],
    payload: flag,
  }),
  /** The IP options of what is sent, as they go into the header. Source: ip(7). Since Linux 2.2. */
  ipOptions: option({
    level: SOL_IP,
    option: IP_OPTIONS,
    constant: "IP_OPTIONS",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: blob("ip_options", MAX_IP_OPTIONS),
  }),
  /**
   * Whether a raw socket gets packets with the Router Alert option that are to be forwarded. Source: ip(7).
   * Since Linux 2.2.
   */
  ipRouterAlert: option({
    level: SOL_IP,
    option: IP_ROUTER_ALERT,
    constant: "IP_ROUTER_ALERT",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4"],
    payload: flag,
  }),
  /** Whether messages come with their packet's IP options. Source: ip(7). Since Linux 2.2. */
  ipRecvOpts: option({
    level: SOL_IP,
    option: IP_RECVOPTS,
    constant: "IP_RECVOPTS",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether messages come with IP options to answer with. Source: ip(7). Since Linux 2.2. */
  ipRetOpts: option({
    level: SOL_IP,
    option: IP_RETOPTS,
    constant: "IP_RETOPTS",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's destination and interface. Source: ip(7). Since Linux 2.2. */
  ipPktinfo: option({
    level: SOL_IP,
    option: IP_PKTINFO,
    constant: "IP_PKTINFO",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * On TCP, what the last packet would have brought as control messages, as control data. Source: ip(7).
   * Since Linux 2.2.
   */
  ipPktOptions: option({
    level: SOL_IP,
    option: IP_PKTOPTIONS,
    constant: "IP_PKTOPTIONS",
    direction: "get",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: blob("cmsghdr[]", PKTOPTIONS_ROOM),
  }),
  /** IP_PMTUDISC_*: how the path's MTU is found out. Source: ip(7). Since Linux 2.2. */
  ipMtuDiscover: option({
    level: SOL_IP,
    option: IP_MTU_DISCOVER,
    constant: "IP_MTU_DISCOVER",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The MTU of the path to the peer that the socket is connected to. Source: ip(7). Since Linux 2.2. */
  ipMtu: option({
    level: SOL_IP,
    option: IP_MTU,
    constant: "IP_MTU",
    direction: "get",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether errors are queued in full: what ICMP said, and about which packet. Source: ip(7). Since Linux 2.2. */
  ipRecvErr: option({
    level: SOL_IP,
    option: IP_RECVERR,
    constant: "IP_RECVERR",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether errors bring the extensions of RFC 4884. Source: net/ipv4/ip_sockglue.c. Since Linux 5.9. */
  ipRecvErrRfc4884: option({
    level: SOL_IP,
    option: IP_RECVERR_RFC4884,
    constant: "IP_RECVERR_RFC4884",
    direction: "both",
    since: "5.9",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's time to live. Source: ip(7). Since Linux 2.2. */
  ipRecvTtl: option({
    level: SOL_IP,
    option: IP_RECVTTL,
    constant: "IP_RECVTTL",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether messages come with their packet's type of service. Source: ip(7). Since Linux 2.2. */
  ipRecvTos: option({
    level: SOL_IP,
    option: IP_RECVTOS,
    constant: "IP_RECVTOS",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether bind(2) takes an address that no interface has (yet). Source: ip(7). Since Linux 2.4. */
  ipFreebind: option({
    level: SOL_IP,
    option: IP_FREEBIND,
    constant: "IP_FREEBIND",
    direction: "both",
    since: "2.4",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The socket's own IPsec policy. Source: include/uapi/linux/xfrm.h. Since Linux 2.6. */
  ipXfrmPolicy: option({
    level: SOL_IP,
    option: IP_XFRM_POLICY,
    constant: "IP_XFRM_POLICY",
    direction: "set",
    since: "2.6",
    source: "include/uapi/linux/xfrm.h",
    families: ["ipv4", "ipv6"],
    payload: blob("struct xfrm_userpolicy_info", XFRM_ROOM),
  }),
  /** Whether datagrams come with the label of their IPsec association. Source: ip(7). Since Linux 2.6.17. */
  ipPassSec: option({
    level: SOL_IP,
    option: IP_PASSSEC,
    constant: "IP_PASSSEC",
    direction: "both",
    since: "2.6.17",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Whether addresses of others can be bound, for proxies. It needs CAP_NET_ADMIN or CAP_NET_RAW. Source:
   * ip(7). Since Linux 2.6.24.
   */
  ipTransparent: option({
    level: SOL_IP,
    option: IP_TRANSPARENT,
    constant: "IP_TRANSPARENT",
    direction: "both",
    since: "2.6.24",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Whether datagrams come with the address that they were sent to before a proxy rule took them. Source:
   * ip(7). Since Linux 2.6.29.
   */
  ipRecvOrigDstAddr: option({
    level: SOL_IP,
    option: IP_RECVORIGDSTADDR,
    constant: "IP_RECVORIGDSTADDR",
    direction: "both",
    since: "2.6.29",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The least time to live that a packet may arrive with. Source: net/ipv4/ip_sockglue.c. Since Linux 2.6.34. */
  ipMinTtl: option({
    level: SOL_IP,
    option: IP_MINTTL,
    constant: "IP_MINTTL",
    direction: "both",
    since: "2.6.34",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether netfilter leaves a raw socket's fragments alone. Source: ip(7). Since Linux 2.6.36. */
  ipNodefrag: option({
    level: SOL_IP,
    option: IP_NODEFRAG,
    constant: "IP_NODEFRAG",
    direction: "both",
    since: "2.6.36",
    source: "ip(7)",
    families: ["ipv4"],
    payload: flag,
  }),
  /**
   * Whether datagrams come with the checksum that the device computed. Source: net/ipv4/ip_sockglue.c. Since
   * Linux 4.0.
   */
  ipChecksum: option({
    level: SOL_IP,
    option: IP_CHECKSUM,
    constant: "IP_CHECKSUM",
    direction: "both",
    since: "4.0",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether bind(2) to port 0 leaves the choice of the port to connect(2). Source: ip(7). Since Linux 4.2. */
  ipBindAddressNoPort: option({
    level: SOL_IP,
    option: IP_BIND_ADDRESS_NO_PORT,
    constant: "IP_BIND_ADDRESS_NO_PORT",
    direction: "both",
    since: "4.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Whether messages come with the size of the largest fragment. Source: net/ipv4/ip_sockglue.c. Since Linux
   * 4.10.
   */
  ipRecvFragSize: option({
    level: SOL_IP,
    option: IP_RECVFRAGSIZE,
    constant: "IP_RECVFRAGSIZE",
    direction: "both",
    since: "4.10",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * The interface that multicast leaves by. It is set by address, index or name, and read as an address.
   * Source: ip(7). Since Linux 2.2.
   */
  ipMulticastIf: option({
    level: SOL_IP,
    option: IP_MULTICAST_IF,
    constant: "IP_MULTICAST_IF",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: ipv4Text,
    setPayload: multicastInterface,
  }),
  /** The time to live of multicast; -1: the default, 1. Source: ip(7). Since Linux 2.2. */
  ipMulticastTtl: option({
    level: SOL_IP,
    option: IP_MULTICAST_TTL,
    constant: "IP_MULTICAST_TTL",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether multicast that is sent comes back to this host. Source: ip(7). Since Linux 2.2. */
  ipMulticastLoop: option({
    level: SOL_IP,
    option: IP_MULTICAST_LOOP,
    constant: "IP_MULTICAST_LOOP",
    direction: "both",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Whether the socket gets groups that others on this host have joined. Source: ip(7). Since Linux 2.6.31. */
  ipMulticastAll: option({
    level: SOL_IP,
    option: IP_MULTICAST_ALL,
    constant: "IP_MULTICAST_ALL",
    direction: "both",
    since: "2.6.31",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Joins a multicast group. Source: ip(7). Since Linux 2.2. */
  ipAddMembership: option({
    level: SOL_IP,
    option: IP_ADD_MEMBERSHIP,
    constant: "IP_ADD_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: membership,
  }),
  /** Leaves a multicast group. Source: ip(7). Since Linux 2.2. */
  ipDropMembership: option({
    level: SOL_IP,
    option: IP_DROP_MEMBERSHIP,
    constant: "IP_DROP_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: membership,
  }),
  /** Joins a multicast group for what one source sends. Source: ip(7). Since Linux 2.4.22. */
  ipAddSourceMembership: option({
    level: SOL_IP,
    option: IP_ADD_SOURCE_MEMBERSHIP,
    constant: "IP_ADD_SOURCE_MEMBERSHIP",
    direction: "set",
    since: "2.4.22",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: sourceMembership,
  }),
  /** Leaves a group that was joined for one source. Source: ip(7). Since Linux 2.4.22. */
  ipDropSourceMembership: option({
    level: SOL_IP,
    option: IP_DROP_SOURCE_MEMBERSHIP,
    constant: "IP_DROP_SOURCE_MEMBERSHIP",
    direction: "set",
    since: "2.4.22",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: sourceMembership,
  }),
  /** Stops receiving a source of a group. Source: ip(7). Since Linux 2.4.22. */
  ipBlockSource: option({
    level: SOL_IP,
    option: IP_BLOCK_SOURCE,
    constant: "IP_BLOCK_SOURCE",
    direction: "set",
    since: "2.4.22",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: sourceMembership,
  }),
  /** Receives it again. Source: ip(7). Since Linux 2.4.22. */
  ipUnblockSource: option({
    level: SOL_IP,
    option: IP_UNBLOCK_SOURCE,
    constant: "IP_UNBLOCK_SOURCE",
    direction: "set",
    since: "2.4.22",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: sourceMembership,
  }),
  /** Joins a multicast group by its address and the interface. Source: RFC 3678. Since Linux 2.6. */
  mcastJoinGroup: option({
    level: SOL_IP,
    option: MCAST_JOIN_GROUP,
    constant: "MCAST_JOIN_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupRequest,
  }),
  /** Leaves it. Source: RFC 3678. Since Linux 2.6. */
  mcastLeaveGroup: option({
    level: SOL_IP,
    option: MCAST_LEAVE_GROUP,
    constant: "MCAST_LEAVE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupRequest,
  }),
  /** Joins a multicast group for what one source sends. Source: RFC 3678. Since Linux 2.6. */
  mcastJoinSourceGroup: option({
    level: SOL_IP,
    option: MCAST_JOIN_SOURCE_GROUP,
    constant: "MCAST_JOIN_SOURCE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupSourceRequest,
  }),
  /** Leaves it. Source: RFC 3678. Since Linux 2.6. */
  mcastLeaveSourceGroup: option({
    level: SOL_IP,
    option: MCAST_LEAVE_SOURCE_GROUP,
    constant: "MCAST_LEAVE_SOURCE_GROUP",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupSourceRequest,
  }),
  /** Stops receiving a source of a group. Source: RFC 3678. Since Linux 2.6. */
  mcastBlockSource: option({
    level: SOL_IP,
    option: MCAST_BLOCK_SOURCE,
    constant: "MCAST_BLOCK_SOURCE",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupSourceRequest,
  }),
  /** Receives it again. Source: RFC 3678. Since Linux 2.6. */
  mcastUnblockSource: option({
    level: SOL_IP,
    option: MCAST_UNBLOCK_SOURCE,
    constant: "MCAST_UNBLOCK_SOURCE",
    direction: "set",
    since: "2.6",
    source: "RFC 3678",
    families: ["ipv4", "ipv6"],
    payload: groupSourceRequest,
  }),
  /**
   * The interface that unicast leaves by where the route gives the choice, by index or name; read, the index.
   * Source: net/ipv4/ip_sockglue.c. Since Linux 3.3.
   */
  ipUnicastIf: option({
    level: SOL_IP,
    option: IP_UNICAST_IF,
    constant: "IP_UNICAST_IF",
    direction: "both",
    since: "3.3",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: interfaceIndexBe,
  }),
  /** The ports that the kernel chooses from. Source: ip(7). Since Linux 6.3. */
  ipLocalPortRange: option({
    level: SOL_IP,
    option: IP_LOCAL_PORT_RANGE,
    constant: "IP_LOCAL_PORT_RANGE",
    direction: "both",
    since: "6.3",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    payload: portRange,
  }),
  /** The protocol of a raw socket. Source: net/ipv4/ip_sockglue.c. Since Linux 6.4. */
  ipProtocol: option({
    level: SOL_IP,
    option: IP_PROTOCOL,
    constant: "IP_PROTOCOL",
    direction: "get",
    since: "6.4",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /**
   * Where a connection was going before netfilter redirected it here. Source:
   * include/uapi/linux/netfilter_ipv4.h. Since Linux 2.4.
   */
  originalDst: option({
    level: SOL_IP,
    option: SO_ORIGINAL_DST,
    constant: "SO_ORIGINAL_DST",
    direction: "get",
    since: "2.4",
    source: "include/uapi/linux/netfilter_ipv4.h",
    families: ["ipv4", "ipv6"],
    payload: sockaddrIn,
  }),
  /** The ICMP types that a raw socket of IPPROTO_ICMP does not want, a bit each. Source: raw(7). Since Linux 2.2. */
  icmpFilter: option({
    level: SOL_RAW,
    option: ICMP_FILTER,
    constant: "ICMP_FILTER",
    direction: "both",
    since: "2.2",
    source: "raw(7)",
    families: ["ipv4"],
    payload: u32,
  }),
} as const satisfies OptionEntries;
