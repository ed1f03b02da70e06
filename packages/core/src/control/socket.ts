import type { AddressFamilyName } from "../address/family.js";
import { SOL_SOCKET } from "../constants/levels.js";
import {
  SCM_CREDENTIALS,
  SCM_INQ,
  SCM_PIDFD,
  SCM_RIGHTS,
  SCM_SECURITY,
  SCM_TIMESTAMPING_OPT_STATS,
  SCM_TIMESTAMPING_PKTINFO,
  SCM_TS_OPT_ID,
  SCM_TXTIME,
  SCM_WIFI_STATUS,
  SO_DEVMEM_DMABUF,
  SO_DEVMEM_LINEAR,
  SO_INQ,
  SO_MARK,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SO_PASSSEC,
  SO_PRIORITY,
  SO_RCVMARK,
  SO_RCVPRIORITY,
  SO_RXQ_OVFL,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPING_OLD,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMPNS_OLD,
  SO_WIFI_STATUS,
} from "../constants/socket.js";
import {
  SOF_TIMESTAMPING_OPT_PKTINFO,
  SOF_TIMESTAMPING_OPT_STATS,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
} from "../constants/timestamping.js";
import { i32, u32, u64 } from "../wire/integers.js";
import { array } from "../wire/list.js";
import type { Payload } from "../wire/payload.js";
import { struct } from "../wire/struct.js";
import { text } from "../wire/text.js";
import { oldTimespec, oldTimeval, timespec64, timeval64 } from "../wire/times.js";
import { ucred } from "../wire/ucred.js";
import { attributes } from "./attributes.js";
import type { ControlEntries, DeliveringTypes } from "./entry.js";
import { descriptors } from "./rights.js";

/** Families whose recvmsg(2) calls sock_recv_cmsgs(), include/net/sock.h. */
const RECEIVING = [
  "ipv4",
  "ipv6",
  "packet",
  "can",
  "bluetooth",
  "ieee802154",
] as const satisfies AddressFamilyName[];
/** TCP has times of arrival alone: tcp_recv_timestamp(), net/ipv4/tcp.c. */
const NOT_TCP: DeliveringTypes = { ipv4: ["dgram", "raw", "seqpacket"], ipv6: ["dgram", "raw", "seqpacket"] };

/** What came, stamped by hardware and by the kernel. */
const RECEIVE_STAMPS =
  SOF_TIMESTAMPING_RX_HARDWARE |
  SOF_TIMESTAMPING_RX_SOFTWARE |
  SOF_TIMESTAMPING_RAW_HARDWARE |
  SOF_TIMESTAMPING_SOFTWARE;

/**
 * Room for a security label. The kernel sets no limit; a page is what /proc/PID/attr takes, and far more than any policy uses.
 */
export const LABEL_ROOM = 4096;
/** Room for tcp_get_timestamping_opt_stats(), net/ipv4/tcp.c: some thirty attributes of up to 12 bytes. */
const STATS_ROOM = 512;
/** MAX_SKB_FRAGS, include/linux/skbuff.h. The kernel stops at the control buffer's end and goes on at the next receive. */
const MAX_FRAGMENTS = 17;

const timestamps = (ctype: string, time: Payload<bigint>) =>
  // The one in the middle was the hardware's, converted to system time: no kernel since 3.17 fills it in.
  ({ ...struct("", { software: time, legacy: time, hardware: time }), ctype });

const dmabuf = struct("dmabuf_cmsg", {
  fragOffset: u64,
  fragSize: u32,
  fragToken: u32,
  dmabufId: u32,
  flags: u32,
});

/** The control messages of SOL_SOCKET. */
export const socketMessages = {
  /** Descriptors, at most 253. What the receiver gets are new ones, its own to close.
   * SCM_RIGHTS (1) of SOL_SOCKET: int[], sent and received. Since Linux 2.2. Source: unix(7). */
  rights: {
    level: SOL_SOCKET,
    type: SCM_RIGHTS,
    constant: "SCM_RIGHTS",
    direction: "both",
    since: "2.2",
    source: "unix(7)",
    families: ["unix"],
    payload: descriptors,
  },
  /** The sender's process, user and group, checked by the kernel.
   * SCM_CREDENTIALS (2) of SOL_SOCKET: struct ucred, sent and received, switched on by SO_PASSCRED. Since Linux 2.2. Source: unix(7). */
  credentials: {
    level: SOL_SOCKET,
    type: SCM_CREDENTIALS,
    constant: "SCM_CREDENTIALS",
    direction: "both",
    enable: { level: SOL_SOCKET, option: SO_PASSCRED },
    since: "2.2",
    source: "unix(7)",
    families: ["unix", "netlink", "bluetooth"],
    payload: ucred,
  },
  /** The sender's label, given by its security module: SELinux, AppArmor, Smack.
   * SCM_SECURITY (3) of SOL_SOCKET: char[], received, switched on by SO_PASSSEC. Since Linux 2.6.18. Source: unix(7). */
  security: {
    level: SOL_SOCKET,
    type: SCM_SECURITY,
    constant: "SCM_SECURITY",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_PASSSEC },
    since: "2.6.18",
    source: "unix(7)",
    families: ["unix"],
    payload: text("char[]", LABEL_ROOM),
  },
  /** A descriptor of the sender's process, the receiver's to close; a negative errno if the process is gone.
   * SCM_PIDFD (4) of SOL_SOCKET: int, received, switched on by SO_PASSPIDFD. Since Linux 6.5. Source: unix(7). */
  pidfd: {
    level: SOL_SOCKET,
    type: SCM_PIDFD,
    constant: "SCM_PIDFD",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_PASSPIDFD },
    since: "6.5",
    source: "unix(7)",
    families: ["unix"],
    payload: i32,
  },
  /** When the packet came, in nanoseconds since 1970 with a resolution of a microsecond. Safe beyond 2038.
   * SO_TIMESTAMP_NEW (63) of SOL_SOCKET: struct __kernel_sock_timeval, received, switched on by SO_TIMESTAMP_NEW. Since Linux 5.1. Source: socket(7). */
  timestamp: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMP_NEW,
    constant: "SO_TIMESTAMP_NEW",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMP_NEW },
    since: "5.1",
    source: "socket(7)",
    families: [...RECEIVING, "unix", "rds"],
    types: { unix: ["dgram", "seqpacket"] },
    payload: timeval64,
  },
  /** When the packet came, in nanoseconds since 1970. Safe beyond 2038.
   * SO_TIMESTAMPNS_NEW (64) of SOL_SOCKET: struct __kernel_timespec, received, switched on by SO_TIMESTAMPNS_NEW. Since Linux 5.1. Source: socket(7). */
  timestampNs: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPNS_NEW,
    constant: "SO_TIMESTAMPNS_NEW",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPNS_NEW },
    since: "5.1",
    source: "socket(7)",
    families: [...RECEIVING, "unix"],
    types: { unix: ["dgram", "seqpacket"] },
    payload: timespec64,
  },
  /** The packet's timestamps in nanoseconds, 0n where there is none; of what was sent, with MSG_ERRQUEUE. Safe beyond 2038.
   * SO_TIMESTAMPING_NEW (65) of SOL_SOCKET: struct scm_timestamping64, received, switched on by SO_TIMESTAMPING_NEW with RX_HARDWARE, RX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 5.1. Source: Documentation/networking/timestamping.rst. */
  timestamping: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPING_NEW,
    constant: "SO_TIMESTAMPING_NEW",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW, value: RECEIVE_STAMPS },
    since: "5.1",
    source: "Documentation/networking/timestamping.rst",
    families: [...RECEIVING, "unix"],
    types: { unix: ["seqpacket"] },
    payload: timestamps("struct scm_timestamping64", timespec64),
  },
  /** Which transmit timestamps to make for this one message: SOF_TIMESTAMPING_TX_*.
   * SO_TIMESTAMPING_NEW (65) of SOL_SOCKET: __u32, sent. Since Linux 5.1. Source: Documentation/networking/timestamping.rst. */
  timestampingFlags: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPING_NEW,
    constant: "SO_TIMESTAMPING_NEW",
    direction: "send",
    since: "5.1",
    source: "Documentation/networking/timestamping.rst",
    families: ["ipv4", "ipv6", "packet", "can", "bluetooth"],
    payload: u32,
  },
  /** As `timestamp`, but of every kernel, and ending in 2038 in 32-bit programs.
   * SO_TIMESTAMP_OLD (29) of SOL_SOCKET: struct __kernel_old_timeval, received, switched on by SO_TIMESTAMP_OLD. Since Linux 2.2. Source: socket(7). */
  timestampOld: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMP_OLD,
    constant: "SO_TIMESTAMP_OLD",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMP_OLD },
    since: "2.2",
    source: "socket(7)",
    families: [...RECEIVING, "unix", "rds"],
    types: { unix: ["dgram", "seqpacket"] },
    payload: oldTimeval,
  },
  /** As `timestampNs`, but of older kernels too, and ending in 2038 in 32-bit programs.
   * SO_TIMESTAMPNS_OLD (35) of SOL_SOCKET: struct __kernel_old_timespec, received, switched on by SO_TIMESTAMPNS_OLD. Since Linux 2.6.22. Source: socket(7). */
  timestampNsOld: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPNS_OLD,
    constant: "SO_TIMESTAMPNS_OLD",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPNS_OLD },
    since: "2.6.22",
    source: "socket(7)",
    families: [...RECEIVING, "unix"],
    types: { unix: ["dgram", "seqpacket"] },
    payload: oldTimespec,
  },
  /** As `timestamping`, but of older kernels too, and ending in 2038 in 32-bit programs.
   * SO_TIMESTAMPING_OLD (37) of SOL_SOCKET: struct scm_timestamping, received, switched on by SO_TIMESTAMPING_OLD with RX_HARDWARE, RX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 2.6.30. Source: Documentation/networking/timestamping.rst. */
  timestampingOld: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPING_OLD,
    constant: "SO_TIMESTAMPING_OLD",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_TIMESTAMPING_OLD, value: RECEIVE_STAMPS },
    since: "2.6.30",
    source: "Documentation/networking/timestamping.rst",
    families: [...RECEIVING, "unix"],
    types: { unix: ["seqpacket"] },
    payload: timestamps("struct scm_timestamping", oldTimespec),
  },
  /** As `timestampingFlags`, for a socket with SO_TIMESTAMPING_OLD.
   * SO_TIMESTAMPING_OLD (37) of SOL_SOCKET: __u32, sent. Since Linux 4.7. Source: Documentation/networking/timestamping.rst. */
  timestampingFlagsOld: {
    level: SOL_SOCKET,
    type: SO_TIMESTAMPING_OLD,
    constant: "SO_TIMESTAMPING_OLD",
    direction: "send",
    since: "4.7",
    source: "Documentation/networking/timestamping.rst",
    families: ["ipv4", "ipv6", "packet", "can", "bluetooth"],
    payload: u32,
  },
  /** TCP's statistics when a transmit timestamp was made: netlink attributes, TCP_NLA_*.
   * SCM_TIMESTAMPING_OPT_STATS (54) of SOL_SOCKET: struct nlattr[], received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW with OPT_TSONLY, OPT_STATS. Since Linux 4.10. Source: Documentation/networking/timestamping.rst. */
  timestampingOptStats: {
    level: SOL_SOCKET,
    type: SCM_TIMESTAMPING_OPT_STATS,
    constant: "SCM_TIMESTAMPING_OPT_STATS",
    direction: "errorQueue",
    enable: {
      level: SOL_SOCKET,
      option: SO_TIMESTAMPING_NEW,
      value: SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY,
    },
    since: "4.10",
    source: "Documentation/networking/timestamping.rst",
    families: ["ipv4", "ipv6"],
    payload: attributes(STATS_ROOM),
  },
  /** Where the packet came in, and its length there. Only with a timestamp of the hardware.
   * SCM_TIMESTAMPING_PKTINFO (58) of SOL_SOCKET: struct scm_ts_pktinfo, received, switched on by SO_TIMESTAMPING_NEW with RX_HARDWARE, RX_SOFTWARE, SOFTWARE, RAW_HARDWARE, OPT_PKTINFO. Since Linux 4.13. Source: Documentation/networking/timestamping.rst. */
  timestampingPktinfo: {
    level: SOL_SOCKET,
    type: SCM_TIMESTAMPING_PKTINFO,
    constant: "SCM_TIMESTAMPING_PKTINFO",
    direction: "receive",
    enable: {
      level: SOL_SOCKET,
      option: SO_TIMESTAMPING_NEW,
      value: RECEIVE_STAMPS | SOF_TIMESTAMPING_OPT_PKTINFO,
    },
    since: "4.13",
    source: "Documentation/networking/timestamping.rst",
    families: RECEIVING,
    types: NOT_TCP,
    payload: struct("scm_ts_pktinfo", { interfaceIndex: u32, packetLength: u32, _reserved: array(u32, 2) }),
  },
  /** When the packet is to leave, in nanoseconds of the clock that SO_TXTIME chose.
   * SCM_TXTIME (61) of SOL_SOCKET: __u64, sent. Since Linux 4.19. Source: net/core/sock.c. */
  txtime: {
    level: SOL_SOCKET,
    type: SCM_TXTIME,
    constant: "SCM_TXTIME",
    direction: "send",
    since: "4.19",
    source: "net/core/sock.c",
    families: ["ipv4", "ipv6", "packet", "can"],
    payload: u64,
  },
  /** The id that this message's transmit timestamps bear, in place of a counter.
   * SCM_TS_OPT_ID (81) of SOL_SOCKET: __u32, sent. Since Linux 6.13. Source: Documentation/networking/timestamping.rst. */
  tsOptId: {
    level: SOL_SOCKET,
    type: SCM_TS_OPT_ID,
    constant: "SCM_TS_OPT_ID",
    direction: "send",
    since: "6.13",
    source: "Documentation/networking/timestamping.rst",
    families: ["ipv4", "ipv6", "packet", "can", "bluetooth"],
    payload: u32,
  },
  /** Whether the peer has acknowledged the frame: 1, or 0.
   * SCM_WIFI_STATUS (41) of SOL_SOCKET: int, received with MSG_ERRQUEUE, switched on by SO_WIFI_STATUS. Since Linux 3.3. Source: net/core/skbuff.c. */
  wifiStatus: {
    level: SOL_SOCKET,
    type: SCM_WIFI_STATUS,
    constant: "SCM_WIFI_STATUS",
    direction: "errorQueue",
    enable: { level: SOL_SOCKET, option: SO_WIFI_STATUS },
    since: "3.3",
    source: "net/core/skbuff.c",
    families: ["ipv4", "ipv6", "packet"],
    payload: i32,
  },
  /** How many packets this socket has lost for want of room. Only there once it has lost one.
   * SO_RXQ_OVFL (40) of SOL_SOCKET: __u32, received, switched on by SO_RXQ_OVFL. Since Linux 2.6.33. Source: socket(7). */
  rxqOvfl: {
    level: SOL_SOCKET,
    type: SO_RXQ_OVFL,
    constant: "SO_RXQ_OVFL",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_RXQ_OVFL },
    since: "2.6.33",
    source: "socket(7)",
    families: RECEIVING,
    types: NOT_TCP,
    payload: u32,
  },
  /** The packet's mark, for routing and filtering. To set it takes CAP_NET_ADMIN or CAP_NET_RAW, and on IP sockets Linux 5.4.
   * SO_MARK (36) of SOL_SOCKET: __u32, sent and received, switched on by SO_RCVMARK. Since Linux 5.19, sent since 4.3. Source: socket(7). */
  mark: {
    level: SOL_SOCKET,
    type: SO_MARK,
    constant: "SO_MARK",
    direction: "both",
    enable: { level: SOL_SOCKET, option: SO_RCVMARK },
    since: "5.19",
    sentSince: "4.3",
    source: "socket(7)",
    families: RECEIVING,
    types: NOT_TCP,
    payload: u32,
  },
  /** The packet's priority, for queueing. Above 6 it takes CAP_NET_ADMIN or CAP_NET_RAW.
   * SO_PRIORITY (12) of SOL_SOCKET: __u32, sent and received, switched on by SO_RCVPRIORITY. Since Linux 6.14. Source: socket(7). */
  priority: {
    level: SOL_SOCKET,
    type: SO_PRIORITY,
    constant: "SO_PRIORITY",
    direction: "both",
    enable: { level: SOL_SOCKET, option: SO_RCVPRIORITY },
    since: "6.14",
    source: "socket(7)",
    families: RECEIVING,
    types: NOT_TCP,
    payload: u32,
  },
  /** Bytes that came in ordinary memory after all, on a socket that receives into device memory (MSG_SOCK_DEVMEM).
   * SO_DEVMEM_LINEAR (78) of SOL_SOCKET: struct dmabuf_cmsg, received. Since Linux 6.12. Source: Documentation/networking/devmem.rst. */
  devmemLinear: {
    level: SOL_SOCKET,
    type: SO_DEVMEM_LINEAR,
    constant: "SO_DEVMEM_LINEAR",
    direction: "receive",
    since: "6.12",
    source: "Documentation/networking/devmem.rst",
    families: ["ipv4", "ipv6"],
    repeats: MAX_FRAGMENTS,
    payload: dmabuf,
  },
  /** Where in device memory the bytes lie. The token is given back with SO_DEVMEM_DONTNEED.
   * SO_DEVMEM_DMABUF (79) of SOL_SOCKET: struct dmabuf_cmsg, received. Since Linux 6.12. Source: Documentation/networking/devmem.rst. */
  devmemDmabuf: {
    level: SOL_SOCKET,
    type: SO_DEVMEM_DMABUF,
    constant: "SO_DEVMEM_DMABUF",
    direction: "receive",
    since: "6.12",
    source: "Documentation/networking/devmem.rst",
    families: ["ipv4", "ipv6"],
    repeats: MAX_FRAGMENTS,
    payload: dmabuf,
  },
  /** The device memory that the bytes to send lie in.
   * SO_DEVMEM_DMABUF (79) of SOL_SOCKET: __u32, sent. Since Linux 6.16. Source: Documentation/networking/devmem.rst. */
  devmemDmabufId: {
    level: SOL_SOCKET,
    type: SO_DEVMEM_DMABUF,
    constant: "SO_DEVMEM_DMABUF",
    direction: "send",
    since: "6.16",
    source: "Documentation/networking/devmem.rst",
    families: ["ipv4", "ipv6"],
    payload: u32,
  },
  /** How many bytes are left to read, on a Unix stream.
   * SCM_INQ (84) of SOL_SOCKET: int, received, switched on by SO_INQ. Since Linux 6.17. Source: net/unix/af_unix.c. */
  inq: {
    level: SOL_SOCKET,
    type: SCM_INQ,
    constant: "SCM_INQ",
    direction: "receive",
    enable: { level: SOL_SOCKET, option: SO_INQ },
    since: "6.17",
    source: "net/unix/af_unix.c",
    families: ["unix"],
    payload: i32,
  },
} as const satisfies ControlEntries;
