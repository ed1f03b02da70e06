import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_DGRAM, SOCK_STREAM } from "../constants/socket-types.js";
import { ECONNREFUSED, ECONNRESET, EINVAL, ENOTCONN } from "../errno.js";
import { isIp } from "./destination.js";
import type { Reasons } from "./reasons.js";

/** A receive that failed. */
export interface Unreceived {
  /** AF_* and SOCK_* of the socket. */
  readonly family: number;
  readonly type: number;
}

export const NOT_CONNECTED =
  "this socket is not connected. Call connect() first; for a server, use Listener.listen() and accept()";

export const RESET =
  "the peer has closed the connection before it had read everything. Close this socket; to go on, connect another one";

/** Why recvmsg(2) fails. */
export const RECEIVE: Reasons<Unreceived> = {
  [ENOTCONN]: () => NOT_CONNECTED,
  // unix_stream_read_generic(), net/unix/af_unix.c. Other sockets say ENOTCONN.
  [EINVAL]: ({ family, type }) => (family === AF_UNIX && type === SOCK_STREAM ? NOT_CONNECTED : undefined),
  [ECONNRESET]: ({ type }) => (type === SOCK_DGRAM ? undefined : RESET),
  [ECONNREFUSED]: ({ family, type }) =>
    isIp(family) && type === SOCK_DGRAM
      ? "nobody received a packet that this socket sent. The socket is still good: receive again"
      : undefined,
};
