/**
 * The socket of `@sendmsg/unix-dgram`: Unix datagrams, with calls that end at once, and listeners instead of promises. That package
 * contains this module. Users of `sendmsg` can't import it.
 *
 * @module
 */

export { type Address, decodeAddress, encodeAddress, type UnixAddress } from "../address/index.js";
export { checkInteger, checkObject } from "../arguments.js";
export { dgram } from "../builtins.js";
export { SCM_MAX_FD } from "../constants/socket.js";
export type { FileDescriptor } from "../descriptor.js";
export { EAGAIN, EBADF } from "../errno.js";
export { invalidArgType, outOfRange } from "../errors.js";
export type { Sendable } from "../interop/sendable.js";
export { keysOf } from "../known-keys.js";
export type { DatagramListeners } from "./datagram-receiving.js";
export { UnixDatagramSocket } from "./unix-datagram-socket.js";
