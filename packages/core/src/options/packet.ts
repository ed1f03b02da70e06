import { SOL_PACKET } from "../constants/levels.js";
import {
  PACKET_ADD_MEMBERSHIP,
  PACKET_AUXDATA,
  PACKET_COPY_THRESH,
  PACKET_DROP_MEMBERSHIP,
  PACKET_FANOUT,
  PACKET_FANOUT_DATA,
  PACKET_IGNORE_OUTGOING,
  PACKET_LOSS,
  PACKET_ORIGDEV,
  PACKET_QDISC_BYPASS,
  PACKET_RESERVE,
  PACKET_ROLLOVER_STATS,
  PACKET_STATISTICS,
  PACKET_TIMESTAMP,
  PACKET_TX_HAS_OFF,
  PACKET_VERSION,
  PACKET_VNET_HDR,
  PACKET_VNET_HDR_SZ,
} from "../constants/packet.js";
import { flag } from "../wire/flag.js";
import { i32, u16, u32, u64 } from "../wire/integers.js";
import { interfaceIndex } from "../wire/interface.js";
import { struct } from "../wire/struct.js";
import { type OptionEntries, option } from "./entry.js";
import { filterOrDescriptor } from "./filter.js";
import { hardwareAddress } from "./hardware-address.js";

const membership = struct("packet_mreq", {
  interface: interfaceIndex,
  type: u16,
  address: hardwareAddress,
});

const ROLLOVER = { all: u64, huge: u64, failed: u64 };

/** The options of SOL_PACKET. */
export const packetOptions = {
  /**
   * Receives what an interface would drop: PACKET_MR_PROMISC, _MULTICAST, _ALLMULTI, _UNICAST. Source:
   * packet(7). Since Linux 2.2.
   */
  packetAddMembership: option({
    level: SOL_PACKET,
    option: PACKET_ADD_MEMBERSHIP,
    constant: "PACKET_ADD_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "packet(7)",
    families: ["packet"],
    payload: membership,
  }),
  /** Takes that back. Source: packet(7). Since Linux 2.2. */
  packetDropMembership: option({
    level: SOL_PACKET,
    option: PACKET_DROP_MEMBERSHIP,
    constant: "PACKET_DROP_MEMBERSHIP",
    direction: "set",
    since: "2.2",
    source: "packet(7)",
    families: ["packet"],
    payload: membership,
  }),
  /**
   * Packets that came and that were dropped since it was read last: reading sets both to 0. Source:
   * packet(7). Since Linux 2.4.
   */
  packetStatistics: option({
    level: SOL_PACKET,
    option: PACKET_STATISTICS,
    constant: "PACKET_STATISTICS",
    direction: "get",
    since: "2.4",
    source: "packet(7)",
    families: ["packet"],
    payload: struct("tpacket_stats", { packets: u32, drops: u32 }),
  }),
  /**
   * Bytes from which on packets in a ring buffer are queued as well. Source: net/packet/af_packet.c. Since
   * Linux 2.2.
   */
  packetCopyThresh: option({
    level: SOL_PACKET,
    option: PACKET_COPY_THRESH,
    constant: "PACKET_COPY_THRESH",
    direction: "set",
    since: "2.2",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: i32,
  }),
  /** Whether packets come with their length, offsets and VLAN tag. Source: packet(7). Since Linux 2.6.21. */
  packetAuxdata: option({
    level: SOL_PACKET,
    option: PACKET_AUXDATA,
    constant: "PACKET_AUXDATA",
    direction: "both",
    since: "2.6.21",
    source: "packet(7)",
    families: ["packet"],
    payload: flag,
  }),
  /**
   * Whether addresses name the interface that a packet came by, not the bond that it belongs to. Source:
   * net/packet/af_packet.c. Since Linux 2.6.21.
   */
  packetOrigDev: option({
    level: SOL_PACKET,
    option: PACKET_ORIGDEV,
    constant: "PACKET_ORIGDEV",
    direction: "both",
    since: "2.6.21",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: flag,
  }),
  /** TPACKET_V*: the layout of ring buffers. Source: packet(7). Since Linux 2.6.27. */
  packetVersion: option({
    level: SOL_PACKET,
    option: PACKET_VERSION,
    constant: "PACKET_VERSION",
    direction: "both",
    since: "2.6.27",
    source: "packet(7)",
    families: ["packet"],
    payload: i32,
  }),
  /** Bytes that are kept free before each packet of a ring buffer. Source: packet(7). Since Linux 2.6.26. */
  packetReserve: option({
    level: SOL_PACKET,
    option: PACKET_RESERVE,
    constant: "PACKET_RESERVE",
    direction: "both",
    since: "2.6.26",
    source: "packet(7)",
    families: ["packet"],
    payload: u32,
  }),
  /** Whether a malformed packet of a transmit ring is passed over. Source: packet(7). Since Linux 2.6.31. */
  packetLoss: option({
    level: SOL_PACKET,
    option: PACKET_LOSS,
    constant: "PACKET_LOSS",
    direction: "both",
    since: "2.6.31",
    source: "packet(7)",
    families: ["packet"],
    payload: flag,
  }),
  /** Whether a virtio_net_hdr precedes each packet. Source: net/packet/af_packet.c. Since Linux 2.6.34. */
  packetVnetHdr: option({
    level: SOL_PACKET,
    option: PACKET_VNET_HDR,
    constant: "PACKET_VNET_HDR",
    direction: "both",
    since: "2.6.34",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: flag,
  }),
  /** The size of that header in bytes; 0: none. Source: net/packet/af_packet.c. Since Linux 6.6. */
  packetVnetHdrSz: option({
    level: SOL_PACKET,
    option: PACKET_VNET_HDR_SZ,
    constant: "PACKET_VNET_HDR_SZ",
    direction: "both",
    since: "6.6",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: i32,
  }),
  /** SOF_TIMESTAMPING_*: which clock a ring buffer's times are of. Source: packet(7). Since Linux 2.6.36. */
  packetTimestamp: option({
    level: SOL_PACKET,
    option: PACKET_TIMESTAMP,
    constant: "PACKET_TIMESTAMP",
    direction: "both",
    since: "2.6.36",
    source: "packet(7)",
    families: ["packet"],
    payload: i32,
  }),
  /** The group (16 bits) that shares the packets, and how (the 16 bits above). Source: packet(7). Since Linux 3.1. */
  packetFanout: option({
    level: SOL_PACKET,
    option: PACKET_FANOUT,
    constant: "PACKET_FANOUT",
    direction: "both",
    since: "3.1",
    source: "packet(7)",
    families: ["packet"],
    payload: u32,
  }),
  /**
   * The program that shares the packets out by the socket's index: of classic BPF as its instructions, of eBPF as a
   * descriptor. Source: net/packet/af_packet.c. Since Linux 4.3.
   */
  packetFanoutData: option({
    level: SOL_PACKET,
    option: PACKET_FANOUT_DATA,
    constant: "PACKET_FANOUT_DATA",
    direction: "set",
    since: "4.3",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: filterOrDescriptor,
    takesProgram: true,
  }),
  /**
   * Whether the packets of a transmit ring say where they begin. Source: net/packet/af_packet.c. Since Linux
   * 3.11.
   */
  packetTxHasOff: option({
    level: SOL_PACKET,
    option: PACKET_TX_HAS_OFF,
    constant: "PACKET_TX_HAS_OFF",
    direction: "both",
    since: "3.11",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: flag,
  }),
  /** Whether packets are handed to the device past the queue discipline. Source: packet(7). Since Linux 3.14. */
  packetQdiscBypass: option({
    level: SOL_PACKET,
    option: PACKET_QDISC_BYPASS,
    constant: "PACKET_QDISC_BYPASS",
    direction: "both",
    since: "3.14",
    source: "packet(7)",
    families: ["packet"],
    payload: flag,
  }),
  /** How often a fanout group passed packets on. Source: include/uapi/linux/if_packet.h. Since Linux 4.2. */
  packetRolloverStats: option({
    level: SOL_PACKET,
    option: PACKET_ROLLOVER_STATS,
    constant: "PACKET_ROLLOVER_STATS",
    direction: "get",
    since: "4.2",
    source: "include/uapi/linux/if_packet.h",
    families: ["packet"],
    payload: struct("tpacket_rollover_stats", ROLLOVER),
  }),
  /** Whether packets that this host sends are left out. Source: net/packet/af_packet.c. Since Linux 4.20. */
  packetIgnoreOutgoing: option({
    level: SOL_PACKET,
    option: PACKET_IGNORE_OUTGOING,
    constant: "PACKET_IGNORE_OUTGOING",
    direction: "both",
    since: "4.20",
    source: "net/packet/af_packet.c",
    families: ["packet"],
    payload: flag,
  }),
} as const satisfies OptionEntries;
