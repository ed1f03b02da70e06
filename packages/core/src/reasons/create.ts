import { type AddressFamilyName, familyName } from "../address/family.js";
import { fs } from "../builtins.js";
import {
  AF_BLUETOOTH,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_LLC,
  AF_PACKET,
  AF_UNIX,
  AF_XDP,
} from "../constants/address-families.js";
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_SCTP } from "../constants/protocols.js";
import { SOCK_DGRAM, SOCK_RAW } from "../constants/socket-types.js";
import { socketTypeName } from "../control/socket-type.js";
import { EACCES, EAFNOSUPPORT, EINVAL, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT } from "../errno.js";
import { isIp } from "./destination.js";
import type { Reasons } from "./reasons.js";

/** The three arguments of socket(2). */
export interface Kind {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** The kernel modules that have the families. AF_UNIX and AF_INET are no modules. */
const MODULES: { readonly [F in AddressFamilyName]?: string } = {
  ipv6: "ipv6",
  packet: "af_packet",
  rds: "rds",
  llc: "llc2",
  can: "can",
  tipc: "tipc",
  bluetooth: "bluetooth",
  iucv: "af_iucv",
  rxrpc: "rxrpc",
  isdn: "mISDN_core",
  ieee802154: "ieee802154_socket",
  alg: "af_alg",
  vsock: "vsock",
  qrtr: "qrtr",
};

/** Families whose raw sockets, or all of whose sockets, need CAP_NET_RAW. */
const NEED_NET_RAW: ReadonlySet<number> = new Set([AF_PACKET, AF_XDP, AF_LLC]);
const RAW_NEEDS_NET_RAW: ReadonlySet<number> = new Set([AF_INET, AF_INET6, AF_BLUETOOTH, AF_IEEE802154]);

const nameOf = (family: number): string => familyName(family) ?? `family-${family}`;
const described = ({ family, type }: Kind): string =>
  `${nameOf(family)} sockets of type "${socketTypeName(type)}"`;

/** The kernel has no such socket. */
function unknown(kind: Kind): string {
  const { family, type, protocol } = kind;
  if (protocol === 0) {
    return isIp(family) && type !== SOCK_RAW
      ? `there are no ${described(kind)} unless you give a protocol. Give another type, or the protocol`
      : `there are no ${described(kind)} without a protocol. Give the option protocol: a number`;
  }
  if (family === AF_UNIX) return "Unix sockets have no protocols. Leave the option protocol out";
  const module = isIp(family) && protocol === IPPROTO_SCTP ? ". Load the kernel module: modprobe sctp" : "";
  return `this kernel has no protocol ${protocol} for ${described(kind)}${module || ". Give another type or protocol"}`;
}

/** Why socket(2) fails. */
export const CREATE: Reasons<Kind> = {
  [EAFNOSUPPORT]: ({ family }) => {
    const name = familyName(family);
    const module = name && MODULES[name];
    return module === undefined
      ? `this kernel has no ${nameOf(family)} sockets, or a sandbox forbids them`
      : `this kernel has no ${name} sockets, or a sandbox forbids them. Load the kernel module: modprobe ${module}`;
  },
  [EPROTONOSUPPORT]: unknown,
  [ESOCKTNOSUPPORT]: unknown,
  [EINVAL]: (kind) => (isIp(kind.family) && kind.protocol > 0 ? unknown(kind) : undefined),
  [EPERM]: (kind) =>
    NEED_NET_RAW.has(kind.family) || (RAW_NEEDS_NET_RAW.has(kind.family) && kind.type === SOCK_RAW)
      ? `${described(kind)} need CAP_NET_RAW. Run the program as root, or give it this capability`
      : undefined,
  // ping_init_sock(), net/ipv4/ping.c
  [EACCES]: ({ family, type, protocol }) => {
    const isPing =
      isIp(family) && type === SOCK_DGRAM && [IPPROTO_ICMP, IPPROTO_ICMPV6].includes(protocol as never);
    if (!isPing) return undefined;
    const range = fs()
      .readFileSync("/proc/sys/net/ipv4/ping_group_range", "latin1")
      .trim()
      .replace(/\s+/, " ");
    return (
      `only groups ${range} (net.ipv4.ping_group_range) may make ping sockets. ` +
      'Permit all groups: sysctl net.ipv4.ping_group_range="0 2147483647"'
    );
  },
};
