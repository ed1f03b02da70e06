import { sockaddrIn } from "../address/sockaddr.js";
import {
  IP_CHECKSUM,
  IP_ORIGDSTADDR,
  IP_PASSSEC,
  IP_PKTINFO,
  IP_PROTOCOL,
  IP_RECVERR,
  IP_RECVFRAGSIZE,
  IP_RECVOPTS,
  IP_RECVORIGDSTADDR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_RETOPTS,
  IP_TOS,
  IP_TTL,
} from "../constants/ip.js";
import { SOL_IP } from "../constants/levels.js";
import { SCM_SECURITY } from "../constants/socket.js";
import { ipv4Text } from "../wire/address-text.js";
import { blob } from "../wire/blob.js";
import { i32, u8, u32 } from "../wire/integers.js";
import { inLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import { struct } from "../wire/struct.js";
import { text } from "../wire/text.js";
import { type ControlEntries, PACKETS } from "./entry.js";
import { ipv4Error } from "./extended-error.js";
import { LABEL_ROOM } from "./socket.js";

/** IP options are 40 bytes at most: RFC 791. */
const OPTIONS_ROOM = 40;

/** It arrives as one byte, and can be sent as one; getsockopt(IP_PKTOPTIONS) has it as an int. */
const tos: Payload<number> = {
  ...u8,
  alsoReads: [i32.size["64"]],
  read(bytes, at, length, layout) {
    if (length === inLayout(u8.size, layout)) return bytes[at]!;
    const value = i32.read(bytes, at, length, layout)!;
    return value >= 0 && value <= 0xff ? value : undefined;
  },
};

/** The control messages of SOL_IP. IPv6 sockets have them too, for IPv4 packets. */
export const ipMessages = {
  /** The type of service: DSCP in the upper six bits, ECN in the lower two.
   * IP_TOS (1) of SOL_IP: __u8, sent and received, switched on by IP_RECVTOS. Since Linux 2.2, sent since 3.13. Source: ip(7). */
  ipTos: {
    level: SOL_IP,
    type: IP_TOS,
    constant: "IP_TOS",
    direction: "both",
    enable: { level: SOL_IP, option: IP_RECVTOS },
    since: "2.2",
    sentSince: "3.13",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: tos,
  },
  /** The time to live, 1 to 255.
   * IP_TTL (2) of SOL_IP: int, sent and received, switched on by IP_RECVTTL. Since Linux 2.2, sent since 3.13. Source: ip(7). */
  ipTtl: {
    level: SOL_IP,
    type: IP_TTL,
    constant: "IP_TTL",
    direction: "both",
    enable: { level: SOL_IP, option: IP_RECVTTL },
    since: "2.2",
    sentSince: "3.13",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** The label of the packet's sender, given by its security module.
   * SCM_SECURITY (3) of SOL_IP: char[], received, switched on by IP_PASSSEC. Since Linux 2.6.17. Source: ip(7). */
  ipSecurity: {
    level: SOL_IP,
    type: SCM_SECURITY,
    constant: "SCM_SECURITY",
    direction: "receive",
    enable: { level: SOL_IP, option: IP_PASSSEC },
    since: "2.6.17",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: text("char[]", LABEL_ROOM),
  },
  /** The packet's IP options, routing filled in.
   * IP_RECVOPTS (6) of SOL_IP: unsigned char[], received, switched on by IP_RECVOPTS. Since Linux 2.2. Source: ip(7). */
  ipRecvopts: {
    level: SOL_IP,
    type: IP_RECVOPTS,
    constant: "IP_RECVOPTS",
    direction: "receive",
    enable: { level: SOL_IP, option: IP_RECVOPTS },
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: blob("unsigned char[]", OPTIONS_ROOM),
  },
  /** IP options: the packet's, made ready for the answer, or those to send.
   * IP_RETOPTS (7) of SOL_IP: unsigned char[], sent and received, switched on by IP_RETOPTS. Since Linux 2.2. Source: ip(7). */
  ipRetopts: {
    level: SOL_IP,
    type: IP_RETOPTS,
    constant: "IP_RETOPTS",
    direction: "both",
    enable: { level: SOL_IP, option: IP_RETOPTS },
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: blob("unsigned char[]", OPTIONS_ROOM),
  },
  /** The packet's destination (`address`) and arriving interface. To send: the interface, and the source (`specificDestination`).
   * IP_PKTINFO (8) of SOL_IP: struct in_pktinfo, sent and received, switched on by IP_PKTINFO. Since Linux 2.2. Source: ip(7). */
  ipPktinfo: {
    level: SOL_IP,
    type: IP_PKTINFO,
    constant: "IP_PKTINFO",
    direction: "both",
    enable: { level: SOL_IP, option: IP_PKTINFO },
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: struct("in_pktinfo", { interfaceIndex: i32, specificDestination: ipv4Text, address: ipv4Text }),
  },
  /** What went wrong with a packet that was sent, and who says so; or that a zero-copy send is complete.
   * IP_RECVERR (11) of SOL_IP: struct sock_extended_err + struct sockaddr_in, received with MSG_ERRQUEUE, switched on by IP_RECVERR. Since Linux 2.2. Source: ip(7). */
  ipRecverr: {
    level: SOL_IP,
    type: IP_RECVERR,
    constant: "IP_RECVERR",
    direction: "errorQueue",
    enable: { level: SOL_IP, option: IP_RECVERR },
    since: "2.2",
    source: "ip(7)",
    families: ["ipv4", "ipv6", "rds"],
    payload: ipv4Error,
  },
  /** The packet's destination before it was redirected (TPROXY).
   * IP_ORIGDSTADDR (20) of SOL_IP: struct sockaddr_in, received, switched on by IP_RECVORIGDSTADDR. Since Linux 2.6.29. Source: ip(7). */
  ipOrigdstaddr: {
    level: SOL_IP,
    type: IP_ORIGDSTADDR,
    constant: "IP_ORIGDSTADDR",
    direction: "receive",
    enable: { level: SOL_IP, option: IP_RECVORIGDSTADDR },
    since: "2.6.29",
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: sockaddrIn,
  },
  /** The device's checksum of the packet's payload, where it makes one. Only UDP.
   * IP_CHECKSUM (23) of SOL_IP: __u32, received, switched on by IP_CHECKSUM. Since Linux 4.0. Source: net/ipv4/ip_sockglue.c. */
  ipChecksum: {
    level: SOL_IP,
    type: IP_CHECKSUM,
    constant: "IP_CHECKSUM",
    direction: "receive",
    enable: { level: SOL_IP, option: IP_CHECKSUM },
    since: "4.0",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: u32,
  },
  /** The size of the largest fragment that the packet came in. Only there if it was fragmented.
   * IP_RECVFRAGSIZE (25) of SOL_IP: int, received, switched on by IP_RECVFRAGSIZE. Since Linux 4.10. Source: net/ipv4/ip_sockglue.c. */
  ipRecvfragsize: {
    level: SOL_IP,
    type: IP_RECVFRAGSIZE,
    constant: "IP_RECVFRAGSIZE",
    direction: "receive",
    enable: { level: SOL_IP, option: IP_RECVFRAGSIZE },
    since: "4.10",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
    payload: i32,
  },
  /** The packet's protocol on a raw socket of IPPROTO_RAW, 1 to 255.
   * IP_PROTOCOL (52) of SOL_IP: int, sent. Since Linux 6.4. Source: net/ipv4/ip_sockglue.c. */
  ipProtocol: {
    level: SOL_IP,
    type: IP_PROTOCOL,
    constant: "IP_PROTOCOL",
    direction: "send",
    since: "6.4",
    source: "net/ipv4/ip_sockglue.c",
    families: ["ipv4"],
    payload: i32,
  },
} as const satisfies ControlEntries;
