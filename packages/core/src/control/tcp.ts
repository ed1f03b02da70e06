import { SOL_TCP } from "../constants/levels.js";
import { TCP_CM_INQ, TCP_INQ } from "../constants/tcp.js";
import { i32 } from "../wire/integers.js";
import { level } from "./level.js";

const { receive } = level(
  { SOL_TCP },
  {
    source: "include/uapi/linux/tcp.h",
    families: ["ipv4", "ipv6"],
  },
);

/** The control message of SOL_TCP. */
export const tcpMessages = () => ({
  /** How many bytes are left to read.
   * TCP_CM_INQ (36) of SOL_TCP: int, received, switched on by TCP_INQ. Since Linux 4.18. Source: include/uapi/linux/tcp.h. */
  tcpInq: receive({ TCP_CM_INQ }, "4.18", i32, { enable: { TCP_INQ } }),
});
