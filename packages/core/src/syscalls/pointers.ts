import {
  SOL_IP,
  SOL_IPV6,
  SOL_PACKET,
  SOL_RDS,
  SOL_SCTP,
  SOL_SOCKET,
  SOL_TCP,
  SOL_XDP,
} from "../constants/levels.js";
import { PACKET_FANOUT_DATA } from "../constants/packet.js";
import { SCTP_SOCKOPT_CONNECTX3 } from "../constants/sctp.js";
import { SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF } from "../constants/socket.js";
import { TCP_ZEROCOPY_RECEIVE } from "../constants/tcp.js";
import { invalidArgValue } from "../errors.js";

// include/uapi/linux/netfilter_ipv4/ip_tables.h, …_ipv6/ip6_tables.h, netfilter_arp/arp_tables.h, netfilter_bridge/ebtables.h
const IPT_SO_SET_REPLACE = 64;
const IP6T_SO_SET_REPLACE = 64;
const ARPT_SO_SET_REPLACE = 96;
const EBT_SO_SET_ENTRIES = 128;
const EBT_SO_SET_COUNTERS = 129;
const EBT_SO_GET_ENTRIES = 129;
const EBT_SO_GET_INIT_ENTRIES = 131;
// include/uapi/linux/rds.h
const RDS_GET_MR = 2;
const RDS_GET_MR_FOR_DEST = 7;
// include/uapi/linux/if_xdp.h
const XDP_UMEM_REG = 4;

interface PointerOption {
  level: number;
  option: number;
  constant: string;
  /** The struct that contains the pointers. */
  struct: string;
  instead: string;
  /** A value of at most this many bytes contains no pointer. */
  harmless?: number;
}

const TABLES = "iptables, ip6tables, arptables, ebtables or nft, which run as programs";
const RDMA = "sendmsg() without RDMA: memory can't be registered from JavaScript";

/** If a program sets one of these, the kernel reads, pins or writes memory at an address in the value. */
const SET: readonly PointerOption[] = [
  {
    level: SOL_SOCKET,
    option: SO_ATTACH_FILTER,
    constant: "SO_ATTACH_FILTER",
    struct: "sock_fprog",
    instead: 'socket.options.set("attachFilter", instructions)',
  },
  {
    level: SOL_SOCKET,
    option: SO_ATTACH_REUSEPORT_CBPF,
    constant: "SO_ATTACH_REUSEPORT_CBPF",
    struct: "sock_fprog",
    instead: 'socket.options.set("attachReusePortCbpf", instructions)',
  },
  {
    level: SOL_PACKET,
    option: PACKET_FANOUT_DATA,
    constant: "PACKET_FANOUT_DATA",
    struct: "sock_fprog",
    instead:
      'socket.options.set("packetFanoutData", instructions), or the descriptor of an eBPF program as 4 bytes',
    harmless: 4,
  },
  {
    level: SOL_XDP,
    option: XDP_UMEM_REG,
    constant: "XDP_UMEM_REG",
    struct: "xdp_umem_reg",
    instead: "a packet socket: the memory of an XDP socket can't be registered from JavaScript",
  },
  {
    level: SOL_IP,
    option: IPT_SO_SET_REPLACE,
    constant: "IPT_SO_SET_REPLACE",
    struct: "ipt_replace",
    instead: TABLES,
  },
  {
    level: SOL_IP,
    option: ARPT_SO_SET_REPLACE,
    constant: "ARPT_SO_SET_REPLACE",
    struct: "arpt_replace",
    instead: TABLES,
  },
  {
    level: SOL_IP,
    option: EBT_SO_SET_ENTRIES,
    constant: "EBT_SO_SET_ENTRIES",
    struct: "ebt_replace",
    instead: TABLES,
  },
  {
    level: SOL_IP,
    option: EBT_SO_SET_COUNTERS,
    constant: "EBT_SO_SET_COUNTERS",
    struct: "ebt_replace",
    instead: TABLES,
  },
  {
    level: SOL_IPV6,
    option: IP6T_SO_SET_REPLACE,
    constant: "IP6T_SO_SET_REPLACE",
    struct: "ip6t_replace",
    instead: TABLES,
  },
  { level: SOL_RDS, option: RDS_GET_MR, constant: "RDS_GET_MR", struct: "rds_get_mr_args", instead: RDMA },
  {
    level: SOL_RDS,
    option: RDS_GET_MR_FOR_DEST,
    constant: "RDS_GET_MR_FOR_DEST",
    struct: "rds_get_mr_for_dest_args",
    instead: RDMA,
  },
];

/**
 * If a program reads one of these, the kernel follows an address in the value. From JavaScript that is zero, or bytes of a query.
 */
const GET: readonly PointerOption[] = [
  {
    level: SOL_TCP,
    option: TCP_ZEROCOPY_RECEIVE,
    constant: "TCP_ZEROCOPY_RECEIVE",
    struct: "tcp_zerocopy_receive",
    instead: "recvmsg() into buffers of your own",
  },
  {
    level: SOL_SCTP,
    option: SCTP_SOCKOPT_CONNECTX3,
    constant: "SCTP_SOCKOPT_CONNECTX3",
    struct: "sctp_getaddrs_old",
    instead: "setting SCTP_SOCKOPT_CONNECTX, whose value is the addresses themselves",
  },
  {
    level: SOL_IP,
    option: EBT_SO_GET_ENTRIES,
    constant: "EBT_SO_GET_ENTRIES",
    struct: "ebt_replace",
    instead: TABLES,
  },
  {
    level: SOL_IP,
    option: EBT_SO_GET_INIT_ENTRIES,
    constant: "EBT_SO_GET_INIT_ENTRIES",
    struct: "ebt_replace",
    instead: TABLES,
  },
];

function refuse(
  options: readonly PointerOption[],
  argument: string,
  level: number,
  option: number,
  length: number,
): void {
  for (const each of options) {
    if (level !== each.level || option !== each.option || length <= (each.harmless ?? 0)) continue;
    throw invalidArgValue(
      argument,
      `must not be ${each.constant}: its value (struct ${each.struct}) contains pointers, and the kernel would take ` +
        `your bytes for addresses in this process. Use ${each.instead}`,
    );
  }
}

/** Throws if the kernel would take the `length` bytes of the option for addresses. Errors name `argument`. */
export const refusePointersSet = (argument: string, level: number, option: number, length: number): void =>
  refuse(SET, argument, level, option, length);

/** Throws if the kernel would look for addresses in the buffer for the option's value. Errors name `argument`. */
export const refusePointersGet = (argument: string, level: number, option: number, length: number): void =>
  refuse(GET, argument, level, option, length);
