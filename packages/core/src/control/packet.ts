import { SOL_PACKET } from "../constants/levels.js";
import { PACKET_AUXDATA, PACKET_TX_TIMESTAMP } from "../constants/packet.js";
import { u16, u32 } from "../wire/integers.js";
import { struct } from "../wire/struct.js";
import { extendedError } from "./extended-error.js";
import { level } from "./level.js";
import { transmitStamps } from "./stamps.js";

const { receive, errorQueue } = level({ SOL_PACKET }, { source: "packet(7)", families: ["packet"] });

/** The control messages of SOL_PACKET. */
export const packetMessages = () => ({
  /** The frame's length, the positions of its headers, its VLAN tag, and TP_STATUS_*.
   * PACKET_AUXDATA (8) of SOL_PACKET: struct tpacket_auxdata, received, switched on by PACKET_AUXDATA. Since Linux 2.6.21. Source:
   * packet(7). */
  packetAuxData: receive(
    { PACKET_AUXDATA },
    "2.6.21",
    struct("tpacket_auxdata", {
      status: u32,
      length: u32,
      snapLength: u32,
      mac: u16,
      net: u16,
      vlanTci: u16,
      vlanTpid: u16,
    }),
    { enable: { PACKET_AUXDATA } },
  ),
  /** Says to which sent frame the timestamp in the same message belongs.
   * PACKET_TX_TIMESTAMP (16) of SOL_PACKET: struct sock_extended_err, received with MSG_ERRQUEUE, switched on by
   * SO_TIMESTAMPING_NEW with TX_HARDWARE, TX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 2.6.35. Source: net/packet/af_packet.c.
   * */
  packetTxTimestamp: errorQueue({ PACKET_TX_TIMESTAMP }, "2.6.35", extendedError, {
    enable: transmitStamps,
    source: "net/packet/af_packet.c",
  }),
});
