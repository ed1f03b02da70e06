import { SOL_TCP } from "../constants/levels.js";
import {
  TCP_CC_INFO,
  TCP_CONGESTION,
  TCP_CORK,
  TCP_DEFER_ACCEPT,
  TCP_DELACK_MAX_US,
  TCP_FASTOPEN,
  TCP_FASTOPEN_CONNECT,
  TCP_FASTOPEN_KEY,
  TCP_FASTOPEN_NO_COOKIE,
  TCP_INFO,
  TCP_INQ,
  TCP_IS_MPTCP,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_LINGER2,
  TCP_MAXSEG,
  TCP_MD5SIG,
  TCP_MD5SIG_EXT,
  TCP_NODELAY,
  TCP_NOTSENT_LOWAT,
  TCP_QUEUE_SEQ,
  TCP_QUICKACK,
  TCP_REPAIR,
  TCP_REPAIR_OPTIONS,
  TCP_REPAIR_QUEUE,
  TCP_REPAIR_WINDOW,
  TCP_RTO_MAX_MS,
  TCP_RTO_MIN_US,
  TCP_SAVE_SYN,
  TCP_SAVED_SYN,
  TCP_SYNCNT,
  TCP_THIN_DUPACK,
  TCP_THIN_LINEAR_TIMEOUTS,
  TCP_TIMESTAMP,
  TCP_TX_DELAY,
  TCP_ULP,
  TCP_USER_TIMEOUT,
  TCP_WINDOW_CLAMP,
} from "../constants/tcp.js";
import { blob } from "../wire/blob.js";
import { flag } from "../wire/flag.js";
import { i32, u32 } from "../wire/integers.js";
import { list } from "../wire/list.js";
import { struct } from "../wire/struct.js";
import { nameText } from "../wire/text.js";
import { level } from "./level.js";
import { tcpInfo } from "./tcp-info.js";
import { md5Signature } from "./tcp-md5.js";

/** TCP_CA_NAME_MAX and TCP_ULP_NAME_MAX, include/net/tcp.h. */
const TCP_CA_NAME_MAX = 16;
const TCP_ULP_NAME_MAX = 16;

/** TCP_FASTOPEN_KEY_BUF_LENGTH, include/net/tcp.h: two keys. */
const FASTOPEN_KEYS = 32;

/** A connection can have agreed on four options: maximum segment size, window scale, SACK and timestamps. */
const REPAIR_OPTIONS = 8;

/** More than any congestion control gives. */
const CC_INFO_RESERVE = 64;

/** More than the longest headers of Ethernet, IPv6 and TCP. */
const SAVED_SYN_RESERVE = 512;

const WINDOW = { sndWl1: u32, sndWnd: u32, maxWindow: u32, rcvWnd: u32, rcvWup: u32 };

const { get, set, both } = level({ SOL_TCP }, { source: "tcp(7)", families: ["ipv4", "ipv6"] });
/** For options that no man page describes. */
const kernel = level({ SOL_TCP }, { source: "net/ipv4/tcp.c", families: ["ipv4", "ipv6"] });

/** The options of SOL_TCP. */
export const tcpOptions = () => ({
  /** Whether small segments are sent at once.
   * TCP_NODELAY (1) of SOL_TCP: int, read and set. Since Linux 2.2. Source: tcp(7). */
  tcpNoDelay: both({ TCP_NODELAY }, "2.2", flag),
  /** The largest segment, in bytes.
   * TCP_MAXSEG (2) of SOL_TCP: int, read and set. Since Linux 2.2. Source: tcp(7). */
  tcpMaxSeg: both({ TCP_MAXSEG }, "2.2", i32),
  /** Whether the kernel holds partial segments back, for 200 ms at most.
   * TCP_CORK (3) of SOL_TCP: int, read and set. Since Linux 2.2. Source: tcp(7). */
  tcpCork: both({ TCP_CORK }, "2.2", flag),
  /** After this many seconds of silence, `keepAlive` sends the first probe.
   * TCP_KEEPIDLE (4) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpKeepIdle: both({ TCP_KEEPIDLE }, "2.4", i32),
  /** Seconds between two probes.
   * TCP_KEEPINTVL (5) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpKeepIntvl: both({ TCP_KEEPINTVL }, "2.4", i32),
  /** After this many probes without an answer, the connection ends.
   * TCP_KEEPCNT (6) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpKeepCnt: both({ TCP_KEEPCNT }, "2.4", i32),
  /** How often connect(2) sends its request again, from 1 to 127.
   * TCP_SYNCNT (7) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpSynCnt: both({ TCP_SYNCNT }, "2.4", i32),
  /** For how many seconds a closed socket waits until the peer closes, too. -1: it does not wait.
   * TCP_LINGER2 (8) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpLinger2: both({ TCP_LINGER2 }, "2.4", i32),
  /** For how many seconds a listener waits for a connection's first data.
   * TCP_DEFER_ACCEPT (9) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpDeferAccept: both({ TCP_DEFER_ACCEPT }, "2.4", i32),
  /** The largest window that the socket advertises, in bytes.
   * TCP_WINDOW_CLAMP (10) of SOL_TCP: int, read and set. Since Linux 2.4. Source: tcp(7). */
  tcpWindowClamp: both({ TCP_WINDOW_CLAMP }, "2.4", i32),
  /** The state and the statistics of the connection: times in microseconds, rates in bytes per second.
   * TCP_INFO (11) of SOL_TCP: struct tcp_info, read. Since Linux 2.4. Source: tcp(7). */
  tcpInfo: get({ TCP_INFO }, "2.4", tcpInfo),
  /** Whether the kernel acknowledges at once. The kernel can change this later.
   * TCP_QUICKACK (12) of SOL_TCP: int, read and set. Since Linux 2.4.4. Source: tcp(7). */
  tcpQuickAck: both({ TCP_QUICKACK }, "2.4.4", flag),
  /** The name of the congestion control.
   * TCP_CONGESTION (13) of SOL_TCP: char[TCP_CA_NAME_MAX], read and set. Setting needs CAP_NET_ADMIN for what
   * net.ipv4.tcp_allowed_congestion_control lacks. Since Linux 2.6.13. Source: tcp(7). */
  tcpCongestion: both({ TCP_CONGESTION }, "2.6.13", nameText("char[TCP_CA_NAME_MAX]", TCP_CA_NAME_MAX), {
    privilege: "CAP_NET_ADMIN for what net.ipv4.tcp_allowed_congestion_control lacks",
  }),
  /** The key that signs the segments to and from a peer (RFC 2385). Set an empty key to remove it.
   * TCP_MD5SIG (14) of SOL_TCP: struct tcp_md5sig, set. Since Linux 2.6.20. Source: include/uapi/linux/tcp.h. */
  tcpMd5Sig: set({ TCP_MD5SIG }, "2.6.20", md5Signature, { source: "include/uapi/linux/tcp.h" }),
  /** As `tcpMd5Sig`, but the kernel also applies `flags`, `prefixLength` and `interface`.
   * TCP_MD5SIG_EXT (32) of SOL_TCP: struct tcp_md5sig, set. Since Linux 4.13. Source: include/uapi/linux/tcp.h. */
  tcpMd5SigExt: set({ TCP_MD5SIG_EXT }, "4.13", md5Signature, { source: "include/uapi/linux/tcp.h" }),
  /** Whether retransmissions come at even intervals, on connections with little data.
   * TCP_THIN_LINEAR_TIMEOUTS (16) of SOL_TCP: int, read and set. Since Linux 2.6.34. Source: Documentation/networking/tcp-thin.rst.
   * */
  tcpThinLinearTimeouts: both({ TCP_THIN_LINEAR_TIMEOUTS }, "2.6.34", flag, {
    source: "Documentation/networking/tcp-thin.rst",
  }),
  /** Whether the first duplicate acknowledgement causes a retransmission, on connections with little data. No effect since Linux
   * 4.11.
   * TCP_THIN_DUPACK (17) of SOL_TCP: int, read and set. Since Linux 2.6.34. Source: Documentation/networking/tcp-thin.rst. */
  tcpThinDupAck: both({ TCP_THIN_DUPACK }, "2.6.34", flag, {
    source: "Documentation/networking/tcp-thin.rst",
  }),
  /** After this many milliseconds without an acknowledgement, the connection ends. 0: the system's default.
   * TCP_USER_TIMEOUT (18) of SOL_TCP: __u32, read and set. Since Linux 2.6.37. Source: tcp(7). */
  tcpUserTimeout: both({ TCP_USER_TIMEOUT }, "2.6.37", u32),
  /** With 1, freezes a connection, so that it can be moved to another host.
   * TCP_REPAIR (19) of SOL_TCP: int, read and set. Setting needs CAP_NET_ADMIN. Since Linux 3.5. Source: net/ipv4/tcp.c. */
  tcpRepair: kernel.both({ TCP_REPAIR }, "3.5", i32, { privilege: "CAP_NET_ADMIN" }),
  /** Which queue is under repair.
   * TCP_REPAIR_QUEUE (20) of SOL_TCP: int, read and set. Since Linux 3.5. Source: net/ipv4/tcp.c. */
  tcpRepairQueue: kernel.both({ TCP_REPAIR_QUEUE }, "3.5", i32),
  /** The sequence number of the queue under repair.
   * TCP_QUEUE_SEQ (21) of SOL_TCP: __u32, read and set. Since Linux 3.5. Source: net/ipv4/tcp.c. */
  tcpQueueSeq: kernel.both({ TCP_QUEUE_SEQ }, "3.5", u32),
  /** The TCP options with which the connection was made.
   * TCP_REPAIR_OPTIONS (22) of SOL_TCP: struct tcp_repair_opt[], set. Since Linux 3.5. Source: net/ipv4/tcp.c. */
  tcpRepairOptions: kernel.set(
    { TCP_REPAIR_OPTIONS },
    "3.5",
    list(struct("tcp_repair_opt", { code: u32, value: u32 }), 1, REPAIR_OPTIONS),
  ),
  /** The windows of a connection under repair.
   * TCP_REPAIR_WINDOW (29) of SOL_TCP: struct tcp_repair_window, read and set. Since Linux 4.8. Source: net/ipv4/tcp.c. */
  tcpRepairWindow: kernel.both({ TCP_REPAIR_WINDOW }, "4.8", struct("tcp_repair_window", WINDOW)),
  /** The clock of the timestamps in segments. It can be set under repair.
   * TCP_TIMESTAMP (24) of SOL_TCP: __u32, read and set. Since Linux 3.9. Source: net/ipv4/tcp.c. */
  tcpTimestamp: kernel.both({ TCP_TIMESTAMP }, "3.9", u32),
  /** How many connections of TCP Fast Open may wait to be accepted.
   * TCP_FASTOPEN (23) of SOL_TCP: int, read and set. Since Linux 3.7. Source: tcp(7). */
  tcpFastOpen: both({ TCP_FASTOPEN }, "3.7", i32),
  /** Whether connect(2) sends nothing until there are data to send, so that both go out together.
   * TCP_FASTOPEN_CONNECT (30) of SOL_TCP: int, read and set. Since Linux 4.11. Source: tcp(7). */
  tcpFastOpenConnect: both({ TCP_FASTOPEN_CONNECT }, "4.11", flag),
  /** The key of a listener's cookies, 16 bytes. A second key of 16 bytes can follow: cookies made with it stay valid.
   * TCP_FASTOPEN_KEY (33) of SOL_TCP: __u8[], read and set. Since Linux 4.15. Source: net/ipv4/tcp_fastopen.c. */
  tcpFastOpenKey: both({ TCP_FASTOPEN_KEY }, "4.15", blob("__u8[]", FASTOPEN_KEYS), {
    source: "net/ipv4/tcp_fastopen.c",
  }),
  /** Whether TCP Fast Open works without a cookie.
   * TCP_FASTOPEN_NO_COOKIE (34) of SOL_TCP: int, read and set. Since Linux 4.15. Source: net/ipv4/tcp.c. */
  tcpFastOpenNoCookie: kernel.both({ TCP_FASTOPEN_NO_COOKIE }, "4.15", flag),
  /** The socket is writable while fewer bytes than this are unsent.
   * TCP_NOTSENT_LOWAT (25) of SOL_TCP: __u32, read and set. Since Linux 3.12. Source: net/ipv4/tcp.c. */
  tcpNotSentLowat: kernel.both({ TCP_NOTSENT_LOWAT }, "3.12", u32),
  /** Information from the congestion control. Its form depends on the algorithm.
   * TCP_CC_INFO (26) of SOL_TCP: union tcp_cc_info, read. Since Linux 4.1. Source: include/uapi/linux/inet_diag.h. */
  tcpCcInfo: get({ TCP_CC_INFO }, "4.1", blob("union tcp_cc_info", CC_INFO_RESERVE), {
    source: "include/uapi/linux/inet_diag.h",
  }),
  /** Whether a listener keeps the headers of each connection's first packet. 2: with the link layer's header.
   * TCP_SAVE_SYN (27) of SOL_TCP: int, read and set. Since Linux 4.2. Source: net/ipv4/tcp.c. */
  tcpSaveSyn: kernel.both({ TCP_SAVE_SYN }, "4.2", i32),
  /** The headers that `tcpSaveSyn` has kept. Reading frees them, so they can be read once.
   * TCP_SAVED_SYN (28) of SOL_TCP: __u8[], read. Since Linux 4.2. Source: net/ipv4/tcp.c. */
  tcpSavedSyn: kernel.get({ TCP_SAVED_SYN }, "4.2", blob("__u8[]", SAVED_SYN_RESERVE)),
  /** The protocol on top of TCP: "tls" is the kernel's TLS.
   * TCP_ULP (31) of SOL_TCP: char[TCP_ULP_NAME_MAX], read and set. Since Linux 4.13. Source: Documentation/networking/tls.rst. */
  tcpUlp: both({ TCP_ULP }, "4.13", nameText("char[TCP_ULP_NAME_MAX]", TCP_ULP_NAME_MAX), {
    source: "Documentation/networking/tls.rst",
  }),
  /** Whether messages come with the number of bytes that are left to read.
   * TCP_INQ (36) of SOL_TCP: int, read and set. Since Linux 4.18. Source: net/ipv4/tcp.c. */
  tcpInq: kernel.both({ TCP_INQ }, "4.18", flag, {
    feature: { what: "bytes left, on TCP", type: "stream", value: true },
  }),
  /** By how many microseconds sending is delayed. It needs the fq queue discipline.
   * TCP_TX_DELAY (37) of SOL_TCP: int, read and set. Since Linux 5.4. Source: net/ipv4/tcp.c. */
  tcpTxDelay: kernel.both({ TCP_TX_DELAY }, "5.4", i32),
  /** Whether the connection uses Multipath TCP.
   * TCP_IS_MPTCP (43) of SOL_TCP: int, read. Since Linux 6.9. Source: net/ipv4/tcp.c. */
  tcpIsMptcp: kernel.get({ TCP_IS_MPTCP }, "6.9", flag),
  /** The longest retransmission timeout, in milliseconds.
   * TCP_RTO_MAX_MS (44) of SOL_TCP: int, read and set. Since Linux 6.15. Source: net/ipv4/tcp.c. */
  tcpRtoMaxMs: kernel.both({ TCP_RTO_MAX_MS }, "6.15", i32),
  /** The shortest retransmission timeout, in microseconds.
   * TCP_RTO_MIN_US (45) of SOL_TCP: int, read and set. Since Linux 6.15. Source: net/ipv4/tcp.c. */
  tcpRtoMinUs: kernel.both({ TCP_RTO_MIN_US }, "6.15", i32),
  /** The longest delay of an acknowledgement, in microseconds.
   * TCP_DELACK_MAX_US (46) of SOL_TCP: int, read and set. Since Linux 6.15. Source: net/ipv4/tcp.c. */
  tcpDelAckMaxUs: kernel.both({ TCP_DELACK_MAX_US }, "6.15", i32),
});
