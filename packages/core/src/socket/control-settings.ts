import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPING_NEW, SO_TIMESTAMPING_OLD } from "../constants/socket.js";
import type { ControlName } from "../control/index.js";
import { entryOf } from "../control/table.js";
import { explain } from "../errors.js";
import { explainAge } from "../kernel-version.js";
import { DENIED } from "../native/binding.js";
import { optionNumbered } from "../options/table.js";
import { failure } from "../syscalls/failure.js";
import { getInt, trySetInt } from "../syscalls/int-option.js";
import { meansForbidden, meansUnknown } from "./option-errors.js";

// Finds the setsockopt(2) calls that switch control messages on and off. Some options switch one message. Others have one bit for
// each of several messages.

interface Enable {
  readonly level: number;
  readonly option: number;
  readonly value?: number;
}

/** One setsockopt(2) call of a change. */
interface Setting {
  readonly name: ControlName;
  readonly level: number;
  readonly option: number;
  readonly value: number;
}

/** For each option with several bits: the bits that other code has set. When we clear our bits, we leave these. */
export type ForeignBits = ReadonlyMap<string, number>;

const sameOption = (a: Enable, b: Enable): boolean => a.level === b.level && a.option === b.option;

/** The bits of all messages in `names` whose option `matches` accepts. */
function bitsWhere(names: Iterable<ControlName>, matches: (enable: Enable) => boolean): number {
  let bits = 0;
  for (const name of names) {
    const enable: Enable = entryOf(name).enable!;
    if (matches(enable)) bits |= enable.value ?? 1;
  }
  return bits;
}

const bitsOf = (enable: Enable, names: Iterable<ControlName>): number =>
  bitsWhere(names, (other) => sameOption(enable, other));
const bitsOfKey = (key: string, names: Iterable<ControlName>): number =>
  bitsWhere(names, ({ level, option }) => keyOf(level, option) === key);

/** A key for an option. The two numbers of SO_TIMESTAMPING share their flags, so they have the same key. */
export const keyOf = (level: number, option: number): string =>
  `${level}:${level === SOL_SOCKET && option === SO_TIMESTAMPING_OLD ? SO_TIMESTAMPING_NEW : option}`;

/**
 * Returns the settings that make the kernel deliver `names` instead of the names before, and the bits of other code, which stay.
 */
export function settingsOf(
  fd: number,
  before: { readonly names: ReadonlySet<ControlName>; readonly foreign: ForeignBits },
  names: ReadonlySet<ControlName>,
  changed: Iterable<ControlName>,
): { settings: Setting[]; foreign: ForeignBits } {
  const settings: Setting[] = [];
  const foreign = new Map(before.foreign);
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
        // While bits of ours are on, we can't see whether other code has set the same ones: so keep what we knew.
        const known = ours === 0 ? 0 : (foreign.get(key) ?? 0);
        foreign.set(key, known | ((presentValue(fd, enable) ?? 0) & ~ours));
        seen.add(key);
      }
      value |= foreign.get(key)!;
    }
    settings.push({ name, level, option, value });
  }
  return { settings, foreign };
}

/** The error that says why the socket can't deliver a message. */
function refusal(result: number, { name, level, option }: Setting): Error {
  const error = failure(result, "setsockopt");
  if (result <= DENIED) return error;
  const known = optionNumbered(level, option);
  let reason = `switching "${name}" on or off`;
  if (meansForbidden(result)) reason = `${reason} needs ${known?.privilege ?? "a privilege"}`;
  else if (meansUnknown(result)) {
    reason =
      (known && explainAge(`${known.constant}, which switches "${name}" on,`, known.since)) ??
      explainAge(`"${name}"`, entryOf(name).since) ??
      `this socket cannot deliver "${name}"`;
  }
  explain(error, reason);
  return error;
}

/** Makes all settings, or none. */
export function applySettings(fd: number, settings: readonly Setting[]): void {
  const done: { level: number; option: number; value: number }[] = [];
  for (const setting of settings) {
    const { level, option, value } = setting;
    // The last setting is never undone.
    const before = done.length + 1 < settings.length ? presentValue(fd, setting) : undefined;
    const result = trySetInt(fd, level, option, value);
    if (result < 0) {
      for (const undo of done.reverse()) trySetInt(fd, undo.level, undo.option, undo.value);
      throw refusal(result, setting);
    }
    done.push({ level, option, value: before ?? 0 });
  }
}

/** The present value of an option. Undefined for the few options that can't be read. */
export function presentValue(fd: number, { level, option }: Enable): number | undefined {
  // SO_TIMESTAMPING_NEW reads as 0 if the flags were set by the old number (net/core/sock.c, sk_getsockopt).
  const asked = level === SOL_SOCKET && option === SO_TIMESTAMPING_NEW ? SO_TIMESTAMPING_OLD : option;
  try {
    return getInt(fd, level, asked);
  } catch {
    return undefined;
  }
}
