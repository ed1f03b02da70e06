import {
  BT_PKT_STATUS,
  BT_SCM_ERROR,
  BT_SCM_PKT_STATUS,
  HCI_CMSG_DIR,
  HCI_CMSG_TSTAMP,
  HCI_DATA_DIR,
  HCI_TIME_STAMP,
} from "../constants/bluetooth.js";
import { SOL_BLUETOOTH, SOL_HCI, SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPING_NEW } from "../constants/socket.js";
import {
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../constants/timestamping.js";
import { i32, u8 } from "../wire/integers.js";
import { oldTimeval } from "../wire/times.js";
import type { ControlEntries } from "./entry.js";
import { extendedError } from "./extended-error.js";

/** What was sent, stamped by hardware and by the kernel. */
const TRANSMIT_STAMPS =
  SOF_TIMESTAMPING_TX_HARDWARE |
  SOF_TIMESTAMPING_TX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

/** The control messages of SOL_BLUETOOTH and SOL_HCI. */
export const bluetoothMessages = {
  /** The packet's status flag, on SCO: 0 is correct.
   * BT_SCM_PKT_STATUS (3) of SOL_BLUETOOTH: __u8, received, switched on by BT_PKT_STATUS. Since Linux 5.9. Source: include/net/bluetooth/bluetooth.h. */
  btPktStatus: {
    level: SOL_BLUETOOTH,
    type: BT_SCM_PKT_STATUS,
    constant: "BT_SCM_PKT_STATUS",
    direction: "receive",
    enable: { level: SOL_BLUETOOTH, option: BT_PKT_STATUS },
    since: "5.9",
    source: "include/net/bluetooth/bluetooth.h",
    families: ["bluetooth"],
    payload: u8,
  },
  /** Which packet that was sent the timestamp beside it belongs to.
   * BT_SCM_ERROR (4) of SOL_BLUETOOTH: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 6.15. Source: include/net/bluetooth/bluetooth.h. */
  btError: {
    level: SOL_BLUETOOTH,
    type: BT_SCM_ERROR,
    constant: "BT_SCM_ERROR",
    direction: "errorQueue",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW, value: TRANSMIT_STAMPS },
    since: "6.15",
    source: "include/net/bluetooth/bluetooth.h",
    families: ["bluetooth"],
    payload: extendedError,
  },
  /** 1: the packet was received; 0: it was sent.
   * HCI_CMSG_DIR (1) of SOL_HCI: int, received, switched on by HCI_DATA_DIR. Since Linux 2.4. Source: include/net/bluetooth/hci_sock.h. */
  hciDir: {
    level: SOL_HCI,
    type: HCI_CMSG_DIR,
    constant: "HCI_CMSG_DIR",
    direction: "receive",
    enable: { level: SOL_HCI, option: HCI_DATA_DIR },
    since: "2.4",
    source: "include/net/bluetooth/hci_sock.h",
    families: ["bluetooth"],
    payload: i32,
  },
  /** When the packet came, in nanoseconds since 1970.
   * HCI_CMSG_TSTAMP (2) of SOL_HCI: struct __kernel_old_timeval, received, switched on by HCI_TIME_STAMP. Since Linux 2.4. Source: include/net/bluetooth/hci_sock.h. */
  hciTstamp: {
    level: SOL_HCI,
    type: HCI_CMSG_TSTAMP,
    constant: "HCI_CMSG_TSTAMP",
    direction: "receive",
    enable: { level: SOL_HCI, option: HCI_TIME_STAMP },
    since: "2.4",
    source: "include/net/bluetooth/hci_sock.h",
    families: ["bluetooth"],
    payload: oldTimeval,
  },
} as const satisfies ControlEntries;
