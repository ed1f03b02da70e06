import { type Address, addressFamily } from "../address/index.js";
import { checkArray, checkBoolean, checkInteger, checkObject, checkSignal, own } from "../arguments.js";
import { AF_INET, AF_INET6, AF_UNIX } from "../constants/address-families.js";
import { IPV6_V6ONLY } from "../constants/ipv6.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { IPPROTO_IPV6 } from "../constants/protocols.js";
import { SO_REUSEADDR, SO_REUSEPORT } from "../constants/socket.js";
import {
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../constants/socket-types.js";
import type { ControlName } from "../control/index.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { binding } from "../native/load.js";
import { failure } from "../syscalls/failure.js";
import { setInt } from "../syscalls/int-option.js";
import { checkControlName } from "./delivery.js";
import { checkSocketMaxFds, type MaxFds } from "./receiving.js";
import { checkRefusable, refuseDescriptors } from "./refusing-descriptors.js";

export type SocketType = "stream" | "seqpacket" | "dgram" | "raw";

/** How a socket is made, or taken over. */
export interface SocketOptions {
  /** Default: "stream". */
  type?: SocketType;
  /** The protocol's number; see socket(2). Default: 0, the type's own. */
  protocol?: number;
  /** Control messages to receive, switched on before anything can arrive. */
  receive?: readonly ControlName[];
  /**
   * Descriptors that a message may bring, at most 253. Default: 0: what was not asked for is never let in.
   *
   * `"refuse"` lets nobody send any: the kernel fails such a send with `EPERM`, bytes included. Only on Unix sockets, since
   * Linux 6.16; older kernels are `ENOPROTOOPT`.
   */
  maxFds?: MaxFds;
  /** A bound path's permissions, from the first instant and whatever the umask. Default: 0o777 less the umask. */
  mode?: number;
  /**
   * "stale": replaces the socket file of a server that is gone. Default: a file that exists is in the way. What keeps the
   * directory locked, see flock(2), for two seconds makes it `EADDRINUSE`.
   */
  unlink?: "stale";
  /** IPV6_V6ONLY: no IPv4 peers on an IPv6 socket. Default: the system's. */
  ipv6Only?: boolean;
  /** SO_REUSEPORT: several sockets bound to one port share what arrives. */
  reusePort?: boolean;
  signal?: AbortSignal;
}

export interface CheckedOptions {
  type: number;
  protocol: number;
  receive: readonly ControlName[];
  maxFds: MaxFds;
  mode: number | undefined;
  unlink: "stale" | undefined;
  ipv6Only: boolean | undefined;
  reusePort: boolean;
  signal: AbortSignal | undefined;
}

const TYPES: Record<SocketType, number> = {
  stream: SOCK_STREAM,
  seqpacket: SOCK_SEQPACKET,
  dgram: SOCK_DGRAM,
  raw: SOCK_RAW,
};

export function checkType(argument: string, value: unknown): number {
  if (typeof value !== "string") throw invalidArgType(argument, "of type string", value);
  const type = Object.hasOwn(TYPES, value) ? TYPES[value as SocketType] : undefined;
  if (type === undefined) {
    throw invalidArgValue(argument, `must be one of ${Object.keys(TYPES).join(", ")}. Received "${value}"`);
  }
  return type;
}

export function checkOptions(options: SocketOptions): CheckedOptions {
  const { type, protocol, receive, maxFds, mode, unlink, ipv6Only, reusePort, signal } = checkObject(
    "options",
    options,
  );
  let names: ControlName[] = [];
  if (receive !== undefined) {
    names = checkArray("options.receive", receive).map((name, i) =>
      checkControlName(`options.receive[${i}]`, name),
    );
  }
  if (unlink !== undefined && unlink !== "stale") throw invalidArgValue("options.unlink", 'must be "stale"');
  return {
    type: type === undefined ? SOCK_STREAM : checkType("options.type", type),
    protocol: protocol === undefined ? 0 : checkInteger("options.protocol", protocol, 0, 0x7fffffff),
    receive: names,
    maxFds: maxFds === undefined ? 0 : checkSocketMaxFds("options.maxFds", maxFds),
    mode: mode === undefined ? undefined : checkInteger("options.mode", mode, 0, 0o777),
    unlink,
    ipv6Only: ipv6Only === undefined ? undefined : checkBoolean("options.ipv6Only", ipv6Only),
    reusePort: reusePort === undefined ? false : checkBoolean("options.reusePort", reusePort),
    signal: checkSignal("options.signal", signal),
  };
}

/** Refuses options that a call has no use for: what is asked for must not be passed over in silence. */
export function refuseOptions(options: SocketOptions, names: readonly (keyof SocketOptions)[]): void {
  const given = own(options);
  for (const name of names) {
    if (given[name] !== undefined) throw invalidArgValue(`options.${name}`, "must not be given here");
  }
}

/** What says how a socket is made: no option for one that exists. */
export const MAKING = [
  "type",
  "protocol",
  "mode",
  "unlink",
  "ipv6Only",
  "reusePort",
  "signal",
] as const satisfies readonly (keyof SocketOptions)[];

/** unix_create(), net/unix/af_unix.c, makes a datagram socket of a raw one. */
export function refuseRaw(argument: string, family: number, type: number): void {
  if (family === AF_UNIX && type === SOCK_RAW) {
    throw invalidArgValue(
      argument,
      'must not be "raw" on a Unix socket: the kernel would make a "dgram" of it',
    );
  }
}

/** What a socket is, besides its descriptor. */
export interface SocketFacts {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** Makes a socket of the address's family, non-blocking and close-on-exec, in custody. */
export function makeSocket(family: number, options: CheckedOptions): FileDescriptor {
  refuseRaw("options.type", family, options.type);
  checkRefusable(family, options.maxFds);
  const native = binding();
  const fd = native.socket(family, options.type | SOCK_CLOEXEC | SOCK_NONBLOCK, options.protocol, true);
  if (fd < 0) throw failure(fd, "socket");
  const descriptor = holdUncollected(fd, native.result[0]!);
  try {
    if (options.ipv6Only !== undefined && family === AF_INET6) {
      setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only ? 1 : 0);
    }
    if (options.reusePort) setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    refuseDescriptors(fd, options.maxFds);
    return descriptor;
  } catch (error) {
    descriptor.close();
    throw error;
  }
}

/** As libuv does for servers: a restart need not wait until the old connections' TIME_WAIT is over. */
export function allowRebinding(fd: number, family: number): void {
  if (family === AF_INET || family === AF_INET6) setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}

export function familyOf(argument: string, address: Address): number {
  checkObject(argument, address);
  return addressFamily(address, argument);
}
