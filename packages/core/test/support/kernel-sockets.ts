import { expect } from "vitest";
import { type Address, encodeAddress, type Ipv4Address, type Ipv6Address } from "../../src/address/index.js";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  type ControlValue,
  controlMessages,
  decodeControl,
} from "../../src/control/index.js";
import {
  type FileDescriptor,
  Listener,
  type Message,
  type ReceiveOptions,
  Socket,
  type SocketOptions,
  type SocketType,
  socketpair,
} from "../../src/index.js";
import { bind, close, type SendmsgOptions, setsockopt, socket } from "../../src/syscalls/index.js";
import { slow } from "./scale.js";

/** Far longer than anything takes. */
export const PATIENCE = slow ? 60_000 : 15_000;

let closers: (() => unknown)[] = [];

/** Closes what the test opened. */
export async function closeAll(): Promise<void> {
  const all = closers.reverse();
  closers = [];
  for (const end of all) await end();
}

/** Calls back when the test ends. */
export function atEnd(end: () => unknown): void {
  closers.push(end);
}

/** Closes it when the test ends. */
export function own<T extends Socket | Listener | FileDescriptor>(opened: T): T {
  atEnd(() => opened.close());
  return opened;
}

/** A descriptor that the test owns. */
export function ownFd(fd: number): number {
  atEnd(() => close(fd));
  return fd;
}

export interface RawOptions {
  receive?: readonly ControlName[];
  /** sockaddr bytes to bind to. */
  at?: Uint8Array;
  maxFds?: number;
}

/** A socket of any family, made by socket(2). */
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

/** The next message; its descriptors are closed when the test ends. */
export async function next(socket: Socket, options: ReceiveOptions = {}): Promise<Message> {
  const message = await socket.recvmsg({ signal: AbortSignal.timeout(PATIENCE), ...options });
  atEnd(() => message[Symbol.dispose]());
  return message;
}

/** The next entry of the error queue. */
export async function nextError(socket: Socket): Promise<Message> {
  return socket.recvError({ signal: AbortSignal.timeout(PATIENCE) });
}

/** The value of the control message of that name; undefined if there is none. */
export function find<N extends ControlName>(
  control: readonly ControlMessage[],
  name: N,
): ControlValue<N> | undefined {
  const found = control.find((message) => message.name === name);
  return (found as { value: ControlValue<N> } | undefined)?.value;
}

/** The value of the control message of that name, which must be there. */
export function valueIn<N extends ControlName>(
  { control }: { control: readonly ControlMessage[] },
  name: N,
): ControlValue<N> {
  const value = find(control, name);
  expect(value, `${name} among ${names(control).join(", ") || "no control messages"}`).toBeDefined();
  return value!;
}

export const names = (control: readonly ControlMessage[]): string[] => control.map(({ name }) => name);

/** Switches a message on by the table's option. */
export function switchOn(fd: number, name: ControlName): void {
  const { enable } = controlMessages[name] as ControlEntry;
  setsockopt(fd, enable!.level, enable!.option, enable!.value ?? 1);
}

/** The control messages of a socket of that family, in received bytes. */
export function decoded(bytes: Uint8Array, length: number, family: number): ControlMessage[] {
  return decodeControl(bytes.subarray(0, length), { family });
}

/** The bytes of an address, for the system calls. */
export const sockaddr = (address: Address): Uint8Array => encodeAddress(address);

export type { SendmsgOptions };
