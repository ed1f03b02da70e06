import type { Address, Ipv4Address, Ipv6Address } from "../../src/address/index.js";
import type { ControlName } from "../../src/control/index.js";
import {
  Listener,
  type Message,
  type ReceiveOptions,
  Socket,
  type SocketOptions,
  type SocketType,
  socketpair,
} from "../../src/index.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { atEnd, own } from "./closing.js";
import { slow } from "./scale.js";

/** Milliseconds, far more than any message needs. */
export const PATIENCE = slow ? 120_000 : 15_000;

/** A signal that ends a wait for something that never comes. */
export const soon = (): AbortSignal => AbortSignal.timeout(PATIENCE);

export interface RawOptions {
  receive?: readonly ControlName[];
  /** The bytes of a sockaddr to bind to. */
  at?: Uint8Array;
  maxFds?: number;
}

/** Makes a socket of any family with socket(2). */
export function open(family: number, type: number, protocol = 0, options: RawOptions = {}): Socket {
  const { at, ...rest } = options;
  const fd = socket(family, type, protocol);
  try {
    if (at) bind(fd, at);
    return own(Socket.from(fd, rest));
  } catch (error) {
    close(fd);
    throw error;
  }
}

export interface Ends<A> {
  socket: Socket;
  at: A;
}

/** A UDP socket on the loopback interface. */
export async function udp4(
  receive: readonly ControlName[] = [],
  options: SocketOptions = {},
): Promise<Ends<Ipv4Address>> {
  const place: Ipv4Address = { family: "ipv4", address: "127.0.0.1", port: 0 };
  const socket = own(await Socket.bind(place, { type: "dgram", receive, ...options }));
  return { socket, at: socket.getsockname() as Ipv4Address };
}

/** A UDP socket on the loopback interface. */
export async function udp6(
  receive: readonly ControlName[] = [],
  options: SocketOptions = {},
): Promise<Ends<Ipv6Address>> {
  const place: Ipv6Address = { family: "ipv6", address: "::1", port: 0 };
  const socket = own(await Socket.bind(place, { type: "dgram", receive, ...options }));
  return { socket, at: socket.getsockname() as Ipv6Address };
}

/** Two ends of a TCP connection over the loopback interface. */
export async function tcp(
  receive: readonly ControlName[] = [],
  address: Address = { family: "ipv4", address: "127.0.0.1", port: 0 },
  protocol = 0,
): Promise<[client: Socket, server: Socket]> {
  const listener = own(await Listener.listen(address, { receive, protocol }));
  const client = own(await Socket.connect(listener.getsockname(), { receive, protocol }));
  return [client, own(await listener.accept())];
}

/** Two connected Unix sockets. */
export function unix(
  type: SocketType,
  options: Pick<SocketOptions, "receive" | "maxFds"> = {},
): [Socket, Socket] {
  const [a, b] = socketpair(type, options);
  return [own(a), own(b)];
}

/** Receives the next message, whose descriptors are closed when the test ends. */
export async function next(socket: Socket, options: ReceiveOptions = {}): Promise<Message> {
  const message = await socket.recvmsg({ signal: soon(), ...options });
  atEnd(() => message[Symbol.dispose]());
  return message;
}

/** Receives the next entry of the error queue. */
export async function nextError(socket: Socket): Promise<Message> {
  return socket.recvError({ signal: soon() });
}
