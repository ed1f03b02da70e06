import { SOL_SOCKET } from "../constants/levels.js";
import type { ControlEntry } from "../control/entry.js";
import { type ControlMessage, type ControlName, entryOf, namedEntries } from "../control/table.js";
import { invalidArgValue } from "../errors.js";
import { once } from "../once.js";
import { presentValue } from "./control-settings.js";

// When a message arrived: SO_TIMESTAMP and similar options, see socket(7). A socket keeps one kind of arrival time: microseconds or
// nanoseconds, with seconds of 32 or 64 bits. SO_TIMESTAMPING has the same two widths, and its width must match. The option that is
// set last decides (net/core/sock.c, __sock_set_timestamps).

/** The option of SOL_SOCKET that switches the message on; -1, if another level's does. */
function optionOf(name: ControlName): number {
  const { enable } = entryOf(name);
  return enable?.level === SOL_SOCKET ? enable.option : -1;
}

function namesOf(isMeant: (stamps: NonNullable<ControlEntry["stamps"]>) => boolean): ControlName[] {
  return [...namedEntries()]
    .filter(({ entry: { stamps } }) => stamps !== undefined && isMeant(stamps))
    .map(({ name }) => name);
}

const optionsOf = (names: readonly ControlName[]): ReadonlySet<number> => new Set(names.map(optionOf));

/** The messages that are arrival times. */
const arrivalNames = once((): readonly ControlName[] => namesOf(({ of }) => of === "arrival"));
/** An arrival time's message has the number of its option. */
const arrivalOptions = once(() => optionsOf(arrivalNames()));
/** The options of messages with 64 bits for the seconds. */
const newOptions = once(() => optionsOf(namesOf(({ wide }) => wide)));
/** The options of messages with as many bits as a long has. */
const oldOptions = once(() => optionsOf(namesOf(({ wide }) => !wide)));

/** Whether a control message tells when its message arrived. */
export function isArrivalTime(message: ControlMessage): boolean {
  const { level, type } = message.name === "unknown" ? message : entryOf(message.name);
  return level === SOL_SOCKET && arrivalOptions().has(type);
}

/** Whether one of the messages is an arrival time. */
export const includeArrivalTime = (names: ReadonlySet<ControlName>): boolean =>
  arrivalNames().some((name) => names.has(name));

/** Whether one of the messages makes the kernel use 64-bit seconds in all of them. */
export function includeNewWidth(names: Iterable<ControlName>): boolean {
  for (const name of names) if (newOptions().has(optionOf(name))) return true;
  return false;
}

/** Throws if the kernel would deliver only one of two messages. */
export function checkArrivalTimes(argument: string, names: Iterable<ControlName>): void {
  const stamps = [...names].filter(
    (name) => newOptions().has(optionOf(name)) || oldOptions().has(optionOf(name)),
  );
  const arrivals = stamps.filter((name) => arrivalOptions().has(optionOf(name)));
  const isNew = (name: ControlName) => newOptions().has(optionOf(name));
  const other = arrivals.length > 1 ? arrivals[1] : stamps.find((name) => isNew(name) !== isNew(stamps[0]!));
  if (other === undefined) return;
  const first = arrivals.length > 1 ? arrivals[0] : stamps[0];
  throw invalidArgValue(
    argument,
    `must not have both "${first}" and "${other}": the kernel delivers only one kind of timestamp`,
  );
}

/**
 * Which messages are on after an option of SOL_SOCKET was set. At most one arrival time is on; the value 0 switches off whichever
 * is on.
 */
export function arrivalTimesAfter(
  names: ReadonlySet<ControlName>,
  option: number,
  value: number,
): ReadonlySet<ControlName> {
  if (!arrivalOptions().has(option)) return names;
  const after = new Set(names);
  for (const name of arrivalNames()) after.delete(name);
  if (value !== 0) after.add(arrivalNames().find((name) => optionOf(name) === option)!);
  return after;
}

/** Whether the socket keeps arrival times, no matter who switched them on. */
export function hasArrivalTimes(fd: number): boolean {
  return [...arrivalOptions()].some((option) => presentValue(fd, { level: SOL_SOCKET, option }) === 1);
}
