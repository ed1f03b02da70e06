import {
  BT_PKT_STATUS,
  BT_SCM_ERROR,
  BT_SCM_PKT_STATUS,
  HCI_CMSG_DIR,
  HCI_CMSG_TSTAMP,
  HCI_DATA_DIR,
  HCI_TIME_STAMP,
} from "../constants/bluetooth.js";
import { SOL_BLUETOOTH, SOL_HCI } from "../constants/levels.js";
import { i32, u8 } from "../wire/integers.js";
import { oldTimeval } from "../wire/times.js";
import { extendedError } from "./extended-error.js";
import { level } from "./level.js";
import { transmitStamps } from "./stamps.js";

const any = level(
  { SOL_BLUETOOTH },
  {
    source: "include/net/bluetooth/bluetooth.h",
    families: ["bluetooth"],
  },
);
const hci = level(
  { SOL_HCI },
  {
    source: "include/net/bluetooth/hci_sock.h",
    families: ["bluetooth"],
  },
);

/** The control messages of SOL_BLUETOOTH and SOL_HCI. */
export const bluetoothMessages = () => ({
  /** The packet's status flag, on SCO. 0: the packet is correct.
   * BT_SCM_PKT_STATUS (3) of SOL_BLUETOOTH: __u8, received, switched on by BT_PKT_STATUS. Since Linux 5.9. Source:
   * include/net/bluetooth/bluetooth.h. */
  btPktStatus: any.receive({ BT_SCM_PKT_STATUS }, "5.9", u8, { enable: { BT_PKT_STATUS } }),
  /** Says to which sent packet the timestamp in the same message belongs.
   * BT_SCM_ERROR (4) of SOL_BLUETOOTH: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW
   * with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 6.15. Source: include/net/bluetooth/bluetooth.h. */
  btError: any.errorQueue({ BT_SCM_ERROR }, "6.15", extendedError, { enable: transmitStamps }),
  /** 1: the packet was received; 0: it was sent.
   * HCI_CMSG_DIR (1) of SOL_HCI: int, received, switched on by HCI_DATA_DIR. Since Linux 2.4. Source:
   * include/net/bluetooth/hci_sock.h. */
  hciDir: hci.receive({ HCI_CMSG_DIR }, "2.4", i32, { enable: { HCI_DATA_DIR } }),
  /** When the packet came, in nanoseconds since 1970.
   * HCI_CMSG_TSTAMP (2) of SOL_HCI: struct __kernel_old_timeval, received, switched on by HCI_TIME_STAMP. Since Linux 2.4. Source:
   * include/net/bluetooth/hci_sock.h. */
  hciTstamp: hci.receive({ HCI_CMSG_TSTAMP }, "2.4", oldTimeval, { enable: { HCI_TIME_STAMP } }),
});
