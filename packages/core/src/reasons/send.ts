import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { MSG_OOB } from "../constants/message-flags.js";
import { SO_SNDBUF, SO_TXTIME } from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import { decodeControl } from "../control/decode.js";
import { type ControlMessage, entriesOf, entryNamed } from "../control/table.js";
import {
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EDESTADDRREQ,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENETUNREACH,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
  ESRCH,
  ETOOMANYREFS,
} from "../errno.js";
import { binding } from "../native/load.js";
import { getInt } from "../syscalls/int-option.js";
import { DESTINATION, type Destination, isIp, withoutInterface } from "./destination.js";
import { closedEntry } from "./open-file.js";
import type { Reasons } from "./reasons.js";
import { NOT_CONNECTED, RESET } from "./receive.js";

/** A message that the kernel did not take. */
export interface Unsent extends Destination {
  readonly fds: readonly number[];
  /** The values from which `fds` came. */
  readonly sendables: readonly unknown[];
  /** The control messages other than descriptors. */
  readonly control: Uint8Array | null;
  /** The flags that the caller gave. */
  readonly flags: number;
  /** How many bytes it has. */
  readonly total: number;
}

const controlOf = ({ control, family }: Unsent): ControlMessage[] =>
  control === null ? [] : decodeControl(control, { family });

const NO_DESTINATION = "the message has no destination. Give message.address, or call connect() first";

/** A Unix message needs this much room in the send buffer beside its bytes: unix_dgram_sendmsg(), net/unix/af_unix.c. */
const OVERHEAD = 32;
/** What the headers of IPv4 and UDP, or of UDP alone, leave of 65535 bytes. */
const LONGEST_UDP: Readonly<Record<number, number>> = { [AF_INET]: 65507, [AF_INET6]: 65527 };

/** Says how long a message may be. For sockets in memory, too. */
export const noRoom = (total: number, room: number): string =>
  `the message has ${total} bytes, and this socket's send buffer has room for ${room}. ` +
  "Send less at once, or set a larger sndBuf";

function tooLong({ fd, family, type, total }: Unsent): string | undefined {
  if (family === AF_UNIX || family === AF_NETLINK) {
    const room = getInt(fd, SOL_SOCKET, SO_SNDBUF) - OVERHEAD;
    return total > room ? noRoom(total, room) : undefined;
  }
  if (!isIp(family) || type !== SOCK_DGRAM) return undefined;
  const longest = LONGEST_UDP[family]!;
  return total > longest
    ? `the message has ${total} bytes, and a UDP datagram has room for ${longest}. Send less at once`
    : "the datagram is longer than the path's MTU, and the socket does not let the kernel cut it into fragments. Send less at once";
}

/** The kernel lets a process send its own ids only, or needs a capability: scm_check_creds(), net/core/scm.c. */
function foreignCredentials(facts: Unsent): string | undefined {
  const credentials = controlOf(facts).find(({ name }) => name === "credentials") as
    | { value: { pid: number; uid: number; gid: number } }
    | undefined;
  if (credentials === undefined) return undefined;
  const { pid, uid, gid } = credentials.value;
  const foreign: string[] = [];
  if (pid !== process.pid) foreign.push(`pid ${pid}, which needs CAP_SYS_ADMIN`);
  if (![process.getuid!(), process.geteuid!()].includes(uid))
    foreign.push(`uid ${uid}, which needs CAP_SETUID`);
  if (![process.getgid!(), process.getegid!()].includes(gid))
    foreign.push(`gid ${gid}, which needs CAP_SETGID`);
  if (foreign.length === 0) return undefined;
  return `the control message "credentials" has ${foreign.join(", and ")}. Send this process's own pid, uid and gid`;
}

/** A control message for which the process lacks a capability. */
function privileged(facts: Unsent): string | undefined {
  for (const { name } of controlOf(facts)) {
    const privilege = entryNamed(name)?.entry.privilege;
    if (privilege !== undefined) {
      return `the control message "${name}" needs ${privilege}, which this process may lack`;
    }
  }
  return undefined;
}

function refused(facts: Unsent): string | undefined {
  // With descriptors, root mostly gets EPERM for them: it may send any credentials.
  const sendsAsRoot = facts.fds.length > 0 && process.geteuid!() === 0;
  const known =
    (sendsAsRoot ? undefined : foreignCredentials(facts)) ?? privileged(facts) ?? DESTINATION[EPERM]!(facts);
  if (known !== undefined || facts.fds.length === 0) return known;
  return (
    "the receiver may have switched SO_PASSRIGHTS off. Then the kernel refuses the whole message. " +
    "Send the bytes without descriptors"
  );
}

/** No entry of the table that has this number can be sent. */
function isReceivedOnly(name: string): boolean {
  const entry = entryNamed(name)?.entry;
  return (
    entry !== undefined &&
    entriesOf(entry.level, entry.type).every(
      ({ entry: { direction } }) => direction === "receive" || direction === "errorQueue",
    )
  );
}

/** The kernel gives the same errors for a source that this machine does not have as for a destination without a route. */
function foreignSource(facts: Unsent): string | undefined {
  for (const { name, value } of controlOf(facts) as { name: string; value: unknown }[]) {
    let source: string | undefined;
    if (name === "ipPktInfo") source = (value as { specificDestination: string }).specificDestination;
    if (name === "ipv6PktInfo") source = (value as { address: string }).address;
    if (source !== undefined && source !== "0.0.0.0" && source !== "::") {
      return `the packet is to leave from ${source}, which may be no address of this machine. See: ip address`;
    }
  }
  return undefined;
}

function invalid(facts: Unsent): string | undefined {
  const { address, family, type } = facts;
  const known = withoutInterface(address);
  if (known !== undefined) return known;
  if (isIp(family) && type === SOCK_DGRAM && (address as { port?: number } | undefined)?.port === 0) {
    return "message.address.port is 0, and a packet needs a port";
  }
  const foreign = foreignSource(facts);
  if (foreign !== undefined) return foreign;
  const items = controlOf(facts);
  const received = items.findIndex(({ name }) => isReceivedOnly(name));
  if (received >= 0) {
    return `message.control[${received}] is "${items[received]!.name}", which can only be received. Leave it out`;
  }
  // The option reads as 0 while it is off, but also with CLOCK_REALTIME.
  if (items.some(({ name }) => name === "txTime") && getInt(facts.fd, SOL_SOCKET, SO_TXTIME) === 0) {
    return 'the socket takes no "txTime" yet. Call enableTxTime() for it first';
  }
  if (items.length === 0 || facts.flags !== 0) return undefined;
  const names = items.map(({ name }) => `"${name}"`).join(", ");
  return `the cause may be a control message that this socket does not take, or its value. Check ${names}`;
}

const isConnectionType = (type: number): boolean => type === SOCK_STREAM || type === SOCK_SEQPACKET;

function badAddress({ family, type, address, flags }: Unsent): string | undefined {
  if (flags & MSG_OOB) return "this socket has no out-of-band data. Send without MSG_OOB";
  return address !== undefined && family === AF_UNIX && isConnectionType(type)
    ? "a stream is sent to the peer to which it is connected. Call connect(), and leave message.address out"
    : undefined;
}

const GONE =
  "the peer has closed the connection, or shutdown() was called at one end. Close this socket; to go on, connect another one";

/** Why sendmsg(2) fails. */
export const SEND: Reasons<Unsent> = {
  ...DESTINATION,
  [EBADF]: ({ fds, sendables }) => closedEntry(fds, sendables),
  [ENOTCONN]: (facts) => (isConnectionType(facts.type) ? NOT_CONNECTED : NO_DESTINATION),
  [EDESTADDRREQ]: () => NO_DESTINATION,
  [EISCONN]: ({ address }) =>
    address === undefined
      ? undefined
      : "the socket is connected, and sends to its peer alone. Leave message.address out",
  [EOPNOTSUPP]: badAddress,
  [EMSGSIZE]: tooLong,
  [EPIPE]: () => GONE,
  [ECONNRESET]: ({ type }) => (isConnectionType(type) ? RESET : undefined),
  [ECONNREFUSED]: (facts) => {
    if (facts.address === undefined && facts.family === AF_UNIX && facts.type === SOCK_DGRAM) {
      return "the peer has closed its socket. Connect again when its program runs";
    }
    return isIp(facts.family) && facts.type === SOCK_DGRAM
      ? "nobody received an earlier packet. This message was not sent; send it again"
      : DESTINATION[ECONNREFUSED]!(facts);
  },
  [ETOOMANYREFS]: () =>
    `too many descriptors that this user has sent wait to be received: the limit is ${binding().openFilesLimit()}. ` +
    "Send again when the receivers have read, or raise the limit (ulimit -n)",
  [EPERM]: refused,
  // The kernel finds no process with the pid: __scm_send(), net/core/scm.c.
  [ESRCH]: (facts) => {
    const credentials = controlOf(facts).find(({ name }) => name === "credentials");
    return (
      credentials &&
      'no process has the pid that the control message "credentials" gives. Send this process\'s own pid'
    );
  },
  [EINVAL]: invalid,
  [ENETUNREACH]: (facts) => foreignSource(facts) ?? DESTINATION[ENETUNREACH]!(facts),
};
