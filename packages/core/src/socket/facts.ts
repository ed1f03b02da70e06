import { SOL_SOCKET } from "../constants/levels.js";
import { SO_ACCEPTCONN, SO_DOMAIN, SO_PROTOCOL, SO_TYPE } from "../constants/socket.js";
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

/** Whether the socket is a listening one: listen(2) was called. */
export const isListening = (fd: number): boolean => getInt(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1;
