import type { Socket as NetSocket } from "node:net";
import { checkFd } from "../arguments.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_COOKIE, SO_DOMAIN } from "../constants/socket.js";
import { FileDescriptor } from "../descriptor.js";
import { EBADF, ENOTSOCK } from "../errno.js";
import { closedError, codedError, invalidArgType, invalidArgValue, type SystemError } from "../errors.js";
import { binding } from "../native/load.js";
import { getInt } from "../syscalls/int-option.js";
import { isListening } from "./facts.js";
import { SocketOptionAccess } from "./option-access.js";
import { Peer } from "./peer.js";

/** What has a peer: a socket of Node's, one of ours, or a descriptor. */
export type PeerSource =
  | NetSocket
  | FileDescriptor
  | number
  | { readonly peer: Peer; readonly closed: boolean };

/** What we need of a net.Socket. `_handle` is libuv's handle. */
interface NodeSocket {
  readonly _handle?: { readonly fd?: number } | null;
  readonly connecting?: boolean;
  readonly encrypted?: boolean;
}

const EXPECTED = "a net.Socket, a Socket, a FileDescriptor or a descriptor number";

/** The number of a net.Socket at this moment. It has none before it connects and after it was destroyed. */
function numberOf(socket: NodeSocket): number {
  if (socket.connecting === true) throw codedError("ERR_INVALID_STATE", "The socket is still connecting");
  const fd = socket._handle?.fd;
  if (fd === undefined || fd < 0) throw closedError("socket");
  return fd;
}

/** Returns a function that finds the number of the source, or throws once the source is closed. */
function findNumber(source: unknown): () => number {
  if (typeof source === "number") {
    checkFd("source", source);
    return () => source;
  }
  if (FileDescriptor.isFileDescriptor(source)) {
    return () => {
      const { fd } = source;
      if (fd < 0) throw closedError("descriptor");
      return fd;
    };
  }
  if (typeof source !== "object" || source === null || !("_handle" in source)) {
    throw invalidArgType("source", EXPECTED, source);
  }
  const socket = source as NodeSocket;
  if (socket.encrypted === true) {
    throw invalidArgValue("source", "must not be a TLSSocket: give the net.Socket under it");
  }
  return () => numberOf(socket);
}

/** The kernel's number for a socket, which it never uses again: SO_COOKIE, Linux 4.12. Undefined: this kernel has none. */
function cookieOf(fd: number): bigint | undefined {
  const cookie = new BigUint64Array(1);
  const result = binding().getsockopt(fd, SOL_SOCKET, SO_COOKIE, new Uint8Array(cookie.buffer));
  return result === cookie.byteLength ? cookie[0] : undefined;
}

/**
 * Returns the process at the other end of a socket that other code owns. The owner keeps the socket and notices nothing.
 *
 * In an HTTP server on a Unix path: `peerOf(request.socket).credentials()`. The source can also be a {@link Socket}, a
 * {@link FileDescriptor} or a number.
 *
 * Each method of the result looks at the source again, and throws `ERR_SENDMSG_CLOSED` once the source is closed, even if another
 * socket has its number by then.
 *
 * @throws `ERR_SENDMSG_CLOSED` if the source is closed; `ERR_INVALID_STATE` while it connects; `ENOTSOCK`, `EBADF`.
 * @throws TypeError ERR_INVALID_ARG_VALUE: a TLSSocket, or a listening socket. ERR_INVALID_ARG_TYPE: anything else.
 * @see unix(7) SO_PEERCRED
 */
export function peerOf(source: PeerSource): Peer {
  if (typeof source === "object" && source !== null && "peer" in source && source.peer instanceof Peer) {
    if (source.closed) throw closedError("socket");
    return source.peer;
  }
  const find = findNumber(source);
  const first = find();
  const family = getInt(first, SOL_SOCKET, SO_DOMAIN);
  if (isListening(first)) {
    throw invalidArgValue("source", "must not be a listening socket: each of its connections has a peer");
  }
  const cookie = cookieOf(first);
  const owner = {
    open(): number {
      const fd = find();
      // Other code may have closed the number behind its owner's back. Then it may be another socket by now, or none.
      if (isOther(fd, cookie)) throw closedError("socket");
      return fd;
    },
  };
  return new Peer(owner, family, new SocketOptionAccess(owner, family));
}

function isOther(fd: number, cookie: bigint | undefined): boolean {
  if (cookie !== undefined) return cookieOf(fd) !== cookie;
  try {
    getInt(fd, SOL_SOCKET, SO_DOMAIN);
    return false;
  } catch (error) {
    const { errno } = error as SystemError;
    return errno === -EBADF || errno === -ENOTSOCK;
  }
}
