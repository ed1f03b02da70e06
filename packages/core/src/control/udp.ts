import { SOL_UDP } from "../constants/levels.js";
import { UDP_GRO, UDP_SEGMENT } from "../constants/udp.js";
import { i32, u16 } from "../wire/integers.js";
import { level } from "./level.js";

const { send, receive } = level({ SOL_UDP }, { source: "udp(7)", families: ["ipv4", "ipv6"] });

/** The control messages of SOL_UDP. */
export const udpMessages = () => ({
  /** Cut the data into datagrams of this size (GSO).
   * UDP_SEGMENT (103) of SOL_UDP: __u16, sent. Since Linux 4.18. Source: udp(7). */
  udpSegment: send({ UDP_SEGMENT }, "4.18", u16),
  /** The message contains several datagrams of this size; the last one may be shorter (GRO). Absent if the kernel has joined none.
   * UDP_GRO (104) of SOL_UDP: int, received, switched on by UDP_GRO. Since Linux 5.0. Source: udp(7). */
  udpGro: receive({ UDP_GRO }, "5.0", i32, { enable: { UDP_GRO } }),
});
