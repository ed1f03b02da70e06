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
import { type NamedConstant, nameAndNumber } from "../named-constant.js";

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
  /** A value of up to that many bytes holds none. */
  harmless: number;
}

function pointerOption(
  ofLevel: NamedConstant,
  ofOption: NamedConstant,
  struct: string,
  instead: string,
  harmless = 0,
): PointerOption {
  const [, level] = nameAndNumber(ofLevel);
  const [constant, option] = nameAndNumber(ofOption);
  return { level, option, constant, struct, instead, harmless };
}

const TABLES = "iptables, ip6tables, arptables, ebtables or nft, which run as programs";
const RDMA = "sendmsg() without RDMA: memory can't be registered from JavaScript";
const XDP = "a packet socket: the memory of an XDP socket can't be registered from JavaScript";
const COPYING = "recvmsg() into buffers of your own";
const CONNECTX = "setting SCTP_SOCKOPT_CONNECTX, whose value is the addresses themselves";

/** The table of options, which has these names, is above this layer. */
const program = (name: string) => `socket.options.set("${name}", instructions)`;
const FANOUT = `${program("packetFanoutData")}, or the descriptor of an eBPF program as 4 bytes`;

/** If a program sets one of these, the kernel reads, pins or writes memory at an address in the value. */
const SET: readonly PointerOption[] = [
  pointerOption({ SOL_SOCKET }, { SO_ATTACH_FILTER }, "sock_fprog", program("attachFilter")),
  pointerOption({ SOL_SOCKET }, { SO_ATTACH_REUSEPORT_CBPF }, "sock_fprog", program("attachReusePortCbpf")),
  pointerOption({ SOL_PACKET }, { PACKET_FANOUT_DATA }, "sock_fprog", FANOUT, 4),
  pointerOption({ SOL_XDP }, { XDP_UMEM_REG }, "xdp_umem_reg", XDP),
  pointerOption({ SOL_IP }, { IPT_SO_SET_REPLACE }, "ipt_replace", TABLES),
  pointerOption({ SOL_IP }, { ARPT_SO_SET_REPLACE }, "arpt_replace", TABLES),
  pointerOption({ SOL_IP }, { EBT_SO_SET_ENTRIES }, "ebt_replace", TABLES),
  pointerOption({ SOL_IP }, { EBT_SO_SET_COUNTERS }, "ebt_replace", TABLES),
  pointerOption({ SOL_IPV6 }, { IP6T_SO_SET_REPLACE }, "ip6t_replace", TABLES),
  pointerOption({ SOL_RDS }, { RDS_GET_MR }, "rds_get_mr_args", RDMA),
  pointerOption({ SOL_RDS }, { RDS_GET_MR_FOR_DEST }, "rds_get_mr_for_dest_args", RDMA),
];

/**
 * If a program reads one of these, the kernel follows an address in the value. From JavaScript that is zero, or bytes of a query.
 */
const GET: readonly PointerOption[] = [
  pointerOption({ SOL_TCP }, { TCP_ZEROCOPY_RECEIVE }, "tcp_zerocopy_receive", COPYING),
  pointerOption({ SOL_SCTP }, { SCTP_SOCKOPT_CONNECTX3 }, "sctp_getaddrs_old", CONNECTX),
  pointerOption({ SOL_IP }, { EBT_SO_GET_ENTRIES }, "ebt_replace", TABLES),
  pointerOption({ SOL_IP }, { EBT_SO_GET_INIT_ENTRIES }, "ebt_replace", TABLES),
];

function refuse(
  options: readonly PointerOption[],
  argument: string,
  level: number,
  option: number,
  length: number,
): void {
  for (const each of options) {
    if (level !== each.level || option !== each.option || length <= each.harmless) continue;
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
