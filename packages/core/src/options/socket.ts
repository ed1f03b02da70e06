import { SOL_SOCKET } from "../constants/levels.js";
import {
  SO_ACCEPTCONN,
  SO_ATTACH_BPF,
  SO_ATTACH_FILTER,
  SO_ATTACH_REUSEPORT_CBPF,
  SO_ATTACH_REUSEPORT_EBPF,
  SO_BINDTODEVICE,
  SO_BINDTOIFINDEX,
  SO_BPF_EXTENSIONS,
  SO_BROADCAST,
  SO_BUF_LOCK,
  SO_BUSY_POLL,
  SO_BUSY_POLL_BUDGET,
  SO_CNX_ADVICE,
  SO_COOKIE,
  SO_DEBUG,
  SO_DETACH_FILTER,
  SO_DETACH_REUSEPORT_BPF,
  SO_DEVMEM_DONTNEED,
  SO_DOMAIN,
  SO_DONTROUTE,
  SO_ERROR,
  SO_INCOMING_CPU,
  SO_INCOMING_NAPI_ID,
  SO_INQ,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_LOCK_FILTER,
  SO_MARK,
  SO_MAX_PACING_RATE,
  SO_MEMINFO,
  SO_NETNS_COOKIE,
  SO_NO_CHECK,
  SO_NOFCS,
  SO_OOBINLINE,
  SO_PASSCRED,
  SO_PASSPIDFD,
  SO_PASSRIGHTS,
  SO_PASSSEC,
  SO_PEEK_OFF,
  SO_PEERCRED,
  SO_PEERGROUPS,
  SO_PEERSEC,
  SO_PREFER_BUSY_POLL,
  SO_PRIORITY,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVLOWAT,
  SO_RCVMARK,
  SO_RCVPRIORITY,
  SO_RCVTIMEO_OLD,
  SO_RESERVE_MEM,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SELECT_ERR_QUEUE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDLOWAT,
  SO_SNDTIMEO_OLD,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPING_OLD,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMPNS_OLD,
  SO_TXREHASH,
  SO_TXTIME,
  SO_TYPE,
  SO_WIFI_STATUS,
  SO_ZEROCOPY,
} from "../constants/socket.js";
import { flag } from "../wire/flag.js";
import { i32, u32, u64 } from "../wire/integers.js";
import { interfaceIndex } from "../wire/interface.js";
import { list } from "../wire/list.js";
import { growing, struct } from "../wire/struct.js";
import { nameText, text } from "../wire/text.js";
import { oldTimeval } from "../wire/times.js";
import { ucred } from "../wire/ucred.js";
import { type OptionEntries, option } from "./entry.js";
import { filter } from "./filter.js";
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

/** The options of SOL_SOCKET. */
export const socketLevelOptions = {
  /** Records debugging information, which needs CAP_NET_ADMIN. Source: socket(7). Since Linux 2.2. */
  debug: option({
    level: SOL_SOCKET,
    option: SO_DEBUG,
    constant: "SO_DEBUG",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /**
   * Whether bind(2) may take an address that closed connections still linger on. Source: socket(7). Since
   * Linux 2.2.
   */
  reuseAddr: option({
    level: SOL_SOCKET,
    option: SO_REUSEADDR,
    constant: "SO_REUSEADDR",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /** The socket's type: SOCK_STREAM, SOCK_DGRAM, … Source: socket(7). Since Linux 2.2. */
  type: option({
    level: SOL_SOCKET,
    option: SO_TYPE,
    constant: "SO_TYPE",
    direction: "get",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /**
   * The pending error as a positive errno, 0 if there is none. Reading it clears it. Source: socket(7). Since
   * Linux 2.2.
   */
  error: option({
    level: SOL_SOCKET,
    option: SO_ERROR,
    constant: "SO_ERROR",
    direction: "get",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /** Sends to hosts on directly connected networks only. Source: socket(7). Since Linux 2.2. */
  dontRoute: option({
    level: SOL_SOCKET,
    option: SO_DONTROUTE,
    constant: "SO_DONTROUTE",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /** Whether datagrams may go to a broadcast address. Source: socket(7). Since Linux 2.2. */
  broadcast: option({
    level: SOL_SOCKET,
    option: SO_BROADCAST,
    constant: "SO_BROADCAST",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /**
   * Bytes of the send buffer. The kernel doubles what is set, and gives the doubled value. Source: socket(7).
   * Since Linux 2.2.
   */
  sndBuf: option({
    level: SOL_SOCKET,
    option: SO_SNDBUF,
    constant: "SO_SNDBUF",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /**
   * Bytes of the receive buffer. The kernel doubles what is set, and gives the doubled value. Source:
   * socket(7). Since Linux 2.2.
   */
  rcvBuf: option({
    level: SOL_SOCKET,
    option: SO_RCVBUF,
    constant: "SO_RCVBUF",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /** As `sndBuf`, beyond net.core.wmem_max, which needs CAP_NET_ADMIN. Source: socket(7). Since Linux 2.6.14. */
  sndBufForce: option({
    level: SOL_SOCKET,
    option: SO_SNDBUFFORCE,
    constant: "SO_SNDBUFFORCE",
    direction: "set",
    since: "2.6.14",
    source: "socket(7)",
    payload: i32,
  }),
  /** As `rcvBuf`, beyond net.core.rmem_max, which needs CAP_NET_ADMIN. Source: socket(7). Since Linux 2.6.14. */
  rcvBufForce: option({
    level: SOL_SOCKET,
    option: SO_RCVBUFFORCE,
    constant: "SO_RCVBUFFORCE",
    direction: "set",
    since: "2.6.14",
    source: "socket(7)",
    payload: i32,
  }),
  /** Sends probes on connections that are idle. Source: socket(7). Since Linux 2.2. */
  keepAlive: option({
    level: SOL_SOCKET,
    option: SO_KEEPALIVE,
    constant: "SO_KEEPALIVE",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /** Leaves out-of-band data in the stream. A Socket's first receive from a Unix stream switches it on. Source: socket(7). Since Linux 2.2. */
  oobInline: option({
    level: SOL_SOCKET,
    option: SO_OOBINLINE,
    constant: "SO_OOBINLINE",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /** Sends UDP datagrams over IPv4 without a checksum. Source: net/core/sock.c. Since Linux 2.2. */
  noCheck: option({
    level: SOL_SOCKET,
    option: SO_NO_CHECK,
    constant: "SO_NO_CHECK",
    direction: "both",
    since: "2.2",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** The priority of what is sent. Above 6 it needs CAP_NET_ADMIN. Source: socket(7). Since Linux 2.2. */
  priority: option({
    level: SOL_SOCKET,
    option: SO_PRIORITY,
    constant: "SO_PRIORITY",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: u32,
  }),
  /**
   * How long close(2) waits for what is still to be sent; 0 seconds reset the connection. Source: socket(7).
   * Since Linux 2.2.
   */
  linger: option({
    level: SOL_SOCKET,
    option: SO_LINGER,
    constant: "SO_LINGER",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: struct("linger", { onOff: flag, seconds: i32 }),
  }),
  /** Whether several sockets bound to one port share what arrives. Source: socket(7). Since Linux 3.9. */
  reusePort: option({
    level: SOL_SOCKET,
    option: SO_REUSEPORT,
    constant: "SO_REUSEPORT",
    direction: "both",
    since: "3.9",
    source: "socket(7)",
    payload: flag,
  }),
  /** Whether messages come with the sender's credentials. Source: unix(7). Since Linux 2.2. */
  passCred: option({
    level: SOL_SOCKET,
    option: SO_PASSCRED,
    constant: "SO_PASSCRED",
    direction: "both",
    since: "2.2",
    source: "unix(7)",
    families: ["unix", "netlink", "bluetooth"],
    payload: flag,
  }),
  /** Whether messages come with the sender's security label. Source: unix(7). Since Linux 2.6.18. */
  passSec: option({
    level: SOL_SOCKET,
    option: SO_PASSSEC,
    constant: "SO_PASSSEC",
    direction: "both",
    since: "2.6.18",
    source: "unix(7)",
    families: ["unix", "netlink"],
    payload: flag,
  }),
  /** Whether messages come with a descriptor of the sender's process. Source: unix(7). Since Linux 6.5. */
  passPidfd: option({
    level: SOL_SOCKET,
    option: SO_PASSPIDFD,
    constant: "SO_PASSPIDFD",
    direction: "both",
    since: "6.5",
    source: "unix(7)",
    families: ["unix"],
    payload: flag,
  }),
  /** Whether a peer may send descriptors: if not, its send fails with EPERM. `maxFds: "refuse"` switches it off. Source: unix(7). Since Linux 6.16. */
  passRights: option({
    level: SOL_SOCKET,
    option: SO_PASSRIGHTS,
    constant: "SO_PASSRIGHTS",
    direction: "both",
    since: "6.16",
    source: "unix(7)",
    families: ["unix"],
    payload: flag,
  }),
  /**
   * Whether messages on a stream tell how many bytes are left to read. Source: net/unix/af_unix.c. Since
   * Linux 6.17.
   */
  inq: option({
    level: SOL_SOCKET,
    option: SO_INQ,
    constant: "SO_INQ",
    direction: "set",
    since: "6.17",
    source: "net/unix/af_unix.c",
    families: ["unix"],
    payload: flag,
  }),
  /**
   * Who is at the other end, as it was at connect(2), listen(2) or socketpair(2). Source: unix(7). Since
   * Linux 2.2.
   */
  peerCred: option({
    level: SOL_SOCKET,
    option: SO_PEERCRED,
    constant: "SO_PEERCRED",
    direction: "get",
    since: "2.2",
    source: "unix(7)",
    families: ["unix"],
    payload: ucred,
  }),
  /** The security label of who is at the other end. Source: unix(7). Since Linux 2.6.2. */
  peerSec: option({
    level: SOL_SOCKET,
    option: SO_PEERSEC,
    constant: "SO_PEERSEC",
    direction: "get",
    since: "2.6.2",
    source: "unix(7)",
    payload: text("char[]", LABEL_ROOM),
  }),
  /** The supplementary groups of who is at the other end. Source: net/core/sock.c. Since Linux 4.13. */
  peerGroups: option({
    level: SOL_SOCKET,
    option: SO_PEERGROUPS,
    constant: "SO_PEERGROUPS",
    direction: "get",
    since: "4.13",
    source: "net/core/sock.c",
    families: ["unix"],
    payload: list(u32, 0, NGROUPS_MAX),
  }),
  /** Bytes that must be there before a stream is readable. Source: socket(7). Since Linux 2.2. */
  rcvLowat: option({
    level: SOL_SOCKET,
    option: SO_RCVLOWAT,
    constant: "SO_RCVLOWAT",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /** Always 1: Linux cannot change it. Source: socket(7). Since Linux 2.2. */
  sndLowat: option({
    level: SOL_SOCKET,
    option: SO_SNDLOWAT,
    constant: "SO_SNDLOWAT",
    direction: "get",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /** How long a blocking receive waits, in nanoseconds; 0n: for ever. Source: socket(7). Since Linux 2.4. */
  rcvTimeo: option({
    level: SOL_SOCKET,
    option: SO_RCVTIMEO_OLD,
    constant: "SO_RCVTIMEO",
    direction: "both",
    since: "2.4",
    source: "socket(7)",
    payload: oldTimeval,
  }),
  /** How long a blocking send waits, in nanoseconds; 0n: for ever. Source: socket(7). Since Linux 2.4. */
  sndTimeo: option({
    level: SOL_SOCKET,
    option: SO_SNDTIMEO_OLD,
    constant: "SO_SNDTIMEO",
    direction: "both",
    since: "2.4",
    source: "socket(7)",
    payload: oldTimeval,
  }),
  /**
   * The name of the only interface that the socket uses; an empty one takes it back. Source: socket(7). Since
   * Linux 2.2.
   */
  bindToDevice: option({
    level: SOL_SOCKET,
    option: SO_BINDTODEVICE,
    constant: "SO_BINDTODEVICE",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: nameText("char[IFNAMSIZ]", IFNAMSIZ),
  }),
  /**
   * The index of the only interface that the socket uses, 0 for none. A name does, too. Source:
   * net/core/sock.c. Since Linux 5.1.
   */
  bindToIfIndex: option({
    level: SOL_SOCKET,
    option: SO_BINDTOIFINDEX,
    constant: "SO_BINDTOIFINDEX",
    direction: "both",
    since: "5.1",
    source: "net/core/sock.c",
    payload: i32,
    setPayload: interfaceIndex,
  }),
  /**
   * A program of classic BPF that says how much of what arrives is let in. Reading it gives its instructions, none: there
   * is no filter. Source: socket(7). Since Linux 2.2.
   */
  attachFilter: option({
    level: SOL_SOCKET,
    option: SO_ATTACH_FILTER,
    constant: "SO_ATTACH_FILTER",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: filter,
    takesProgram: true,
  }),
  /** A program of classic BPF that chooses among the sockets of a port, by index. Source: socket(7). Since Linux 4.5. */
  attachReusePortCbpf: option({
    level: SOL_SOCKET,
    option: SO_ATTACH_REUSEPORT_CBPF,
    constant: "SO_ATTACH_REUSEPORT_CBPF",
    direction: "set",
    since: "4.5",
    source: "socket(7)",
    payload: filter,
    takesProgram: true,
  }),
  /** Takes the filter away, whatever the value. Source: socket(7). Since Linux 2.2. */
  detachFilter: option({
    level: SOL_SOCKET,
    option: SO_DETACH_FILTER,
    constant: "SO_DETACH_FILTER",
    direction: "set",
    since: "2.2",
    source: "socket(7)",
    payload: i32,
  }),
  /** Keeps the filter from being changed, for good. Source: socket(7). Since Linux 3.9. */
  lockFilter: option({
    level: SOL_SOCKET,
    option: SO_LOCK_FILTER,
    constant: "SO_LOCK_FILTER",
    direction: "both",
    since: "3.9",
    source: "socket(7)",
    payload: flag,
  }),
  /** The descriptor of an eBPF program that filters what arrives. Source: socket(7). Since Linux 3.19. */
  attachBpf: option({
    level: SOL_SOCKET,
    option: SO_ATTACH_BPF,
    constant: "SO_ATTACH_BPF",
    direction: "set",
    since: "3.19",
    source: "socket(7)",
    payload: i32,
  }),
  /**
   * The descriptor of an eBPF program that chooses among the sockets of a port. Source: socket(7). Since
   * Linux 4.5.
   */
  attachReusePortEbpf: option({
    level: SOL_SOCKET,
    option: SO_ATTACH_REUSEPORT_EBPF,
    constant: "SO_ATTACH_REUSEPORT_EBPF",
    direction: "set",
    since: "4.5",
    source: "socket(7)",
    payload: i32,
  }),
  /** Takes that program away, whatever the value. Source: net/core/sock.c. Since Linux 5.3. */
  detachReusePortBpf: option({
    level: SOL_SOCKET,
    option: SO_DETACH_REUSEPORT_BPF,
    constant: "SO_DETACH_REUSEPORT_BPF",
    direction: "set",
    since: "5.3",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /** Whether the socket listens. Source: socket(7). Since Linux 2.4. */
  acceptConn: option({
    level: SOL_SOCKET,
    option: SO_ACCEPTCONN,
    constant: "SO_ACCEPTCONN",
    direction: "get",
    since: "2.4",
    source: "socket(7)",
    payload: flag,
  }),
  /**
   * The mark of what is sent, for routing and filters. It needs CAP_NET_ADMIN. Source: socket(7). Since Linux
   * 2.6.25.
   */
  mark: option({
    level: SOL_SOCKET,
    option: SO_MARK,
    constant: "SO_MARK",
    direction: "both",
    since: "2.6.25",
    source: "socket(7)",
    payload: u32,
  }),
  /** The socket's protocol: IPPROTO_TCP, … Source: socket(7). Since Linux 2.6.32. */
  protocol: option({
    level: SOL_SOCKET,
    option: SO_PROTOCOL,
    constant: "SO_PROTOCOL",
    direction: "get",
    since: "2.6.32",
    source: "socket(7)",
    payload: i32,
  }),
  /** The socket's family: AF_INET, … Source: socket(7). Since Linux 2.6.32. */
  domain: option({
    level: SOL_SOCKET,
    option: SO_DOMAIN,
    constant: "SO_DOMAIN",
    direction: "get",
    since: "2.6.32",
    source: "socket(7)",
    payload: i32,
  }),
  /** Whether messages come with the number of those that were dropped. Source: socket(7). Since Linux 2.6.33. */
  rxqOvfl: option({
    level: SOL_SOCKET,
    option: SO_RXQ_OVFL,
    constant: "SO_RXQ_OVFL",
    direction: "both",
    since: "2.6.33",
    source: "socket(7)",
    payload: flag,
  }),
  /** Whether a sent frame's acknowledgement is reported. Source: net/core/sock.c. Since Linux 3.3. */
  wifiStatus: option({
    level: SOL_SOCKET,
    option: SO_WIFI_STATUS,
    constant: "SO_WIFI_STATUS",
    direction: "both",
    since: "3.3",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** Where the next MSG_PEEK reads, in bytes; -1: always at the beginning. Source: socket(7). Since Linux 3.4. */
  peekOff: option({
    level: SOL_SOCKET,
    option: SO_PEEK_OFF,
    constant: "SO_PEEK_OFF",
    direction: "both",
    since: "3.4",
    source: "socket(7)",
    payload: i32,
  }),
  /** Whether the frame check sequence is left to the program. Source: net/core/sock.c. Since Linux 3.4. */
  noFcs: option({
    level: SOL_SOCKET,
    option: SO_NOFCS,
    constant: "SO_NOFCS",
    direction: "both",
    since: "3.4",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** Whether select(2) reports the error queue as an exception. Source: socket(7). Since Linux 3.10. */
  selectErrQueue: option({
    level: SOL_SOCKET,
    option: SO_SELECT_ERR_QUEUE,
    constant: "SO_SELECT_ERR_QUEUE",
    direction: "both",
    since: "3.10",
    source: "socket(7)",
    payload: flag,
  }),
  /** Microseconds that a blocking receive polls the device. Source: socket(7). Since Linux 3.11. */
  busyPoll: option({
    level: SOL_SOCKET,
    option: SO_BUSY_POLL,
    constant: "SO_BUSY_POLL",
    direction: "both",
    since: "3.11",
    source: "socket(7)",
    payload: i32,
  }),
  /** Prefers polling the device to interrupts. Source: net/core/sock.c. Since Linux 5.11. */
  preferBusyPoll: option({
    level: SOL_SOCKET,
    option: SO_PREFER_BUSY_POLL,
    constant: "SO_PREFER_BUSY_POLL",
    direction: "both",
    since: "5.11",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** Packets that one round of polling takes. Source: net/core/sock.c. Since Linux 5.11. */
  busyPollBudget: option({
    level: SOL_SOCKET,
    option: SO_BUSY_POLL_BUDGET,
    constant: "SO_BUSY_POLL_BUDGET",
    direction: "both",
    since: "5.11",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /** Bytes per second that are sent at most; all ones: no limit. Source: net/core/sock.c. Since Linux 3.13. */
  maxPacingRate: option({
    level: SOL_SOCKET,
    option: SO_MAX_PACING_RATE,
    constant: "SO_MAX_PACING_RATE",
    direction: "both",
    since: "3.13",
    source: "net/core/sock.c",
    payload: pacingRate,
  }),
  /** Extensions that classic filters can use. Source: net/core/sock.c. Since Linux 3.14. */
  bpfExtensions: option({
    level: SOL_SOCKET,
    option: SO_BPF_EXTENSIONS,
    constant: "SO_BPF_EXTENSIONS",
    direction: "get",
    since: "3.14",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /**
   * The processor that last handled the socket's packets; set (since Linux 4.4), a preference among the
   * sockets of a port. Source: socket(7). Since Linux 3.19.
   */
  incomingCpu: option({
    level: SOL_SOCKET,
    option: SO_INCOMING_CPU,
    constant: "SO_INCOMING_CPU",
    direction: "both",
    since: "3.19",
    source: "socket(7)",
    payload: i32,
  }),
  /** 1: the route seems dead, look for another one. Source: net/core/sock.c. Since Linux 4.6. */
  cnxAdvice: option({
    level: SOL_SOCKET,
    option: SO_CNX_ADVICE,
    constant: "SO_CNX_ADVICE",
    direction: "set",
    since: "4.6",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /**
   * The socket's memory in bytes, and the packets that it dropped. Source: include/uapi/linux/sock_diag.h.
   * Since Linux 4.12.
   */
  memInfo: option({
    level: SOL_SOCKET,
    option: SO_MEMINFO,
    constant: "SO_MEMINFO",
    direction: "get",
    since: "4.12",
    source: "include/uapi/linux/sock_diag.h",
    payload: growing("sk_meminfo", MEMINFO, { drops: u32 }),
  }),
  /** The device queue that the last packet came by. Source: socket(7). Since Linux 4.12. */
  incomingNapiId: option({
    level: SOL_SOCKET,
    option: SO_INCOMING_NAPI_ID,
    constant: "SO_INCOMING_NAPI_ID",
    direction: "get",
    since: "4.12",
    source: "socket(7)",
    payload: u32,
  }),
  /** A number that no other socket of this boot has. Source: net/core/sock_diag.c. Since Linux 4.12. */
  cookie: option({
    level: SOL_SOCKET,
    option: SO_COOKIE,
    constant: "SO_COOKIE",
    direction: "get",
    since: "4.12",
    source: "net/core/sock_diag.c",
    payload: u64,
  }),
  /** A number that no other network namespace of this boot has. Source: net/core/sock.c. Since Linux 5.14. */
  netnsCookie: option({
    level: SOL_SOCKET,
    option: SO_NETNS_COOKIE,
    constant: "SO_NETNS_COOKIE",
    direction: "get",
    since: "5.14",
    source: "net/core/sock.c",
    payload: u64,
  }),
  /** Permits MSG_ZEROCOPY. Source: Documentation/networking/msg_zerocopy.rst. Since Linux 4.14. */
  zeroCopy: option({
    level: SOL_SOCKET,
    option: SO_ZEROCOPY,
    constant: "SO_ZEROCOPY",
    direction: "both",
    since: "4.14",
    source: "Documentation/networking/msg_zerocopy.rst",
    payload: flag,
  }),
  /**
   * The clock of the times at which messages are to be sent. Source: include/uapi/linux/net_tstamp.h. Since
   * Linux 4.19.
   */
  txTime: option({
    level: SOL_SOCKET,
    option: SO_TXTIME,
    constant: "SO_TXTIME",
    direction: "both",
    since: "4.19",
    source: "include/uapi/linux/net_tstamp.h",
    payload: struct("sock_txtime", { clockId: i32, flags: u32 }),
  }),
  /** Whether messages come with the time of their arrival, in microseconds. Source: socket(7). Since Linux 2.2. */
  timestampOld: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMP_OLD,
    constant: "SO_TIMESTAMP",
    direction: "both",
    since: "2.2",
    source: "socket(7)",
    payload: flag,
  }),
  /** Whether messages come with the time of their arrival, in nanoseconds. Source: socket(7). Since Linux 2.6.22. */
  timestampNsOld: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMPNS_OLD,
    constant: "SO_TIMESTAMPNS",
    direction: "both",
    since: "2.6.22",
    source: "socket(7)",
    payload: flag,
  }),
  /**
   * SOF_TIMESTAMPING_*: which times of sending and receiving are reported. Source:
   * Documentation/networking/timestamping.rst. Since Linux 2.6.30.
   */
  timestampingOld: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMPING_OLD,
    constant: "SO_TIMESTAMPING",
    direction: "both",
    since: "2.6.30",
    source: "Documentation/networking/timestamping.rst",
    payload: u32,
  }),
  /** As `timestampOld`, with 64 bits for the seconds everywhere. Source: net/core/sock.c. Since Linux 5.1. */
  timestamp: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMP_NEW,
    constant: "SO_TIMESTAMP_NEW",
    direction: "both",
    since: "5.1",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** As `timestampNsOld`, with 64 bits for the seconds everywhere. Source: net/core/sock.c. Since Linux 5.1. */
  timestampNs: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMPNS_NEW,
    constant: "SO_TIMESTAMPNS_NEW",
    direction: "both",
    since: "5.1",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** As `timestampingOld`, with 64 bits for the seconds everywhere. Source: net/core/sock.c. Since Linux 5.1. */
  timestamping: option({
    level: SOL_SOCKET,
    option: SO_TIMESTAMPING_NEW,
    constant: "SO_TIMESTAMPING_NEW",
    direction: "both",
    since: "5.1",
    source: "net/core/sock.c",
    payload: u32,
  }),
  /**
   * SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK: buffers whose size the kernel leaves alone. Source: net/core/sock.c.
   * Since Linux 5.15.
   */
  bufLock: option({
    level: SOL_SOCKET,
    option: SO_BUF_LOCK,
    constant: "SO_BUF_LOCK",
    direction: "both",
    since: "5.15",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /** Bytes of memory that are kept for the socket. Source: net/core/sock.c. Since Linux 5.16. */
  reserveMem: option({
    level: SOL_SOCKET,
    option: SO_RESERVE_MEM,
    constant: "SO_RESERVE_MEM",
    direction: "both",
    since: "5.16",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /**
   * Whether the path is chosen anew when packets get lost; 255: the system's default. Source:
   * net/core/sock.c. Since Linux 5.18.
   */
  txRehash: option({
    level: SOL_SOCKET,
    option: SO_TXREHASH,
    constant: "SO_TXREHASH",
    direction: "both",
    since: "5.18",
    source: "net/core/sock.c",
    payload: i32,
  }),
  /** Whether messages come with their packet's mark. Source: net/core/sock.c. Since Linux 5.19. */
  rcvMark: option({
    level: SOL_SOCKET,
    option: SO_RCVMARK,
    constant: "SO_RCVMARK",
    direction: "both",
    since: "5.19",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /** Whether messages come with their packet's priority. Source: net/core/sock.c. Since Linux 6.14. */
  rcvPriority: option({
    level: SOL_SOCKET,
    option: SO_RCVPRIORITY,
    constant: "SO_RCVPRIORITY",
    direction: "both",
    since: "6.14",
    source: "net/core/sock.c",
    payload: flag,
  }),
  /**
   * Gives back device memory that messages came in. Source: Documentation/networking/devmem.rst. Since Linux
   * 6.12.
   */
  devmemDontNeed: option({
    level: SOL_SOCKET,
    option: SO_DEVMEM_DONTNEED,
    constant: "SO_DEVMEM_DONTNEED",
    direction: "set",
    since: "6.12",
    source: "Documentation/networking/devmem.rst",
    payload: list(struct("dmabuf_token", { start: u32, count: u32 }), 1, DEVMEM_TOKENS),
  }),
} as const satisfies OptionEntries;
