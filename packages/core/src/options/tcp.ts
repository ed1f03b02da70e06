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
import { type OptionEntries, option } from "./entry.js";
import { tcpInfo } from "./tcp-info.js";
import { md5Signature } from "./tcp-md5.js";

/** TCP_CA_NAME_MAX and TCP_ULP_NAME_MAX, include/net/tcp.h. */
const TCP_CA_NAME_MAX = 16;
const TCP_ULP_NAME_MAX = 16;

/** TCP_FASTOPEN_KEY_BUF_LENGTH, include/net/tcp.h: two keys. */
const FASTOPEN_KEYS = 32;

/** Maximum segment size, window scale, SACK, timestamps: what a connection can have agreed on. */
const REPAIR_OPTIONS = 8;

/** More than any congestion control says. */
const CC_INFO_ROOM = 64;

/** The longest headers of Ethernet, IPv6 and TCP, and more. */
const SAVED_SYN_ROOM = 512;

const WINDOW = { sndWl1: u32, sndWnd: u32, maxWindow: u32, rcvWnd: u32, rcvWup: u32 };

/** The options of SOL_TCP. */
export const tcpOptions = {
  /** Sends small segments at once. Source: tcp(7). Since Linux 2.2. */
  tcpNoDelay: option({
    level: SOL_TCP,
    option: TCP_NODELAY,
    constant: "TCP_NODELAY",
    direction: "both",
    since: "2.2",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The largest segment, in bytes. Source: tcp(7). Since Linux 2.2. */
  tcpMaxSeg: option({
    level: SOL_TCP,
    option: TCP_MAXSEG,
    constant: "TCP_MAXSEG",
    direction: "both",
    since: "2.2",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Holds partial segments back until it is switched off, 200 ms at most. Source: tcp(7). Since Linux 2.2. */
  tcpCork: option({
    level: SOL_TCP,
    option: TCP_CORK,
    constant: "TCP_CORK",
    direction: "both",
    since: "2.2",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Seconds of silence after which `keepAlive` probes. Source: tcp(7). Since Linux 2.4. */
  tcpKeepIdle: option({
    level: SOL_TCP,
    option: TCP_KEEPIDLE,
    constant: "TCP_KEEPIDLE",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Seconds between two probes. Source: tcp(7). Since Linux 2.4. */
  tcpKeepIntvl: option({
    level: SOL_TCP,
    option: TCP_KEEPINTVL,
    constant: "TCP_KEEPINTVL",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Probes without an answer that end the connection. Source: tcp(7). Since Linux 2.4. */
  tcpKeepCnt: option({
    level: SOL_TCP,
    option: TCP_KEEPCNT,
    constant: "TCP_KEEPCNT",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** How often connect(2) repeats itself, 1 to 127. Source: tcp(7). Since Linux 2.4. */
  tcpSynCnt: option({
    level: SOL_TCP,
    option: TCP_SYNCNT,
    constant: "TCP_SYNCNT",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Seconds that a closed socket waits for the peer's end; -1: not at all. Source: tcp(7). Since Linux 2.4. */
  tcpLinger2: option({
    level: SOL_TCP,
    option: TCP_LINGER2,
    constant: "TCP_LINGER2",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Seconds for which a listener waits for a connection's first data. Source: tcp(7). Since Linux 2.4. */
  tcpDeferAccept: option({
    level: SOL_TCP,
    option: TCP_DEFER_ACCEPT,
    constant: "TCP_DEFER_ACCEPT",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The largest window that is advertised, in bytes. Source: tcp(7). Since Linux 2.4. */
  tcpWindowClamp: option({
    level: SOL_TCP,
    option: TCP_WINDOW_CLAMP,
    constant: "TCP_WINDOW_CLAMP",
    direction: "both",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /**
   * What the kernel knows of the connection: times in microseconds, rates in bytes per second. Source:
   * tcp(7). Since Linux 2.4.
   */
  tcpInfo: option({
    level: SOL_TCP,
    option: TCP_INFO,
    constant: "TCP_INFO",
    direction: "get",
    since: "2.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: tcpInfo,
  }),
  /** Acknowledges at once; the kernel may change it again. Source: tcp(7). Since Linux 2.4.4. */
  tcpQuickAck: option({
    level: SOL_TCP,
    option: TCP_QUICKACK,
    constant: "TCP_QUICKACK",
    direction: "both",
    since: "2.4.4",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The name of the congestion control. Source: tcp(7). Since Linux 2.6.13. */
  tcpCongestion: option({
    level: SOL_TCP,
    option: TCP_CONGESTION,
    constant: "TCP_CONGESTION",
    direction: "both",
    since: "2.6.13",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: nameText("char[TCP_CA_NAME_MAX]", TCP_CA_NAME_MAX),
  }),
  /**
   * The key with which segments to and from a peer are signed (RFC 2385); an empty one takes it away. Source:
   * include/uapi/linux/tcp.h. Since Linux 2.6.20.
   */
  tcpMd5Sig: option({
    level: SOL_TCP,
    option: TCP_MD5SIG,
    constant: "TCP_MD5SIG",
    direction: "set",
    since: "2.6.20",
    source: "include/uapi/linux/tcp.h",
    families: ["ipv4", "ipv6"],
    payload: md5Signature,
  }),
  /**
   * As `tcpMd5Sig`, heeding `flags`, `prefixLength` and `interface`. Source: include/uapi/linux/tcp.h. Since
   * Linux 4.13.
   */
  tcpMd5SigExt: option({
    level: SOL_TCP,
    option: TCP_MD5SIG_EXT,
    constant: "TCP_MD5SIG_EXT",
    direction: "set",
    since: "4.13",
    source: "include/uapi/linux/tcp.h",
    families: ["ipv4", "ipv6"],
    payload: md5Signature,
  }),
  /**
   * Repeats at even intervals on connections with little data. Source: Documentation/networking/tcp-thin.rst.
   * Since Linux 2.6.34.
   */
  tcpThinLinearTimeouts: option({
    level: SOL_TCP,
    option: TCP_THIN_LINEAR_TIMEOUTS,
    constant: "TCP_THIN_LINEAR_TIMEOUTS",
    direction: "both",
    since: "2.6.34",
    source: "Documentation/networking/tcp-thin.rst",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Repeats after the first duplicate acknowledgement there. Without effect since Linux 4.11. Source:
   * Documentation/networking/tcp-thin.rst. Since Linux 2.6.34.
   */
  tcpThinDupAck: option({
    level: SOL_TCP,
    option: TCP_THIN_DUPACK,
    constant: "TCP_THIN_DUPACK",
    direction: "both",
    since: "2.6.34",
    source: "Documentation/networking/tcp-thin.rst",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Milliseconds without an acknowledgement that end the connection; 0: the system's default. Source: tcp(7).
   * Since Linux 2.6.37.
   */
  tcpUserTimeout: option({
    level: SOL_TCP,
    option: TCP_USER_TIMEOUT,
    constant: "TCP_USER_TIMEOUT",
    direction: "both",
    since: "2.6.37",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /**
   * Freezes a connection (1) to move it to another host. It needs CAP_NET_ADMIN. Source: net/ipv4/tcp.c.
   * Since Linux 3.5.
   */
  tcpRepair: option({
    level: SOL_TCP,
    option: TCP_REPAIR,
    constant: "TCP_REPAIR",
    direction: "both",
    since: "3.5",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The queue that is under repair. Source: net/ipv4/tcp.c. Since Linux 3.5. */
  tcpRepairQueue: option({
    level: SOL_TCP,
    option: TCP_REPAIR_QUEUE,
    constant: "TCP_REPAIR_QUEUE",
    direction: "both",
    since: "3.5",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The sequence number of that queue. Source: net/ipv4/tcp.c. Since Linux 3.5. */
  tcpQueueSeq: option({
    level: SOL_TCP,
    option: TCP_QUEUE_SEQ,
    constant: "TCP_QUEUE_SEQ",
    direction: "both",
    since: "3.5",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** The options that the connection was made with. Source: net/ipv4/tcp.c. Since Linux 3.5. */
  tcpRepairOptions: option({
    level: SOL_TCP,
    option: TCP_REPAIR_OPTIONS,
    constant: "TCP_REPAIR_OPTIONS",
    direction: "set",
    since: "3.5",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: list(struct("tcp_repair_opt", { code: u32, value: u32 }), 1, REPAIR_OPTIONS),
  }),
  /** The windows of a connection under repair. Source: net/ipv4/tcp.c. Since Linux 4.8. */
  tcpRepairWindow: option({
    level: SOL_TCP,
    option: TCP_REPAIR_WINDOW,
    constant: "TCP_REPAIR_WINDOW",
    direction: "both",
    since: "4.8",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: struct("tcp_repair_window", WINDOW),
  }),
  /** The clock of the timestamps in segments, set under repair. Source: net/ipv4/tcp.c. Since Linux 3.9. */
  tcpTimestamp: option({
    level: SOL_TCP,
    option: TCP_TIMESTAMP,
    constant: "TCP_TIMESTAMP",
    direction: "both",
    since: "3.9",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** How many connections of TCP Fast Open a listener holds unaccepted. Source: tcp(7). Since Linux 3.7. */
  tcpFastOpen: option({
    level: SOL_TCP,
    option: TCP_FASTOPEN,
    constant: "TCP_FASTOPEN",
    direction: "both",
    since: "3.7",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether connect(2) waits for the first data, to send both together. Source: tcp(7). Since Linux 4.11. */
  tcpFastOpenConnect: option({
    level: SOL_TCP,
    option: TCP_FASTOPEN_CONNECT,
    constant: "TCP_FASTOPEN_CONNECT",
    direction: "both",
    since: "4.11",
    source: "tcp(7)",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * The key of a listener's cookies: 16 bytes, 32 for a second one that is on its way out. Source:
   * net/ipv4/tcp_fastopen.c. Since Linux 4.15.
   */
  tcpFastOpenKey: option({
    level: SOL_TCP,
    option: TCP_FASTOPEN_KEY,
    constant: "TCP_FASTOPEN_KEY",
    direction: "both",
    since: "4.15",
    source: "net/ipv4/tcp_fastopen.c",
    families: ["ipv4", "ipv6"],
    payload: blob("__u8[]", FASTOPEN_KEYS),
  }),
  /** TCP Fast Open without a cookie. Source: net/ipv4/tcp.c. Since Linux 4.15. */
  tcpFastOpenNoCookie: option({
    level: SOL_TCP,
    option: TCP_FASTOPEN_NO_COOKIE,
    constant: "TCP_FASTOPEN_NO_COOKIE",
    direction: "both",
    since: "4.15",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** Bytes not sent yet below which the socket is writable. Source: net/ipv4/tcp.c. Since Linux 3.12. */
  tcpNotSentLowat: option({
    level: SOL_TCP,
    option: TCP_NOTSENT_LOWAT,
    constant: "TCP_NOTSENT_LOWAT",
    direction: "both",
    since: "3.12",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: u32,
  }),
  /** What the congestion control says of itself. Source: include/uapi/linux/inet_diag.h. Since Linux 4.1. */
  tcpCcInfo: option({
    level: SOL_TCP,
    option: TCP_CC_INFO,
    constant: "TCP_CC_INFO",
    direction: "get",
    since: "4.1",
    source: "include/uapi/linux/inet_diag.h",
    families: ["ipv4", "ipv6"],
    payload: blob("union tcp_cc_info", CC_INFO_ROOM),
  }),
  /**
   * Whether a listener keeps the headers of each connection's first packet; 2: with the link layer's. Source:
   * net/ipv4/tcp.c. Since Linux 4.2.
   */
  tcpSaveSyn: option({
    level: SOL_TCP,
    option: TCP_SAVE_SYN,
    constant: "TCP_SAVE_SYN",
    direction: "both",
    since: "4.2",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Those headers, once: reading frees them. Source: net/ipv4/tcp.c. Since Linux 4.2. */
  tcpSavedSyn: option({
    level: SOL_TCP,
    option: TCP_SAVED_SYN,
    constant: "TCP_SAVED_SYN",
    direction: "get",
    since: "4.2",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: blob("__u8[]", SAVED_SYN_ROOM),
  }),
  /** The protocol on top: "tls" for the kernel's TLS. Source: Documentation/networking/tls.rst. Since Linux 4.13. */
  tcpUlp: option({
    level: SOL_TCP,
    option: TCP_ULP,
    constant: "TCP_ULP",
    direction: "both",
    since: "4.13",
    source: "Documentation/networking/tls.rst",
    families: ["ipv4", "ipv6"],
    payload: nameText("char[TCP_ULP_NAME_MAX]", TCP_ULP_NAME_MAX),
  }),
  /** Whether receives tell how many bytes are left to read. Source: net/ipv4/tcp.c. Since Linux 4.18. */
  tcpInq: option({
    level: SOL_TCP,
    option: TCP_INQ,
    constant: "TCP_INQ",
    direction: "both",
    since: "4.18",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /**
   * Microseconds by which sending is delayed, with the fq queue discipline. Source: net/ipv4/tcp.c. Since
   * Linux 5.4.
   */
  tcpTxDelay: option({
    level: SOL_TCP,
    option: TCP_TX_DELAY,
    constant: "TCP_TX_DELAY",
    direction: "both",
    since: "5.4",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** Whether the connection is one of Multipath TCP. Source: net/ipv4/tcp.c. Since Linux 6.9. */
  tcpIsMptcp: option({
    level: SOL_TCP,
    option: TCP_IS_MPTCP,
    constant: "TCP_IS_MPTCP",
    direction: "get",
    since: "6.9",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: flag,
  }),
  /** The longest retransmission timeout, in milliseconds. Source: net/ipv4/tcp.c. Since Linux 6.15. */
  tcpRtoMaxMs: option({
    level: SOL_TCP,
    option: TCP_RTO_MAX_MS,
    constant: "TCP_RTO_MAX_MS",
    direction: "both",
    since: "6.15",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The shortest retransmission timeout, in microseconds. Source: net/ipv4/tcp.c. Since Linux 6.15. */
  tcpRtoMinUs: option({
    level: SOL_TCP,
    option: TCP_RTO_MIN_US,
    constant: "TCP_RTO_MIN_US",
    direction: "both",
    since: "6.15",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
  /** The longest delay of an acknowledgement, in microseconds. Source: net/ipv4/tcp.c. Since Linux 6.15. */
  tcpDelackMaxUs: option({
    level: SOL_TCP,
    option: TCP_DELACK_MAX_US,
    constant: "TCP_DELACK_MAX_US",
    direction: "both",
    since: "6.15",
    source: "net/ipv4/tcp.c",
    families: ["ipv4", "ipv6"],
    payload: i32,
  }),
} as const satisfies OptionEntries;
