import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL, SO_TYPE } from "../constants/socket.js";
import { SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import { getInt } from "../syscalls/int-option.js";

/** What kind of socket it is: the three arguments of socket(2). */
export interface SocketFacts {
  /** AF_* */
  readonly family: number;
  /** SOCK_* */
  readonly type: number;
  readonly protocol: number;
}

/** Asks the kernel for the facts of a socket that another program or library made. */
export function factsOf(fd: number): SocketFacts {
  return {
    family: getInt(fd, SOL_SOCKET, SO_DOMAIN),
    type: getInt(fd, SOL_SOCKET, SO_TYPE),
    protocol: getInt(fd, SOL_SOCKET, SO_PROTOCOL),
  };
}

/**
 * Whether the socket has one peer, so that its errors are about the connection to that peer. On IP, a seqpacket socket is one of SCTP,
 * which has many peers.
 */
export const hasConnection = ({ family, type }: Pick<SocketFacts, "family" | "type">): boolean =>
  type === SOCK_STREAM || (type === SOCK_SEQPACKET && family !== AF_INET && family !== AF_INET6);

/** Whether the socket is a listening one: listen(2) was called. */
export const isListening = (fd: number): boolean => getInt(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1;
