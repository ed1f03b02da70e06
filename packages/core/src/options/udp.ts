import { SOL_UDP } from "../constants/levels.js";
import {
  UDP_CORK,
  UDP_ENCAP,
  UDP_GRO,
  UDP_NO_CHECK6_RX,
  UDP_NO_CHECK6_TX,
  UDP_SEGMENT,
} from "../constants/udp.js";
import { flag } from "../wire/flag.js";
import { i32 } from "../wire/integers.js";
import { type OptionEntries, option } from "./entry.js";

/** The options of SOL_UDP. */
export const udpOptions = {
  /** Gathers what is sent into one datagram until it is switched off. Source: udp(7). Since Linux 2.5.44. */
  udpCork: option({
    level: SOL_UDP,
    option: UDP_CORK,
    constant: "UDP_CORK",
    direction: "both",
    since: "2.5.44",
    source: "udp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * UDP_ENCAP_*: what the datagrams carry, for IPsec and tunnels. Source: include/uapi/linux/udp.h. Since
   * Linux 2.5.67.
   */
  udpEncap: option({
    level: SOL_UDP,
    option: UDP_ENCAP,
    constant: "UDP_ENCAP",
    direction: "both",
    since: "2.5.67",
    source: "include/uapi/linux/udp.h",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Sends over IPv6 without a checksum. Source: net/ipv4/udp.c. Since Linux 3.16. */
  udpNoCheck6Tx: option({
    level: SOL_UDP,
    option: UDP_NO_CHECK6_TX,
    constant: "UDP_NO_CHECK6_TX",
    direction: "both",
    since: "3.16",
    source: "net/ipv4/udp.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Receives over IPv6 without a checksum. Source: net/ipv4/udp.c. Since Linux 3.16. */
  udpNoCheck6Rx: option({
    level: SOL_UDP,
    option: UDP_NO_CHECK6_RX,
    constant: "UDP_NO_CHECK6_RX",
    direction: "both",
    since: "3.16",
    source: "net/ipv4/udp.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Bytes after which what one send has is cut into datagrams; 0: it is not. Source: udp(7). Since Linux 4.18. */
  udpSegment: option({
    level: SOL_UDP,
    option: UDP_SEGMENT,
    constant: "UDP_SEGMENT",
    direction: "both",
    since: "4.18",
    source: "udp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /**
   * Whether datagrams of one sender may come glued together, with their size as a control message. Source:
   * udp(7). Since Linux 5.0.
   */
  udpGro: option({
    level: SOL_UDP,
    option: UDP_GRO,
    constant: "UDP_GRO",
    direction: "both",
    since: "5.0",
    source: "udp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
} as const satisfies OptionEntries;
