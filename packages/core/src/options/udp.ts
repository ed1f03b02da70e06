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
import { level } from "./level.js";

const { both } = level({ SOL_UDP }, { source: "udp(7)", families: ["ipv4", "ipv6"] });

/** The options of SOL_UDP. */
export const udpOptions = () => ({
  /** Whether the kernel gathers the data of several sends. When this is switched off, it sends them as one datagram.
   * UDP_CORK (1) of SOL_UDP: int, read and set. Since Linux 2.5.44. Source: udp(7). */
  udpCork: both({ UDP_CORK }, "2.5.44", flag),
  /** What the datagrams contain, for IPsec and tunnels: UDP_ENCAP_*.
   * UDP_ENCAP (100) of SOL_UDP: int, read and set. Since Linux 2.5.67. Source: include/uapi/linux/udp.h. */
  udpEncap: both({ UDP_ENCAP }, "2.5.67", i32, { source: "include/uapi/linux/udp.h" }),
  /** Whether datagrams are sent over IPv6 without a checksum.
   * UDP_NO_CHECK6_TX (101) of SOL_UDP: int, read and set. Since Linux 3.16. Source: net/ipv4/udp.c. */
  udpNoCheck6Tx: both({ UDP_NO_CHECK6_TX }, "3.16", flag, { source: "net/ipv4/udp.c" }),
  /** Whether the socket receives datagrams without a checksum over IPv6.
   * UDP_NO_CHECK6_RX (102) of SOL_UDP: int, read and set. Since Linux 3.16. Source: net/ipv4/udp.c. */
  udpNoCheck6Rx: both({ UDP_NO_CHECK6_RX }, "3.16", flag, { source: "net/ipv4/udp.c" }),
  /** The kernel cuts the data of one send into datagrams of this many bytes. 0: it does not cut them.
   * UDP_SEGMENT (103) of SOL_UDP: int, read and set. Since Linux 4.18. Source: udp(7). */
  udpSegment: both({ UDP_SEGMENT }, "4.18", i32, {
    feature: { what: "GSO: many datagrams in one send", type: "dgram", value: 1200 },
  }),
  /** Whether several datagrams of one sender may come as one message. A control message says how long each datagram is.
   * UDP_GRO (104) of SOL_UDP: int, read and set. Since Linux 5.0. Source: udp(7). */
  udpGro: both({ UDP_GRO }, "5.0", flag, {
    feature: { what: "GRO: many datagrams in one receive", type: "dgram", value: true },
  }),
});
