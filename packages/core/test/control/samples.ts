import type { ControlMessage, ControlName } from "../../src/control/index.js";

/**
 * One message, and how a C program makes its payload: the statements declare `p`, whose bytes are the payload.
 */
export interface Sample {
  message: Exclude<ControlMessage, { name: "unknown" }>;
  /** The level's name in C. */
  level: string;
  c: string;
  /** The payload's length in C, if it is not `sizeof p`. */
  length?: string;
}

type SampleOf<N extends ControlName> = Extract<ControlMessage, { name: N }>["value"];

function sample<N extends ControlName>(
  level: string,
  name: N,
  value: SampleOf<N>,
  c: string,
  length?: string,
): Sample {
  const message = { name, value } as Sample["message"];
  return length === undefined ? { message, level, c } : { message, level, c, length };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

/** 2040: beyond what 32-bit seconds hold. */
const LATE = 2_208_988_800_123_456_789n;
/** 2026. */
const SOON = 1_792_000_000_123_456_789n;
const inMicroseconds = (time: bigint) => time - (time % 1000n);

const ERROR = { errno: 111, origin: 2, type: 3, code: 4, info: 0xfedcba98, data: 0x12345678 };
const ERROR_IN_C =
  ".ee_errno = 111, .ee_origin = 2, .ee_type = 3, .ee_code = 4, .ee_info = 0xfedcba98, .ee_data = 0x12345678";
const error = `struct sock_extended_err p = { ${ERROR_IN_C} };`;

const stamps = (type: string) =>
  `struct { struct ${type} ts[3]; } p = { { { 1792000000, 123456789 }, { 0, 0 }, { 1, 999999999 } } };`;
const STAMPS = { software: SOON, legacy: 0n, hardware: 1_999_999_999n };

const DMABUF = { fragOffset: 0x123456789an, fragSize: 4096, fragToken: 7, dmabufId: 3, flags: 1 };
const dmabuf = "struct dmabuf_cmsg p = { 0x123456789a, 4096, 7, 3, 1 };";

const COOKIE = { cookie: 0x1122334455667788n, localAddress: 2n, remoteAddress: 3n, flags: 4n, userToken: 5n };
const atomic = (union: string) =>
  `struct rds_atomic_args p = { .cookie = 0x1122334455667788, .local_addr = 2, .remote_addr = 3, ${union}, .flags = 4, .user_token = 5 };`;

const in6 = (name: string, last: number) => `.${name} = { { { 0x20, 1, 0xd, 0xb8, [15] = ${last} } } }`;

/** Prepended to the program: what headers of Linux 6.1 do not have, or no header for programs has. */
export const PRELUDE = `
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <sys/time.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <net/if.h>
#include <arpa/inet.h>
#include <asm/socket.h>
#include <linux/types.h>
#include <linux/time_types.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/tls.h>
#include <linux/if_alg.h>
#include <linux/sctp.h>
#include <linux/rds.h>
#include <linux/netlink.h>
#include <linux/if_packet.h>
#include <linux/vm_sockets.h>
#include <linux/can.h>
#include <linux/can/raw.h>
#include <linux/can/j1939.h>
#include <linux/llc.h>
#include <linux/tipc.h>
#include <linux/rxrpc.h>
#ifndef SCM_SECURITY
#define SCM_SECURITY 3
#endif
#ifndef SCM_PIDFD
#define SCM_PIDFD 4
#endif
#ifndef SCM_TS_OPT_ID
#define SCM_TS_OPT_ID 81
#endif
#ifndef SO_DEVMEM_LINEAR
#define SO_DEVMEM_LINEAR 78
#define SO_DEVMEM_DMABUF 79
struct dmabuf_cmsg { __u64 frag_offset; __u32 frag_size, frag_token, dmabuf_id, flags; };
#endif
#ifndef SCM_INQ
#define SCM_INQ 84
#endif
#ifndef IP_PROTOCOL
#define IP_PROTOCOL 52
#endif
#ifndef SOL_TCP
#define SOL_TCP 6
#endif
#ifndef SOL_UDP
#define SOL_UDP 17
#endif
#ifndef SOL_SCTP
#define SOL_SCTP 132
#endif
#ifndef SOL_VSOCK
#define SOL_VSOCK 287
#endif
#ifndef VSOCK_RECVERR
#define VSOCK_RECVERR 1
#endif
#define SOL_HCI 0
#define SOL_IEEE802154 0
#define SOL_MISDN 0
#define HCI_CMSG_DIR 1
#define HCI_CMSG_TSTAMP 2
#define BT_SCM_PKT_STATUS 3
#define BT_SCM_ERROR 4
#define WPAN_WANTLQI 3
#define SCM_IUCV_TRGCLS 1
#define MISDN_TIME_STAMP 1
#define IPV6_2292PKTINFO 2
#define RXRPC_OOB_ID 15
#define RXRPC_CHALLENGED 16
#define RXRPC_RESPOND 17
#define RXRPC_RESPONDED 18
#define RXRPC_RESP_RXGK_APPDATA 19
`;

/** At least one sample of every message in the table. */
export const samples: readonly Sample[] = [
  sample("SOL_SOCKET", "rights", [0, 7, 0x7fffffff], "int p[] = { 0, 7, 0x7fffffff };"),
  sample("SOL_SOCKET", "rights", [5], "int p[] = { 5 };"),
  sample(
    "SOL_SOCKET",
    "credentials",
    { pid: 1234, uid: 0xfffffffe, gid: 100 },
    "struct ucred p = { .pid = 1234, .uid = -2, .gid = 100 };",
  ),
  sample("SOL_SOCKET", "security", "unconfined", 'char p[] = "unconfined";', "sizeof p - 1"),
  sample("SOL_SOCKET", "pidfd", 9, "int p = 9;"),
  sample("SOL_SOCKET", "timestamp", inMicroseconds(LATE), "__s64 p[2] = { 2208988800, 123456 };"),
  sample("SOL_SOCKET", "timestampNs", LATE, "struct __kernel_timespec p = { 2208988800, 123456789 };"),
  sample("SOL_SOCKET", "timestamping", STAMPS, stamps("__kernel_timespec")),
  sample("SOL_SOCKET", "timestampingFlags", 0x80000001, "__u32 p = 0x80000001;"),
  sample("SOL_SOCKET", "timestampOld", inMicroseconds(SOON), "struct timeval p = { 1792000000, 123456 };"),
  sample("SOL_SOCKET", "timestampNsOld", SOON, "struct timespec p = { 1792000000, 123456789 };"),
  sample("SOL_SOCKET", "timestampingOld", STAMPS, stamps("timespec")),
  sample("SOL_SOCKET", "timestampingFlagsOld", 3, "__u32 p = 3;"),
  sample(
    "SOL_SOCKET",
    "timestampingOptStats",
    [
      { type: 17, data: bytes(1) },
      { type: 1, data: bytes(1, 2, 3, 4, 5, 6, 7, 8) },
    ],
    "struct { struct nlattr a; __u8 v, pad[3]; struct nlattr b; __u8 w[8]; } p = { { 5, 17 }, 1, {}, { 12, 1 }, { 1, 2, 3, 4, 5, 6, 7, 8 } };",
  ),
  sample(
    "SOL_SOCKET",
    "timestampingPktInfo",
    { interfaceIndex: 2, packetLength: 1500 },
    "struct scm_ts_pktinfo p = { .if_index = 2, .pkt_length = 1500 };",
  ),
  sample("SOL_SOCKET", "txTime", 0xfedcba9876543210n, "__u64 p = 0xfedcba9876543210;"),
  sample("SOL_SOCKET", "tsOptId", 0xffffffff, "__u32 p = -1;"),
  sample("SOL_SOCKET", "wifiStatus", 1, "int p = 1;"),
  sample("SOL_SOCKET", "rxqOvfl", 4_000_000_000, "__u32 p = 4000000000;"),
  sample("SOL_SOCKET", "mark", 0xdeadbeef, "__u32 p = 0xdeadbeef;"),
  sample("SOL_SOCKET", "priority", 6, "__u32 p = 6;"),
  sample("SOL_SOCKET", "devmemLinear", DMABUF, dmabuf),
  sample("SOL_SOCKET", "devmemDmabuf", DMABUF, dmabuf),
  sample("SOL_SOCKET", "devmemDmabufId", 3, "__u32 p = 3;"),
  sample("SOL_SOCKET", "inq", 12345, "int p = 12345;"),

  sample("SOL_IP", "ipTos", 0xb9, "__u8 p = 0xb9;"),
  sample("SOL_IP", "ipTtl", 64, "int p = 64;"),
  sample("SOL_IP", "ipSecurity", "système", 'char p[] = "système";', "sizeof p - 1"),
  sample("SOL_IP", "ipRecvOpts", bytes(7, 7, 4, 1, 2, 3, 4), "__u8 p[] = { 7, 7, 4, 1, 2, 3, 4 };"),
  sample("SOL_IP", "ipRetOpts", bytes(1, 1, 1, 0), "__u8 p[] = { 1, 1, 1, 0 };"),
  sample(
    "SOL_IP",
    "ipPktInfo",
    { interfaceIndex: 2, specificDestination: "10.0.0.1", address: "224.0.0.251" },
    'struct in_pktinfo p = { .ipi_ifindex = 2, .ipi_spec_dst = { inet_addr("10.0.0.1") }, .ipi_addr = { inet_addr("224.0.0.251") } };',
  ),
  sample(
    "SOL_IP",
    "ipRecvErr",
    ERROR,
    `struct { struct sock_extended_err e; struct sockaddr_in a; } p = { { ${ERROR_IN_C} } };`,
  ),
  sample(
    "SOL_IP",
    "ipRecvErr",
    { ...ERROR, offender: { family: "ipv4", address: "192.0.2.1", port: 53 } },
    `struct { struct sock_extended_err e; struct sockaddr_in a; } p = { { ${ERROR_IN_C} }, { .sin_family = AF_INET, .sin_port = htons(53), .sin_addr = { inet_addr("192.0.2.1") } } };`,
  ),
  sample(
    "SOL_IP",
    "ipOrigDstAddr",
    { family: "ipv4", address: "192.0.2.9", port: 8080 },
    'struct sockaddr_in p = { .sin_family = AF_INET, .sin_port = htons(8080), .sin_addr = { inet_addr("192.0.2.9") } };',
  ),
  sample("SOL_IP", "ipChecksum", 0xabcd1234, "__u32 p = 0xabcd1234;"),
  sample("SOL_IP", "ipRecvFragSize", 1480, "int p = 1480;"),
  sample("SOL_IP", "ipProtocol", 255, "int p = 255;"),

  sample(
    "SOL_IPV6",
    "ipv6PktInfo",
    { address: "2001:db8::7", interfaceIndex: 3 },
    `struct in6_pktinfo p = { ${in6("ipi6_addr", 7)}, .ipi6_ifindex = 3 };`,
  ),
  sample("SOL_IPV6", "ipv6HopLimit", -1, "int p = -1;"),
  sample("SOL_IPV6", "ipv6Tclass", 0xb9, "int p = 0xb9;"),
  sample("SOL_IPV6", "ipv6FlowInfo", 0x0b912345, "__u32 p = htonl(0x0b912345);"),
  sample(
    "SOL_IPV6",
    "ipv6HopOpts",
    bytes(59, 0, 5, 2, 0, 0, 1, 0),
    "__u8 p[] = { 59, 0, 5, 2, 0, 0, 1, 0 };",
  ),
  sample(
    "SOL_IPV6",
    "ipv6RtHdrDstOpts",
    bytes(59, 0, 1, 4, 0, 0, 0, 0),
    "__u8 p[] = { 59, 0, 1, 4, 0, 0, 0, 0 };",
  ),
  sample("SOL_IPV6", "ipv6RtHdr", bytes(59, 2, 2, 1), "__u8 p[] = { 59, 2, 2, 1 };"),
  sample(
    "SOL_IPV6",
    "ipv6DstOpts",
    bytes(59, 0, 1, 4, 0, 0, 0, 0),
    "__u8 p[] = { 59, 0, 1, 4, 0, 0, 0, 0 };",
  ),
  sample(
    "SOL_IPV6",
    "ipv6PathMtu",
    { address: { family: "ipv6", address: "2001:db8::1", port: 0, scopeId: 4 }, mtu: 1280 },
    `struct ip6_mtuinfo p = { .ip6m_addr = { .sin6_family = AF_INET6, ${in6("sin6_addr", 1)}, .sin6_scope_id = 4 }, .ip6m_mtu = 1280 };`,
  ),
  sample("SOL_IPV6", "ipv6DontFrag", 1, "int p = 1;"),
  sample(
    "SOL_IPV6",
    "ipv6RecvErr",
    ERROR,
    `struct { struct sock_extended_err e; struct sockaddr_in6 a; } p = { { ${ERROR_IN_C} } };`,
  ),
  sample(
    "SOL_IPV6",
    "ipv6RecvErr",
    { ...ERROR, offender: { family: "ipv6", address: "2001:db8::9", port: 0, flowlabel: 0x12345 } },
    `struct { struct sock_extended_err e; struct sockaddr_in6 a; } p = { { ${ERROR_IN_C} }, { .sin6_family = AF_INET6, .sin6_flowinfo = htonl(0x12345), ${in6("sin6_addr", 9)} } };`,
  ),
  sample(
    "SOL_IPV6",
    "ipv6OrigDstAddr",
    { family: "ipv6", address: "2001:db8::5", port: 443 },
    `struct sockaddr_in6 p = { .sin6_family = AF_INET6, .sin6_port = htons(443), ${in6("sin6_addr", 5)} };`,
  ),
  sample("SOL_IPV6", "ipv6RecvFragSize", 1232, "int p = 1232;"),
  sample(
    "SOL_IPV6",
    "ipv6PktInfo2292",
    { address: "2001:db8::7", interfaceIndex: 3 },
    `struct in6_pktinfo p = { ${in6("ipi6_addr", 7)}, .ipi6_ifindex = 3 };`,
  ),
  sample("SOL_IPV6", "ipv6HopLimit2292", 255, "int p = 255;"),
  sample(
    "SOL_IPV6",
    "ipv6HopOpts2292",
    bytes(59, 0, 5, 2, 0, 0, 1, 0),
    "__u8 p[] = { 59, 0, 5, 2, 0, 0, 1, 0 };",
  ),
  sample(
    "SOL_IPV6",
    "ipv6DstOpts2292",
    bytes(59, 0, 1, 4, 0, 0, 0, 0),
    "__u8 p[] = { 59, 0, 1, 4, 0, 0, 0, 0 };",
  ),
  sample("SOL_IPV6", "ipv6RtHdr2292", bytes(59, 2, 2, 1), "__u8 p[] = { 59, 2, 2, 1 };"),

  sample("SOL_UDP", "udpSegment", 0xfdfd, "__u16 p = 0xfdfd;"),
  sample("SOL_UDP", "udpGro", 1200, "int p = 1200;"),
  sample("SOL_TCP", "tcpInq", 65536, "int p = 65536;"),
  sample("SOL_TLS", "tlsSetRecordType", 22, "__u8 p = 22;"),
  sample("SOL_TLS", "tlsGetRecordType", 23, "__u8 p = 23;"),
  sample(
    "SOL_ALG",
    "algSetIv",
    bytes(1, 2, 3, 4, 5, 6, 7, 8, 9),
    "char p[13]; struct af_alg_iv *iv = (void *)p; iv->ivlen = 9; for (int i = 0; i < 9; i++) iv->iv[i] = i + 1;",
  ),
  sample("SOL_ALG", "algSetOp", 1, "__u32 p = ALG_OP_ENCRYPT;"),
  sample("SOL_ALG", "algSetAeadAssocLen", 13, "__u32 p = 13;"),

  sample(
    "SOL_SCTP",
    "sctpInit",
    { outboundStreams: 10, maxInboundStreams: 20, maxAttempts: 3, maxInitTimeout: 4000 },
    "struct sctp_initmsg p = { .sinit_num_ostreams = 10, .sinit_max_instreams = 20, .sinit_max_attempts = 3, .sinit_max_init_timeo = 4000 };",
  ),
  sample(
    "SOL_SCTP",
    "sctpSndRcv",
    {
      stream: 1,
      ssn: 2,
      flags: 3,
      ppid: 4,
      context: 5,
      timeToLive: 6,
      tsn: 7,
      cumulativeTsn: 8,
      association: -9,
    },
    "static struct sctp_sndrcvinfo p = { .sinfo_stream = 1, .sinfo_ssn = 2, .sinfo_flags = 3, .sinfo_ppid = 4, .sinfo_context = 5, .sinfo_timetolive = 6, .sinfo_tsn = 7, .sinfo_cumtsn = 8, .sinfo_assoc_id = -9 };",
  ),
  sample(
    "SOL_SCTP",
    "sctpSndInfo",
    { stream: 1, flags: 2, ppid: 3, context: 4, association: 5 },
    "struct sctp_sndinfo p = { .snd_sid = 1, .snd_flags = 2, .snd_ppid = 3, .snd_context = 4, .snd_assoc_id = 5 };",
  ),
  sample(
    "SOL_SCTP",
    "sctpRcvInfo",
    { stream: 1, ssn: 2, flags: 3, ppid: 4, tsn: 5, cumulativeTsn: 6, context: 7, association: 8 },
    "static struct sctp_rcvinfo p = { .rcv_sid = 1, .rcv_ssn = 2, .rcv_flags = 3, .rcv_ppid = 4, .rcv_tsn = 5, .rcv_cumtsn = 6, .rcv_context = 7, .rcv_assoc_id = 8 };",
  ),
  sample(
    "SOL_SCTP",
    "sctpNxtInfo",
    { stream: 1, flags: 2, ppid: 3, length: 4, association: 5 },
    "struct sctp_nxtinfo p = { .nxt_sid = 1, .nxt_flags = 2, .nxt_ppid = 3, .nxt_length = 4, .nxt_assoc_id = 5 };",
  ),
  sample(
    "SOL_SCTP",
    "sctpPrInfo",
    { policy: 0x10, value: 5000 },
    "struct sctp_prinfo p = {}; p.pr_policy = 0x10; p.pr_value = 5000;",
  ),
  sample(
    "SOL_SCTP",
    "sctpAuthInfo",
    { keyNumber: 513 },
    "struct sctp_authinfo p = { .auth_keynumber = 513 };",
  ),
  sample("SOL_SCTP", "sctpDstAddrV4", "198.51.100.7", 'struct in_addr p = { inet_addr("198.51.100.7") };'),
  sample(
    "SOL_SCTP",
    "sctpDstAddrV6",
    "2001:db8::3",
    "struct in6_addr p = { { { 0x20, 1, 0xd, 0xb8, [15] = 3 } } };",
  ),

  sample(
    "SOL_RDS",
    "rdsRdmaArgs",
    {
      cookie: 1n,
      remote: { address: 2n, bytes: 3n },
      localVectorAddress: 4n,
      localCount: 5n,
      flags: 6n,
      userToken: 7n,
    },
    "struct rds_rdma_args p = { .cookie = 1, .remote_vec = { 2, 3 }, .local_vec_addr = 4, .nr_local = 5, .flags = 6, .user_token = 7 };",
  ),
  sample("SOL_RDS", "rdsRdmaDest", 0x1122334455667788n, "__u64 p = 0x1122334455667788;"),
  sample(
    "SOL_RDS",
    "rdsRdmaMap",
    { vector: { address: 1n, bytes: 2n }, cookieAddress: 3n, flags: 4n },
    "struct rds_get_mr_args p = { .vec = { 1, 2 }, .cookie_addr = 3, .flags = 4 };",
  ),
  sample(
    "SOL_RDS",
    "rdsRdmaStatus",
    { userToken: 1n, status: -5 },
    "struct rds_rdma_notify p; memset(&p, 0, sizeof p); p.user_token = 1; p.status = -5;",
  ),
  sample("SOL_RDS", "rdsCongUpdate", 1n << 63n, "__u64 p = 1ull << 63;"),
  sample("SOL_RDS", "rdsAtomicFadd", { ...COOKIE, add: 9n }, atomic(".fadd = { 9 }")),
  sample("SOL_RDS", "rdsAtomicCswp", { ...COOKIE, compare: 9n, swap: 10n }, atomic(".cswp = { 9, 10 }")),
  sample(
    "SOL_RDS",
    "rdsMaskedAtomicFadd",
    { ...COOKIE, add: 9n, nocarryMask: 10n },
    atomic(".m_fadd = { 9, 10 }"),
  ),
  sample(
    "SOL_RDS",
    "rdsMaskedAtomicCswp",
    { ...COOKIE, compare: 9n, swap: 10n, compareMask: 11n, swapMask: 12n },
    atomic(".m_cswp = { 9, 10, 11, 12 }"),
  ),
  sample(
    "SOL_RDS",
    "rdsRxPathLatency",
    { count: 3, positions: [0, 1, 2], traces: [10n, 20n, 30n] },
    "struct rds_cmsg_rx_trace p; memset(&p, 0, sizeof p); p.rx_traces = 3; for (int i = 0; i < 3; i++) { p.rx_trace_pos[i] = i; p.rx_trace[i] = 10 * (i + 1); }",
  ),
  sample("SOL_RDS", "rdsZcopyCookie", 77, "__u32 p = 77;"),
  sample(
    "SOL_RDS",
    "rdsZcopyCompletion",
    { count: 2, cookies: [5, 6, 0, 0, 0, 0, 0, 0] },
    "struct rds_zcopy_cookies p = { .num = 2, .cookies = { 5, 6 } };",
  ),

  sample("SOL_NETLINK", "netlinkPktInfo", { group: 5 }, "struct nl_pktinfo p = { .group = 5 };"),
  sample("SOL_NETLINK", "netlinkListenAllNsid", -1, "int p = -1;"),
  sample(
    "SOL_PACKET",
    "packetAuxData",
    { status: 1, length: 1500, snapLength: 96, mac: 14, net: 28, vlanTci: 0x2064, vlanTpid: 0x8100 },
    "struct tpacket_auxdata p = { .tp_status = 1, .tp_len = 1500, .tp_snaplen = 96, .tp_mac = 14, .tp_net = 28, .tp_vlan_tci = 0x2064, .tp_vlan_tpid = 0x8100 };",
  ),
  sample("SOL_PACKET", "packetTxTimestamp", ERROR, error),
  sample("SOL_VSOCK", "vsockRecvErr", ERROR, error),
  sample("SOL_CAN_RAW", "canRawErrQueue", ERROR, error),
  sample("SOL_CAN_J1939", "j1939DestAddr", 0x80, "__u8 p = 0x80;"),
  sample("SOL_CAN_J1939", "j1939DestName", 0x8000000000000001n, "name_t p = 0x8000000000000001;"),
  sample("SOL_CAN_J1939", "j1939Prio", 6, "__u8 p = 6;"),
  sample("SOL_CAN_J1939", "j1939ErrQueue", ERROR, error),
  sample(
    "SOL_LLC",
    "llcPktInfo",
    { interfaceIndex: 2, sap: 0x42, mac: "01:80:c2:00:00:0e" },
    'struct llc_pktinfo p; memset(&p, 0, sizeof p); p.lpi_ifindex = 2; p.lpi_sap = 0x42; memcpy(p.lpi_mac, "\\x01\\x80\\xc2\\0\\0\\x0e", 6);',
  ),

  sample("SOL_BLUETOOTH", "btPktStatus", 1, "__u8 p = 1;"),
  sample("SOL_BLUETOOTH", "btError", ERROR, error),
  sample("SOL_HCI", "hciDir", 1, "int p = 1;"),
  sample("SOL_HCI", "hciTstamp", inMicroseconds(SOON), "struct timeval p = { 1792000000, 123456 };"),
  sample("SOL_TIPC", "tipcErrInfo", { code: 2, length: 100 }, "__u32 p[2] = { 2, 100 };"),
  sample("SOL_TIPC", "tipcRetData", bytes(1, 2, 3), "__u8 p[] = { 1, 2, 3 };"),
  sample(
    "SOL_TIPC",
    "tipcDestName",
    { type: 18888, lower: 17, upper: 18 },
    "struct tipc_service_range p = { 18888, 17, 18 };",
  ),
  sample("SOL_RXRPC", "rxrpcUserCallId", 0xfffffff0n, "unsigned long p = 0xfffffff0;"),
  sample("SOL_RXRPC", "rxrpcAbort", 4, "__u32 p = 4;"),
  sample("SOL_RXRPC", "rxrpcAck", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcNetError", 111, "__u32 p = 111;"),
  sample("SOL_RXRPC", "rxrpcBusy", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcLocalError", 12, "__u32 p = 12;"),
  sample("SOL_RXRPC", "rxrpcNewCall", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcExclusiveCall", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcUpgradeService", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcTxLength", -1n, "__s64 p = -1;"),
  sample("SOL_RXRPC", "rxrpcSetCallTimeout", [30, 5000], "__u32 p[] = { 30, 5000 };"),
  sample("SOL_RXRPC", "rxrpcChargeAccept", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcOobId", 1n << 40n, "__u64 p = 1ull << 40;"),
  sample(
    "SOL_RXRPC",
    "rxrpcChallenged",
    bytes(1, 2, 3, 0, 5, 0, 0, 0),
    "__u8 p[] = { 1, 2, 3, 0, 5, 0, 0, 0 };",
  ),
  sample("SOL_RXRPC", "rxrpcRespond", null, "char p;", "0"),
  sample("SOL_RXRPC", "rxrpcResponded", bytes(9, 8, 7), "__u8 p[] = { 9, 8, 7 };"),
  sample("SOL_RXRPC", "rxrpcRespRxgkAppData", bytes(4, 5), "__u8 p[] = { 4, 5 };"),
  sample("SOL_IEEE802154", "wpanLqi", 200, "__u8 p = 200;"),
  sample("SOL_IUCV", "iucvTrgCls", 9, "__u32 p = 9;"),
  sample("SOL_MISDN", "misdnTimestamp", inMicroseconds(SOON), "struct timeval p = { 1792000000, 123456 };"),
];
