import { checkInteger } from "../arguments.js";
import {
  AF_ALG,
  AF_BLUETOOTH,
  AF_CAN,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_ISDN,
  AF_IUCV,
  AF_LLC,
  AF_NETLINK,
  AF_PACKET,
  AF_QIPCRTR,
  AF_RDS,
  AF_RXRPC,
  AF_TIPC,
  AF_UNIX,
  AF_VSOCK,
  AF_XDP,
} from "../constants/address-families.js";
import { invalidArgType, invalidArgValue, quoted } from "../errors.js";
import { didYouMean, nearestName } from "../nearest-name.js";

/** Families by name. If net.SocketAddress has a name for a family, we use that. Otherwise we use the kernel's. */
const FAMILIES = {
  unix: AF_UNIX,
  ipv4: AF_INET,
  ipv6: AF_INET6,
  netlink: AF_NETLINK,
  packet: AF_PACKET,
  rds: AF_RDS,
  llc: AF_LLC,
  can: AF_CAN,
  tipc: AF_TIPC,
  bluetooth: AF_BLUETOOTH,
  iucv: AF_IUCV,
  rxrpc: AF_RXRPC,
  isdn: AF_ISDN,
  ieee802154: AF_IEEE802154,
  alg: AF_ALG,
  vsock: AF_VSOCK,
  qrtr: AF_QIPCRTR,
  xdp: AF_XDP,
} as const;

export type AddressFamilyName = keyof typeof FAMILIES;

const NAMES = new Map<number, AddressFamilyName>(
  (Object.entries(FAMILIES) as [AddressFamilyName, number][]).map(([name, number]) => [number, name]),
);

/** The number (AF_*) of a name. */
export const familyNumber = (name: AddressFamilyName): number => FAMILIES[name];

/** The name of a family (AF_*). Undefined if it has none here. */
export const familyName = (family: number): AddressFamilyName | undefined => NAMES.get(family);

/** Other names of some families: of the kernel's constants, and as other libraries and languages write them. */
const OTHER_NAMES: { readonly [F in AddressFamilyName]?: readonly string[] } = {
  unix: ["AF_LOCAL", "local"],
  ipv4: ["AF_INET", "inet", "inet4"],
  ipv6: ["AF_INET6", "inet6"],
  qrtr: ["AF_QIPCRTR"],
};

/** How a program may spell a family, see {@link nearestName}. */
export const spellingsOf = (name: AddressFamilyName): (readonly [string, AddressFamilyName])[] =>
  [name, `AF_${name}`, ...(OTHER_NAMES[name] ?? [])].map((spelling) => [spelling, name]);

/** Checks a family that a user gave as a name or number. Returns AF_*. */
export function checkFamily(argument: string, value: unknown): number {
  if (typeof value === "number") return checkInteger(argument, value, 0, 0xffff);
  if (typeof value !== "string") throw invalidArgType(argument, "of type string or number", value);
  if (!Object.hasOwn(FAMILIES, value)) {
    const names = Object.keys(FAMILIES) as AddressFamilyName[];
    const nearest = nearestName(value, names.flatMap(spellingsOf));
    throw invalidArgValue(
      argument,
      `must be one of ${names.join(", ")}. Received ${quoted(value)}${didYouMean(nearest)}`,
    );
  }
  return FAMILIES[value as AddressFamilyName];
}
