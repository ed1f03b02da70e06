import type { AddressFamilyName } from "../address/family.js";
import { type AddressInput, addressFamily, encodeAddress } from "../address/index.js";
import {
  checkArray,
  checkBoolean,
  checkInteger,
  checkObject,
  checkSignal,
  checkString,
  unpolluted,
} from "../arguments.js";
import type { ControlName } from "../control/index.js";
import { SOCKET_TYPES, type SocketType } from "../control/socket-type.js";
import { invalidArgType, invalidArgValue, quoted } from "../errors.js";
import { type KnownKeys, keysOf } from "../known-keys.js";
import { didYouMean, nearestName } from "../nearest-name.js";
import { interfacesOf } from "../syscalls/kernel-interfaces.js";
import { checkControlName } from "./control-switches.js";
import { type CheckedMaxFds, checkSocketMaxFds, type MaxFds } from "./receive-request.js";

/** How a socket is made or taken over. */
export interface SocketOptions {
  /**
   * Default of `connect()` and `listen()`: "stream", if the family has it. Default of `bind()` and `open()`: "dgram" on Unix and IP
   * sockets, "raw" on netlink, packet and CAN sockets, "stream" on vsock.
   */
  type?: SocketType;
  /** The protocol's number: see socket(2). Default: 0, the default protocol of the type. On raw CAN sockets: CAN_RAW. */
  protocol?: number;
  /** Control messages to receive. They are switched on before anything can arrive. */
  receive?: readonly ControlName[];
  /**
   * How many descriptors a message may bring: at most 253, which `"all"` means, too. Default: 0, so a peer can't send descriptors
   * that you did not ask for.
   *
   * With `"refuse"`, the kernel fails a peer's send with descriptors with `EPERM`, bytes included. Only on Unix sockets, since
   * Linux 6.16. On older kernels, this option fails with `ENOPROTOOPT`.
   */
  maxFds?: MaxFds;
  /** The permissions of a bound path, from the first instant and regardless of the umask. Default: 0o777 less the umask. */
  mode?: number;
  /**
   * "stale" replaces the socket file of a server that no longer runs. Default: an existing file makes bind(2) fail. If another
   * process locks the directory for two seconds (flock(2)), this fails with `EADDRINUSE`.
   */
  unlink?: "stale";
  /** IPV6_V6ONLY: an IPv6 socket has no IPv4 peers. Default: the system's setting. */
  ipv6Only?: boolean;
  /** SO_REUSEPORT: several sockets that are bound to one port share the messages or connections that arrive. */
  reusePort?: boolean;
  signal?: AbortSignal;
}

/** How a socket is made that is neither bound nor connected. */
export interface OpenOptions
  extends Pick<SocketOptions, "type" | "protocol" | "receive" | "maxFds" | "ipv6Only" | "reusePort"> {
  /** The address family: a name, as addresses have it, or a number (AF_*). */
  family: AddressFamilyName | number;
}

const OPTIONS = {
  maxFds: true,
  receive: true,
  type: true,
  protocol: true,
  mode: true,
  unlink: true,
  ipv6Only: true,
  reusePort: true,
  signal: true,
} as const satisfies Readonly<Record<keyof SocketOptions, true>>;

/** All options of a socket. A call that can't use some of them refuses those: see {@link refuseOptions}. */
const SOCKET_KEYS = /* @__PURE__ */ keysOf<SocketOptions>(OPTIONS);

/** All options of a socket, and those of a listener alone. */
export const LISTEN_KEYS: KnownKeys = /* @__PURE__ */ keysOf<
  SocketOptions & { backlog?: number; allow?: unknown }
>({
  ...OPTIONS,
  backlog: true,
  allow: true,
});

/** The options of a listener that exists already. */
export const LISTENER_FROM_KEYS: KnownKeys = /* @__PURE__ */ keysOf<SocketOptions & { allow?: unknown }>({
  ...OPTIONS,
  allow: true,
});

/** All options of a socket, and the family of one that has no address. */
export const OPEN_KEYS: KnownKeys = /* @__PURE__ */ keysOf<SocketOptions & OpenOptions>({
  ...OPTIONS,
  family: true,
});

export interface CheckedOptions {
  type: SocketType | undefined;
  protocol: number | undefined;
  receive: readonly ControlName[];
  maxFds: CheckedMaxFds;
  mode: number | undefined;
  unlink: "stale" | undefined;
  ipv6Only: boolean | undefined;
  reusePort: boolean;
  signal: AbortSignal | undefined;
}

const ALL_TYPES = Object.keys(SOCKET_TYPES) as SocketType[];

/** What other libraries and languages call the types. */
const OTHER_NAMES: Readonly<Partial<Record<SocketType, readonly string[]>>> = {
  stream: ["tcp", "tcp4", "tcp6"],
  dgram: ["datagram", "udp", "udp4", "udp6"],
};

const nearestType = (name: string, allowed: readonly SocketType[]): SocketType | undefined =>
  nearestName(
    name,
    allowed.flatMap((type) =>
      [type, `SOCK_${type}`, ...(OTHER_NAMES[type] ?? [])].map((spelling) => [spelling, type] as const),
    ),
  );

/** Checks the name of a socket type, which must be one of `allowed`. */
export function checkType(
  argument: string,
  value: unknown,
  allowed: readonly SocketType[] = ALL_TYPES,
): SocketType {
  const name = checkString(argument, value) as SocketType;
  if (allowed.includes(name)) return name;
  throw invalidArgValue(
    argument,
    `must be one of ${allowed.join(", ")}. Received ${quoted(name)}${didYouMean(nearestType(name, allowed))}`,
  );
}

function checkMode(mode: unknown): number {
  if (typeof mode === "string") {
    const fix = /^0?[0-7]{3}$/.test(mode) ? `Write 0o${mode.slice(-3)}` : "Write it as 0o600";
    throw invalidArgType("options.mode", "of type number", mode, fix);
  }
  return checkInteger("options.mode", mode, 0, 0o777);
}

export function checkOptions(options: SocketOptions, keys: KnownKeys = SOCKET_KEYS): CheckedOptions {
  const { type, protocol, receive, maxFds, mode, unlink, ipv6Only, reusePort, signal } = checkObject(
    "options",
    options,
    keys,
  );
  let names: ControlName[] = [];
  if (receive !== undefined) {
    names = checkArray("options.receive", receive).map((name, i) =>
      checkControlName(`options.receive[${i}]`, name),
    );
  }
  if (unlink !== undefined && unlink !== "stale") throw invalidArgValue("options.unlink", 'must be "stale"');
  return {
    type: type === undefined ? undefined : checkType("options.type", type),
    protocol: protocol === undefined ? undefined : checkInteger("options.protocol", protocol, 0, 0x7fffffff),
    receive: names,
    maxFds: maxFds === undefined ? undefined : checkSocketMaxFds("options.maxFds", maxFds),
    mode: mode === undefined ? undefined : checkMode(mode),
    unlink,
    ipv6Only: ipv6Only === undefined ? undefined : checkBoolean("options.ipv6Only", ipv6Only),
    reusePort: reusePort === undefined ? false : checkBoolean("options.reusePort", reusePort),
    signal: checkSignal("options.signal", signal),
  };
}

/** Throws if the caller gave options that this call can't use, rather than ignore them silently. */
export function refuseOptions(options: SocketOptions, names: readonly (keyof SocketOptions)[]): void {
  const given = unpolluted(options);
  for (const name of names) {
    if (given[name] !== undefined) throw invalidArgValue(`options.${name}`, "must not be given here");
  }
}

/** Options that say how to make a socket. They are refused if the socket already exists. */
export const CREATION_OPTIONS = [
  "type",
  "protocol",
  "mode",
  "unlink",
  "ipv6Only",
  "reusePort",
  "signal",
] as const satisfies readonly (keyof SocketOptions)[];

/** Checks an address before a socket is made for it. Returns the address's family, AF_*. */
export function checkAddress(argument: string, address: AddressInput): number {
  encodeAddress(address, argument, interfacesOf(undefined));
  return addressFamily(address, argument);
}
