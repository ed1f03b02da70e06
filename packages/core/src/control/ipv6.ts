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
import { type ControlEntries, PACKETS } from "./entry.js";
import { ipv6Error } from "./extended-error.js";

/** An extension header counts its length in 8 bytes, in one byte: RFC 8200. */
const HEADER_ROOM = 256 * 8;

const in6Pktinfo = struct("in6_pktinfo", { address: ipv6Text, interfaceIndex: i32 });

/** The control messages of SOL_IPV6. */
export const ipv6Messages = {
  /** The packet's destination and arriving interface. To send: its source, and the interface.
   * IPV6_PKTINFO (50) of SOL_IPV6: struct in6_pktinfo, sent and received, switched on by IPV6_RECVPKTINFO. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6Pktinfo: {
    level: SOL_IPV6,
    type: IPV6_PKTINFO,
    constant: "IPV6_PKTINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVPKTINFO },
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    types: PACKETS,
    payload: in6Pktinfo,
  },
  /** The hop limit, 0 to 255; to send, -1 is the default.
   * IPV6_HOPLIMIT (52) of SOL_IPV6: int, sent and received, switched on by IPV6_RECVHOPLIMIT. Since Linux 2.6.14. Source: ipv6(7). */
  ipv6Hoplimit: {
    level: SOL_IPV6,
    type: IPV6_HOPLIMIT,
    constant: "IPV6_HOPLIMIT",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVHOPLIMIT },
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** The traffic class: DSCP in the upper six bits, ECN in the lower two. To send, -1 is the default, but Linux 6.18 sends 255 for it: leave the message out. A v4-mapped peer takes ipTos.
   * IPV6_TCLASS (67) of SOL_IPV6: int, sent and received, switched on by IPV6_RECVTCLASS. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Tclass: {
    level: SOL_IPV6,
    type: IPV6_TCLASS,
    constant: "IPV6_TCLASS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVTCLASS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** Traffic class and flow label. Received only where it is not 0. Sent, only the label counts: the kernel takes the traffic class from `ipv6Tclass`.
   * IPV6_FLOWINFO (11) of SOL_IPV6: __be32, sent and received, switched on by IPV6_FLOWINFO. Since Linux 2.2. Source: net/ipv6/datagram.c. */
  ipv6Flowinfo: {
    level: SOL_IPV6,
    type: IPV6_FLOWINFO,
    constant: "IPV6_FLOWINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_FLOWINFO },
    since: "2.2",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    types: PACKETS,
    payload: u32Be,
  },
  /** Hop-by-hop options, as the header that holds them. To send them takes CAP_NET_RAW.
   * IPV6_HOPOPTS (54) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_RECVHOPOPTS. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Hopopts: {
    level: SOL_IPV6,
    type: IPV6_HOPOPTS,
    constant: "IPV6_HOPOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVHOPOPTS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    types: PACKETS,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** Destination options for the hops of a routing header.
   * IPV6_RTHDRDSTOPTS (55) of SOL_IPV6: struct ipv6_opt_hdr, sent. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Rthdrdstopts: {
    level: SOL_IPV6,
    type: IPV6_RTHDRDSTOPTS,
    constant: "IPV6_RTHDRDSTOPTS",
    direction: "send",
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** The routing header. Only type 2 can be sent.
   * IPV6_RTHDR (57) of SOL_IPV6: struct ipv6_rt_hdr, sent and received, switched on by IPV6_RECVRTHDR. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Rthdr: {
    level: SOL_IPV6,
    type: IPV6_RTHDR,
    constant: "IPV6_RTHDR",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVRTHDR },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    types: PACKETS,
    payload: blob("struct ipv6_rt_hdr", HEADER_ROOM),
  },
  /** Destination options, as the header that holds them. A packet can have several, in their order.
   * IPV6_DSTOPTS (59) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_RECVDSTOPTS. Since Linux 2.6.14. Source: RFC 3542. */
  ipv6Dstopts: {
    level: SOL_IPV6,
    type: IPV6_DSTOPTS,
    constant: "IPV6_DSTOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVDSTOPTS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    types: PACKETS,
    repeats: 2,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** A route's MTU has changed. It comes alone, on a message of no bytes.
   * IPV6_PATHMTU (61) of SOL_IPV6: struct ip6_mtuinfo, received, switched on by IPV6_RECVPATHMTU. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6Pathmtu: {
    level: SOL_IPV6,
    type: IPV6_PATHMTU,
    constant: "IPV6_PATHMTU",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVPATHMTU },
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    types: PACKETS,
    payload: struct("ip6_mtuinfo", { address: sockaddrIn6, mtu: u32 }),
  },
  /** 1: the packet must not be fragmented.
   * IPV6_DONTFRAG (62) of SOL_IPV6: int, sent. Since Linux 2.6.35. Source: RFC 3542. */
  ipv6Dontfrag: {
    level: SOL_IPV6,
    type: IPV6_DONTFRAG,
    constant: "IPV6_DONTFRAG",
    direction: "send",
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: i32,
  },
  /** What went wrong with a packet that was sent, and who says so; or that a zero-copy send is complete.
   * IPV6_RECVERR (25) of SOL_IPV6: struct sock_extended_err + struct sockaddr_in6, received with MSG_ERRQUEUE, switched on by IPV6_RECVERR. Since Linux 2.2. Source: ipv6(7). */
  ipv6Recverr: {
    level: SOL_IPV6,
    type: IPV6_RECVERR,
    constant: "IPV6_RECVERR",
    direction: "errorQueue",
    enable: { level: SOL_IPV6, option: IPV6_RECVERR },
    since: "2.2",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: ipv6Error,
  },
  /** The packet's destination before it was redirected (TPROXY).
   * IPV6_ORIGDSTADDR (74) of SOL_IPV6: struct sockaddr_in6, received, switched on by IPV6_RECVORIGDSTADDR. Since Linux 2.6.37. Source: net/ipv6/datagram.c. */
  ipv6Origdstaddr: {
    level: SOL_IPV6,
    type: IPV6_ORIGDSTADDR,
    constant: "IPV6_ORIGDSTADDR",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVORIGDSTADDR },
    since: "2.6.37",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    types: PACKETS,
    payload: sockaddrIn6,
  },
  /** The size of the largest fragment that the packet came in. Only there if it was fragmented.
   * IPV6_RECVFRAGSIZE (77) of SOL_IPV6: int, received, switched on by IPV6_RECVFRAGSIZE. Since Linux 4.10. Source: net/ipv6/datagram.c. */
  ipv6Recvfragsize: {
    level: SOL_IPV6,
    type: IPV6_RECVFRAGSIZE,
    constant: "IPV6_RECVFRAGSIZE",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVFRAGSIZE },
    since: "4.10",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** As `ipv6Pktinfo`, in the form that RFC 3542 has replaced.
   * IPV6_2292PKTINFO (2) of SOL_IPV6: struct in6_pktinfo, sent and received, switched on by IPV6_2292PKTINFO. Since Linux 2.2. Source: RFC 2292. */
  ipv6Pktinfo2292: {
    level: SOL_IPV6,
    type: IPV6_2292PKTINFO,
    constant: "IPV6_2292PKTINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292PKTINFO },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    types: PACKETS,
    payload: in6Pktinfo,
  },
  /** As `ipv6Hoplimit`, in the form that RFC 3542 has replaced.
   * IPV6_2292HOPLIMIT (8) of SOL_IPV6: int, sent and received, switched on by IPV6_2292HOPLIMIT. Since Linux 2.2. Source: RFC 2292. */
  ipv6Hoplimit2292: {
    level: SOL_IPV6,
    type: IPV6_2292HOPLIMIT,
    constant: "IPV6_2292HOPLIMIT",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292HOPLIMIT },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** As `ipv6Hopopts`, in the form that RFC 3542 has replaced.
   * IPV6_2292HOPOPTS (3) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_2292HOPOPTS. Since Linux 2.2. Source: RFC 2292. */
  ipv6Hopopts2292: {
    level: SOL_IPV6,
    type: IPV6_2292HOPOPTS,
    constant: "IPV6_2292HOPOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292HOPOPTS },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    types: PACKETS,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** As `ipv6Dstopts`, in the form that RFC 3542 has replaced.
   * IPV6_2292DSTOPTS (4) of SOL_IPV6: struct ipv6_opt_hdr, sent and received, switched on by IPV6_2292DSTOPTS. Since Linux 2.2. Source: RFC 2292. */
  ipv6Dstopts2292: {
    level: SOL_IPV6,
    type: IPV6_2292DSTOPTS,
    constant: "IPV6_2292DSTOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292DSTOPTS },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    types: PACKETS,
    repeats: 2,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** As `ipv6Rthdr`, in the form that RFC 3542 has replaced.
   * IPV6_2292RTHDR (5) of SOL_IPV6: struct ipv6_rt_hdr, sent and received, switched on by IPV6_2292RTHDR. Since Linux 2.2. Source: RFC 2292. */
  ipv6Rthdr2292: {
    level: SOL_IPV6,
    type: IPV6_2292RTHDR,
    constant: "IPV6_2292RTHDR",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292RTHDR },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    types: PACKETS,
    payload: blob("struct ipv6_rt_hdr", HEADER_ROOM),
  },
} as const satisfies ControlEntries;
