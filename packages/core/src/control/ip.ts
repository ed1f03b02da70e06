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
import { PACKETS } from "./entry.js";
import { ipv4Error } from "./extended-error.js";
import { level } from "./level.js";
import { LABEL_RESERVE } from "./sol-socket.js";

/** IP options are 40 bytes at most: RFC 791. */
const OPTIONS_RESERVE = 40;

/** The kernel delivers IP_TOS as one byte, and accepts one byte. getsockopt(IP_PKTOPTIONS) gives it as an int. */
const tos: Payload<number> = {
  ...u8,
  alsoReads: [i32.size["64"]],
  read(bytes, at, length, layout) {
    if (length === inLayout(u8.size, layout)) return bytes[at]!;
    const value = i32.read(bytes, at, length, layout)!;
    return value >= 0 && value <= 0xff ? value : undefined;
  },
};

const { send, receive, both, errorQueue } = level(
  { SOL_IP },
  {
    source: "ip(7)",
    families: ["ipv4", "ipv6"],
    types: PACKETS,
  },
);

/** The control messages of SOL_IP. IPv6 sockets have them too, for IPv4 packets. */
export const ipMessages = () => ({
  /** The type of service: DSCP in the upper six bits, ECN in the lower two.
   * IP_TOS (1) of SOL_IP: __u8, sent and received, switched on by IP_RECVTOS. Since Linux 2.2, sent since 3.13. Source: ip(7). */
  ipTos: both({ IP_TOS }, "2.2", tos, { enable: { IP_RECVTOS }, sentSince: "3.13" }),
  /** The time to live, 1 to 255.
   * IP_TTL (2) of SOL_IP: int, sent and received, switched on by IP_RECVTTL. Since Linux 2.2, sent since 3.13. Source: ip(7). */
  ipTtl: both({ IP_TTL }, "2.2", i32, { enable: { IP_RECVTTL }, sentSince: "3.13" }),
  /** The label of the packet's sender, given by its security module.
   * SCM_SECURITY (3) of SOL_IP: char[], received, switched on by IP_PASSSEC. Since Linux 2.6.17. Source: ip(7). */
  ipSecurity: receive({ SCM_SECURITY }, "2.6.17", text("char[]", LABEL_RESERVE), {
    enable: { IP_PASSSEC },
  }),
  /** The packet's IP options, with the route that it took.
   * IP_RECVOPTS (6) of SOL_IP: unsigned char[], received, switched on by IP_RECVOPTS. Since Linux 2.2. Source: ip(7). */
  ipRecvOpts: receive({ IP_RECVOPTS }, "2.2", blob("unsigned char[]", OPTIONS_RESERVE), {
    enable: { IP_RECVOPTS },
  }),
  /** Received: the packet's IP options, made ready for an answer. Sent: the IP options to send.
   * IP_RETOPTS (7) of SOL_IP: unsigned char[], sent and received, switched on by IP_RETOPTS. Since Linux 2.2. Source: ip(7). */
  ipRetOpts: both({ IP_RETOPTS }, "2.2", blob("unsigned char[]", OPTIONS_RESERVE), {
    enable: { IP_RETOPTS },
  }),
  /** Received: the packet's destination (`address`) and the interface that it came in on. Sent: the interface, and the source
   * address (`specificDestination`).
   * IP_PKTINFO (8) of SOL_IP: struct in_pktinfo, sent and received, switched on by IP_PKTINFO. Since Linux 2.2. Source: ip(7). */
  ipPktInfo: both(
    { IP_PKTINFO },
    "2.2",
    struct("in_pktinfo", { interfaceIndex: i32, specificDestination: ipv4Text, address: ipv4Text }),
    { enable: { IP_PKTINFO } },
  ),
  /** Says why a sent packet could not be delivered, and who reports it. Or says that zero-copy sends are complete.
   * IP_RECVERR (11) of SOL_IP: struct sock_extended_err + struct sockaddr_in, received with MSG_ERRQUEUE, switched on by
   * IP_RECVERR. Since Linux 2.2. Source: ip(7). */
  ipRecvErr: errorQueue({ IP_RECVERR }, "2.2", ipv4Error, {
    enable: { IP_RECVERR },
    families: ["ipv4", "ipv6", "rds"],
  }),
  /** The packet's destination before it was redirected (TPROXY).
   * IP_ORIGDSTADDR (20) of SOL_IP: struct sockaddr_in, received, switched on by IP_RECVORIGDSTADDR. Since Linux 2.6.29. Source:
   * ip(7). */
  ipOrigDstAddr: receive({ IP_ORIGDSTADDR }, "2.6.29", sockaddrIn, { enable: { IP_RECVORIGDSTADDR } }),
  /** The checksum of the packet's payload that the device has computed. Only on UDP, and only if the device computes one.
   * IP_CHECKSUM (23) of SOL_IP: __u32, received, switched on by IP_CHECKSUM. Since Linux 4.0. Source: net/ipv4/ip_sockglue.c. */
  ipChecksum: receive({ IP_CHECKSUM }, "4.0", u32, {
    enable: { IP_CHECKSUM },
    source: "net/ipv4/ip_sockglue.c",
  }),
  /** The size of the packet's largest fragment. Absent if the packet was not fragmented.
   * IP_RECVFRAGSIZE (25) of SOL_IP: int, received, switched on by IP_RECVFRAGSIZE. Since Linux 4.10. Source:
   * net/ipv4/ip_sockglue.c. */
  ipRecvFragSize: receive({ IP_RECVFRAGSIZE }, "4.10", i32, {
    enable: { IP_RECVFRAGSIZE },
    source: "net/ipv4/ip_sockglue.c",
  }),
  /** The packet's protocol, from 1 to 255, on a raw socket of IPPROTO_RAW.
   * IP_PROTOCOL (52) of SOL_IP: int, sent. Since Linux 6.4. Source: net/ipv4/ip_sockglue.c. */
  ipProtocol: send({ IP_PROTOCOL }, "6.4", i32, { source: "net/ipv4/ip_sockglue.c", families: ["ipv4"] }),
});
