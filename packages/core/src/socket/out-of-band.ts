import { AF_INET, AF_INET6, AF_PHONET, AF_RXRPC, AF_SMC, AF_X25 } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { IPPROTO_TCP } from "../constants/protocols.js";
import { SO_ERROR, SO_OOBINLINE } from "../constants/socket.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EINVAL, ENOTCONN } from "../errno.js";
import { explain, systemError } from "../errors.js";
import { type Message, messageOf } from "../message.js";
import { binding } from "../native/load.js";
import { failure } from "../syscalls/failure.js";
import { getInt } from "../syscalls/int-option.js";
import type { SocketFacts } from "./facts.js";
import { EPOLLERR, EPOLLHUP, EPOLLRDHUP } from "./readiness.js";

const FAMILIES: ReadonlySet<number> = new Set([AF_PHONET, AF_RXRPC, AF_X25]);

/**
 * Whether recvmsg(2) with MSG_OOB can return out-of-band data: TCP's and SMC's urgent byte, X.25's interrupts, … MPTCP and SCTP
 * ignore the flag, and would return ordinary data.
 */
export function hasOutOfBandData({ family, type, protocol }: SocketFacts): boolean {
  if (family === AF_SMC) return type === SOCK_STREAM;
  if (family === AF_INET || family === AF_INET6) {
    return type === SOCK_STREAM && (protocol === 0 || protocol === IPPROTO_TCP);
  }
  return FAMILIES.has(family);
}

/**
 * What a receive with MSG_OOB returns if the kernel said EINVAL, because there is no out-of-band data. Undefined: some may still
 * come. See tcp_recv_urg(), net/ipv4/tcp.c.
 *
 * `keepForOthers` gets the connection's error. The kernel reports it only once, and receives of ordinary data must see it too.
 */
export function endOfOutOfBand(fd: number, keepForOthers: (error: Error) => void): Message | undefined {
  if (getInt(fd, SOL_SOCKET, SO_OOBINLINE) !== 0) {
    const error = systemError(EINVAL, "recvmsg");
    explain(
      error,
      "SO_OOBINLINE is on, so urgent bytes come among the other bytes. Receive without MSG_OOB, or set oobInline to false",
    );
    throw error;
  }
  const events = binding().poll(fd, EPOLLRDHUP);
  if (events < 0) throw failure(events, "ppoll");
  const pending = events & EPOLLERR ? getInt(fd, SOL_SOCKET, SO_ERROR) : 0;
  if (pending !== 0) {
    keepForOthers(systemError(pending, "recvmsg"));
    throw systemError(pending, "recvmsg");
  }
  if (events & EPOLLRDHUP) return messageOf({ eof: true });
  if (events & EPOLLHUP) throw systemError(ENOTCONN, "recvmsg");
  return undefined;
}
