import { SOL_PACKET, SOL_SOCKET } from "../constants/levels.js";
import { PACKET_AUXDATA, PACKET_TX_TIMESTAMP } from "../constants/packet.js";
import { SO_TIMESTAMPING_NEW } from "../constants/socket.js";
import {
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SOFTWARE,
} from "../constants/timestamping.js";
import { u16, u32 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import type { ControlEntries } from "./entry.js";
import { extendedError } from "./extended-error.js";

/** What was sent, stamped by hardware and by the kernel. */
const TRANSMIT_STAMPS =
  SOF_TIMESTAMPING_TX_HARDWARE |
  SOF_TIMESTAMPING_TX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

/** The control messages of SOL_PACKET. */
export const packetMessages = {
  /** The frame's length, where its headers begin, its VLAN tag, and TP_STATUS_*.
   * PACKET_AUXDATA (8) of SOL_PACKET: struct tpacket_auxdata, received, switched on by PACKET_AUXDATA. Since Linux 2.6.21. Source: packet(7). */
  packetAuxdata: {
    level: SOL_PACKET,
    type: PACKET_AUXDATA,
    constant: "PACKET_AUXDATA",
    direction: "receive",
    enable: { level: SOL_PACKET, option: PACKET_AUXDATA },
    since: "2.6.21",
    source: "packet(7)",
    families: ["packet"],
    payload: struct("tpacket_auxdata", {
      status: u32,
      length: u32,
      snapLength: u32,
      mac: u16,
      net: u16,
      vlanTci: u16,
      vlanTpid: u16,
    }),
  },
  /** Which frame that was sent the timestamp beside it belongs to.
   * PACKET_TX_TIMESTAMP (16) of SOL_PACKET: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 2.6.35. Source: net/packet/af_packet.c. */
  packetTxTimestamp: {
    level: SOL_PACKET,
    type: PACKET_TX_TIMESTAMP,
    constant: "PACKET_TX_TIMESTAMP",
    direction: "errorQueue",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW, value: TRANSMIT_STAMPS },
    since: "2.6.35",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: extendedError,
  },
} as const satisfies ControlEntries;
