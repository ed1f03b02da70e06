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
} from "../constants/timestamping.js";
import { attributes } from "../wire/attributes.js";
import { i32, u32, u64 } from "../wire/integers.js";
import { array } from "../wire/list.js";
import type { Payload } from "../wire/payload.js";
import { struct } from "../wire/struct.js";
import { text } from "../wire/text.js";
import { oldTimespec, oldTimeval, timespec64, timeval64 } from "../wire/times.js";
import { ucred } from "../wire/ucred.js";
import type { DeliveringTypes } from "./entry.js";
import { level } from "./level.js";
import { descriptors } from "./rights.js";
import { RECEIVE_STAMPS } from "./stamps.js";

/** Families whose recvmsg(2) calls sock_recv_cmsgs(), include/net/sock.h. */
const RECEIVING = [
  "ipv4",
  "ipv6",
  "packet",
  "can",
  "bluetooth",
  "ieee802154",
] as const satisfies AddressFamilyName[];
/** TCP delivers only times of arrival: tcp_recv_timestamp(), net/ipv4/tcp.c. */
const NOT_TCP: DeliveringTypes = { ipv4: ["dgram", "raw", "seqpacket"], ipv6: ["dgram", "raw", "seqpacket"] };

/**
 * Room for a security label. The kernel sets no limit. /proc/PID/attr accepts one page, which is far more than any policy uses.
 */
export const LABEL_RESERVE = 4096;
/** Room for tcp_get_timestamping_opt_stats(), net/ipv4/tcp.c: some thirty attributes of up to 12 bytes. */
const STATS_RESERVE = 512;
/** MAX_SKB_FRAGS, include/linux/skbuff.h. If the control buffer is full, the rest comes with the next receive. */
const MAX_FRAGMENTS = 17;

const timestamps = (ctype: string, time: Payload<bigint>) =>
  // The second time was the hardware's, converted to system time. Since Linux 3.17, the kernel does not fill it in.
  ({ ...struct("", { software: time, legacy: time, hardware: time }), ctype });
const scmTimestamping64 = timestamps("struct scm_timestamping64", timespec64);
const scmTimestamping = timestamps("struct scm_timestamping", oldTimespec);

const dmabuf = struct("dmabuf_cmsg", {
  fragOffset: u64,
  fragSize: u32,
  fragToken: u32,
  dmabufId: u32,
  flags: u32,
});

const unix = level({ SOL_SOCKET }, { source: "unix(7)", families: ["unix"] });
const devmem = level(
  { SOL_SOCKET },
  {
    source: "Documentation/networking/devmem.rst",
    families: ["ipv4", "ipv6"],
  },
);
const arrivals = level(
  { SOL_SOCKET },
  {
    source: "socket(7)",
    families: [...RECEIVING, "unix"],
    types: { unix: ["dgram", "seqpacket"] },
  },
);
const packets = level({ SOL_SOCKET }, { source: "socket(7)", families: RECEIVING, types: NOT_TCP });
const stamps = level(
  { SOL_SOCKET },
  {
    source: "Documentation/networking/timestamping.rst",
    families: ["ipv4", "ipv6", "packet", "can", "bluetooth"],
  },
);

/** The control messages of SOL_SOCKET. */
export const socketMessages = () => ({
  /** Descriptors, at most 253. The receiver gets new descriptors, and must close them.
   * SCM_RIGHTS (1) of SOL_SOCKET: int[], sent and received. Since Linux 2.2. Source: unix(7). */
  rights: unix.both({ SCM_RIGHTS }, "2.2", descriptors),
  /** The sender's process, user and group, checked by the kernel.
   * SCM_CREDENTIALS (2) of SOL_SOCKET: struct ucred, sent and received, switched on by SO_PASSCRED. Since Linux 2.2. Source:
   * unix(7). */
  credentials: unix.both({ SCM_CREDENTIALS }, "2.2", ucred, {
    enable: { SO_PASSCRED },
    families: ["unix", "netlink", "bluetooth"],
  }),
  /** The sender's label, given by its security module: SELinux, AppArmor, Smack.
   * SCM_SECURITY (3) of SOL_SOCKET: char[], received, switched on by SO_PASSSEC. Since Linux 2.6.18. Source: unix(7). */
  security: unix.receive({ SCM_SECURITY }, "2.6.18", text("char[]", LABEL_RESERVE), {
    enable: { SO_PASSSEC },
  }),
  /** A descriptor (pidfd) of the sender's process, which the receiver must close. A negative errno if the process is gone.
   * SCM_PIDFD (4) of SOL_SOCKET: int, received, switched on by SO_PASSPIDFD. Since Linux 6.5. Source: unix(7). */
  pidfd: unix.receive({ SCM_PIDFD }, "6.5", i32, { enable: { SO_PASSPIDFD } }),
  /** When the packet came, in nanoseconds since 1970 with a resolution of a microsecond. Safe beyond 2038.
   * SO_TIMESTAMP_NEW (63) of SOL_SOCKET: struct __kernel_sock_timeval, received, switched on by SO_TIMESTAMP_NEW. Since Linux 5.1.
   * Source: socket(7). */
  timestamp: arrivals.receive({ SO_TIMESTAMP_NEW }, "5.1", timeval64, {
    enable: { SO_TIMESTAMP_NEW },
    families: [...RECEIVING, "unix", "rds"],
    stamps: { of: "arrival", wide: true },
  }),
  /** When the packet came, in nanoseconds since 1970. Safe beyond 2038.
   * SO_TIMESTAMPNS_NEW (64) of SOL_SOCKET: struct __kernel_timespec, received, switched on by SO_TIMESTAMPNS_NEW. Since Linux 5.1.
   * Source: socket(7). */
  timestampNs: arrivals.receive({ SO_TIMESTAMPNS_NEW }, "5.1", timespec64, {
    enable: { SO_TIMESTAMPNS_NEW },
    stamps: { of: "arrival", wide: true },
  }),
  /** The packet's timestamps in nanoseconds; 0n means that there is none. With MSG_ERRQUEUE, those of a sent packet. Safe beyond
   * 2038.
   * SO_TIMESTAMPING_NEW (65) of SOL_SOCKET: struct scm_timestamping64, received, switched on by SO_TIMESTAMPING_NEW with
   * RX_HARDWARE, RX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 5.1. Source: Documentation/networking/timestamping.rst. */
  timestamping: arrivals.receive({ SO_TIMESTAMPING_NEW }, "5.1", scmTimestamping64, {
    enable: [{ SO_TIMESTAMPING_NEW }, RECEIVE_STAMPS],
    source: "Documentation/networking/timestamping.rst",
    types: { unix: ["seqpacket"] },
    stamps: { of: "packet", wide: true },
  }),
  /** Which transmit timestamps to make for this one message: SOF_TIMESTAMPING_TX_*.
   * SO_TIMESTAMPING_NEW (65) of SOL_SOCKET: __u32, sent. Since Linux 5.1. Source: Documentation/networking/timestamping.rst. */
  timestampingFlags: stamps.send({ SO_TIMESTAMPING_NEW }, "5.1", u32),
  /** As `timestamp`, but every kernel has it, and in 32-bit programs it ends in 2038.
   * SO_TIMESTAMP_OLD (29) of SOL_SOCKET: struct __kernel_old_timeval, received, switched on by SO_TIMESTAMP_OLD. Since Linux 2.2.
   * Source: socket(7). */
  timestampOld: arrivals.receive({ SO_TIMESTAMP_OLD }, "2.2", oldTimeval, {
    enable: { SO_TIMESTAMP_OLD },
    families: [...RECEIVING, "unix", "rds"],
    stamps: { of: "arrival", wide: false },
  }),
  /** As `timestampNs`, but older kernels have it, too, and in 32-bit programs it ends in 2038.
   * SO_TIMESTAMPNS_OLD (35) of SOL_SOCKET: struct __kernel_old_timespec, received, switched on by SO_TIMESTAMPNS_OLD. Since Linux
   * 2.6.22. Source: socket(7). */
  timestampNsOld: arrivals.receive({ SO_TIMESTAMPNS_OLD }, "2.6.22", oldTimespec, {
    enable: { SO_TIMESTAMPNS_OLD },
    stamps: { of: "arrival", wide: false },
  }),
  /** As `timestamping`, but older kernels have it, too, and in 32-bit programs it ends in 2038.
   * SO_TIMESTAMPING_OLD (37) of SOL_SOCKET: struct scm_timestamping, received, switched on by SO_TIMESTAMPING_OLD with RX_HARDWARE,
   * RX_SOFTWARE, SOFTWARE, RAW_HARDWARE. Since Linux 2.6.30. Source: Documentation/networking/timestamping.rst. */
  timestampingOld: arrivals.receive({ SO_TIMESTAMPING_OLD }, "2.6.30", scmTimestamping, {
    enable: [{ SO_TIMESTAMPING_OLD }, RECEIVE_STAMPS],
    source: "Documentation/networking/timestamping.rst",
    types: { unix: ["seqpacket"] },
    stamps: { of: "packet", wide: false },
  }),
  /** As `timestampingFlags`, for a socket with SO_TIMESTAMPING_OLD.
   * SO_TIMESTAMPING_OLD (37) of SOL_SOCKET: __u32, sent. Since Linux 4.7. Source: Documentation/networking/timestamping.rst. */
  timestampingFlagsOld: stamps.send({ SO_TIMESTAMPING_OLD }, "4.7", u32),
  /** TCP's statistics when a transmit timestamp was made: netlink attributes, TCP_NLA_*.
   * SCM_TIMESTAMPING_OPT_STATS (54) of SOL_SOCKET: struct nlattr[], received with MSG_ERRQUEUE, switched on by SO_TIMESTAMPING_NEW
   * with OPT_TSONLY, OPT_STATS. Since Linux 4.10. Source: Documentation/networking/timestamping.rst. */
  timestampingOptStats: stamps.errorQueue({ SCM_TIMESTAMPING_OPT_STATS }, "4.10", attributes(STATS_RESERVE), {
    enable: [{ SO_TIMESTAMPING_NEW }, SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY],
    families: ["ipv4", "ipv6"],
  }),
  /** The interface that the packet came in on, and the packet's length there. Delivered only with a hardware timestamp.
   * SCM_TIMESTAMPING_PKTINFO (58) of SOL_SOCKET: struct scm_ts_pktinfo, received, switched on by SO_TIMESTAMPING_NEW with
   * RX_HARDWARE, RX_SOFTWARE, SOFTWARE, RAW_HARDWARE, OPT_PKTINFO. Since Linux 4.13. Source:
   * Documentation/networking/timestamping.rst. */
  timestampingPktInfo: packets.receive(
    { SCM_TIMESTAMPING_PKTINFO },
    "4.13",
    struct("scm_ts_pktinfo", { interfaceIndex: u32, packetLength: u32, _reserved: array(u32, 2) }),
    {
      enable: [{ SO_TIMESTAMPING_NEW }, RECEIVE_STAMPS | SOF_TIMESTAMPING_OPT_PKTINFO],
      source: "Documentation/networking/timestamping.rst",
    },
  ),
  /** When the packet is to leave, in nanoseconds of the clock that SO_TXTIME chose.
   * SCM_TXTIME (61) of SOL_SOCKET: __u64, sent. Since Linux 4.19. Source: net/core/sock.c. */
  txTime: stamps.send({ SCM_TXTIME }, "4.19", u64, {
    source: "net/core/sock.c",
    families: ["ipv4", "ipv6", "packet", "can"],
  }),
  /** The id of this message's transmit timestamps. It replaces a counter.
   * SCM_TS_OPT_ID (81) of SOL_SOCKET: __u32, sent. Since Linux 6.13. Source: Documentation/networking/timestamping.rst. */
  tsOptId: stamps.send({ SCM_TS_OPT_ID }, "6.13", u32),
  /** 1: the peer has acknowledged the sent frame. 0: it has not.
   * SCM_WIFI_STATUS (41) of SOL_SOCKET: int, received with MSG_ERRQUEUE, switched on by SO_WIFI_STATUS. Since Linux 3.3. Source:
   * net/core/skbuff.c. */
  wifiStatus: stamps.errorQueue({ SCM_WIFI_STATUS }, "3.3", i32, {
    enable: { SO_WIFI_STATUS },
    source: "net/core/skbuff.c",
    families: ["ipv4", "ipv6", "packet"],
  }),
  /** How many packets this socket has lost because its receive buffer was full. Absent until it has lost one.
   * SO_RXQ_OVFL (40) of SOL_SOCKET: __u32, received, switched on by SO_RXQ_OVFL. Since Linux 2.6.33. Source: socket(7). */
  rxqOvfl: packets.receive({ SO_RXQ_OVFL }, "2.6.33", u32, { enable: { SO_RXQ_OVFL } }),
  /** The packet's mark, for routing and filtering. On IP sockets it can be sent since Linux 5.4.
   * SO_MARK (36) of SOL_SOCKET: __u32, sent and received, switched on by SO_RCVMARK. Sending needs CAP_NET_RAW or CAP_NET_ADMIN.
   * Since Linux 5.19, sent since 4.3. Source: socket(7). */
  mark: packets.both({ SO_MARK }, "5.19", u32, {
    enable: { SO_RCVMARK },
    privilege: "CAP_NET_RAW or CAP_NET_ADMIN",
    sentSince: "4.3",
  }),
  /** The packet's priority, for queueing.
   * SO_PRIORITY (12) of SOL_SOCKET: __u32, sent and received, switched on by SO_RCVPRIORITY. Sending needs CAP_NET_RAW or
   * CAP_NET_ADMIN above 6. Since Linux 6.14. Source: socket(7). */
  priority: packets.both({ SO_PRIORITY }, "6.14", u32, {
    enable: { SO_RCVPRIORITY },
    privilege: "CAP_NET_RAW or CAP_NET_ADMIN above 6",
  }),
  /** Describes bytes that came in ordinary memory, although the socket receives into device memory (MSG_SOCK_DEVMEM).
   * SO_DEVMEM_LINEAR (78) of SOL_SOCKET: struct dmabuf_cmsg, received. Since Linux 6.12. Source:
   * Documentation/networking/devmem.rst. */
  devmemLinear: devmem.receive({ SO_DEVMEM_LINEAR }, "6.12", dmabuf, { repeats: MAX_FRAGMENTS }),
  /** The position of the bytes in device memory. Give the token back with SO_DEVMEM_DONTNEED.
   * SO_DEVMEM_DMABUF (79) of SOL_SOCKET: struct dmabuf_cmsg, received. Since Linux 6.12. Source:
   * Documentation/networking/devmem.rst. */
  devmemDmabuf: devmem.receive({ SO_DEVMEM_DMABUF }, "6.12", dmabuf, { repeats: MAX_FRAGMENTS }),
  /** The device memory that contains the bytes to send.
   * SO_DEVMEM_DMABUF (79) of SOL_SOCKET: __u32, sent. Since Linux 6.16. Source: Documentation/networking/devmem.rst. */
  devmemDmabufId: devmem.send({ SO_DEVMEM_DMABUF }, "6.16", u32),
  /** How many bytes are left to read, on a Unix stream.
   * SCM_INQ (84) of SOL_SOCKET: int, received, switched on by SO_INQ. Since Linux 6.17. Source: net/unix/af_unix.c. */
  inq: unix.receive({ SCM_INQ }, "6.17", i32, { enable: { SO_INQ }, source: "net/unix/af_unix.c" }),
});
