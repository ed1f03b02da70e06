/**
 * One synchronous function for each system call, on plain numbers and bytes, as in C. The caller has to close the descriptors that
 * they return.
 *
 * @module
 */

export type { Data } from "../arguments.js";
export type { SystemError } from "../errors.js";
export { NativeLoadError } from "../native/load-error.js";
export { type Accepted, type AcceptOptions, accept4, bind, connect, listen, shutdown } from "./connection.js";
export { type SocketOptions, socket, socketpair } from "./create.js";
export { close, dup } from "./descriptor.js";
export { getpeername, getsockname } from "./names.js";
export { type MmsgToReceive, type RecvmmsgOptions, recvmmsg } from "./recvmmsg.js";
export { type Buffers, type Received, type RecvmsgOptions, recvmsg } from "./recvmsg.js";
export { type MmsgToSend, type SendmmsgOptions, sendmmsg } from "./sendmmsg.js";
export { type SendmsgOptions, sendmsg } from "./sendmsg.js";
export { type GetsockoptOptions, getsockopt, setsockopt } from "./sockopt.js";
