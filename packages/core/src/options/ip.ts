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
import { level } from "./level.js";
import { groupRequest, groupSourceRequest } from "./multicast-group.js";
import { portRange } from "./port-range.js";
import { xfrmPolicy } from "./xfrm-policy.js";

/** MAX_IPOPTLEN, include/net/inet_sock.h. */
const MAX_IP_OPTIONS = 40;

/** Room for the control messages of one packet. */
const PKTOPTIONS_RESERVE = 1024;

/** struct ip_mreqn. We leave its address out: it named the interface before interfaces had indexes. */
const membership = struct("ip_mreqn", { group: ipv4Text, _address: reserved(4), interface: interfaceIndex });

/** struct ip_mreqn. If the index is 0, the address says which interface is meant. */
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

const { get, set, both } = level({ SOL_IP }, { source: "ip(7)", families: ["ipv4", "ipv6"] });
/** For options that no man page describes. */
const kernel = level({ SOL_IP }, { source: "net/ipv4/ip_sockglue.c", families: ["ipv4", "ipv6"] });
const rfc3678 = level({ SOL_IP }, { source: "RFC 3678", families: ["ipv4", "ipv6"] });
const raw = level({ SOL_RAW }, { source: "raw(7)", families: ["ipv4"] });

/** The options of SOL_IP. AF_INET6 sockets also have most of them, for their IPv4 packets. */
export const ipOptions = () => ({
  /** The type of service of sent packets: DSCP in the upper six bits, ECN in the lower two.
   * IP_TOS (1) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipTos: both({ IP_TOS }, "2.2", i32),
  /** The time to live of sent packets, from 1 to 255. -1: the system's default.
   * IP_TTL (2) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipTtl: both({ IP_TTL }, "2.2", i32),
  /** Whether the program writes the IP header itself, on a raw socket.
   * IP_HDRINCL (3) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipHdrIncl: both({ IP_HDRINCL }, "2.2", flag, { families: ["ipv4"] }),
  /** The IP options of sent packets, as they stand in the header.
   * IP_OPTIONS (4) of SOL_IP: ip_options, read and set. Since Linux 2.2. Source: ip(7). */
  ipOptions: both({ IP_OPTIONS }, "2.2", blob("ip_options", MAX_IP_OPTIONS)),
  /** Whether a raw socket gets the packets with the Router Alert option that this host would forward.
   * IP_ROUTER_ALERT (5) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRouterAlert: both({ IP_ROUTER_ALERT }, "2.2", flag, { families: ["ipv4"] }),
  /** Whether messages come with their packet's IP options.
   * IP_RECVOPTS (6) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRecvOpts: both({ IP_RECVOPTS }, "2.2", flag),
  /** Whether messages come with the IP options for an answer.
   * IP_RETOPTS (7) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRetOpts: both({ IP_RETOPTS }, "2.2", flag),
  /** Whether messages come with their packet's destination and interface.
   * IP_PKTINFO (8) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipPktInfo: both({ IP_PKTINFO }, "2.2", flag),
  /** On TCP: control data with the control messages that would have come with the last packet.
   * IP_PKTOPTIONS (9) of SOL_IP: cmsghdr[], read. Since Linux 2.2. Source: ip(7). */
  ipPktOptions: get({ IP_PKTOPTIONS }, "2.2", blob("cmsghdr[]", PKTOPTIONS_RESERVE)),
  /** How the kernel finds out the path's MTU: IP_PMTUDISC_*.
   * IP_MTU_DISCOVER (10) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipMtuDiscover: both({ IP_MTU_DISCOVER }, "2.2", i32),
  /** The MTU of the path to the peer that the socket is connected to.
   * IP_MTU (14) of SOL_IP: int, read. Since Linux 2.2. Source: ip(7). */
  ipMtu: get({ IP_MTU }, "2.2", i32),
  /** Whether the error queue gets the errors of sent packets: the ICMP message, and the packet that it is about.
   * IP_RECVERR (11) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRecvErr: both({ IP_RECVERR }, "2.2", flag),
  /** Whether errors come with the extensions of RFC 4884.
   * IP_RECVERR_RFC4884 (26) of SOL_IP: int, read and set. Since Linux 5.9. Source: net/ipv4/ip_sockglue.c. */
  ipRecvErrRfc4884: kernel.both({ IP_RECVERR_RFC4884 }, "5.9", flag),
  /** Whether messages come with their packet's time to live.
   * IP_RECVTTL (12) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRecvTtl: both({ IP_RECVTTL }, "2.2", flag),
  /** Whether messages come with their packet's type of service.
   * IP_RECVTOS (13) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipRecvTos: both({ IP_RECVTOS }, "2.2", flag),
  /** Whether bind(2) accepts an address that no interface has, or has yet.
   * IP_FREEBIND (15) of SOL_IP: int, read and set. Since Linux 2.4. Source: ip(7). */
  ipFreeBind: both({ IP_FREEBIND }, "2.4", flag),
  /** The socket's own IPsec policy.
   * IP_XFRM_POLICY (17) of SOL_IP: struct xfrm_userpolicy_info, set. Setting needs CAP_NET_ADMIN. Since Linux 2.6. Source:
   * include/uapi/linux/xfrm.h. */
  ipXfrmPolicy: set({ IP_XFRM_POLICY }, "2.6", xfrmPolicy, {
    source: "include/uapi/linux/xfrm.h",
    privilege: "CAP_NET_ADMIN",
  }),
  /** Whether datagrams come with the label of their IPsec association.
   * IP_PASSSEC (18) of SOL_IP: int, read and set. Since Linux 2.6.17. Source: ip(7). */
  ipPassSec: both({ IP_PASSSEC }, "2.6.17", flag),
  /** Whether bind(2) accepts addresses of other hosts. Proxies need this.
   * IP_TRANSPARENT (19) of SOL_IP: int, read and set. Setting needs CAP_NET_RAW or CAP_NET_ADMIN. Since Linux 2.6.24. Source:
   * ip(7). */
  ipTransparent: both({ IP_TRANSPARENT }, "2.6.24", flag, { privilege: "CAP_NET_RAW or CAP_NET_ADMIN" }),
  /** Whether datagrams come with the address that they were sent to before a proxy rule took them.
   * IP_RECVORIGDSTADDR (20) of SOL_IP: int, read and set. Since Linux 2.6.29. Source: ip(7). */
  ipRecvOrigDstAddr: both({ IP_RECVORIGDSTADDR }, "2.6.29", flag),
  /** The least time to live of received packets. The kernel drops packets with less.
   * IP_MINTTL (21) of SOL_IP: int, read and set. Since Linux 2.6.34. Source: net/ipv4/ip_sockglue.c. */
  ipMinTtl: kernel.both({ IP_MINTTL }, "2.6.34", i32),
  /** Whether netfilter leaves the fragments that a raw socket sends as they are.
   * IP_NODEFRAG (22) of SOL_IP: int, read and set. Since Linux 2.6.36. Source: ip(7). */
  ipNoDefrag: both({ IP_NODEFRAG }, "2.6.36", flag, { families: ["ipv4"] }),
  /** Whether datagrams come with the checksum that the device computed.
   * IP_CHECKSUM (23) of SOL_IP: int, read and set. Since Linux 4.0. Source: net/ipv4/ip_sockglue.c. */
  ipChecksum: kernel.both({ IP_CHECKSUM }, "4.0", flag),
  /** Whether connect(2) chooses the port, and not bind(2), when a program binds to port 0.
   * IP_BIND_ADDRESS_NO_PORT (24) of SOL_IP: int, read and set. Since Linux 4.2. Source: ip(7). */
  ipBindAddressNoPort: both({ IP_BIND_ADDRESS_NO_PORT }, "4.2", flag),
  /** Whether messages come with the size of the largest fragment.
   * IP_RECVFRAGSIZE (25) of SOL_IP: int, read and set. Since Linux 4.10. Source: net/ipv4/ip_sockglue.c. */
  ipRecvFragSize: kernel.both({ IP_RECVFRAGSIZE }, "4.10", flag),
  /** The interface that sends multicast packets. Set it as an address, an index or a name; reading gives an address.
   * IP_MULTICAST_IF (32) of SOL_IP: struct in_addr, set as struct ip_mreqn, read and set. Since Linux 2.2. Source: ip(7). */
  ipMulticastIf: both({ IP_MULTICAST_IF }, "2.2", ipv4Text, { setPayload: multicastInterface }),
  /** The time to live of sent multicast packets. -1: the default, which is 1.
   * IP_MULTICAST_TTL (33) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipMulticastTtl: both({ IP_MULTICAST_TTL }, "2.2", i32),
  /** Whether this host's sockets also get the multicast packets that this socket sends.
   * IP_MULTICAST_LOOP (34) of SOL_IP: int, read and set. Since Linux 2.2. Source: ip(7). */
  ipMulticastLoop: both({ IP_MULTICAST_LOOP }, "2.2", flag),
  /** Whether the socket also gets packets to groups that only other sockets of this host have joined.
   * IP_MULTICAST_ALL (49) of SOL_IP: int, read and set. Since Linux 2.6.31. Source: ip(7). */
  ipMulticastAll: both({ IP_MULTICAST_ALL }, "2.6.31", flag),
  /** Joins a multicast group.
   * IP_ADD_MEMBERSHIP (35) of SOL_IP: struct ip_mreqn, set. Since Linux 2.2. Source: ip(7). */
  ipAddMembership: set({ IP_ADD_MEMBERSHIP }, "2.2", membership),
  /** Leaves a multicast group.
   * IP_DROP_MEMBERSHIP (36) of SOL_IP: struct ip_mreqn, set. Since Linux 2.2. Source: ip(7). */
  ipDropMembership: set({ IP_DROP_MEMBERSHIP }, "2.2", membership),
  /** Joins a multicast group, but only for packets from one source.
   * IP_ADD_SOURCE_MEMBERSHIP (39) of SOL_IP: struct ip_mreq_source, set. Since Linux 2.4.22. Source: ip(7). */
  ipAddSourceMembership: set({ IP_ADD_SOURCE_MEMBERSHIP }, "2.4.22", sourceMembership),
  /** Leaves a multicast group that was joined for one source.
   * IP_DROP_SOURCE_MEMBERSHIP (40) of SOL_IP: struct ip_mreq_source, set. Since Linux 2.4.22. Source: ip(7). */
  ipDropSourceMembership: set({ IP_DROP_SOURCE_MEMBERSHIP }, "2.4.22", sourceMembership),
  /** Stops receiving a group's packets from one source.
   * IP_BLOCK_SOURCE (38) of SOL_IP: struct ip_mreq_source, set. Since Linux 2.4.22. Source: ip(7). */
  ipBlockSource: set({ IP_BLOCK_SOURCE }, "2.4.22", sourceMembership),
  /** Receives a group's packets from a blocked source again.
   * IP_UNBLOCK_SOURCE (37) of SOL_IP: struct ip_mreq_source, set. Since Linux 2.4.22. Source: ip(7). */
  ipUnblockSource: set({ IP_UNBLOCK_SOURCE }, "2.4.22", sourceMembership),
  /** Joins a multicast group by its address and the interface.
   * MCAST_JOIN_GROUP (42) of SOL_IP: struct group_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastJoinGroup: rfc3678.set({ MCAST_JOIN_GROUP }, "2.6", groupRequest),
  /** Leaves a multicast group.
   * MCAST_LEAVE_GROUP (45) of SOL_IP: struct group_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastLeaveGroup: rfc3678.set({ MCAST_LEAVE_GROUP }, "2.6", groupRequest),
  /** Joins a multicast group, but only for packets from one source.
   * MCAST_JOIN_SOURCE_GROUP (46) of SOL_IP: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastJoinSourceGroup: rfc3678.set({ MCAST_JOIN_SOURCE_GROUP }, "2.6", groupSourceRequest),
  /** Leaves a multicast group that was joined for one source.
   * MCAST_LEAVE_SOURCE_GROUP (47) of SOL_IP: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastLeaveSourceGroup: rfc3678.set({ MCAST_LEAVE_SOURCE_GROUP }, "2.6", groupSourceRequest),
  /** Stops receiving a group's packets from one source.
   * MCAST_BLOCK_SOURCE (43) of SOL_IP: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastBlockSource: rfc3678.set({ MCAST_BLOCK_SOURCE }, "2.6", groupSourceRequest),
  /** Receives a group's packets from a blocked source again.
   * MCAST_UNBLOCK_SOURCE (44) of SOL_IP: struct group_source_req, set. Since Linux 2.6. Source: RFC 3678. */
  mcastUnblockSource: rfc3678.set({ MCAST_UNBLOCK_SOURCE }, "2.6", groupSourceRequest),
  /** The interface that sends unicast packets, where the routes permit several. Set its index or its name; reading gives the index.
   * IP_UNICAST_IF (50) of SOL_IP: __be32, read and set. Since Linux 3.3. Source: net/ipv4/ip_sockglue.c. */
  ipUnicastIf: kernel.both({ IP_UNICAST_IF }, "3.3", interfaceIndexBe),
  /** The range of ports from which the kernel chooses one.
   * IP_LOCAL_PORT_RANGE (51) of SOL_IP: __u32, read and set. Since Linux 6.3. Source: ip(7). */
  ipLocalPortRange: both({ IP_LOCAL_PORT_RANGE }, "6.3", portRange),
  /** The protocol of a raw socket.
   * IP_PROTOCOL (52) of SOL_IP: int, read. Since Linux 6.4. Source: net/ipv4/ip_sockglue.c. */
  ipProtocol: kernel.get({ IP_PROTOCOL }, "6.4", i32),
  /** The destination of a connection before netfilter redirected it to this socket.
   * SO_ORIGINAL_DST (80) of SOL_IP: struct sockaddr_in, read. Since Linux 2.4. Source: include/uapi/linux/netfilter_ipv4.h. */
  originalDst: get({ SO_ORIGINAL_DST }, "2.4", sockaddrIn, { source: "include/uapi/linux/netfilter_ipv4.h" }),
  /** The ICMP types that a raw socket of IPPROTO_ICMP does not get. Each type is a bit.
   * ICMP_FILTER (1) of SOL_RAW: __u32, read and set. Since Linux 2.2. Source: raw(7). */
  icmpFilter: raw.both({ ICMP_FILTER }, "2.2", u32),
});
