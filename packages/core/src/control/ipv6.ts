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
import { ipv6Text, sockaddrIn6 } from "./addresses.js";
import { blob } from "./blob.js";
import type { ControlEntries } from "./entry.js";
import { ipv6Error } from "./extended-error.js";
import { i32, u32, u32Be } from "./integers.js";
import { struct } from "./struct.js";

/** An extension header counts its length in 8 bytes, in one byte: RFC 8200. */
const HEADER_ROOM = 256 * 8;

const in6Pktinfo = struct("in6_pktinfo", { address: ipv6Text, interfaceIndex: i32 });

/** The control messages of SOL_IPV6. */
export const ipv6Messages = {
  /** The packet's destination and arriving interface. To send: its source, and the interface. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6Pktinfo: {
    level: SOL_IPV6,
    type: IPV6_PKTINFO,
    constant: "IPV6_PKTINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVPKTINFO },
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: in6Pktinfo,
  },
  /** The hop limit, 0 to 255; to send, -1 is the default. Source: ipv6(7). Since Linux 2.6.14. */
  ipv6Hoplimit: {
    level: SOL_IPV6,
    type: IPV6_HOPLIMIT,
    constant: "IPV6_HOPLIMIT",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVHOPLIMIT },
    since: "2.6.14",
    source: "ipv6(7)",
    families: ["ipv6"],
    payload: i32,
  },
  /** The traffic class: DSCP in the upper six bits, ECN in the lower two. To send, -1 is the default, but Linux 6.18 sends 255 for it: leave the message out. A v4-mapped peer takes ipTos. Source: RFC 3542. Since Linux 2.6.14. */
  ipv6Tclass: {
    level: SOL_IPV6,
    type: IPV6_TCLASS,
    constant: "IPV6_TCLASS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVTCLASS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: i32,
  },
  /** Traffic class and flow label. Received only where it is not 0. Source: net/ipv6/datagram.c. Since Linux 2.2. */
  ipv6Flowinfo: {
    level: SOL_IPV6,
    type: IPV6_FLOWINFO,
    constant: "IPV6_FLOWINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_FLOWINFO },
    since: "2.2",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    payload: u32Be,
  },
  /** Hop-by-hop options, as the header that holds them. To send them takes CAP_NET_RAW. Source: RFC 3542. Since Linux 2.6.14. */
  ipv6Hopopts: {
    level: SOL_IPV6,
    type: IPV6_HOPOPTS,
    constant: "IPV6_HOPOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVHOPOPTS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** Destination options for the hops of a routing header. Source: RFC 3542. Since Linux 2.6.14. */
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
  /** The routing header. Only type 2 can be sent. Source: RFC 3542. Since Linux 2.6.14. */
  ipv6Rthdr: {
    level: SOL_IPV6,
    type: IPV6_RTHDR,
    constant: "IPV6_RTHDR",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVRTHDR },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: blob("struct ipv6_rt_hdr", HEADER_ROOM),
  },
  /** Destination options, as the header that holds them. A packet can have several, in their order. Source: RFC 3542. Since Linux 2.6.14. */
  ipv6Dstopts: {
    level: SOL_IPV6,
    type: IPV6_DSTOPTS,
    constant: "IPV6_DSTOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_RECVDSTOPTS },
    since: "2.6.14",
    source: "RFC 3542",
    families: ["ipv6"],
    repeats: 2,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** A route's MTU has changed. It comes alone, on a message of no bytes. Source: RFC 3542. Since Linux 2.6.35. */
  ipv6Pathmtu: {
    level: SOL_IPV6,
    type: IPV6_PATHMTU,
    constant: "IPV6_PATHMTU",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVPATHMTU },
    since: "2.6.35",
    source: "RFC 3542",
    families: ["ipv6"],
    payload: struct("ip6_mtuinfo", { address: sockaddrIn6, mtu: u32 }),
  },
  /** 1: the packet must not be fragmented. Source: RFC 3542. Since Linux 2.6.35. */
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
  /** What went wrong with a packet that was sent, and who says so; or that a zero-copy send is complete. Source: ipv6(7). Since Linux 2.2. */
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
  /** The packet's destination before it was redirected (TPROXY). Source: net/ipv6/datagram.c. Since Linux 2.6.37. */
  ipv6Origdstaddr: {
    level: SOL_IPV6,
    type: IPV6_ORIGDSTADDR,
    constant: "IPV6_ORIGDSTADDR",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVORIGDSTADDR },
    since: "2.6.37",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    payload: sockaddrIn6,
  },
  /** The size of the largest fragment that the packet came in. Only there if it was fragmented. Source: net/ipv6/datagram.c. Since Linux 4.10. */
  ipv6Recvfragsize: {
    level: SOL_IPV6,
    type: IPV6_RECVFRAGSIZE,
    constant: "IPV6_RECVFRAGSIZE",
    direction: "receive",
    enable: { level: SOL_IPV6, option: IPV6_RECVFRAGSIZE },
    since: "4.10",
    source: "net/ipv6/datagram.c",
    families: ["ipv6"],
    payload: i32,
  },
  /** As `ipv6Pktinfo`, in the form that RFC 3542 has replaced. Source: RFC 2292. Since Linux 2.2. */
  ipv6Pktinfo2292: {
    level: SOL_IPV6,
    type: IPV6_2292PKTINFO,
    constant: "IPV6_2292PKTINFO",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292PKTINFO },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: in6Pktinfo,
  },
  /** As `ipv6Hoplimit`, in the form that RFC 3542 has replaced. Source: RFC 2292. Since Linux 2.2. */
  ipv6Hoplimit2292: {
    level: SOL_IPV6,
    type: IPV6_2292HOPLIMIT,
    constant: "IPV6_2292HOPLIMIT",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292HOPLIMIT },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: i32,
  },
  /** As `ipv6Hopopts`, in the form that RFC 3542 has replaced. Source: RFC 2292. Since Linux 2.2. */
  ipv6Hopopts2292: {
    level: SOL_IPV6,
    type: IPV6_2292HOPOPTS,
    constant: "IPV6_2292HOPOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292HOPOPTS },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** As `ipv6Dstopts`, in the form that RFC 3542 has replaced. Source: RFC 2292. Since Linux 2.2. */
  ipv6Dstopts2292: {
    level: SOL_IPV6,
    type: IPV6_2292DSTOPTS,
    constant: "IPV6_2292DSTOPTS",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292DSTOPTS },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    repeats: 2,
    payload: blob("struct ipv6_opt_hdr", HEADER_ROOM),
  },
  /** As `ipv6Rthdr`, in the form that RFC 3542 has replaced. Source: RFC 2292. Since Linux 2.2. */
  ipv6Rthdr2292: {
    level: SOL_IPV6,
    type: IPV6_2292RTHDR,
    constant: "IPV6_2292RTHDR",
    direction: "both",
    enable: { level: SOL_IPV6, option: IPV6_2292RTHDR },
    since: "2.2",
    source: "RFC 2292",
    families: ["ipv6"],
    payload: blob("struct ipv6_rt_hdr", HEADER_ROOM),
  },
} as const satisfies ControlEntries;
