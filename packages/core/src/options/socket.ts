import { SOL_SOCKET } from "../constants/levels.js";
import * as socket from "../constants/socket.js";
import { flag } from "../wire/flag.js";
import { i32, u32, u64 } from "../wire/integers.js";
import { interfaceIndex } from "../wire/interface.js";
import { list } from "../wire/list.js";
import { growing, struct } from "../wire/struct.js";
import { nameText, text } from "../wire/text.js";
import { oldTimeval } from "../wire/times.js";
import { ucred } from "../wire/ucred.js";
import { filter } from "./filter.js";
import { level } from "./level.js";
import { pacingRate } from "./pacing-rate.js";

/** IFNAMSIZ, include/uapi/linux/if.h: an interface's name with its null byte. */
const IFNAMSIZ = 16;

/** Room for a security label at first; the kernel says if it is too little. */
const LABEL_ROOM = 256;

/** NGROUPS_MAX, include/uapi/linux/limits.h. */
const NGROUPS_MAX = 65_536;

/** MAX_DONTNEED_TOKENS, net/core/sock.c. */
const DEVMEM_TOKENS = 128;

const MEMINFO = {
  rmemAlloc: u32,
  rcvBuf: u32,
  wmemAlloc: u32,
  sndBuf: u32,
  fwdAlloc: u32,
  wmemQueued: u32,
  optMem: u32,
  backlog: u32,
};

const { get, set, both } = level({ SOL_SOCKET }, socket, { source: "socket(7)" });
/** What no man page describes. */
const kernel = level({ SOL_SOCKET }, socket, { source: "net/core/sock.c" });
const unix = level({ SOL_SOCKET }, socket, { source: "unix(7)", families: ["unix"] });

/** The options of SOL_SOCKET. */
export const socketLevelOptions = {
  /** Records debugging information, which needs CAP_NET_ADMIN. */
  debug: both("SO_DEBUG", "2.2", flag),
  /** Whether bind(2) may take an address that closed connections still linger on. */
  reuseAddr: both("SO_REUSEADDR", "2.2", flag),
  /** The socket's type: SOCK_STREAM, SOCK_DGRAM, … */
  type: get("SO_TYPE", "2.2", i32),
  /** The pending error as a positive errno, 0 if there is none. Reading it clears it. */
  error: get("SO_ERROR", "2.2", i32),
  /** Sends to hosts on directly connected networks only. */
  dontRoute: both("SO_DONTROUTE", "2.2", flag),
  /** Whether datagrams may go to a broadcast address. */
  broadcast: both("SO_BROADCAST", "2.2", flag),
  /** Bytes of the send buffer. The kernel doubles what is set, and gives the doubled value. */
  sndBuf: both("SO_SNDBUF", "2.2", i32),
  /** Bytes of the receive buffer. The kernel doubles what is set, and gives the doubled value. */
  rcvBuf: both("SO_RCVBUF", "2.2", i32),
  /** As `sndBuf`, beyond net.core.wmem_max, which needs CAP_NET_ADMIN. */
  sndBufForce: set("SO_SNDBUFFORCE", "2.6.14", i32),
  /** As `rcvBuf`, beyond net.core.rmem_max, which needs CAP_NET_ADMIN. */
  rcvBufForce: set("SO_RCVBUFFORCE", "2.6.14", i32),
  /** Sends probes on connections that are idle. */
  keepAlive: both("SO_KEEPALIVE", "2.2", flag),
  /** Leaves out-of-band data in the stream. A Socket's first receive from a Unix stream switches it on. */
  oobInline: both("SO_OOBINLINE", "2.2", flag),
  /** Sends UDP datagrams over IPv4 without a checksum. */
  noCheck: kernel.both("SO_NO_CHECK", "2.2", flag),
  /** The priority of what is sent. Above 6 it needs CAP_NET_ADMIN. */
  priority: both("SO_PRIORITY", "2.2", u32),
  /** How long close(2) waits for what is still to be sent; 0 seconds reset the connection. */
  linger: both("SO_LINGER", "2.2", struct("linger", { onOff: flag, seconds: i32 })),
  /** Whether several sockets bound to one port share what arrives. */
  reusePort: both("SO_REUSEPORT", "3.9", flag),
  /** Whether messages come with the sender's credentials. */
  passCred: unix.both("SO_PASSCRED", "2.2", flag, { families: ["unix", "netlink", "bluetooth"] }),
  /** Whether messages come with the sender's security label. */
  passSec: unix.both("SO_PASSSEC", "2.6.18", flag, { families: ["unix", "netlink"] }),
  /** Whether messages come with a descriptor of the sender's process. */
  passPidfd: unix.both("SO_PASSPIDFD", "6.5", flag),
  /** Whether a peer may send descriptors: if not, its send fails with EPERM. `maxFds: "refuse"` switches it off. */
  passRights: unix.both("SO_PASSRIGHTS", "6.16", flag),
  /** Whether messages on a stream tell how many bytes are left to read. */
  inq: set("SO_INQ", "6.17", flag, { source: "net/unix/af_unix.c", families: ["unix"] }),
  /** Who is at the other end, as it was at connect(2), listen(2) or socketpair(2). */
  peerCred: unix.get("SO_PEERCRED", "2.2", ucred),
  /** The security label of who is at the other end. */
  peerSec: get("SO_PEERSEC", "2.6.2", text("char[]", LABEL_ROOM), { source: "unix(7)" }),
  /** The supplementary groups of who is at the other end. */
  peerGroups: kernel.get("SO_PEERGROUPS", "4.13", list(u32, 0, NGROUPS_MAX), { families: ["unix"] }),
  /** Bytes that must be there before a stream is readable. */
  rcvLowat: both("SO_RCVLOWAT", "2.2", i32),
  /** Always 1: Linux cannot change it. */
  sndLowat: get("SO_SNDLOWAT", "2.2", i32),
  /** How long a blocking receive waits, in nanoseconds; 0n: for ever. */
  rcvTimeo: both("SO_RCVTIMEO", "2.4", oldTimeval),
  /** How long a blocking send waits, in nanoseconds; 0n: for ever. */
  sndTimeo: both("SO_SNDTIMEO", "2.4", oldTimeval),
  /** The name of the only interface that the socket uses; an empty one takes it back. */
  bindToDevice: both("SO_BINDTODEVICE", "2.2", nameText("char[IFNAMSIZ]", IFNAMSIZ)),
  /** The index of the only interface that the socket uses, 0 for none. A name does, too. */
  bindToIfIndex: kernel.both("SO_BINDTOIFINDEX", "5.1", i32, { setPayload: interfaceIndex }),
  /** A program of classic BPF that says how much of what arrives is let in. Reading it gives its instructions, none: there is no filter. */
  attachFilter: both("SO_ATTACH_FILTER", "2.2", filter, { takesProgram: true }),
  /** A program of classic BPF that chooses among the sockets of a port, by index. */
  attachReusePortCbpf: set("SO_ATTACH_REUSEPORT_CBPF", "4.5", filter, { takesProgram: true }),
  /** Takes the filter away, whatever the value. */
  detachFilter: set("SO_DETACH_FILTER", "2.2", i32),
  /** Keeps the filter from being changed, for good. */
  lockFilter: both("SO_LOCK_FILTER", "3.9", flag),
  /** The descriptor of an eBPF program that filters what arrives. */
  attachBpf: set("SO_ATTACH_BPF", "3.19", i32),
  /** The descriptor of an eBPF program that chooses among the sockets of a port. */
  attachReusePortEbpf: set("SO_ATTACH_REUSEPORT_EBPF", "4.5", i32),
  /** Takes that program away, whatever the value. */
  detachReusePortBpf: kernel.set("SO_DETACH_REUSEPORT_BPF", "5.3", i32),
  /** Whether the socket listens. */
  acceptConn: get("SO_ACCEPTCONN", "2.4", flag),
  /** The mark of what is sent, for routing and filters. It needs CAP_NET_ADMIN. */
  mark: both("SO_MARK", "2.6.25", u32),
  /** The socket's protocol: IPPROTO_TCP, … */
  protocol: get("SO_PROTOCOL", "2.6.32", i32),
  /** The socket's family: AF_INET, … */
  domain: get("SO_DOMAIN", "2.6.32", i32),
  /** Whether messages come with the number of those that were dropped. */
  rxqOvfl: both("SO_RXQ_OVFL", "2.6.33", flag),
  /** Whether a sent frame's acknowledgement is reported. */
  wifiStatus: kernel.both("SO_WIFI_STATUS", "3.3", flag),
  /** Where the next MSG_PEEK reads, in bytes; -1: always at the beginning. */
  peekOff: both("SO_PEEK_OFF", "3.4", i32),
  /** Whether the frame check sequence is left to the program. */
  noFcs: kernel.both("SO_NOFCS", "3.4", flag),
  /** Whether select(2) reports the error queue as an exception. */
  selectErrQueue: both("SO_SELECT_ERR_QUEUE", "3.10", flag),
  /** Microseconds that a blocking receive polls the device. */
  busyPoll: both("SO_BUSY_POLL", "3.11", i32),
  /** Prefers polling the device to interrupts. */
  preferBusyPoll: kernel.both("SO_PREFER_BUSY_POLL", "5.11", flag),
  /** Packets that one round of polling takes. */
  busyPollBudget: kernel.both("SO_BUSY_POLL_BUDGET", "5.11", i32),
  /** Bytes per second that are sent at most; all ones: no limit. */
  maxPacingRate: kernel.both("SO_MAX_PACING_RATE", "3.13", pacingRate),
  /** Extensions that classic filters can use. */
  bpfExtensions: kernel.get("SO_BPF_EXTENSIONS", "3.14", i32),
  /** The processor that last handled the socket's packets; set (since Linux 4.4), a preference among the sockets of a port. */
  incomingCpu: both("SO_INCOMING_CPU", "3.19", i32),
  /** 1: the route seems dead, look for another one. */
  cnxAdvice: kernel.set("SO_CNX_ADVICE", "4.6", i32),
  /** The socket's memory in bytes, and the packets that it dropped. */
  memInfo: get("SO_MEMINFO", "4.12", growing("sk_meminfo", MEMINFO, { drops: u32 }), {
    source: "include/uapi/linux/sock_diag.h",
  }),
  /** The device queue that the last packet came by. */
  incomingNapiId: get("SO_INCOMING_NAPI_ID", "4.12", u32),
  /** A number that no other socket of this boot has. */
  cookie: get("SO_COOKIE", "4.12", u64, { source: "net/core/sock_diag.c" }),
  /** A number that no other network namespace of this boot has. */
  netnsCookie: kernel.get("SO_NETNS_COOKIE", "5.14", u64),
  /** Permits MSG_ZEROCOPY. */
  zeroCopy: both("SO_ZEROCOPY", "4.14", flag, { source: "Documentation/networking/msg_zerocopy.rst" }),
  /** The clock of the times at which messages are to be sent. */
  txTime: both("SO_TXTIME", "4.19", struct("sock_txtime", { clockId: i32, flags: u32 }), {
    source: "include/uapi/linux/net_tstamp.h",
  }),
  /** Whether messages come with the time of their arrival, in microseconds. */
  timestampOld: both("SO_TIMESTAMP_OLD", "2.2", flag),
  /** Whether messages come with the time of their arrival, in nanoseconds. */
  timestampNsOld: both("SO_TIMESTAMPNS_OLD", "2.6.22", flag),
  /** SOF_TIMESTAMPING_*: which times of sending and receiving are reported. */
  timestampingOld: both("SO_TIMESTAMPING_OLD", "2.6.30", u32, {
    source: "Documentation/networking/timestamping.rst",
  }),
  /** As `timestampOld`, with 64 bits for the seconds everywhere. */
  timestamp: kernel.both("SO_TIMESTAMP_NEW", "5.1", flag),
  /** As `timestampNsOld`, with 64 bits for the seconds everywhere. */
  timestampNs: kernel.both("SO_TIMESTAMPNS_NEW", "5.1", flag),
  /** As `timestampingOld`, with 64 bits for the seconds everywhere. */
  timestamping: kernel.both("SO_TIMESTAMPING_NEW", "5.1", u32),
  /** SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK: buffers whose size the kernel leaves alone. */
  bufLock: kernel.both("SO_BUF_LOCK", "5.15", i32),
  /** Bytes of memory that are kept for the socket. */
  reserveMem: kernel.both("SO_RESERVE_MEM", "5.16", i32),
  /** Whether the path is chosen anew when packets get lost; 255: the system's default. */
  txRehash: kernel.both("SO_TXREHASH", "5.18", i32),
  /** Whether messages come with their packet's mark. */
  rcvMark: kernel.both("SO_RCVMARK", "5.19", flag),
  /** Whether messages come with their packet's priority. */
  rcvPriority: kernel.both("SO_RCVPRIORITY", "6.14", flag),
  /** Gives back device memory that messages came in. */
  devmemDontNeed: set(
    "SO_DEVMEM_DONTNEED",
    "6.12",
    list(struct("dmabuf_token", { start: u32, count: u32 }), 1, DEVMEM_TOKENS),
    { source: "Documentation/networking/devmem.rst" },
  ),
};
