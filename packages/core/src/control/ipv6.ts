import { sockaddrIn6 } from "../address/sockaddr.js";
import {
  IPV6_2292DSTOPTS,
  IPV6_2292HOPLIMIT,
  IPV6_2292HOPOPTS,
  IPV6_2292PKTINFO,
  IPV6_2292RTHDR,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_FLOWINFO,
  IPV6_HOPLIMIT,
  IPV6_HOPOPTS,
  IPV6_ORIGDSTADDR,
  IPV6_PATHMTU,
  IPV6_PKTINFO,
  IPV6_RECVDSTOPTS,
  IPV6_RECVERR,
  IPV6_RECVFRAGSIZE,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVHOPOPTS,
  IPV6_RECVORIGDSTADDR,
  IPV6_RECVPATHMTU,
  IPV6_RECVPKTINFO,
  IPV6_RECVRTHDR,
  IPV6_RECVTCLASS,
  IPV6_RTHDR,
  IPV6_RTHDRDSTOPTS,
  IPV6_TCLASS,
} from "../constants/ipv6.js";
import { SOL_IPV6 } from "../constants/levels.js";
import { ipv6Text } from "../wire/address-text.js";
import { blob } from "../wire/blob.js";
import { i32, u32, u32Be } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import { PACKETS } from "./entry.js";
import { ipv6Error } from "./extended-error.js";
import { level } from "./level.js";

/** The length of an extension header is one byte, which counts units of 8 bytes: RFC 8200. */
const HEADER_RESERVE = 256 * 8;

const in6Pktinfo = struct("in6_pktinfo", { address: ipv6Text, interfaceIndex: i32 });

const optionsHeader = blob("struct ipv6_opt_hdr", HEADER_RESERVE);
const routingHeader = blob("struct ipv6_rt_hdr", HEADER_RESERVE);

const rfc2292 = level({ SOL_IPV6 }, { source: "RFC 2292", families: ["ipv6"], types: PACKETS });
const rfc3542 = level({ SOL_IPV6 }, { source: "RFC 3542", families: ["ipv6"], types: PACKETS });
const { receive, both, errorQueue } = level(
  { SOL_IPV6 },
  {
    source: "ipv6(7)",
    families: ["ipv6"],
    types: PACKETS,
  },
);

/** The control messages of SOL_IPV6. */
export const ipv6Messages = () => ({
  /** Received: the packet's destination and the interface that it came in on. Sent: its source address and the interface.
   * IPV6_PKTINFO (50) of SOL_IPV6: struct in6_pktinfo, sent and received, switched on by IPV6_RECVPKTINFO. Since Linux 2.6.14.
   * Source: ipv6(7). */
  ipv6PktInfo: both({ IPV6_PKTINFO }, "2.6.14", in6Pktinfo, { enable: { IPV6_RECVPKTINFO } }),
  /** The hop limit, from 0 to 255. A sent -1 means the default.
   * IPV6_HOPLIMIT (52) of SOL_IPV6: int, sent and received, switched on by IPV6_RECVHOPLIMIT. Since Linux 2.6.14. Source: ipv6(7).
   * */
  ipv6HopLimit: both({ IPV6_HOPLIMIT }, "2.6.14", i32, { enable: { IPV6_RECVHOPLIMIT } }),
  /** The traffic class: DSCP in the upper six bits, ECN in the lower two. For the default, leave the message out: a sent -1 means
   * the default, but Linux 6.18 sends 255 for it. For a v4-mapped peer, send ipTos.
   * IPV6_TCLASS (67) of SOL_IPV6: int, sent and received, switched on by IPV6_RECVTCLASS. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Tclass: rfc3542.both({ IPV6_TCLASS }, "2.6.14", i32, { enable: { IPV6_RECVTCLASS } }),
  /** The traffic class and the flow label. Absent if both are 0. When it is sent, only the flow label counts: the kernel takes the
   * traffic class from `ipv6Tclass`.
   * IPV6_FLOWINFO (11) of SOL_IPV6: __be32, sent and received, switched on by IPV6_FLOWINFO. Since Linux 2.2. Source:
   * net/ipv6/datagram.c. */
  ipv6FlowInfo: both({ IPV6_FLOWINFO }, "2.2", u32Be, {
    enable: { IPV6_FLOWINFO },
    source: "net/ipv6/datagram.c",
  }),
  /** The packet's hop-by-hop options: the whole extension header.
   * IPV6_HOPOPTS (54) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_RECVHOPOPTS. Sending needs
   * CAP_NET_RAW. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6HopOpts: rfc3542.both({ IPV6_HOPOPTS }, "2.6.14", optionsHeader, {
    privilege: "CAP_NET_RAW",
    enable: { IPV6_RECVHOPOPTS },
  }),
  /** The destination options for each hop of a routing header.
   * IPV6_RTHDRDSTOPTS (55) of SOL_IPV6: struct ipv6_opt_hdr, sent. Sending needs CAP_NET_RAW. Since Linux 2.6.14. Source: RFC 3542.
   * */
  ipv6RtHdrDstOpts: rfc3542.send({ IPV6_RTHDRDSTOPTS }, "2.6.14", optionsHeader, {
    privilege: "CAP_NET_RAW",
  }),
  /** The routing header. Only type 2 can be sent.
   * IPV6_RTHDR (57) of SOL_IPV6: struct ipv6_rt_hdr, sent and received, switched on by IPV6_RECVRTHDR. Since Linux 2.6.14. Source:
   * RFC 3542. */
  ipv6RtHdr: rfc3542.both({ IPV6_RTHDR }, "2.6.14", routingHeader, {
    enable: { IPV6_RECVRTHDR },
  }),
  /** The packet's destination options: the whole extension header. A packet can have several; they come in the packet's order.
   * IPV6_DSTOPTS (59) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_RECVDSTOPTS. Sending needs
   * CAP_NET_RAW. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6DstOpts: rfc3542.both({ IPV6_DSTOPTS }, "2.6.14", optionsHeader, {
    privilege: "CAP_NET_RAW",
    enable: { IPV6_RECVDSTOPTS },
    repeats: 2,
  }),
  /** Says that a route's MTU has changed. It comes alone, with a message of 0 bytes.
   * IPV6_PATHMTU (61) of SOL_IPV6: struct ip6_mtuinfo, received, switched on by IPV6_RECVPATHMTU. Since Linux 2.6.35. Source: RFC
   * 3542. */
  ipv6PathMtu: rfc3542.receive(
    { IPV6_PATHMTU },
    "2.6.35",
    struct("ip6_mtuinfo", { address: sockaddrIn6, mtu: u32 }),
    { enable: { IPV6_RECVPATHMTU } },
  ),
  /** 1: the packet must not be fragmented.
   * IPV6_DONTFRAG (62) of SOL_IPV6: int, sent. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6DontFrag: rfc3542.send({ IPV6_DONTFRAG }, "2.6.35", i32),
  /** Says why a sent packet could not be delivered, and who reports it. Or says that zero-copy sends are complete.
   * IPV6_RECVERR (25) of SOL_IPV6: struct sock_extended_err + struct sockaddr_in6, received with MSG_ERRQUEUE, switched on by
   * IPV6_RECVERR. Since Linux 2.2. Source: ipv6(7). */
  ipv6RecvErr: errorQueue({ IPV6_RECVERR }, "2.2", ipv6Error, { enable: { IPV6_RECVERR } }),
  /** The packet's destination before it was redirected (TPROXY).
   * IPV6_ORIGDSTADDR (74) of SOL_IPV6: struct sockaddr_in6, received, switched on by IPV6_RECVORIGDSTADDR. Since Linux 2.6.37.
   * Source: net/ipv6/datagram.c. */
  ipv6OrigDstAddr: receive({ IPV6_ORIGDSTADDR }, "2.6.37", sockaddrIn6, {
    enable: { IPV6_RECVORIGDSTADDR },
    source: "net/ipv6/datagram.c",
  }),
  /** The size of the packet's largest fragment. Absent if the packet was not fragmented.
   * IPV6_RECVFRAGSIZE (77) of SOL_IPV6: int, received, switched on by IPV6_RECVFRAGSIZE. Since Linux 4.10. Source:
   * net/ipv6/datagram.c. */
  ipv6RecvFragSize: receive({ IPV6_RECVFRAGSIZE }, "4.10", i32, {
    enable: { IPV6_RECVFRAGSIZE },
    source: "net/ipv6/datagram.c",
  }),
  /** As `ipv6PktInfo`, but of RFC 2292, which RFC 3542 has replaced.
   * IPV6_2292PKTINFO (2) of SOL_IPV6: struct in6_pktinfo, sent and received, switched on by IPV6_2292PKTINFO. Since Linux 2.2.
   * Source: RFC 2292. */
  ipv6PktInfo2292: rfc2292.both({ IPV6_2292PKTINFO }, "2.2", in6Pktinfo, { enable: { IPV6_2292PKTINFO } }),
  /** As `ipv6HopLimit`, but of RFC 2292, which RFC 3542 has replaced.
   * IPV6_2292HOPLIMIT (8) of SOL_IPV6: int, sent and received, switched on by IPV6_2292HOPLIMIT. Since Linux 2.2. Source: RFC 2292.
   * */
  ipv6HopLimit2292: rfc2292.both({ IPV6_2292HOPLIMIT }, "2.2", i32, { enable: { IPV6_2292HOPLIMIT } }),
  /** As `ipv6HopOpts`, but of RFC 2292, which RFC 3542 has replaced.
   * IPV6_2292HOPOPTS (3) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_2292HOPOPTS. Sending needs
   * CAP_NET_RAW. Since Linux 2.2. Source: RFC 2292. */
  ipv6HopOpts2292: rfc2292.both({ IPV6_2292HOPOPTS }, "2.2", optionsHeader, {
    privilege: "CAP_NET_RAW",
    enable: { IPV6_2292HOPOPTS },
  }),
  /** As `ipv6DstOpts`, but of RFC 2292, which RFC 3542 has replaced.
   * IPV6_2292DSTOPTS (4) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_2292DSTOPTS. Sending needs
   * CAP_NET_RAW. Since Linux 2.2. Source: RFC 2292. */
  ipv6DstOpts2292: rfc2292.both({ IPV6_2292DSTOPTS }, "2.2", optionsHeader, {
    privilege: "CAP_NET_RAW",
    enable: { IPV6_2292DSTOPTS },
    repeats: 2,
  }),
  /** As `ipv6RtHdr`, but of RFC 2292, which RFC 3542 has replaced.
   * IPV6_2292RTHDR (5) of SOL_IPV6: struct ipv6_rt_hdr, sent and received, switched on by IPV6_2292RTHDR. Since Linux 2.2. Source:
   * RFC 2292. */
  ipv6RtHdr2292: rfc2292.both({ IPV6_2292RTHDR }, "2.2", routingHeader, {
    enable: { IPV6_2292RTHDR },
  }),
});
