import { sockaddrIn } from "../address/sockaddr.js";
import * as ip from "../constants/ip.js";
import { SOL_IP, SOL_RAW } from "../constants/levels.js";
import { ipv4Text } from "../wire/address-text.js";
import { blob } from "../wire/blob.js";
import { flag } from "../wire/flag.js";
import { i32, u32 } from "../wire/integers.js";
import { interfaceIndex, interfaceIndexBe } from "../wire/interface.js";
import { reserved, struct } from "../wire/struct.js";
import { level } from "./level.js";
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

const { get, set, both } = level({ SOL_IP }, ip, { source: "ip(7)", families: ["ipv4", "ipv6"] });
/** What no man page describes. */
const kernel = level({ SOL_IP }, ip, { source: "net/ipv4/ip_sockglue.c", families: ["ipv4", "ipv6"] });
const rfc3678 = level({ SOL_IP }, ip, { source: "RFC 3678", families: ["ipv4", "ipv6"] });
const raw = level({ SOL_RAW }, ip, { source: "raw(7)", families: ["ipv4"] });

/** The options of SOL_IP. AF_INET6 sockets have most of them, too, for their IPv4 packets. */
export const ipOptions = {
  /** The type of service of what is sent: DSCP in the upper six bits, ECN in the lower two. */
  ipTos: both("IP_TOS", "2.2", i32),
  /** The time to live of what is sent, 1 to 255; -1: the system's default. */
  ipTtl: both("IP_TTL", "2.2", i32),
  /** Whether raw sockets are given the IP header, too. */
  ipHdrIncl: both("IP_HDRINCL", "2.2", flag, { families: ["ipv4"] }),
  /** The IP options of what is sent, as they go into the header. */
  ipOptions: both("IP_OPTIONS", "2.2", blob("ip_options", MAX_IP_OPTIONS)),
  /** Whether a raw socket gets packets with the Router Alert option that are to be forwarded. */
  ipRouterAlert: both("IP_ROUTER_ALERT", "2.2", flag, { families: ["ipv4"] }),
  /** Whether messages come with their packet's IP options. */
  ipRecvOpts: both("IP_RECVOPTS", "2.2", flag),
  /** Whether messages come with IP options to answer with. */
  ipRetOpts: both("IP_RETOPTS", "2.2", flag),
  /** Whether messages come with their packet's destination and interface. */
  ipPktinfo: both("IP_PKTINFO", "2.2", flag),
  /** On TCP, what the last packet would have brought as control messages, as control data. */
  ipPktOptions: get("IP_PKTOPTIONS", "2.2", blob("cmsghdr[]", PKTOPTIONS_ROOM)),
  /** IP_PMTUDISC_*: how the path's MTU is found out. */
  ipMtuDiscover: both("IP_MTU_DISCOVER", "2.2", i32),
  /** The MTU of the path to the peer that the socket is connected to. */
  ipMtu: get("IP_MTU", "2.2", i32),
  /** Whether errors are queued in full: what ICMP said, and about which packet. */
  ipRecvErr: both("IP_RECVERR", "2.2", flag),
  /** Whether errors bring the extensions of RFC 4884. */
  ipRecvErrRfc4884: kernel.both("IP_RECVERR_RFC4884", "5.9", flag),
  /** Whether messages come with their packet's time to live. */
  ipRecvTtl: both("IP_RECVTTL", "2.2", flag),
  /** Whether messages come with their packet's type of service. */
  ipRecvTos: both("IP_RECVTOS", "2.2", flag),
  /** Whether bind(2) takes an address that no interface has (yet). */
  ipFreebind: both("IP_FREEBIND", "2.4", flag),
  /** The socket's own IPsec policy. */
  ipXfrmPolicy: set("IP_XFRM_POLICY", "2.6", blob("struct xfrm_userpolicy_info", XFRM_ROOM), {
    source: "include/uapi/linux/xfrm.h",
  }),
  /** Whether datagrams come with the label of their IPsec association. */
  ipPassSec: both("IP_PASSSEC", "2.6.17", flag),
  /** Whether addresses of others can be bound, for proxies. It needs CAP_NET_ADMIN or CAP_NET_RAW. */
  ipTransparent: both("IP_TRANSPARENT", "2.6.24", flag),
  /** Whether datagrams come with the address that they were sent to before a proxy rule took them. */
  ipRecvOrigDstAddr: both("IP_RECVORIGDSTADDR", "2.6.29", flag),
  /** The least time to live that a packet may arrive with. */
  ipMinTtl: kernel.both("IP_MINTTL", "2.6.34", i32),
  /** Whether netfilter leaves a raw socket's fragments alone. */
  ipNodefrag: both("IP_NODEFRAG", "2.6.36", flag, { families: ["ipv4"] }),
  /** Whether datagrams come with the checksum that the device computed. */
  ipChecksum: kernel.both("IP_CHECKSUM", "4.0", flag),
  /** Whether bind(2) to port 0 leaves the choice of the port to connect(2). */
  ipBindAddressNoPort: both("IP_BIND_ADDRESS_NO_PORT", "4.2", flag),
  /** Whether messages come with the size of the largest fragment. */
  ipRecvFragSize: kernel.both("IP_RECVFRAGSIZE", "4.10", flag),
  /** The interface that multicast leaves by. It is set by address, index or name, and read as an address. */
  ipMulticastIf: both("IP_MULTICAST_IF", "2.2", ipv4Text, { setPayload: multicastInterface }),
  /** The time to live of multicast; -1: the default, 1. */
  ipMulticastTtl: both("IP_MULTICAST_TTL", "2.2", i32),
  /** Whether multicast that is sent comes back to this host. */
  ipMulticastLoop: both("IP_MULTICAST_LOOP", "2.2", flag),
  /** Whether the socket gets groups that others on this host have joined. */
  ipMulticastAll: both("IP_MULTICAST_ALL", "2.6.31", flag),
  /** Joins a multicast group. */
  ipAddMembership: set("IP_ADD_MEMBERSHIP", "2.2", membership),
  /** Leaves a multicast group. */
  ipDropMembership: set("IP_DROP_MEMBERSHIP", "2.2", membership),
  /** Joins a multicast group for what one source sends. */
  ipAddSourceMembership: set("IP_ADD_SOURCE_MEMBERSHIP", "2.4.22", sourceMembership),
  /** Leaves a group that was joined for one source. */
  ipDropSourceMembership: set("IP_DROP_SOURCE_MEMBERSHIP", "2.4.22", sourceMembership),
  /** Stops receiving a source of a group. */
  ipBlockSource: set("IP_BLOCK_SOURCE", "2.4.22", sourceMembership),
  /** Receives it again. */
  ipUnblockSource: set("IP_UNBLOCK_SOURCE", "2.4.22", sourceMembership),
  /** Joins a multicast group by its address and the interface. */
  mcastJoinGroup: rfc3678.set("MCAST_JOIN_GROUP", "2.6", groupRequest),
  /** Leaves it. */
  mcastLeaveGroup: rfc3678.set("MCAST_LEAVE_GROUP", "2.6", groupRequest),
  /** Joins a multicast group for what one source sends. */
  mcastJoinSourceGroup: rfc3678.set("MCAST_JOIN_SOURCE_GROUP", "2.6", groupSourceRequest),
  /** Leaves it. */
  mcastLeaveSourceGroup: rfc3678.set("MCAST_LEAVE_SOURCE_GROUP", "2.6", groupSourceRequest),
  /** Stops receiving a source of a group. */
  mcastBlockSource: rfc3678.set("MCAST_BLOCK_SOURCE", "2.6", groupSourceRequest),
  /** Receives it again. */
  mcastUnblockSource: rfc3678.set("MCAST_UNBLOCK_SOURCE", "2.6", groupSourceRequest),
  /** The interface that unicast leaves by where the route gives the choice, by index or name; read, the index. */
  ipUnicastIf: kernel.both("IP_UNICAST_IF", "3.3", interfaceIndexBe),
  /** The ports that the kernel chooses from. */
  ipLocalPortRange: both("IP_LOCAL_PORT_RANGE", "6.3", portRange),
  /** The protocol of a raw socket. */
  ipProtocol: kernel.get("IP_PROTOCOL", "6.4", i32),
  /** Where a connection was going before netfilter redirected it here. */
  originalDst: get("SO_ORIGINAL_DST", "2.4", sockaddrIn, { source: "include/uapi/linux/netfilter_ipv4.h" }),
  /** The ICMP types that a raw socket of IPPROTO_ICMP does not want, a bit each. */
  icmpFilter: raw.both("ICMP_FILTER", "2.2", u32),
};
