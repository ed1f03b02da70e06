import {
  CAN_ISOTP_LL_OPTS,
  CAN_ISOTP_OPTS,
  CAN_ISOTP_RECV_FC,
  CAN_ISOTP_RX_STMIN,
  CAN_ISOTP_TX_STMIN,
  CAN_RAW_ERR_FILTER,
  CAN_RAW_FD_FRAMES,
  CAN_RAW_FILTER,
  CAN_RAW_FILTER_MAX,
  CAN_RAW_JOIN_FILTERS,
  CAN_RAW_LOOPBACK,
  CAN_RAW_RECV_OWN_MSGS,
  CAN_RAW_XL_FRAMES,
  CAN_RAW_XL_VCID_OPTS,
  J1939_FILTER_MAX,
  SO_J1939_ERRQUEUE,
  SO_J1939_FILTER,
  SO_J1939_PROMISC,
  SO_J1939_SEND_PRIO,
} from "../constants/can.js";
import { SOL_CAN_ISOTP, SOL_CAN_J1939, SOL_CAN_RAW } from "../constants/levels.js";
import { flag } from "../wire/flag.js";
import { i32, u8, u32, u64 } from "../wire/integers.js";
import { list } from "../wire/list.js";
import { struct } from "../wire/struct.js";
import { type OptionEntries, option } from "./entry.js";

const ISOTP = {
  flags: u32,
  frameTxtime: u32,
  extAddress: u8,
  txpadContent: u8,
  rxpadContent: u8,
  rxExtAddress: u8,
};

const J1939 = { name: u64, nameMask: u64, pgn: u32, pgnMask: u32, address: u8, addressMask: u8 };

/** The options of CAN_RAW, ISO-TP and J1939 sockets. */
export const canOptions = {
  /**
   * The frames that the socket gets: those that one of the filters matches; none: no frame. Source:
   * Documentation/networking/can.rst. Since Linux 2.6.25.
   */
  canRawFilter: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_FILTER,
    constant: "CAN_RAW_FILTER",
    direction: "both",
    since: "2.6.25",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: list(struct("can_filter", { id: u32, mask: u32 }), 0, CAN_RAW_FILTER_MAX),
  }),
  /**
   * CAN_ERR_*: the error frames that the socket gets. Source: Documentation/networking/can.rst. Since Linux
   * 2.6.25.
   */
  canRawErrFilter: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_ERR_FILTER,
    constant: "CAN_RAW_ERR_FILTER",
    direction: "both",
    since: "2.6.25",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: u32,
  }),
  /**
   * Whether other sockets of this host get what is sent. Source: Documentation/networking/can.rst. Since
   * Linux 2.6.25.
   */
  canRawLoopback: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_LOOPBACK,
    constant: "CAN_RAW_LOOPBACK",
    direction: "both",
    since: "2.6.25",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: flag,
  }),
  /** Whether this socket gets what it sends. Source: Documentation/networking/can.rst. Since Linux 2.6.25. */
  canRawRecvOwnMsgs: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_RECV_OWN_MSGS,
    constant: "CAN_RAW_RECV_OWN_MSGS",
    direction: "both",
    since: "2.6.25",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: flag,
  }),
  /** Whether CAN FD frames are sent and received. Source: Documentation/networking/can.rst. Since Linux 3.6. */
  canRawFdFrames: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_FD_FRAMES,
    constant: "CAN_RAW_FD_FRAMES",
    direction: "both",
    since: "3.6",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: flag,
  }),
  /** Whether a frame must match all filters. Source: Documentation/networking/can.rst. Since Linux 4.1. */
  canRawJoinFilters: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_JOIN_FILTERS,
    constant: "CAN_RAW_JOIN_FILTERS",
    direction: "both",
    since: "4.1",
    source: "Documentation/networking/can.rst",
    families: ["can"],
    payload: flag,
  }),
  /** Whether CAN XL frames are sent and received. Source: net/can/raw.c. Since Linux 6.2. */
  canRawXlFrames: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_XL_FRAMES,
    constant: "CAN_RAW_XL_FRAMES",
    direction: "both",
    since: "6.2",
    source: "net/can/raw.c",
    families: ["can"],
    payload: flag,
  }),
  /** The virtual CAN network of CAN XL frames. Source: net/can/raw.c. Since Linux 6.9. */
  canRawXlVcidOpts: option({
    level: SOL_CAN_RAW,
    option: CAN_RAW_XL_VCID_OPTS,
    constant: "CAN_RAW_XL_VCID_OPTS",
    direction: "both",
    since: "6.9",
    source: "net/can/raw.c",
    families: ["can"],
    payload: struct("can_raw_vcid_options", { flags: u8, txVcid: u8, rxVcid: u8, rxVcidMask: u8 }),
  }),
  /**
   * CAN_ISOTP_* flags, times and addresses. It is set before bind(2). Source: include/uapi/linux/can/isotp.h.
   * Since Linux 5.10.
   */
  canIsotpOpts: option({
    level: SOL_CAN_ISOTP,
    option: CAN_ISOTP_OPTS,
    constant: "CAN_ISOTP_OPTS",
    direction: "both",
    since: "5.10",
    source: "include/uapi/linux/can/isotp.h",
    families: ["can"],
    payload: struct("can_isotp_options", ISOTP),
  }),
  /** What the flow control that is sent says. Source: include/uapi/linux/can/isotp.h. Since Linux 5.10. */
  canIsotpRecvFc: option({
    level: SOL_CAN_ISOTP,
    option: CAN_ISOTP_RECV_FC,
    constant: "CAN_ISOTP_RECV_FC",
    direction: "both",
    since: "5.10",
    source: "include/uapi/linux/can/isotp.h",
    families: ["can"],
    payload: struct("can_isotp_fc_options", { bs: u8, stmin: u8, wftmax: u8 }),
  }),
  /**
   * Nanoseconds between frames that are sent, whatever the flow control says. Source:
   * include/uapi/linux/can/isotp.h. Since Linux 5.10.
   */
  canIsotpTxStmin: option({
    level: SOL_CAN_ISOTP,
    option: CAN_ISOTP_TX_STMIN,
    constant: "CAN_ISOTP_TX_STMIN",
    direction: "both",
    since: "5.10",
    source: "include/uapi/linux/can/isotp.h",
    families: ["can"],
    payload: u32,
  }),
  /**
   * Nanoseconds within which a further frame is ignored. Source: include/uapi/linux/can/isotp.h. Since Linux
   * 5.10.
   */
  canIsotpRxStmin: option({
    level: SOL_CAN_ISOTP,
    option: CAN_ISOTP_RX_STMIN,
    constant: "CAN_ISOTP_RX_STMIN",
    direction: "both",
    since: "5.10",
    source: "include/uapi/linux/can/isotp.h",
    families: ["can"],
    payload: u32,
  }),
  /**
   * The frames that the link layer sends: CAN or CAN FD, and how long. Source:
   * include/uapi/linux/can/isotp.h. Since Linux 5.10.
   */
  canIsotpLlOpts: option({
    level: SOL_CAN_ISOTP,
    option: CAN_ISOTP_LL_OPTS,
    constant: "CAN_ISOTP_LL_OPTS",
    direction: "both",
    since: "5.10",
    source: "include/uapi/linux/can/isotp.h",
    families: ["can"],
    payload: struct("can_isotp_ll_options", { mtu: u8, txDl: u8, txFlags: u8 }),
  }),
  /**
   * The messages that the socket gets: those that one of the filters matches; none: all. Source:
   * Documentation/networking/j1939.rst. Since Linux 5.4.
   */
  j1939Filter: option({
    level: SOL_CAN_J1939,
    option: SO_J1939_FILTER,
    constant: "SO_J1939_FILTER",
    direction: "set",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: list(struct("j1939_filter", J1939), 0, J1939_FILTER_MAX),
  }),
  /** Whether the socket gets messages to others, too. Source: Documentation/networking/j1939.rst. Since Linux 5.4. */
  j1939Promisc: option({
    level: SOL_CAN_J1939,
    option: SO_J1939_PROMISC,
    constant: "SO_J1939_PROMISC",
    direction: "both",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: flag,
  }),
  /**
   * The priority of what is sent, 0 (first) to 7. Below 2 it needs CAP_NET_ADMIN. Source:
   * Documentation/networking/j1939.rst. Since Linux 5.4.
   */
  j1939SendPrio: option({
    level: SOL_CAN_J1939,
    option: SO_J1939_SEND_PRIO,
    constant: "SO_J1939_SEND_PRIO",
    direction: "both",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: i32,
  }),
  /**
   * Whether the fate of long messages is reported on the error queue. Source:
   * Documentation/networking/j1939.rst. Since Linux 5.4.
   */
  j1939ErrQueue: option({
    level: SOL_CAN_J1939,
    option: SO_J1939_ERRQUEUE,
    constant: "SO_J1939_ERRQUEUE",
    direction: "both",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: flag,
  }),
} as const satisfies OptionEntries;
