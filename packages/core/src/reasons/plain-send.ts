import { AF_INET, AF_INET6, AF_NETLINK, AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { MSG_OOB } from "../constants/message-flags.js";
import { SO_SNDBUF } from "../constants/socket.js";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import {
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EDESTADDRREQ,
  EINVAL,
  EISCONN,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
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

function refused(facts: Unsent): string | undefined {
  const known = DESTINATION[EPERM]!(facts);
  if (known !== undefined || facts.fds.length === 0) return known;
  return (
    "the receiver may have switched SO_PASSRIGHTS off. Then the kernel refuses the whole message. " +
    "Send the bytes without descriptors"
  );
}

function invalid({ address, family, type }: Unsent): string | undefined {
  const known = withoutInterface(address);
  if (known !== undefined) return known;
  return isIp(family) && type === SOCK_DGRAM && (address as { port?: number } | undefined)?.port === 0
    ? "message.address.port is 0, and a packet needs a port"
    : undefined;
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

/** Why sendmsg(2) fails. send.ts adds the causes that lie in control messages. */
export const PLAIN_SEND: Reasons<Unsent> = {
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
  [EINVAL]: invalid,
};
