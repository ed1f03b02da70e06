import { familyName, familyNumber } from "../address/family.js";
import { AF_INET } from "../constants/address-families.js";
import { SOL_IP, SOL_SOCKET } from "../constants/levels.js";
import { IPPROTO_SCTP } from "../constants/protocols.js";
import { SOCK_SEQPACKET } from "../constants/socket-types.js";
import { withoutPrefix } from "../named-constant.js";
import { nearestName } from "../nearest-name.js";
import { once } from "../once.js";
import type { ValueOf } from "../wire/payload.js";
import { algMessages } from "./alg.js";
import { bluetoothMessages } from "./bluetooth.js";
import { canMessages } from "./can.js";
import type { ControlEntry } from "./entry.js";
import { ieee802154Messages } from "./ieee802154.js";
import { ipMessages } from "./ip.js";
import { ipv6Messages } from "./ipv6.js";
import { iucvMessages } from "./iucv.js";
import { llcMessages } from "./llc.js";
import { misdnMessages } from "./misdn.js";
import { netlinkMessages } from "./netlink.js";
import { packetMessages } from "./packet.js";
import { rdsMessages } from "./rds.js";
import { rxrpcMessages } from "./rxrpc.js";
import { sctpMessages } from "./sctp.js";
import { socketTypeName } from "./socket-type.js";
import { socketMessages } from "./sol-socket.js";
import { tcpMessages } from "./tcp.js";
import { tipcMessages } from "./tipc.js";
import { tlsMessages } from "./tls.js";
import { udpMessages } from "./udp.js";
import { vsockMessages } from "./vsock.js";

/** The type names the tables, so that an editor finds the comment above each entry. */
export type ControlTable = Readonly<
  ReturnType<typeof socketMessages> &
    ReturnType<typeof ipMessages> &
    ReturnType<typeof ipv6Messages> &
    ReturnType<typeof udpMessages> &
    ReturnType<typeof tcpMessages> &
    ReturnType<typeof tlsMessages> &
    ReturnType<typeof algMessages> &
    ReturnType<typeof sctpMessages> &
    ReturnType<typeof rdsMessages> &
    ReturnType<typeof netlinkMessages> &
    ReturnType<typeof packetMessages> &
    ReturnType<typeof vsockMessages> &
    ReturnType<typeof canMessages> &
    ReturnType<typeof llcMessages> &
    ReturnType<typeof bluetoothMessages> &
    ReturnType<typeof tipcMessages> &
    ReturnType<typeof rxrpcMessages> &
    ReturnType<typeof ieee802154Messages> &
    ReturnType<typeof iucvMessages> &
    ReturnType<typeof misdnMessages>
>;

/**
 * Every control message that the library knows, by name. The first use makes the table, not the import: to make all tables takes a
 * quarter of the time of importing the library.
 */
export const controlTable: () => ControlTable = once(() => ({
  ...socketMessages(),
  ...ipMessages(),
  ...ipv6Messages(),
  ...udpMessages(),
  ...tcpMessages(),
  ...tlsMessages(),
  ...algMessages(),
  ...sctpMessages(),
  ...rdsMessages(),
  ...netlinkMessages(),
  ...packetMessages(),
  ...vsockMessages(),
  ...canMessages(),
  ...llcMessages(),
  ...bluetoothMessages(),
  ...tipcMessages(),
  ...rxrpcMessages(),
  ...ieee802154Messages(),
  ...iucvMessages(),
  ...misdnMessages(),
}));

/** The name of a control message: a key of {@link ControlTable}. */
export type ControlName = keyof ControlTable;

/** The value of the control message with that name. */
export type ControlValue<N extends ControlName> = ValueOf<ControlTable[N]["payload"]>;

/** A control message that the library has no name for, or whose bytes are no value. It encodes to the same bytes again. */
export interface UnknownControlMessage {
  name: "unknown";
  level: number;
  type: number;
  data: Uint8Array;
  /** The payload was cut: it is shorter than its type requires, or than its header says. */
  truncated?: true;
  /** The payload's length in the header, if fewer bytes were there. Only the last message of a buffer can have it. */
  length?: number;
}

/** A control message: a name of {@link ControlTable} and its value, or an unknown one. */
export type ControlMessage =
  | { [N in ControlName]: { name: N; value: ControlValue<N> } }[ControlName]
  | UnknownControlMessage;

export interface NamedEntry {
  readonly name: ControlName;
  readonly entry: ControlEntry;
  /** The entry's families as numbers (AF_*). */
  readonly families: ReadonlySet<number> | undefined;
}

// All known levels and types are below this. So a level and a type make one number.
const LIMIT = 1 << 15;
const isSmall = (number: number) => number >= 0 && number < LIMIT;
const numberOf = (level: number, type: number) => level * LIMIT + type;

const byName = once(
  (): ReadonlyMap<string, NamedEntry> =>
    new Map(
      Object.entries<ControlEntry>(controlTable()).map(([name, entry]) => {
        const families = entry.families && new Set(entry.families.map(familyNumber));
        return [name, { name: name as ControlName, entry, families }];
      }),
    ),
);

/**
 * A number has an array of entries, because a type can have one payload when sent and another when received. Their lengths differ.
 */
const byNumber = once((): ReadonlyMap<number, readonly NamedEntry[]> => {
  const entries = new Map<number, NamedEntry[]>();
  for (const named of byName().values()) {
    const number = numberOf(named.entry.level, named.entry.type);
    const same = entries.get(number);
    if (same) same.push(named);
    else entries.set(number, [named]);
  }
  return entries;
});

const NONE: readonly NamedEntry[] = [];

/** The entries that this level and this type can mean. */
export function entriesOf(level: number, type: number): readonly NamedEntry[] {
  return isSmall(level) && isSmall(type) ? (byNumber().get(numberOf(level, type)) ?? NONE) : NONE;
}

export const namedEntries = (): Iterable<NamedEntry> => byName().values();

/** The entry with that name, if there is one. */
export const entryNamed = (name: string): NamedEntry | undefined => byName().get(name);

/** The name that a program probably meant: see {@link nearestName}. `accepts` limits which messages count. */
export function nearestControlName(
  given: string,
  accepts: (entry: ControlEntry) => boolean = () => true,
): ControlName | undefined {
  const entries = [...namedEntries()].filter(({ entry }) => accepts(entry));
  return nearestName(given, [
    ...entries.flatMap(({ name, entry: { constant } }) =>
      [name, constant, withoutPrefix(constant)].map((spelling) => [spelling, name] as const),
    ),
    // SO_PASSCRED, which switches "credentials" on.
    ...entries.flatMap(({ name, entry: { enable } }) =>
      enable === undefined
        ? []
        : [enable.constant, withoutPrefix(enable.constant)].map((spelling) => [spelling, name] as const),
    ),
  ]);
}

/**
 * Whether the level number means the entry's level on sockets of this family (AF_*).
 *
 * Level 0 is SOL_IP, SOL_HCI, SOL_IEEE802154 and SOL_MISDN. There the family decides. If it is not known, level 0 means SOL_IP. Every
 * other number means one level on all families.
 */
export function levelMatchesFamily({ entry, families }: NamedEntry, family = AF_INET): boolean {
  return entry.level !== SOL_IP || families === undefined || families.has(family);
}

/**
 * Whether sockets of this family (AF_*) can send or deliver it. If the library has no name for the family, it does not know which
 * messages of SOL_SOCKET such sockets have. Then the answer is yes for all of these.
 */
export function hasFamily({ entry, families }: NamedEntry, family: number): boolean {
  if (families === undefined || families.has(family)) return true;
  return entry.level === SOL_SOCKET && familyName(family) === undefined;
}

/** Whether a socket of this family (AF_*), type (SOCK_*) and protocol delivers it. */
export function isDelivered(
  named: NamedEntry,
  { family, type, protocol }: { family: number; type: number; protocol: number },
): boolean {
  if (!hasFamily(named, family)) return false;
  const name = familyName(family);
  const types = name && named.entry.types?.[name];
  if (types === undefined) return true;
  // SCTP's one-to-one sockets (SOCK_STREAM) deliver the same messages as its one-to-many sockets.
  const is = socketTypeName(protocol === IPPROTO_SCTP ? SOCK_SEQPACKET : type);
  return is !== undefined && types.includes(is);
}

/** The entry with that name, as the general type and not as the type of this one entry. */
export const entryOf = (name: ControlName): ControlEntry => controlTable()[name];
