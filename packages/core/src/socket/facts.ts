import { SOL_SOCKET } from "../constants/levels.js";
import { SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL, SO_TYPE } from "../constants/socket.js";
import { getInt } from "../syscalls/int-option.js";

/** What a socket is, besides its descriptor: the three arguments of socket(2). */
export interface SocketFacts {
  /** AF_* */
  readonly family: number;
  /** SOCK_* */
  readonly type: number;
  readonly protocol: number;
}

/** What the kernel says of a socket that came from elsewhere. */
export function factsOf(fd: number): SocketFacts {
  return {
    family: getInt(fd, SOL_SOCKET, SO_DOMAIN),
    type: getInt(fd, SOL_SOCKET, SO_TYPE),
    protocol: getInt(fd, SOL_SOCKET, SO_PROTOCOL),
  };
}

/** Whether listen(2) was called on the socket. */
export const isListening = (fd: number): boolean => getInt(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1;
