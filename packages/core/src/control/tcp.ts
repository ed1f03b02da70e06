import { SOL_TCP } from "../constants/levels.js";
import { TCP_CM_INQ, TCP_INQ } from "../constants/tcp.js";
import { i32 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";

/** The control message of SOL_TCP. */
export const tcpMessages = {
  /** How many bytes are left to read.
   * TCP_CM_INQ (36) of SOL_TCP: int, received, switched on by TCP_INQ. Since Linux 4.18. Source: include/uapi/linux/tcp.h. */
  tcpInq: {
    level: SOL_TCP,
    type: TCP_CM_INQ,
    constant: "TCP_CM_INQ",
    direction: "receive",
    enable: { level: SOL_TCP, option: TCP_INQ },
    since: "4.18",
    source: "include/uapi/linux/tcp.h",
    families: ["ipv4", "ipv6"],
    payload: i32,
  },
} as const satisfies ControlEntries;
