/**
 * Bluetooth's protocols, types of device addresses, and control messages. Source: include/net/bluetooth/bluetooth.h and hci_sock.h.
 */

export const BTPROTO_L2CAP = 0;
export const BTPROTO_HCI = 1;
export const BTPROTO_SCO = 2;
export const BTPROTO_RFCOMM = 3;
export const BTPROTO_ISO = 8;
export const BDADDR_BREDR = 0;
export const BDADDR_LE_PUBLIC = 1;
export const BDADDR_LE_RANDOM = 2;
export const BT_SECURITY = 4;
export const BT_DEFER_SETUP = 7;
export const BT_FLUSHABLE = 8;
export const BT_POWER = 9;
export const BT_SNDMTU = 12;
export const BT_RCVMTU = 13;
export const BT_PHY = 14;
export const BT_MODE = 15;
export const BT_PKT_STATUS = 16;
export const BT_SCM_PKT_STATUS = 3;
export const BT_SCM_ERROR = 4;
export const HCI_DATA_DIR = 1;
export const HCI_FILTER = 2;
export const HCI_TIME_STAMP = 3;
export const HCI_CMSG_DIR = 1;
export const HCI_CMSG_TSTAMP = 2;
export const HCI_DEV_NONE = 0xffff;
