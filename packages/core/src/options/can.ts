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
import { level } from "./level.js";

const ISOTP = {
  flags: u32,
  frameTxtime: u32,
  extAddress: u8,
  txpadContent: u8,
  rxpadContent: u8,
  rxExtAddress: u8,
};

const J1939 = { name: u64, nameMask: u64, pgn: u32, pgnMask: u32, address: u8, addressMask: u8 };

const raw = level({ SOL_CAN_RAW }, { source: "Documentation/networking/can.rst", families: ["can"] });
const isotp = level({ SOL_CAN_ISOTP }, { source: "include/uapi/linux/can/isotp.h", families: ["can"] });
const j1939 = level(
  { SOL_CAN_J1939 },
  {
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
  },
);

/** The options of CAN_RAW, ISO-TP and J1939 sockets. */
export const canOptions = () => ({
  /** The socket gets the frames that one of these filters matches. With no filter, it gets no frame.
   * CAN_RAW_FILTER (1) of SOL_CAN_RAW: struct can_filter[], read and set. Since Linux 2.6.25. Source:
   * Documentation/networking/can.rst. */
  canRawFilter: raw.both(
    { CAN_RAW_FILTER },
    "2.6.25",
    list(struct("can_filter", { id: u32, mask: u32 }), 0, CAN_RAW_FILTER_MAX),
  ),
  /** Which error frames the socket gets: CAN_ERR_*.
   * CAN_RAW_ERR_FILTER (2) of SOL_CAN_RAW: __u32, read and set. Since Linux 2.6.25. Source: Documentation/networking/can.rst. */
  canRawErrFilter: raw.both({ CAN_RAW_ERR_FILTER }, "2.6.25", u32),
  /** Whether other sockets of this host get the frames that this socket sends.
   * CAN_RAW_LOOPBACK (3) of SOL_CAN_RAW: int, read and set. Since Linux 2.6.25. Source: Documentation/networking/can.rst. */
  canRawLoopback: raw.both({ CAN_RAW_LOOPBACK }, "2.6.25", flag),
  /** Whether this socket gets its own frames back.
   * CAN_RAW_RECV_OWN_MSGS (4) of SOL_CAN_RAW: int, read and set. Since Linux 2.6.25. Source: Documentation/networking/can.rst. */
  canRawRecvOwnMsgs: raw.both({ CAN_RAW_RECV_OWN_MSGS }, "2.6.25", flag),
  /** Whether CAN FD frames are sent and received.
   * CAN_RAW_FD_FRAMES (5) of SOL_CAN_RAW: int, read and set. Since Linux 3.6. Source: Documentation/networking/can.rst. */
  canRawFdFrames: raw.both({ CAN_RAW_FD_FRAMES }, "3.6", flag),
  /** Whether a frame must match all filters.
   * CAN_RAW_JOIN_FILTERS (6) of SOL_CAN_RAW: int, read and set. Since Linux 4.1. Source: Documentation/networking/can.rst. */
  canRawJoinFilters: raw.both({ CAN_RAW_JOIN_FILTERS }, "4.1", flag),
  /** Whether CAN XL frames are sent and received.
   * CAN_RAW_XL_FRAMES (7) of SOL_CAN_RAW: int, read and set. Since Linux 6.2. Source: net/can/raw.c. */
  canRawXlFrames: raw.both({ CAN_RAW_XL_FRAMES }, "6.2", flag, { source: "net/can/raw.c" }),
  /** The virtual CAN network of CAN XL frames.
   * CAN_RAW_XL_VCID_OPTS (8) of SOL_CAN_RAW: struct can_raw_vcid_options, read and set. Since Linux 6.9. Source: net/can/raw.c. */
  canRawXlVcidOpts: raw.both(
    { CAN_RAW_XL_VCID_OPTS },
    "6.9",
    struct("can_raw_vcid_options", { flags: u8, txVcid: u8, rxVcid: u8, rxVcidMask: u8 }),
    { source: "net/can/raw.c" },
  ),
  /** CAN_ISOTP_* flags, times and addresses. Set this before bind(2).
   * CAN_ISOTP_OPTS (1) of SOL_CAN_ISOTP: struct can_isotp_options, read and set. Since Linux 5.10. Source:
   * include/uapi/linux/can/isotp.h. */
  canIsotpOpts: isotp.both({ CAN_ISOTP_OPTS }, "5.10", struct("can_isotp_options", ISOTP)),
  /** The values in the flow control frames that this socket sends.
   * CAN_ISOTP_RECV_FC (2) of SOL_CAN_ISOTP: struct can_isotp_fc_options, read and set. Since Linux 5.10. Source:
   * include/uapi/linux/can/isotp.h. */
  canIsotpRecvFc: isotp.both(
    { CAN_ISOTP_RECV_FC },
    "5.10",
    struct("can_isotp_fc_options", { bs: u8, stmin: u8, wftmax: u8 }),
  ),
  /** Nanoseconds between two frames that this socket sends. The peer's flow control is ignored.
   * CAN_ISOTP_TX_STMIN (3) of SOL_CAN_ISOTP: __u32, read and set. Since Linux 5.10. Source: include/uapi/linux/can/isotp.h. */
  canIsotpTxStmin: isotp.both({ CAN_ISOTP_TX_STMIN }, "5.10", u32),
  /** The least time between two received frames, in nanoseconds. The kernel ignores a frame that comes earlier.
   * CAN_ISOTP_RX_STMIN (4) of SOL_CAN_ISOTP: __u32, read and set. Since Linux 5.10. Source: include/uapi/linux/can/isotp.h. */
  canIsotpRxStmin: isotp.both({ CAN_ISOTP_RX_STMIN }, "5.10", u32),
  /** The frames that the link layer sends: CAN or CAN FD, and their length.
   * CAN_ISOTP_LL_OPTS (5) of SOL_CAN_ISOTP: struct can_isotp_ll_options, read and set. Since Linux 5.10. Source:
   * include/uapi/linux/can/isotp.h. */
  canIsotpLlOpts: isotp.both(
    { CAN_ISOTP_LL_OPTS },
    "5.10",
    struct("can_isotp_ll_options", { mtu: u8, txDl: u8, txFlags: u8 }),
  ),
  /** The socket gets the messages that one of these filters matches. With no filter, it gets all.
   * SO_J1939_FILTER (1) of SOL_CAN_J1939: struct j1939_filter[], set. Since Linux 5.4. Source: Documentation/networking/j1939.rst.
   * */
  j1939Filter: j1939.set(
    { SO_J1939_FILTER },
    "5.4",
    list(struct("j1939_filter", J1939), 0, J1939_FILTER_MAX),
  ),
  /** Whether the socket also gets messages that are addressed to others.
   * SO_J1939_PROMISC (2) of SOL_CAN_J1939: int, read and set. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939Promisc: j1939.both({ SO_J1939_PROMISC }, "5.4", flag),
  /** The priority of sent messages, from 0 (the highest) to 7.
   * SO_J1939_SEND_PRIO (3) of SOL_CAN_J1939: int, read and set. Setting needs CAP_NET_ADMIN below 2. Since Linux 5.4. Source:
   * Documentation/networking/j1939.rst. */
  j1939SendPrio: j1939.both({ SO_J1939_SEND_PRIO }, "5.4", i32, { privilege: "CAP_NET_ADMIN below 2" }),
  /** Whether the error queue reports when a long message was sent, acknowledged or aborted.
   * SO_J1939_ERRQUEUE (4) of SOL_CAN_J1939: int, read and set. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939ErrQueue: j1939.both({ SO_J1939_ERRQUEUE }, "5.4", flag),
});
