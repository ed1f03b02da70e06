import { SOL_TCP } from "../constants/levels.js";
import * as tcp from "../constants/tcp.js";
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

/** Maximum segment size, window scale, SACK, timestamps: what a connection can have agreed on. */
const REPAIR_OPTIONS = 8;

/** More than any congestion control says. */
const CC_INFO_ROOM = 64;

/** The longest headers of Ethernet, IPv6 and TCP, and more. */
const SAVED_SYN_ROOM = 512;

const WINDOW = { sndWl1: u32, sndWnd: u32, maxWindow: u32, rcvWnd: u32, rcvWup: u32 };

const { get, set, both } = level({ SOL_TCP }, tcp, { source: "tcp(7)", families: ["ipv4", "ipv6"] });
/** What no man page describes. */
const kernel = level({ SOL_TCP }, tcp, { source: "net/ipv4/tcp.c", families: ["ipv4", "ipv6"] });

/** The options of SOL_TCP. */
export const tcpOptions = {
  /** Sends small segments at once. */
  tcpNoDelay: both("TCP_NODELAY", "2.2", flag),
  /** The largest segment, in bytes. */
  tcpMaxSeg: both("TCP_MAXSEG", "2.2", i32),
  /** Holds partial segments back until it is switched off, 200 ms at most. */
  tcpCork: both("TCP_CORK", "2.2", flag),
  /** Seconds of silence after which `keepAlive` probes. */
  tcpKeepIdle: both("TCP_KEEPIDLE", "2.4", i32),
  /** Seconds between two probes. */
  tcpKeepIntvl: both("TCP_KEEPINTVL", "2.4", i32),
  /** Probes without an answer that end the connection. */
  tcpKeepCnt: both("TCP_KEEPCNT", "2.4", i32),
  /** How often connect(2) repeats itself, 1 to 127. */
  tcpSynCnt: both("TCP_SYNCNT", "2.4", i32),
  /** Seconds that a closed socket waits for the peer's end; -1: not at all. */
  tcpLinger2: both("TCP_LINGER2", "2.4", i32),
  /** Seconds for which a listener waits for a connection's first data. */
  tcpDeferAccept: both("TCP_DEFER_ACCEPT", "2.4", i32),
  /** The largest window that is advertised, in bytes. */
  tcpWindowClamp: both("TCP_WINDOW_CLAMP", "2.4", i32),
  /** What the kernel knows of the connection: times in microseconds, rates in bytes per second. */
  tcpInfo: get("TCP_INFO", "2.4", tcpInfo),
  /** Acknowledges at once; the kernel may change it again. */
  tcpQuickAck: both("TCP_QUICKACK", "2.4.4", flag),
  /** The name of the congestion control. */
  tcpCongestion: both("TCP_CONGESTION", "2.6.13", nameText("char[TCP_CA_NAME_MAX]", TCP_CA_NAME_MAX)),
  /** The key with which segments to and from a peer are signed (RFC 2385); an empty one takes it away. */
  tcpMd5Sig: set("TCP_MD5SIG", "2.6.20", md5Signature, { source: "include/uapi/linux/tcp.h" }),
  /** As `tcpMd5Sig`, heeding `flags`, `prefixLength` and `interface`. */
  tcpMd5SigExt: set("TCP_MD5SIG_EXT", "4.13", md5Signature, { source: "include/uapi/linux/tcp.h" }),
  /** Repeats at even intervals on connections with little data. */
  tcpThinLinearTimeouts: both("TCP_THIN_LINEAR_TIMEOUTS", "2.6.34", flag, {
    source: "Documentation/networking/tcp-thin.rst",
  }),
  /** Repeats after the first duplicate acknowledgement there. Without effect since Linux 4.11. */
  tcpThinDupAck: both("TCP_THIN_DUPACK", "2.6.34", flag, { source: "Documentation/networking/tcp-thin.rst" }),
  /** Milliseconds without an acknowledgement that end the connection; 0: the system's default. */
  tcpUserTimeout: both("TCP_USER_TIMEOUT", "2.6.37", u32),
  /** Freezes a connection (1) to move it to another host. It needs CAP_NET_ADMIN. */
  tcpRepair: kernel.both("TCP_REPAIR", "3.5", i32),
  /** The queue that is under repair. */
  tcpRepairQueue: kernel.both("TCP_REPAIR_QUEUE", "3.5", i32),
  /** The sequence number of that queue. */
  tcpQueueSeq: kernel.both("TCP_QUEUE_SEQ", "3.5", u32),
  /** The options that the connection was made with. */
  tcpRepairOptions: kernel.set(
    "TCP_REPAIR_OPTIONS",
    "3.5",
    list(struct("tcp_repair_opt", { code: u32, value: u32 }), 1, REPAIR_OPTIONS),
  ),
  /** The windows of a connection under repair. */
  tcpRepairWindow: kernel.both("TCP_REPAIR_WINDOW", "4.8", struct("tcp_repair_window", WINDOW)),
  /** The clock of the timestamps in segments, set under repair. */
  tcpTimestamp: kernel.both("TCP_TIMESTAMP", "3.9", u32),
  /** How many connections of TCP Fast Open a listener holds unaccepted. */
  tcpFastOpen: both("TCP_FASTOPEN", "3.7", i32),
  /** Whether connect(2) waits for the first data, to send both together. */
  tcpFastOpenConnect: both("TCP_FASTOPEN_CONNECT", "4.11", flag),
  /** The key of a listener's cookies: 16 bytes, 32 for a second one that is on its way out. */
  tcpFastOpenKey: both("TCP_FASTOPEN_KEY", "4.15", blob("__u8[]", FASTOPEN_KEYS), {
    source: "net/ipv4/tcp_fastopen.c",
  }),
  /** TCP Fast Open without a cookie. */
  tcpFastOpenNoCookie: kernel.both("TCP_FASTOPEN_NO_COOKIE", "4.15", flag),
  /** Bytes not sent yet below which the socket is writable. */
  tcpNotSentLowat: kernel.both("TCP_NOTSENT_LOWAT", "3.12", u32),
  /** What the congestion control says of itself. */
  tcpCcInfo: get("TCP_CC_INFO", "4.1", blob("union tcp_cc_info", CC_INFO_ROOM), {
    source: "include/uapi/linux/inet_diag.h",
  }),
  /** Whether a listener keeps the headers of each connection's first packet; 2: with the link layer's. */
  tcpSaveSyn: kernel.both("TCP_SAVE_SYN", "4.2", i32),
  /** Those headers, once: reading frees them. */
  tcpSavedSyn: kernel.get("TCP_SAVED_SYN", "4.2", blob("__u8[]", SAVED_SYN_ROOM)),
  /** The protocol on top: "tls" for the kernel's TLS. */
  tcpUlp: both("TCP_ULP", "4.13", nameText("char[TCP_ULP_NAME_MAX]", TCP_ULP_NAME_MAX), {
    source: "Documentation/networking/tls.rst",
  }),
  /** Whether receives tell how many bytes are left to read. */
  tcpInq: kernel.both("TCP_INQ", "4.18", flag),
  /** Microseconds by which sending is delayed, with the fq queue discipline. */
  tcpTxDelay: kernel.both("TCP_TX_DELAY", "5.4", i32),
  /** Whether the connection is one of Multipath TCP. */
  tcpIsMptcp: kernel.get("TCP_IS_MPTCP", "6.9", flag),
  /** The longest retransmission timeout, in milliseconds. */
  tcpRtoMaxMs: kernel.both("TCP_RTO_MAX_MS", "6.15", i32),
  /** The shortest retransmission timeout, in microseconds. */
  tcpRtoMinUs: kernel.both("TCP_RTO_MIN_US", "6.15", i32),
  /** The longest delay of an acknowledgement, in microseconds. */
  tcpDelackMaxUs: kernel.both("TCP_DELACK_MAX_US", "6.15", i32),
};
