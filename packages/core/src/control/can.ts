import {
  SCM_CAN_RAW_ERRQUEUE,
  SCM_J1939_DEST_ADDR,
  SCM_J1939_DEST_NAME,
  SCM_J1939_ERRQUEUE,
  SCM_J1939_PRIO,
  SO_J1939_ERRQUEUE,
} from "../constants/can.js";
import { SOL_CAN_J1939, SOL_CAN_RAW } from "../constants/levels.js";
import { u8, u64 } from "../wire/integers.js";
import { extendedError } from "./extended-error.js";
import { level } from "./level.js";
import { transmitStamps } from "./stamps.js";

const raw = level({ SOL_CAN_RAW }, { source: "include/uapi/linux/can/raw.h", families: ["can"] });
const j1939 = level(
  { SOL_CAN_J1939 },
  {
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
  },
);

/** The control messages of SOL_CAN_RAW and SOL_CAN_J1939. */
export const canMessages = () => ({
  /** Says to which sent frame the timestamp in the same message belongs.
   * SCM_CAN_RAW_ERRQUEUE (1) of SOL_CAN_RAW: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by
   * SO_TIMESTAMPING_NEW with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 5.13. Source:
   * include/uapi/linux/can/raw.h. */
  canRawErrQueue: raw.errorQueue({ SCM_CAN_RAW_ERRQUEUE }, "5.13", extendedError, { enable: transmitStamps }),
  /** The address that the message was sent to. Absent on a broadcast.
   * SCM_J1939_DEST_ADDR (1) of SOL_CAN_J1939: __u8, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939DestAddr: j1939.receive({ SCM_J1939_DEST_ADDR }, "5.4", u8),
  /** The name that the message was sent to. Absent if it was sent to no name.
   * SCM_J1939_DEST_NAME (2) of SOL_CAN_J1939: __u64, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939DestName: j1939.receive({ SCM_J1939_DEST_NAME }, "5.4", u64),
  /** The message's priority, 0 to 7.
   * SCM_J1939_PRIO (3) of SOL_CAN_J1939: __u8, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939Prio: j1939.receive({ SCM_J1939_PRIO }, "5.4", u8),
  /** Says what happened to a message of this socket: it was sent, acknowledged or aborted.
   * SCM_J1939_ERRQUEUE (4) of SOL_CAN_J1939: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by
   * SO_J1939_ERRQUEUE. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939ErrQueue: j1939.errorQueue({ SCM_J1939_ERRQUEUE }, "5.4", extendedError, {
    enable: { SO_J1939_ERRQUEUE },
  }),
});
