import { familyName } from "../address/family.js";
import { checkBoolean, checkObject } from "../arguments.js";
import { AF_BLUETOOTH, AF_CAN, AF_UNIX, AF_VSOCK } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import {
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPING_OLD,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMPNS_OLD,
  SO_ZEROCOPY,
} from "../constants/socket.js";
import { SOCK_RAW, SOCK_SEQPACKET } from "../constants/socket-types.js";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  controlMessages,
} from "../control/index.js";
import { entryNamed, hasFamily, isDelivered } from "../control/table.js";
import { EINVAL, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../errno.js";
import { explain, invalidArgValue, printed } from "../errors.js";
import { explainAge, kernelIsOlderThan } from "../kernel-version.js";
import { DENIED } from "../native/binding.js";
import type { OptionEntry } from "../options/entry.js";
import { socketOptions } from "../options/table.js";
import { failure } from "../syscalls/failure.js";
import { getInt, trySetInt } from "../syscalls/int-option.js";
import { listed, nameOf } from "./option-access.js";

/** Control messages to switch on (true) and off (false), by name. */
export type ControlSwitches = { readonly [N in ControlName]?: boolean };

/** What a socket delivers, and how to recognise what nobody asked for. */
export interface Delivery {
  readonly names: ReadonlySet<ControlName>;
  readonly isOwn: ((message: ControlMessage) => boolean) | undefined;
  /** Something is on that comes on the error queue. */
  readonly errorQueue: boolean;
  /** By option of flags: the bits that somebody else has set, and that stay when ours go. */
  readonly theirs: ReadonlyMap<string, number>;
}

interface Facts {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

interface Enable {
  readonly level: number;
  readonly option: number;
  readonly value?: number;
}

/** One setsockopt(2) that a change takes. */
interface Setting {
  readonly name: ControlName;
  readonly level: number;
  readonly option: number;
  readonly value: number;
}

const TIMESTAMP_TYPES: ReadonlySet<number> = new Set([
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPNS_OLD,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMPNS_NEW,
]);

const ARRIVALS: readonly ControlName[] = ["timestamp", "timestampNs", "timestampOld", "timestampNsOld"];

/** These also say how long the seconds of every stamp are. */
const NEW_STAMPS: ReadonlySet<number> = new Set([SO_TIMESTAMP_NEW, SO_TIMESTAMPNS_NEW, SO_TIMESTAMPING_NEW]);
const OLD_STAMPS: ReadonlySet<number> = new Set([SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_OLD, SO_TIMESTAMPING_OLD]);

/** The table's entries as one type, whatever each has. */
function entryOf(name: ControlName): ControlEntry {
  return controlMessages[name];
}

function isTimestamp(message: ControlMessage): boolean {
  const { level, type } = message.name === "unknown" ? message : entryOf(message.name);
  return level === SOL_SOCKET && TIMESTAMP_TYPES.has(type);
}

/** A control message that can be switched on. */
export function checkControlName(argument: string, name: unknown): ControlName {
  const isKnown = typeof name === "string" && Object.hasOwn(controlMessages, name);
  if (!isKnown || entryOf(name as ControlName).enable === undefined) {
    throw invalidArgValue(
      argument,
      `must be a control message that can be switched on. Received ${printed(name)}`,
    );
  }
  return name as ControlName;
}

/** What the kernel wants to see, where it does: net/netlink/af_netlink.c, net/core/sock.c, net/ipv6/ipv6_sockglue.c. */
const PRIVILEGES: { readonly [N in ControlName]?: string } = {
  netlinkListenAllNsid: "CAP_NET_BROADCAST",
  mark: "CAP_NET_RAW or CAP_NET_ADMIN",
};

/** What a user wants switched. A bare name switches a message on. If a name appears twice, the last one wins. */
export function checkSwitches(
  argument: string,
  changes: readonly (ControlName | ControlSwitches)[],
): ReadonlyMap<ControlName, boolean> {
  const switches = new Map<ControlName, boolean>();
  changes.forEach((change, i) => {
    if (typeof change === "string") {
      switches.set(checkControlName(`${argument}[${i}]`, change), true);
      return;
    }
    for (const [name, on] of Object.entries(checkObject(`${argument}[${i}]`, change))) {
      if (on === undefined) continue;
      const checked = checkControlName(`${argument}[${i}]`, name);
      switches.set(checked, checkBoolean(`${argument}[${i}].${name}`, on));
    }
  });
  return switches;
}

/** Refuses what sockets of this family and type never deliver: the kernel would often take it and keep silent. */
function checkDelivered(argument: string, name: ControlName, facts: Facts): void {
  const named = entryNamed(name)!;
  if (isDelivered(named, facts)) return;
  const { families, types } = named.entry;
  const { family } = facts;
  const own = familyName(family);
  const reason = !hasFamily(named, family)
    ? `${listed(families!)} sockets deliver it, and this one is ${nameOf(family)}`
    : `of ${own} sockets those of type ${types![own!]!.join(" and ")} deliver it, and this one is of another`;
  throw invalidArgValue(argument, `must not have "${name}": ${reason}`);
}

/**
 * The kernel keeps one kind of arrival time for a socket: micro- or nanoseconds, and with one width of the seconds, which
 * SO_TIMESTAMPING has a say in, too. What was set last counts (net/core/sock.c, __sock_set_timestamps).
 */
function checkStamps(argument: string, names: Iterable<ControlName>): void {
  const stamps = [...names].filter((name) => {
    const { level, option } = entryOf(name).enable!;
    return level === SOL_SOCKET && (NEW_STAMPS.has(option) || OLD_STAMPS.has(option));
  });
  const arrivals = stamps.filter((name) => TIMESTAMP_TYPES.has(entryOf(name).enable!.option));
  const isNew = (name: ControlName) => NEW_STAMPS.has(entryOf(name).enable!.option);
  const other = arrivals.length > 1 ? arrivals[1] : stamps.find((name) => isNew(name) !== isNew(stamps[0]!));
  if (other === undefined) return;
  const first = arrivals.length > 1 ? arrivals[0] : stamps[0];
  throw invalidArgValue(
    argument,
    `must not have both "${first}" and "${other}": the kernel delivers one kind of timestamps`,
  );
}

const sameOption = (a: Enable, b: Enable): boolean => a.level === b.level && a.option === b.option;

/** All bits that names of such options have, among those that are on. */
function bitsWhere(names: Iterable<ControlName>, isMeant: (enable: Enable) => boolean): number {
  let bits = 0;
  for (const name of names) {
    const enable: Enable = entryOf(name).enable!;
    if (isMeant(enable)) bits |= enable.value ?? 1;
  }
  return bits;
}

const bitsOf = (enable: Enable, names: Iterable<ControlName>): number =>
  bitsWhere(names, (other) => sameOption(enable, other));
const bitsOfKey = (key: string, names: Iterable<ControlName>): number =>
  bitsWhere(names, ({ level, option }) => keyOf(level, option) === key);

/** The flags of SO_TIMESTAMPING are the same under both of its numbers. */
const keyOf = (level: number, option: number): string =>
  `${level}:${level === SOL_SOCKET && option === SO_TIMESTAMPING_OLD ? SO_TIMESTAMPING_NEW : option}`;

/** What has to be set, so that `names` come instead of what came before, and the flags that are not ours. */
function settingsOf(
  fd: number,
  before: Pick<Delivery, "names" | "theirs">,
  names: ReadonlySet<ControlName>,
  changed: Iterable<ControlName>,
): { settings: Setting[]; theirs: Delivery["theirs"] } {
  const settings: Setting[] = [];
  const theirs = new Map(before.theirs);
  const seen = new Set<string>();
  for (const name of changed) {
    const enable: Enable = entryOf(name).enable!;
    const { level, option } = enable;
    if (settings.some((setting) => sameOption(setting, enable))) continue;
    let value = bitsOf(enable, names);
    if (enable.value !== undefined) {
      const key = keyOf(level, option);
      if (!seen.has(key)) {
        const ours = bitsOfKey(key, before.names);
        theirs.set(
          key,
          (ours === 0 ? 0 : (theirs.get(key) ?? 0)) | ((presentValue(fd, enable) ?? 0) & ~ours),
        );
        seen.add(key);
      }
      value |= theirs.get(key)!;
    }
    settings.push({ name, level, option, value });
  }
  return { settings, theirs };
}

/** What the kernel answers where it does not know an option, or a value of it. */
const UNKNOWN: ReadonlySet<number> = new Set([-ENOPROTOOPT, -EOPNOTSUPP, -EINVAL]);

/** The error that says why the socket won't deliver it. */
function refusal(result: number, { name, level, option }: Setting): Error {
  const error = failure(result, "setsockopt");
  if (result <= DENIED) return error;
  const known = Object.values<OptionEntry>(socketOptions).find(
    (entry) => entry.level === level && entry.option === option,
  );
  let reason = `switching "${name}" on or off`;
  if (result === -EPERM) reason = `${reason} takes ${PRIVILEGES[name] ?? "a privilege"}`;
  else if (UNKNOWN.has(result)) {
    reason =
      (known && explainAge(`${known.constant}, which switches "${name}" on,`, known.since)) ??
      explainAge(`"${name}"`, entryOf(name).since) ??
      `this socket cannot deliver "${name}"`;
  }
  explain(error, `${error.message}: ${reason}`);
  return error;
}

/** Makes all settings, or none. */
function apply(fd: number, settings: readonly Setting[]): void {
  const done: { level: number; option: number; value: number }[] = [];
  for (const setting of settings) {
    const { level, option, value } = setting;
    // The last one needs no way back.
    const before = done.length + 1 < settings.length ? presentValue(fd, setting) : undefined;
    const result = trySetInt(fd, level, option, value);
    if (result < 0) {
      for (const undo of done.reverse()) trySetInt(fd, undo.level, undo.option, undo.value);
      throw refusal(result, setting);
    }
    done.push({ level, option, value: before ?? 0 });
  }
}

/** What an option is now; undefined for the few that cannot be read. */
export function presentValue(fd: number, { level, option }: Enable): number | undefined {
  // SO_TIMESTAMPING_NEW gives 0 as long as the flags are those of the other (net/core/sock.c, sk_getsockopt).
  const asked = level === SOL_SOCKET && option === SO_TIMESTAMPING_NEW ? SO_TIMESTAMPING_OLD : option;
  try {
    return getInt(fd, level, asked);
  } catch {
    return undefined;
  }
}

/** Whether any kind of timestamps is on, whoever has switched it on. */
export function hasStamps(fd: number): boolean {
  return [...TIMESTAMP_TYPES].some((option) => presentValue(fd, { level: SOL_SOCKET, option }) === 1);
}

/** Whether times of arrival are among them. */
export function wantsStamps(names: ReadonlySet<ControlName>): boolean {
  return ARRIVALS.some((name) => names.has(name));
}

/** Whether 64 bits for the seconds of every stamp go with them. */
export function hasNewStamps(names: ReadonlySet<ControlName>): boolean {
  for (const name of names) {
    const { enable } = entryOf(name);
    if (enable?.level === SOL_SOCKET && NEW_STAMPS.has(enable.option)) return true;
  }
  return false;
}

/** Which control messages nobody has asked for: see OwnSettings. */
function ownMessages({ family, type }: Facts, names: ReadonlySet<ControlName>): Delivery["isOwn"] {
  return family === AF_UNIX && type === SOCK_SEQPACKET && !wantsStamps(names) ? isTimestamp : undefined;
}

/** What comes on the error queue of a family that has come to have one. */
function errorMessageOf(fd: number, { family, type }: Facts): ControlName | undefined {
  switch (family) {
    case AF_CAN:
      // SO_PROTOCOL is 0 on all of them. CAN_RAW is the only one of its type; the others don't know J1939's options.
      if (type === SOCK_RAW) return "canRawErrqueue";
      return presentValue(fd, entryOf("j1939Errqueue").enable!) === undefined ? undefined : "j1939Errqueue";
    case AF_VSOCK:
      return "vsockRecverr";
    case AF_BLUETOOTH:
      return "btError";
    default:
      return undefined;
  }
}

/**
 * Whether the error queue may be read. Those who have always had one need not be asked; in the others' older kernels, and where
 * nothing is on that comes there, MSG_ERRQUEUE is ignored and would give an ordinary message.
 */
function hasErrors(fd: number, facts: Facts, names: Iterable<ControlName>): boolean {
  for (const name of names) if (entryOf(name).direction === "errorQueue") return true;
  const message = errorMessageOf(fd, facts);
  if (message === undefined || kernelIsOlderThan(entryOf(message).since)) return false;
  const { level, option } = entryOf(message).enable!;
  return (
    (presentValue(fd, { level, option }) ?? 0) !== 0 ||
    (presentValue(fd, { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW }) ?? 0) !== 0
  );
}

/** Whether an option, once it is on, can bring entries to the error queue: reports, transmit timestamps, zero-copy completions. */
export function bringsErrors({ level, option }: { level: number; option: number }): boolean {
  if (level === SOL_SOCKET && ERROR_BRINGERS.has(option)) return true;
  return Object.values<ControlEntry>(controlMessages).some(
    ({ direction, enable }) =>
      direction === "errorQueue" && enable?.level === level && enable.option === option,
  );
}

const ERROR_BRINGERS: ReadonlySet<number> = new Set([SO_TIMESTAMPING_OLD, SO_TIMESTAMPING_NEW, SO_ZEROCOPY]);

/** Whether one of these control messages is switched on by such an option. */
export function includesErrors(names: Iterable<ControlName>): boolean {
  for (const name of names) if (bringsErrors(entryOf(name).enable!)) return true;
  return false;
}

function deliveryOf(
  fd: number,
  facts: Facts,
  { names, theirs }: Pick<Delivery, "names" | "theirs">,
): Delivery {
  return {
    names,
    theirs,
    isOwn: ownMessages(facts, names),
    errorQueue: hasErrors(fd, facts, names),
  };
}

const NONE = { names: new Set<ControlName>(), theirs: new Map<string, number>() };

/** Switches on what is to be received. Errors name `argument`. */
export function switchOn(
  fd: number,
  facts: Facts,
  names: readonly ControlName[],
  argument = "options.receive",
): Delivery {
  const wanted = new Set(names);
  for (const name of wanted) checkDelivered(argument, name, facts);
  checkStamps(argument, wanted);
  const { settings, theirs } = settingsOf(fd, NONE, wanted, wanted);
  apply(fd, settings);
  return deliveryOf(fd, facts, { names: wanted, theirs });
}

/** Switches control messages on and off: all of them, or none where one is refused. */
export function switchOver(
  fd: number,
  facts: Facts,
  before: Delivery,
  switches: ReadonlyMap<ControlName, boolean>,
): Delivery {
  const names = new Set(before.names);
  for (const [name, on] of switches) {
    if (!on) names.delete(name);
    else {
      checkDelivered("changes", name, facts);
      names.add(name);
    }
  }
  checkStamps("changes", names);
  // Off first: of two options that exclude each other, the one that is set last counts.
  const changed = [...switches.keys()].sort((a, b) => Number(switches.get(a)) - Number(switches.get(b)));
  const { settings, theirs } = settingsOf(fd, before, names, changed);
  apply(fd, settings);
  return deliveryOf(fd, facts, { names, theirs });
}

/** What a socket delivers after its user has set an option. */
export function afterSetting(
  fd: number,
  facts: Facts,
  before: Delivery,
  { level, option, value }: { level: number; option: number; value: number },
): Delivery {
  if (
    level !== SOL_SOCKET &&
    !before.theirs.has(keyOf(level, option)) &&
    errorMessageOf(fd, facts) === undefined
  ) {
    return before;
  }
  const names = new Set(before.names);
  const theirs = new Map(before.theirs);
  if (theirs.has(keyOf(level, option))) theirs.set(keyOf(level, option), value);
  if (level === SOL_SOCKET && TIMESTAMP_TYPES.has(option)) {
    // One kind of arrival times at most: what is set last counts, and off means all.
    for (const stamp of ARRIVALS) names.delete(stamp);
    if (value !== 0) names.add(ARRIVALS.find((stamp) => entryOf(stamp).enable!.option === option)!);
  }
  return deliveryOf(fd, facts, { names, theirs });
}
