import {
  SCM_CAN_RAW_ERRQUEUE,
  SCM_J1939_DEST_ADDR,
  SCM_J1939_DEST_NAME,
  SCM_J1939_ERRQUEUE,
  SCM_J1939_PRIO,
  SO_J1939_ERRQUEUE,
} from "../constants/can.js";
import { SOL_CAN_J1939, SOL_CAN_RAW, SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPING_NEW } from "../constants/socket.js";
import {
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../constants/timestamping.js";
import { u8, u64 } from "../wire/integers.js";
import type { ControlEntries } from "./entry.js";
import { extendedError } from "./extended-error.js";

/** What was sent, stamped by hardware and by the kernel. */
const TRANSMIT_STAMPS =
  SOF_TIMESTAMPING_TX_HARDWARE |
  SOF_TIMESTAMPING_TX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

/** The control messages of SOL_CAN_RAW and SOL_CAN_J1939. */
export const canMessages = {
  /** Which frame that was sent the timestamp beside it belongs to.
   * SCM_CAN_RAW_ERRQUEUE (1) of SOL_CAN_RAW: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 5.13. Source: include/uapi/linux/can/raw.h. */
  canRawErrqueue: {
    level: SOL_CAN_RAW,
    type: SCM_CAN_RAW_ERRQUEUE,
    constant: "SCM_CAN_RAW_ERRQUEUE",
    direction: "errorQueue",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW, value: TRANSMIT_STAMPS },
    since: "5.13",
    source: "include/uapi/linux/can/raw.h",
    families: ["can"],
    payload: extendedError,
  },
  /** The address that the message was sent to. Absent on a broadcast.
   * SCM_J1939_DEST_ADDR (1) of SOL_CAN_J1939: __u8, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939DestAddr: {
    level: SOL_CAN_J1939,
    type: SCM_J1939_DEST_ADDR,
    constant: "SCM_J1939_DEST_ADDR",
    direction: "receive",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: u8,
  },
  /** The name that the message was sent to. Absent where it had none.
   * SCM_J1939_DEST_NAME (2) of SOL_CAN_J1939: __u64, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939DestName: {
    level: SOL_CAN_J1939,
    type: SCM_J1939_DEST_NAME,
    constant: "SCM_J1939_DEST_NAME",
    direction: "receive",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: u64,
  },
  /** The message's priority, 0 to 7.
   * SCM_J1939_PRIO (3) of SOL_CAN_J1939: __u8, received. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939Prio: {
    level: SOL_CAN_J1939,
    type: SCM_J1939_PRIO,
    constant: "SCM_J1939_PRIO",
    direction: "receive",
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: u8,
  },
  /** What has become of a message: sent, acknowledged, aborted.
   * SCM_J1939_ERRQUEUE (4) of SOL_CAN_J1939: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_J1939_ERRQUEUE. Since Linux 5.4. Source: Documentation/networking/j1939.rst. */
  j1939Errqueue: {
    level: SOL_CAN_J1939,
    type: SCM_J1939_ERRQUEUE,
    constant: "SCM_J1939_ERRQUEUE",
    direction: "errorQueue",
    enable: { level: SOL_CAN_J1939, option: SO_J1939_ERRQUEUE },
    since: "5.4",
    source: "Documentation/networking/j1939.rst",
    families: ["can"],
    payload: extendedError,
  },
} as const satisfies ControlEntries;
