import { familyNumber } from "../address/family.js";
import { AF_INET } from "../constants/address-families.js";
import { SOL_IP } from "../constants/levels.js";
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
import type { ValueOf } from "./payload.js";
import { rdsMessages } from "./rds.js";
import { rxrpcMessages } from "./rxrpc.js";
import { sctpMessages } from "./sctp.js";
import { socketMessages } from "./socket.js";
import { tcpMessages } from "./tcp.js";
import { tipcMessages } from "./tipc.js";
import { tlsMessages } from "./tls.js";
import { udpMessages } from "./udp.js";
import { vsockMessages } from "./vsock.js";

/** By their names, so that an editor still finds what is written above each entry. */
type Table = typeof socketMessages &
  typeof ipMessages &
  typeof ipv6Messages &
  typeof udpMessages &
  typeof tcpMessages &
  typeof tlsMessages &
  typeof algMessages &
  typeof sctpMessages &
  typeof rdsMessages &
  typeof netlinkMessages &
  typeof packetMessages &
  typeof vsockMessages &
  typeof canMessages &
  typeof llcMessages &
  typeof bluetoothMessages &
  typeof tipcMessages &
  typeof rxrpcMessages &
  typeof ieee802154Messages &
  typeof iucvMessages &
  typeof misdnMessages;

/** Every control message that the library knows, by name. */
export const controlMessages: Table = {
  ...socketMessages,
  ...ipMessages,
  ...ipv6Messages,
  ...udpMessages,
  ...tcpMessages,
  ...tlsMessages,
  ...algMessages,
  ...sctpMessages,
  ...rdsMessages,
  ...netlinkMessages,
  ...packetMessages,
  ...vsockMessages,
  ...canMessages,
  ...llcMessages,
  ...bluetoothMessages,
  ...tipcMessages,
  ...rxrpcMessages,
  ...ieee802154Messages,
  ...iucvMessages,
  ...misdnMessages,
};

/** The name of a control message: a key of {@link controlMessages}. */
export type ControlName = keyof typeof controlMessages;

/** What the control message of that name holds. */
export type ControlValue<N extends ControlName> = ValueOf<(typeof controlMessages)[N]["payload"]>;

/** One that the library has no name for, or whose bytes don't make a value. It encodes back to the same bytes. */
export interface UnknownControlMessage {
  name: "unknown";
  level: number;
  type: number;
  data: Uint8Array;
  /** The payload is shorter than its type is, or than its header says: it was cut. */
  truncated?: true;
  /** The payload's length as the header has it, where that is more than there was. Only the last one can have it. */
  length?: number;
}

/** A control message: a name of {@link controlMessages} and its value, or an unknown one. */
export type ControlMessage =
  | { [N in ControlName]: { name: N; value: ControlValue<N> } }[ControlName]
  | UnknownControlMessage;

export interface NamedEntry {
  readonly name: ControlName;
  readonly entry: ControlEntry;
  /** AF_*, in place of names. */
  readonly families: ReadonlySet<number> | undefined;
}

/** An array, because a type can have one payload when sent and another when received: their lengths tell them apart. */
const byNumber = new Map<number, NamedEntry[]>();
const byName = new Map<string, NamedEntry>();

// Levels and types are small numbers; what isn't, is unknown.
const LIMIT = 1 << 15;
const isSmall = (number: number) => number >= 0 && number < LIMIT;
const numberOf = (level: number, type: number) => level * LIMIT + type;

for (const [name, entry] of Object.entries<ControlEntry>(controlMessages)) {
  const families = entry.families && new Set(entry.families.map(familyNumber));
  const named: NamedEntry = { name: name as ControlName, entry, families };
  byName.set(name, named);
  const number = numberOf(entry.level, entry.type);
  const same = byNumber.get(number);
  if (same) same.push(named);
  else byNumber.set(number, [named]);
}

const NONE: readonly NamedEntry[] = [];

/** The entries that a level and a type can mean. */
export function entriesOf(level: number, type: number): readonly NamedEntry[] {
  return isSmall(level) && isSmall(type) ? (byNumber.get(numberOf(level, type)) ?? NONE) : NONE;
}

/** The entry of that name, if there is one. */
export const entryNamed = (name: string): NamedEntry | undefined => byName.get(name);

/**
 * Whether an entry found by number is meant on a socket of this family (AF_*, undefined: not known).
 *
 * Level 0 is SOL_IP, SOL_HCI, SOL_IEEE802154 and SOL_MISDN: the family decides, and SOL_IP is meant if it is not known.
 * Elsewhere level and type say it all.
 */
export function isMeant({ entry, families }: NamedEntry, family = AF_INET): boolean {
  return entry.level !== SOL_IP || families === undefined || families.has(family);
}

/** Whether sockets of this family (AF_*) send or deliver it. */
export function hasFamily({ families }: NamedEntry, family: number): boolean {
  return families === undefined || families.has(family);
}
