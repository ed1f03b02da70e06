import type { RemoteInfo as UdpRemoteInfo, Socket as UdpSocket, SocketType as UdpType } from "node:dgram";
import { dgram } from "sendmsg/unix-datagram";
import { type MessageListener, Socket, type SocketOptions } from "./socket.js";

export type { FileDescriptor, Sendable } from "./descriptors.js";
export type { Syscall, SystemError } from "./errors.js";
export {
  type MessageListener,
  type RemoteInfo,
  type SendCallback,
  type SendOptions,
  Socket,
  type SocketOptions,
} from "./socket.js";

/**
 * Makes a socket. `listener` gets the messages.
 *
 * @throws a system error: EMFILE, …; on other systems than Linux, an error that says so.
 */
export function createSocket(type: "unix_dgram" | SocketOptions, listener?: MessageListener): Socket;
/** Makes a UDP socket of node:dgram. */
export function createSocket(
  type: UdpType,
  listener?: (message: Buffer, info: UdpRemoteInfo) => void,
): UdpSocket;
export function createSocket(
  type: "unix_dgram" | SocketOptions | UdpType,
  listener?: (message: Buffer, info: never) => void,
): Socket | UdpSocket {
  if (type === "udp4" || type === "udp6") return dgram().createSocket(type, listener as never);
  const options = typeof type === "object" ? type : { type };
  if (options?.type !== "unix_dgram") throw new Error(`Unsupported socket type: ${options?.type}`);
  return new Socket(options, listener as MessageListener | undefined);
}
