import { checkBoolean, checkObject } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import {
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPING_NEW,
  SO_TIMESTAMPING_OLD,
  SO_TIMESTAMPNS_NEW,
  SO_TIMESTAMPNS_OLD,
} from "../constants/socket.js";
import { SOCK_SEQPACKET } from "../constants/socket-types.js";
import {
  type ControlEntry,
  type ControlMessage,
  type ControlName,
  controlMessages,
} from "../control/index.js";
import { controlSpace } from "../control/space.js";
import { entryNamed, hasFamily } from "../control/table.js";
import { explain, invalidArgValue } from "../errors.js";
import { explainAge } from "../kernel-version.js";
import { DENIED } from "../native/binding.js";
import { listed, nameOf } from "../options/access.js";
import type { OptionEntry } from "../options/entry.js";
import { getInt, setInt, trySetInt } from "../options/int.js";
import { socketOptions } from "../options/table.js";
import { failure } from "../syscalls/failure.js";

/** Control messages to switch on (true) and off (false), by name. */
export type ControlSwitches = { readonly [N in ControlName]?: boolean };

/** What a socket delivers, the room that it needs, and how to recognise what nobody asked for. */
export interface Delivery {
  readonly names: ReadonlySet<ControlName>;
  readonly controlSpace: number;
  readonly isOwn: ((message: ControlMessage) => boolean) | undefined;
  /** The option that was switched on for the library's own sake, and had been off. */
  readonly ownStamp: number | undefined;
  /** Something is on that comes on the error queue. */
  readonly errorQueue: boolean;
}

interface Facts {
  readonly family: number;
  readonly type: number;
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

// For what the library switches on itself, what needs no switching on, and what somebody else switched on before.
const SPARE_CONTROL_SPACE = 4096;

const TIMESTAMP_TYPES: ReadonlySet<number> = new Set([
  SO_TIMESTAMP_OLD,
  SO_TIMESTAMPNS_OLD,
  SO_TIMESTAMP_NEW,
  SO_TIMESTAMPNS_NEW,
]);

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
      `must be a control message that can be switched on. Received "${String(name)}"`,
    );
  }
  return name as ControlName;
}

/** What a user wants switched: names mean on. What comes later counts. */
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

/** Refuses what sockets of this family never deliver: the kernel would often take it and keep silent. */
function checkFamily(argument: string, name: ControlName, family: number): void {
  const named = entryNamed(name)!;
  const { families } = named.entry;
  if (families === undefined || hasFamily(named, family)) return;
  throw invalidArgValue(
    argument,
    `must not have "${name}": ${listed(families)} sockets deliver it, and this one is ${nameOf(family)}`,
  );
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

/** All bits that names of this option have, among those that are on. */
function bitsOf(enable: Enable, names: Iterable<ControlName>): number {
  let bits = 0;
  for (const name of names) {
    const other: Enable = entryOf(name).enable!;
    if (sameOption(enable, other)) bits |= other.value ?? 1;
  }
  return bits;
}

/** What has to be set, so that `names` come instead of `before`. */
function settingsOf(
  fd: number,
  before: ReadonlySet<ControlName>,
  names: ReadonlySet<ControlName>,
  changed: Iterable<ControlName>,
): Setting[] {
  const settings: Setting[] = [];
  for (const name of changed) {
    const enable: Enable = entryOf(name).enable!;
    const { level, option } = enable;
    if (settings.some((setting) => sameOption(setting, enable))) continue;
    let value = bitsOf(enable, names);
    // An option of flags may have some that are not ours, set by whoever had the socket before.
    if (enable.value !== undefined) value |= getInt(fd, level, option) & ~bitsOf(enable, before);
    settings.push({ name, level, option, value });
  }
  return settings;
}

/** The error that says why the socket won't deliver it. */
function refusal(result: number, { name, level, option }: Setting): Error {
  const error = failure(result, "setsockopt");
  if (result <= DENIED) return error;
  const known = Object.values<OptionEntry>(socketOptions).find(
    (entry) => entry.level === level && entry.option === option,
  );
  const age =
    (known && explainAge(`${known.constant}, which switches "${name}" on,`, known.since)) ??
    explainAge(`"${name}"`, entryOf(name).since);
  explain(error, `${error.message}: ${age ?? `this socket cannot deliver "${name}"`}`);
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
function presentValue(fd: number, { level, option }: Pick<Setting, "level" | "option">): number | undefined {
  try {
    return getInt(fd, level, option);
  } catch {
    return undefined;
  }
}

/** Whether somebody else, who had the socket before, has any kind of timestamps on. */
function hasStamps(fd: number): boolean {
  return [...TIMESTAMP_TYPES].some((option) => presentValue(fd, { level: SOL_SOCKET, option }) === 1);
}

/**
 * Keeps empty messages apart from the end of a Unix seqpacket socket, which both read as 0 bytes: with a timestamp on,
 * only a real message has a control message. Unless the user wants timestamps, this one is stripped.
 */
function delimit(
  fd: number,
  { family, type }: Facts,
  names: ReadonlySet<ControlName>,
): Pick<Delivery, "isOwn" | "ownStamp"> {
  const nothing = { isOwn: undefined, ownStamp: undefined };
  if (family !== AF_UNIX || type !== SOCK_SEQPACKET) return nothing;
  // Not SO_TIMESTAMPNS: qemu's user-mode emulation does not know it.
  let option = SO_TIMESTAMP_OLD;
  for (const name of names) {
    const { enable } = entryOf(name);
    if (enable?.level !== SOL_SOCKET) continue;
    if (TIMESTAMP_TYPES.has(enable.option)) return nothing;
    if (NEW_STAMPS.has(enable.option)) option = SO_TIMESTAMP_NEW;
  }
  if (hasStamps(fd)) return { isOwn: isTimestamp, ownStamp: undefined };
  setInt(fd, SOL_SOCKET, option, 1);
  return { isOwn: isTimestamp, ownStamp: option };
}

/** Leaves the socket to others as it was, but for what the user has switched on. */
export function switchOffOwn(fd: number, { ownStamp }: Delivery): void {
  if (ownStamp !== undefined) trySetInt(fd, SOL_SOCKET, ownStamp, 0);
}

function deliveryOf(fd: number, facts: Facts, names: ReadonlySet<ControlName>): Delivery {
  return {
    names,
    controlSpace: controlSpace([...names], facts.family) + SPARE_CONTROL_SPACE,
    ...delimit(fd, facts, names),
    errorQueue: [...names].some((name) => entryOf(name).direction === "errorQueue"),
  };
}

const NONE: ReadonlySet<ControlName> = new Set();

/** Switches on what is to be received. Errors name `argument`. */
export function switchOn(
  fd: number,
  facts: Facts,
  names: readonly ControlName[],
  argument = "options.receive",
): Delivery {
  const wanted = new Set(names);
  for (const name of wanted) checkFamily(argument, name, facts.family);
  checkStamps(argument, wanted);
  apply(fd, settingsOf(fd, NONE, wanted, wanted));
  return deliveryOf(fd, facts, wanted);
}

/** Switches control messages on and off: all of them, or none where one is refused. */
export function switchOver(
  fd: number,
  facts: Facts,
  present: Delivery,
  switches: ReadonlyMap<ControlName, boolean>,
): Delivery {
  const { names: before, ownStamp } = present;
  const names = new Set(before);
  for (const [name, on] of switches) {
    if (!on) names.delete(name);
    else {
      checkFamily("changes", name, facts.family);
      names.add(name);
    }
  }
  checkStamps("changes", names);
  // Off first: of two options that exclude each other, the one that is set last counts.
  const changed = [...switches.keys()].sort((a, b) => Number(switches.get(a)) - Number(switches.get(b)));
  apply(fd, settingsOf(fd, before, names, changed));
  const delivery = deliveryOf(fd, facts, names);
  // What is on already may be our own of before.
  return delivery.isOwn && ownStamp !== undefined ? { ...delivery, ownStamp } : delivery;
}
