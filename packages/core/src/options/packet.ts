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
import { filterOrDescriptor } from "./filter.js";
import { hardwareAddress } from "./hardware-address.js";
import { level } from "./level.js";

const membership = struct("packet_mreq", {
  interface: interfaceIndex,
  type: u16,
  address: hardwareAddress,
});

const ROLLOVER = { all: u64, huge: u64, failed: u64 };

const { get, set, both } = level({ SOL_PACKET }, { source: "packet(7)", families: ["packet"] });
/** For options that no man page describes. */
const kernel = level({ SOL_PACKET }, { source: "net/packet/af_packet.c", families: ["packet"] });

/** The options of SOL_PACKET. */
export const packetOptions = () => ({
  /** Receives packets that the interface would drop: PACKET_MR_PROMISC, _MULTICAST, _ALLMULTI, _UNICAST.
   * PACKET_ADD_MEMBERSHIP (1) of SOL_PACKET: struct packet_mreq, set. Since Linux 2.2. Source: packet(7). */
  packetAddMembership: set({ PACKET_ADD_MEMBERSHIP }, "2.2", membership),
  /** Undoes a `packetAddMembership`.
   * PACKET_DROP_MEMBERSHIP (2) of SOL_PACKET: struct packet_mreq, set. Since Linux 2.2. Source: packet(7). */
  packetDropMembership: set({ PACKET_DROP_MEMBERSHIP }, "2.2", membership),
  /** How many packets came, and how many were dropped. Reading sets both counts to 0.
   * PACKET_STATISTICS (6) of SOL_PACKET: struct tpacket_stats, read. Since Linux 2.4. Source: packet(7). */
  packetStatistics: get({ PACKET_STATISTICS }, "2.4", struct("tpacket_stats", { packets: u32, drops: u32 })),
  /** If not 0, recvmsg(2) also returns packets that are too long for a frame of the ring buffer, and returns them whole. TPACKET_V3
   * ignores it.
   * PACKET_COPY_THRESH (7) of SOL_PACKET: int, set. Since Linux 2.2. Source: net/packet/af_packet.c. */
  packetCopyThresh: kernel.set({ PACKET_COPY_THRESH }, "2.2", i32),
  /** Whether packets come with their length, offsets and VLAN tag.
   * PACKET_AUXDATA (8) of SOL_PACKET: int, read and set. Since Linux 2.6.21. Source: packet(7). */
  packetAuxData: both({ PACKET_AUXDATA }, "2.6.21", flag),
  /** Whether addresses name the interface that received the packet, and not the bond that the interface belongs to.
   * PACKET_ORIGDEV (9) of SOL_PACKET: int, read and set. Since Linux 2.6.21. Source: net/packet/af_packet.c. */
  packetOrigDev: kernel.both({ PACKET_ORIGDEV }, "2.6.21", flag),
  /** The layout of ring buffers: TPACKET_V*.
   * PACKET_VERSION (10) of SOL_PACKET: int, read and set. Since Linux 2.6.27. Source: packet(7). */
  packetVersion: both({ PACKET_VERSION }, "2.6.27", i32),
  /** How many bytes stay free before each packet in a ring buffer.
   * PACKET_RESERVE (12) of SOL_PACKET: __u32, read and set. Since Linux 2.6.26. Source: packet(7). */
  packetReserve: both({ PACKET_RESERVE }, "2.6.26", u32),
  /** Whether the kernel skips malformed packets in a transmit ring.
   * PACKET_LOSS (14) of SOL_PACKET: int, read and set. Since Linux 2.6.31. Source: packet(7). */
  packetLoss: both({ PACKET_LOSS }, "2.6.31", flag),
  /** Whether a virtio_net_hdr precedes each packet.
   * PACKET_VNET_HDR (15) of SOL_PACKET: int, read and set. Since Linux 2.6.34. Source: net/packet/af_packet.c. */
  packetVnetHdr: kernel.both({ PACKET_VNET_HDR }, "2.6.34", flag),
  /** The size of that header in bytes; 0: none.
   * PACKET_VNET_HDR_SZ (24) of SOL_PACKET: int, read and set. Since Linux 6.6. Source: net/packet/af_packet.c. */
  packetVnetHdrSz: kernel.both({ PACKET_VNET_HDR_SZ }, "6.6", i32),
  /** Which clock gives the times in a ring buffer: SOF_TIMESTAMPING_*.
   * PACKET_TIMESTAMP (17) of SOL_PACKET: int, read and set. Since Linux 2.6.36. Source: packet(7). */
  packetTimestamp: both({ PACKET_TIMESTAMP }, "2.6.36", i32),
  /** The fanout group whose sockets share the packets (the lower 16 bits), and how they share them (the upper 16 bits).
   * PACKET_FANOUT (18) of SOL_PACKET: __u32, read and set. Since Linux 3.1. Source: packet(7). */
  packetFanout: both({ PACKET_FANOUT }, "3.1", u32),
  /** The program that shares the packets out by the socket's index: of classic BPF as its instructions, of eBPF as a descriptor.
   * PACKET_FANOUT_DATA (22) of SOL_PACKET: struct sock_fprog, set. Since Linux 4.3. Source: net/packet/af_packet.c. */
  packetFanoutData: kernel.set({ PACKET_FANOUT_DATA }, "4.3", filterOrDescriptor, { takesProgram: true }),
  /** Whether each slot of a transmit ring says at which offset its packet begins.
   * PACKET_TX_HAS_OFF (19) of SOL_PACKET: int, read and set. Since Linux 3.11. Source: net/packet/af_packet.c. */
  packetTxHasOff: kernel.both({ PACKET_TX_HAS_OFF }, "3.11", flag),
  /** Whether packets go to the device directly, without the queue discipline.
   * PACKET_QDISC_BYPASS (20) of SOL_PACKET: int, read and set. Since Linux 3.14. Source: packet(7). */
  packetQdiscBypass: both({ PACKET_QDISC_BYPASS }, "3.14", flag),
  /** How often a fanout group passed packets on.
   * PACKET_ROLLOVER_STATS (21) of SOL_PACKET: struct tpacket_rollover_stats, read. Since Linux 4.2. Source:
   * include/uapi/linux/if_packet.h. */
  packetRolloverStats: get({ PACKET_ROLLOVER_STATS }, "4.2", struct("tpacket_rollover_stats", ROLLOVER), {
    source: "include/uapi/linux/if_packet.h",
  }),
  /** Whether the socket does not get packets that this host sends.
   * PACKET_IGNORE_OUTGOING (23) of SOL_PACKET: int, read and set. Since Linux 4.20. Source: net/packet/af_packet.c. */
  packetIgnoreOutgoing: kernel.both({ PACKET_IGNORE_OUTGOING }, "4.20", flag),
});
