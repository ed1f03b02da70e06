import { CLOCK_MONOTONIC } from "../constants/clocks.js";
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
  SO_RCVTIMEO,
  SO_RESERVE_MEM,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_RXQ_OVFL,
  SO_SELECT_ERR_QUEUE,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_SNDLOWAT,
  SO_SNDTIMEO,
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
import { SOF_TIMESTAMPING_SOFTWARE, SOF_TIMESTAMPING_TX_SOFTWARE } from "../constants/timestamping.js";
import { flag } from "../wire/flag.js";
import { i32, u32, u64 } from "../wire/integers.js";
import { IFNAMSIZ, interfaceIndex } from "../wire/interface.js";
import { list } from "../wire/list.js";
import { growing, struct } from "../wire/struct.js";
import { nameText, text } from "../wire/text.js";
import { oldTimeval } from "../wire/times.js";
import { ucred } from "../wire/ucred.js";
import { filter } from "./filter.js";
import { level } from "./level.js";
import { pacingRate } from "./pacing-rate.js";

/** Room for a security label at the first try. If it is too little, the kernel says how much is needed. */
const LABEL_RESERVE = 256;

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

const { get, set, both } = level({ SOL_SOCKET }, { source: "socket(7)" });
/** For options that no man page describes. */
const kernel = level({ SOL_SOCKET }, { source: "net/core/sock.c" });
const unix = level({ SOL_SOCKET }, { source: "unix(7)", families: ["unix"] });

/** The options of SOL_SOCKET. */
export const socketLevelOptions = () => ({
  /** Records debugging information.
   * SO_DEBUG (1) of SOL_SOCKET: int, read and set. Setting needs CAP_NET_ADMIN. Since Linux 2.2. Source: socket(7). */
  debug: both({ SO_DEBUG }, "2.2", flag, { privilege: "CAP_NET_ADMIN" }),
  /** Whether bind(2) accepts an address that closed connections still use.
   * SO_REUSEADDR (2) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  reuseAddr: both({ SO_REUSEADDR }, "2.2", flag),
  /** The socket's type: SOCK_STREAM, SOCK_DGRAM, …
   * SO_TYPE (3) of SOL_SOCKET: int, read. Since Linux 2.2. Source: socket(7). */
  type: get({ SO_TYPE }, "2.2", i32),
  /** The pending error as a positive errno, 0 if there is none. Reading it clears it.
   * SO_ERROR (4) of SOL_SOCKET: int, read. Since Linux 2.2. Source: socket(7). */
  error: get({ SO_ERROR }, "2.2", i32),
  /** Sends to hosts on directly connected networks only.
   * SO_DONTROUTE (5) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  dontRoute: both({ SO_DONTROUTE }, "2.2", flag),
  /** Whether datagrams may go to a broadcast address.
   * SO_BROADCAST (6) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  broadcast: both({ SO_BROADCAST }, "2.2", flag),
  /** Bytes of the send buffer. The kernel doubles the value that is set, and reading gives the doubled value.
   * SO_SNDBUF (7) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  sndBuf: both({ SO_SNDBUF }, "2.2", i32),
  /** Bytes of the receive buffer. The kernel doubles the value that is set, and reading gives the doubled value.
   * SO_RCVBUF (8) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  rcvBuf: both({ SO_RCVBUF }, "2.2", i32),
  /** As `sndBuf`, but the value may exceed net.core.wmem_max.
   * SO_SNDBUFFORCE (32) of SOL_SOCKET: int, set. Setting needs CAP_NET_ADMIN. Since Linux 2.6.14. Source: socket(7). */
  sndBufForce: set({ SO_SNDBUFFORCE }, "2.6.14", i32, { privilege: "CAP_NET_ADMIN" }),
  /** As `rcvBuf`, but the value may exceed net.core.rmem_max.
   * SO_RCVBUFFORCE (33) of SOL_SOCKET: int, set. Setting needs CAP_NET_ADMIN. Since Linux 2.6.14. Source: socket(7). */
  rcvBufForce: set({ SO_RCVBUFFORCE }, "2.6.14", i32, { privilege: "CAP_NET_ADMIN" }),
  /** Sends probes on connections that are idle.
   * SO_KEEPALIVE (9) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  keepAlive: both({ SO_KEEPALIVE }, "2.2", flag),
  /** Whether out-of-band data stay in the stream. A Socket's first receive from a Unix stream switches this on.
   * SO_OOBINLINE (10) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  oobInline: both({ SO_OOBINLINE }, "2.2", flag),
  /** Sends UDP datagrams over IPv4 without a checksum.
   * SO_NO_CHECK (11) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: net/core/sock.c. */
  noCheck: kernel.both({ SO_NO_CHECK }, "2.2", flag),
  /** The priority of sent packets.
   * SO_PRIORITY (12) of SOL_SOCKET: __u32, read and set. Setting needs CAP_NET_RAW or CAP_NET_ADMIN above 6. Since Linux 2.2.
   * Source: socket(7). */
  priority: both({ SO_PRIORITY }, "2.2", u32, { privilege: "CAP_NET_RAW or CAP_NET_ADMIN above 6" }),
  /** How long close(2) waits until all data are sent. With 0 seconds, close(2) resets the connection.
   * SO_LINGER (13) of SOL_SOCKET: struct linger, read and set. Since Linux 2.2. Source: socket(7). */
  linger: both({ SO_LINGER }, "2.2", struct("linger", { onOff: flag, seconds: i32 })),
  /** Whether several sockets can be bound to one port, and share the packets or connections that arrive.
   * SO_REUSEPORT (15) of SOL_SOCKET: int, read and set. Since Linux 3.9. Source: socket(7). */
  reusePort: both({ SO_REUSEPORT }, "3.9", flag),
  /** Whether messages come with the sender's credentials.
   * SO_PASSCRED (16) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: unix(7). */
  passCred: unix.both({ SO_PASSCRED }, "2.2", flag, { families: ["unix", "netlink", "bluetooth"] }),
  /** Whether messages come with the sender's security label.
   * SO_PASSSEC (34) of SOL_SOCKET: int, read and set. Since Linux 2.6.18. Source: unix(7). */
  passSec: unix.both({ SO_PASSSEC }, "2.6.18", flag, { families: ["unix", "netlink"] }),
  /** Whether messages come with a descriptor of the sender's process.
   * SO_PASSPIDFD (76) of SOL_SOCKET: int, read and set. Since Linux 6.5. Source: unix(7). */
  passPidfd: unix.both({ SO_PASSPIDFD }, "6.5", flag, {
    feature: { what: "pidfds of senders and peers", type: "stream", value: true },
  }),
  /** Whether a peer may send descriptors. If it may not, its send fails with EPERM. `maxFds: "refuse"` switches this off.
   * SO_PASSRIGHTS (83) of SOL_SOCKET: int, read and set. Since Linux 6.16. Source: unix(7). */
  passRights: unix.both({ SO_PASSRIGHTS }, "6.16", flag, {
    feature: { what: "refusing descriptors altogether", type: "stream", value: false },
  }),
  /** Whether messages on a stream tell how many bytes are left to read.
   * SO_INQ (84) of SOL_SOCKET: int, set. Since Linux 6.17. Source: net/unix/af_unix.c. */
  inq: set({ SO_INQ }, "6.17", flag, {
    source: "net/unix/af_unix.c",
    families: ["unix"],
    feature: { what: "bytes left, on Unix streams", type: "stream", value: true },
  }),
  /** The peer's process, user and group, as they were at connect(2), listen(2) or socketpair(2).
   * SO_PEERCRED (17) of SOL_SOCKET: struct ucred, read. Since Linux 2.2. Source: unix(7). */
  peerCred: unix.get({ SO_PEERCRED }, "2.2", ucred),
  /** The peer's security label.
   * SO_PEERSEC (31) of SOL_SOCKET: char[], read. Since Linux 2.6.2. Source: unix(7). */
  peerSec: get({ SO_PEERSEC }, "2.6.2", text("char[]", LABEL_RESERVE), { source: "unix(7)" }),
  /** The peer's supplementary groups.
   * SO_PEERGROUPS (59) of SOL_SOCKET: __u32[], read. Since Linux 4.13. Source: net/core/sock.c. */
  peerGroups: kernel.get({ SO_PEERGROUPS }, "4.13", list(u32, 0, NGROUPS_MAX), { families: ["unix"] }),
  /** A stream is readable when it has at least this many bytes.
   * SO_RCVLOWAT (18) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  rcvLowat: both({ SO_RCVLOWAT }, "2.2", i32),
  /** Always 1: Linux cannot change it.
   * SO_SNDLOWAT (19) of SOL_SOCKET: int, read. Since Linux 2.2. Source: socket(7). */
  sndLowat: get({ SO_SNDLOWAT }, "2.2", i32),
  /** How long a blocking receive waits, in nanoseconds; 0n: for ever.
   * SO_RCVTIMEO (20) of SOL_SOCKET: struct __kernel_old_timeval, read and set. Since Linux 2.4. Source: socket(7). */
  rcvTimeo: both({ SO_RCVTIMEO }, "2.4", oldTimeval),
  /** How long a blocking send waits, in nanoseconds; 0n: for ever.
   * SO_SNDTIMEO (21) of SOL_SOCKET: struct __kernel_old_timeval, read and set. Since Linux 2.4. Source: socket(7). */
  sndTimeo: both({ SO_SNDTIMEO }, "2.4", oldTimeval),
  /** The name of the only interface that the socket uses. Set an empty name to permit all interfaces again.
   * SO_BINDTODEVICE (25) of SOL_SOCKET: char[IFNAMSIZ], read and set. Setting needs CAP_NET_RAW once it is set, and before Linux
   * 5.7. Since Linux 2.2. Source: socket(7). */
  bindToDevice: both({ SO_BINDTODEVICE }, "2.2", nameText("char[IFNAMSIZ]", IFNAMSIZ), {
    privilege: "CAP_NET_RAW once it is set, and before Linux 5.7",
  }),
  /** The index of the only interface that the socket uses. Set its index or its name, or 0 to permit all interfaces again.
   * SO_BINDTOIFINDEX (62) of SOL_SOCKET: int, read and set. Setting needs CAP_NET_RAW once it is set, and before Linux 5.7. Since
   * Linux 5.1. Source: net/core/sock.c. */
  bindToIfIndex: kernel.both({ SO_BINDTOIFINDEX }, "5.1", i32, {
    setPayload: interfaceIndex,
    privilege: "CAP_NET_RAW once it is set, and before Linux 5.7",
  }),
  /** A program of classic BPF that filters received packets: it says how many bytes of each the socket gets. Reading gives its
   * instructions, or an empty list if there is no filter.
   * SO_ATTACH_FILTER (26) of SOL_SOCKET: struct sock_filter[], read and set. Since Linux 2.2. Source: socket(7). */
  attachFilter: both({ SO_ATTACH_FILTER }, "2.2", filter, { takesProgram: true }),
  /** A program of classic BPF that chooses which of the sockets of a port gets a packet. It returns the socket's index.
   * SO_ATTACH_REUSEPORT_CBPF (51) of SOL_SOCKET: struct sock_filter[], set. Since Linux 4.5. Source: socket(7). */
  attachReusePortCbpf: set({ SO_ATTACH_REUSEPORT_CBPF }, "4.5", filter, { takesProgram: true }),
  /** Removes the filter. The value is ignored.
   * SO_DETACH_FILTER (27) of SOL_SOCKET: int, set. Since Linux 2.2. Source: socket(7). */
  detachFilter: set({ SO_DETACH_FILTER }, "2.2", i32),
  /** Locks the filter, so that nobody can change it any more. A locked filter cannot be unlocked.
   * SO_LOCK_FILTER (44) of SOL_SOCKET: int, read and set. Since Linux 3.9. Source: socket(7). */
  lockFilter: both({ SO_LOCK_FILTER }, "3.9", flag),
  /** The descriptor of an eBPF program that filters received packets.
   * SO_ATTACH_BPF (50) of SOL_SOCKET: int, set. Since Linux 3.19. Source: socket(7). */
  attachBpf: set({ SO_ATTACH_BPF }, "3.19", i32),
  /** The descriptor of an eBPF program that chooses which of the sockets of a port gets a packet.
   * SO_ATTACH_REUSEPORT_EBPF (52) of SOL_SOCKET: int, set. Since Linux 4.5. Source: socket(7). */
  attachReusePortEbpf: set({ SO_ATTACH_REUSEPORT_EBPF }, "4.5", i32),
  /** Removes the program that chooses among the sockets of a port. The value is ignored.
   * SO_DETACH_REUSEPORT_BPF (68) of SOL_SOCKET: int, set. Since Linux 5.3. Source: net/core/sock.c. */
  detachReusePortBpf: kernel.set({ SO_DETACH_REUSEPORT_BPF }, "5.3", i32),
  /** Whether the socket listens.
   * SO_ACCEPTCONN (30) of SOL_SOCKET: int, read. Since Linux 2.4. Source: socket(7). */
  acceptConn: get({ SO_ACCEPTCONN }, "2.4", flag),
  /** The mark of sent packets, for routing and filters.
   * SO_MARK (36) of SOL_SOCKET: __u32, read and set. Setting needs CAP_NET_RAW or CAP_NET_ADMIN. Since Linux 2.6.25. Source:
   * socket(7). */
  mark: both({ SO_MARK }, "2.6.25", u32, { privilege: "CAP_NET_RAW or CAP_NET_ADMIN" }),
  /** The socket's protocol: IPPROTO_TCP, …
   * SO_PROTOCOL (38) of SOL_SOCKET: int, read. Since Linux 2.6.32. Source: socket(7). */
  protocol: get({ SO_PROTOCOL }, "2.6.32", i32),
  /** The socket's family: AF_INET, …
   * SO_DOMAIN (39) of SOL_SOCKET: int, read. Since Linux 2.6.32. Source: socket(7). */
  domain: get({ SO_DOMAIN }, "2.6.32", i32),
  /** Whether messages come with the number of messages that the socket has dropped.
   * SO_RXQ_OVFL (40) of SOL_SOCKET: int, read and set. Since Linux 2.6.33. Source: socket(7). */
  rxqOvfl: both({ SO_RXQ_OVFL }, "2.6.33", flag),
  /** Whether the error queue reports if a sent frame was acknowledged.
   * SO_WIFI_STATUS (41) of SOL_SOCKET: int, read and set. Since Linux 3.3. Source: net/core/sock.c. */
  wifiStatus: kernel.both({ SO_WIFI_STATUS }, "3.3", flag),
  /** The position at which the next MSG_PEEK reads, in bytes. -1: always at the beginning.
   * SO_PEEK_OFF (42) of SOL_SOCKET: int, read and set. Since Linux 3.4. Source: socket(7). */
  peekOff: both({ SO_PEEK_OFF }, "3.4", i32),
  /** Whether the program computes the frame check sequence of sent frames.
   * SO_NOFCS (43) of SOL_SOCKET: int, read and set. Since Linux 3.4. Source: net/core/sock.c. */
  noFcs: kernel.both({ SO_NOFCS }, "3.4", flag),
  /** Whether select(2) reports the error queue as an exception.
   * SO_SELECT_ERR_QUEUE (45) of SOL_SOCKET: int, read and set. Since Linux 3.10. Source: socket(7). */
  selectErrQueue: both({ SO_SELECT_ERR_QUEUE }, "3.10", flag),
  /** For how many microseconds a blocking receive polls the device.
   * SO_BUSY_POLL (46) of SOL_SOCKET: int, read and set. Since Linux 3.11. Source: socket(7). */
  busyPoll: both({ SO_BUSY_POLL }, "3.11", i32),
  /** Whether the kernel prefers polling the device to its interrupts.
   * SO_PREFER_BUSY_POLL (69) of SOL_SOCKET: int, read and set. Setting needs CAP_NET_ADMIN. Since Linux 5.11. Source:
   * net/core/sock.c. */
  preferBusyPoll: kernel.both({ SO_PREFER_BUSY_POLL }, "5.11", flag, { privilege: "CAP_NET_ADMIN" }),
  /** How many packets one round of polling takes, at most.
   * SO_BUSY_POLL_BUDGET (70) of SOL_SOCKET: int, read and set. Setting needs CAP_NET_ADMIN to raise it. Since Linux 5.11. Source:
   * net/core/sock.c. */
  busyPollBudget: kernel.both({ SO_BUSY_POLL_BUDGET }, "5.11", i32, {
    privilege: "CAP_NET_ADMIN to raise it",
  }),
  /** How many bytes per second are sent, at most. All ones: no limit.
   * SO_MAX_PACING_RATE (47) of SOL_SOCKET: unsigned long, read and set. Since Linux 3.13. Source: net/core/sock.c. */
  maxPacingRate: kernel.both({ SO_MAX_PACING_RATE }, "3.13", pacingRate),
  /** Which extensions classic filters can use.
   * SO_BPF_EXTENSIONS (48) of SOL_SOCKET: int, read. Since Linux 3.14. Source: net/core/sock.c. */
  bpfExtensions: kernel.get({ SO_BPF_EXTENSIONS }, "3.14", i32),
  /** Reading gives the processor that last handled the socket's packets. Since Linux 4.4, it can be set: of the sockets of a port,
   * the kernel prefers the one with the packet's processor.
   * SO_INCOMING_CPU (49) of SOL_SOCKET: int, read and set. Since Linux 3.19. Source: socket(7). */
  incomingCpu: both({ SO_INCOMING_CPU }, "3.19", i32),
  /** With 1, tells the kernel that the route seems dead, and that it should look for another one.
   * SO_CNX_ADVICE (53) of SOL_SOCKET: int, set. Since Linux 4.6. Source: net/core/sock.c. */
  cnxAdvice: kernel.set({ SO_CNX_ADVICE }, "4.6", i32),
  /** The socket's memory in bytes, and the packets that it dropped.
   * SO_MEMINFO (55) of SOL_SOCKET: struct sk_meminfo, read. Since Linux 4.12. Source: include/uapi/linux/sock_diag.h. */
  memInfo: get({ SO_MEMINFO }, "4.12", growing("sk_meminfo", MEMINFO, { drops: u32 }), {
    source: "include/uapi/linux/sock_diag.h",
  }),
  /** The device queue (NAPI instance) that received the last packet.
   * SO_INCOMING_NAPI_ID (56) of SOL_SOCKET: __u32, read. Since Linux 4.12. Source: socket(7). */
  incomingNapiId: get({ SO_INCOMING_NAPI_ID }, "4.12", u32),
  /** A number that no other socket of this boot has.
   * SO_COOKIE (57) of SOL_SOCKET: __u64, read. Since Linux 4.12. Source: net/core/sock_diag.c. */
  cookie: get({ SO_COOKIE }, "4.12", u64, { source: "net/core/sock_diag.c" }),
  /** A number that no other network namespace of this boot has.
   * SO_NETNS_COOKIE (71) of SOL_SOCKET: __u64, read. Since Linux 5.14. Source: net/core/sock.c. */
  netnsCookie: kernel.get({ SO_NETNS_COOKIE }, "5.14", u64),
  /** Whether sends may use MSG_ZEROCOPY.
   * SO_ZEROCOPY (60) of SOL_SOCKET: int, read and set. Since Linux 4.14. Source: Documentation/networking/msg_zerocopy.rst. */
  zeroCopy: both({ SO_ZEROCOPY }, "4.14", flag, {
    source: "Documentation/networking/msg_zerocopy.rst",
    feature: { what: "sending without a copy", type: "stream", value: true },
    errorQueue: true,
  }),
  /** The clock for SCM_TXTIME, which says when a packet is to leave.
   * SO_TXTIME (61) of SOL_SOCKET: struct sock_txtime, read and set. Setting needs CAP_NET_ADMIN for clocks other than
   * CLOCK_MONOTONIC. Since Linux 4.19. Source: include/uapi/linux/net_tstamp.h. */
  txTime: both({ SO_TXTIME }, "4.19", struct("sock_txtime", { clockId: i32, flags: u32 }), {
    source: "include/uapi/linux/net_tstamp.h",
    privilege: "CAP_NET_ADMIN for clocks other than CLOCK_MONOTONIC",
    feature: {
      what: "sending at a given time",
      type: "dgram",
      value: { clockId: CLOCK_MONOTONIC, flags: 0 },
    },
    errorQueue: true,
  }),
  /** Whether messages come with the time of their arrival, in microseconds.
   * SO_TIMESTAMP_OLD (29) of SOL_SOCKET: int, read and set. Since Linux 2.2. Source: socket(7). */
  timestampOld: both({ SO_TIMESTAMP_OLD }, "2.2", flag),
  /** Whether messages come with the time of their arrival, in nanoseconds.
   * SO_TIMESTAMPNS_OLD (35) of SOL_SOCKET: int, read and set. Since Linux 2.6.22. Source: socket(7). */
  timestampNsOld: both({ SO_TIMESTAMPNS_OLD }, "2.6.22", flag),
  /** Which timestamps of sent and received packets the kernel reports: SOF_TIMESTAMPING_*.
   * SO_TIMESTAMPING_OLD (37) of SOL_SOCKET: __u32, read and set. Since Linux 2.6.30. Source:
   * Documentation/networking/timestamping.rst. */
  timestampingOld: both({ SO_TIMESTAMPING_OLD }, "2.6.30", u32, {
    source: "Documentation/networking/timestamping.rst",
    errorQueue: true,
  }),
  /** As `timestampOld`, but with 64 bits for the seconds in every program.
   * SO_TIMESTAMP_NEW (63) of SOL_SOCKET: int, read and set. Since Linux 5.1. Source: net/core/sock.c. */
  timestamp: kernel.both({ SO_TIMESTAMP_NEW }, "5.1", flag),
  /** As `timestampNsOld`, but with 64 bits for the seconds in every program.
   * SO_TIMESTAMPNS_NEW (64) of SOL_SOCKET: int, read and set. Since Linux 5.1. Source: net/core/sock.c. */
  timestampNs: kernel.both({ SO_TIMESTAMPNS_NEW }, "5.1", flag, {
    feature: { what: "times of arrival beyond 2038", type: "dgram", value: true },
  }),
  /** As `timestampingOld`, but with 64 bits for the seconds in every program.
   * SO_TIMESTAMPING_NEW (65) of SOL_SOCKET: __u32, read and set. Since Linux 5.1. Source: net/core/sock.c. */
  timestamping: kernel.both({ SO_TIMESTAMPING_NEW }, "5.1", u32, {
    feature: {
      what: "timestamps of sent packets",
      type: "dgram",
      value: SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
    },
    errorQueue: true,
  }),
  /** Which buffers the kernel must not resize: SOCK_SNDBUF_LOCK | SOCK_RCVBUF_LOCK.
   * SO_BUF_LOCK (72) of SOL_SOCKET: int, read and set. Since Linux 5.15. Source: net/core/sock.c. */
  bufLock: kernel.both({ SO_BUF_LOCK }, "5.15", i32),
  /** How many bytes of memory the kernel reserves for the socket.
   * SO_RESERVE_MEM (73) of SOL_SOCKET: int, read and set. Since Linux 5.16. Source: net/core/sock.c. */
  reserveMem: kernel.both({ SO_RESERVE_MEM }, "5.16", i32),
  /** Whether the kernel chooses another path when packets get lost. 255: the system's default.
   * SO_TXREHASH (74) of SOL_SOCKET: int, read and set. Since Linux 5.18. Source: net/core/sock.c. */
  txRehash: kernel.both({ SO_TXREHASH }, "5.18", i32),
  /** Whether messages come with their packet's mark.
   * SO_RCVMARK (75) of SOL_SOCKET: int, read and set. Setting needs CAP_NET_RAW or CAP_NET_ADMIN on older kernels. Since Linux
   * 5.19. Source: net/core/sock.c. */
  rcvMark: kernel.both({ SO_RCVMARK }, "5.19", flag, {
    privilege: "CAP_NET_RAW or CAP_NET_ADMIN on older kernels",
    feature: { what: "marks of received packets", type: "dgram", value: true },
  }),
  /** Whether messages come with their packet's priority.
   * SO_RCVPRIORITY (82) of SOL_SOCKET: int, read and set. Since Linux 6.14. Source: net/core/sock.c. */
  rcvPriority: kernel.both({ SO_RCVPRIORITY }, "6.14", flag, {
    feature: { what: "priorities of received packets", type: "dgram", value: true },
  }),
  /** Returns to the kernel the device memory of received messages.
   * SO_DEVMEM_DONTNEED (80) of SOL_SOCKET: struct dmabuf_token[], set. Since Linux 6.12. Source:
   * Documentation/networking/devmem.rst. */
  devmemDontNeed: set(
    { SO_DEVMEM_DONTNEED },
    "6.12",
    list(struct("dmabuf_token", { start: u32, count: u32 }), 1, DEVMEM_TOKENS),
    { source: "Documentation/networking/devmem.rst" },
  ),
});
