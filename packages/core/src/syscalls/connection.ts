import { checkFd, checkInt32, checkObject, checkTimeout, checkView } from "../arguments.js";
import { AF_ALG } from "../constants/address-families.js";
import { ECONNABORTED } from "../errno.js";
import { keysOf } from "../known-keys.js";
import { ADDRESS_SPACE, RESULT_ADDRESS_LENGTH } from "../native/binding.js";
import { binding } from "../native/load.js";
import { type SocketOptions, typeFlags } from "./create.js";
import { succeeded } from "./failure.js";
import { familyOfSocket } from "./int-option.js";
import { ownedByCaller } from "./owned-by-caller.js";
import { onceReadable } from "./time-limit.js";

/**
 * Binds a socket to an address.
 *
 * @param address an encoded sockaddr; `sendmsg/address` makes it.
 * @throws a system error: EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL, …
 * @see bind(2)
 */
export function bind(fd: number, address: ArrayBufferView): void {
  checkFd("fd", fd);
  succeeded(binding().bind(fd, checkView("address", address)), "bind");
}

/**
 * Connects a socket to a peer.
 *
 * With a non-blocking descriptor, an IP socket fails with EINPROGRESS. Once it is writable, `getsockopt(fd, SOL_SOCKET, SO_ERROR)`
 * returns the result. A Unix socket fails with EAGAIN if the listener's backlog is full; no event says when to try again. With a
 * blocking descriptor, the call blocks the thread, and only SO_SNDTIMEO limits it.
 *
 * @param address an encoded sockaddr; on a datagram socket, an address of family AF_UNSPEC disconnects.
 * @throws a system error: ECONNREFUSED, EINPROGRESS, EAGAIN, ENOENT, EPROTOTYPE, EISCONN, …
 * @see connect(2)
 */
export function connect(fd: number, address: ArrayBufferView): void {
  checkFd("fd", fd);
  succeeded(binding().connect(fd, checkView("address", address)), "connect");
}

/**
 * Makes a socket accept connections.
 *
 * @param backlog how many connections may wait; the kernel limits it to net.core.somaxconn.
 * @see listen(2)
 */
export function listen(fd: number, backlog: number): void {
  checkFd("fd", fd);
  checkInt32("backlog", backlog);
  succeeded(binding().listen(fd, backlog), "listen");
}

export interface AcceptOptions extends SocketOptions {
  /** How many milliseconds to wait at most. Without it, the descriptor's O_NONBLOCK decides whether to wait. */
  timeout?: number;
}

const ACCEPT_KEYS = /* @__PURE__ */ keysOf<AcceptOptions>({ timeout: true, blocking: true });

export interface Accepted {
  /** The connection's descriptor, which the caller owns. */
  fd: number;
  /** The peer's encoded sockaddr. If the peer has no address, it is only the two bytes of the family. */
  address: Uint8Array;
}

/**
 * Accepts a connection from a listening socket. The new descriptor is close-on-exec, and non-blocking unless you ask for a blocking
 * one.
 *
 * If no connection is waiting, a non-blocking listener fails with EAGAIN, and a blocking one blocks the thread: no signal handler
 * runs, and `worker.terminate()` and `process.exit()` wait too. A `timeout` limits the wait on both kinds. After it, the error is
 * ETIMEDOUT.
 *
 * @throws a system error: EAGAIN, ETIMEDOUT, ECONNABORTED, EMFILE, EINVAL (not listening), …
 * @see accept4(2)
 */
export function accept4(fd: number, options: AcceptOptions = {}): Accepted {
  checkFd("fd", fd);
  const given = checkObject("options", options, ACCEPT_KEYS);
  const flags = typeFlags(given);
  const timeout = checkTimeout("options.timeout", given.timeout);
  const native = binding();
  const address = new Uint8Array(ADDRESS_SPACE);
  const accept = (to: Uint8Array | null) => onceReadable(timeout, fd, () => native.accept4(fd, to, flags));
  let accepted = accept(address);
  // AF_ALG sockets have no addresses, and accept4(2) on them fails if it is asked for one.
  if (accepted === -ECONNABORTED && familyOfSocket(fd) === AF_ALG) accepted = accept(null);
  const connection = ownedByCaller(accepted, "accept4");
  return { fd: connection, address: address.slice(0, native.result[RESULT_ADDRESS_LENGTH]!) };
}

/**
 * Shuts down one direction of a connection, or both.
 *
 * @param how SHUT_RD, SHUT_WR or SHUT_RDWR.
 * @throws a system error: ENOTCONN, …
 * @see shutdown(2)
 */
export function shutdown(fd: number, how: number): void {
  checkFd("fd", fd);
  checkInt32("how", how);
  succeeded(binding().shutdown(fd, how), "shutdown");
}
