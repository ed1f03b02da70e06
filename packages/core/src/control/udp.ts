import { SOL_UDP } from "../constants/levels.js";
import { UDP_GRO, UDP_SEGMENT } from "../constants/udp.js";
import { i32, u16 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";

/** The control messages of SOL_UDP. */
export const udpMessages = {
  /** Cut the data into datagrams of this size (GSO).
   * UDP_SEGMENT (103) of SOL_UDP: __u16, sent. Since Linux 4.18. Source: udp(7). */
  udpSegment: {
    level: SOL_UDP,
    type: UDP_SEGMENT,
    constant: "UDP_SEGMENT",
    direction: "send",
    since: "4.18",
    source: "udp(7)",
    families: ["ipv4", "ipv6"],
    payload: u16,
  },
  /** The data are several datagrams of this size, the last may be shorter (GRO). Absent where nothing was joined.
   * UDP_GRO (104) of SOL_UDP: int, received, switched on by UDP_GRO. Since Linux 5.0. Source: udp(7). */
  udpGro: {
    level: SOL_UDP,
    type: UDP_GRO,
    constant: "UDP_GRO",
    direction: "receive",
    enable: { level: SOL_UDP, option: UDP_GRO },
    since: "5.0",
    source: "udp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  },
} as const satisfies ControlEntries;
