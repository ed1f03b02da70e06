import { familyName } from "../address/family.js";
import { checkBoolean, checkObject } from "../arguments.js";
import { SOL_SOCKET } from "../constants/levels.js";
import {
  type ControlMessage,
  type ControlName,
  entryNamed,
  hasFamily,
  isDelivered,
  nearestControlName,
} from "../control/table.js";
import { invalidArgValue, printed } from "../errors.js";
import { ANY_KEYS } from "../known-keys.js";
import { didYouMean } from "../nearest-name.js";
import { arrivalTimesAfter, checkArrivalTimes, isArrivalTime } from "./arrival-times.js";
import { applySettings, type ForeignBits, keyOf, settingsOf } from "./control-settings.js";
import { dependsOnOptions, hasErrorQueue } from "./error-sources.js";
import type { SocketFacts } from "./facts.js";
import { listed, nameOf, type SetOption } from "./option-access.js";
import { needsOwnStamps } from "./own-settings.js";

/** Which control messages to switch on (true) and off (false), by name. */
export type ControlSwitches = { readonly [N in ControlName]?: boolean };

/** What a program probably meant by a name that can't be switched on. */
function hint(name: string): string {
  if (nearestControlName(name) === "rights") return ". Descriptors need no switch: give maxFds";
  return didYouMean(nearestControlName(name, ({ enable }) => enable !== undefined));
}

/** Checks the name of a control message that can be switched on. */
export function checkControlName(argument: string, name: unknown): ControlName {
  const named = typeof name === "string" ? entryNamed(name) : undefined;
  if (named?.entry.enable !== undefined) return named.name;
  const received = `must be a control message that can be switched on. Received ${printed(name)}`;
  throw invalidArgValue(argument, `${received}${typeof name === "string" ? hint(name) : ""}`);
}

/** Checks what a caller wants to switch. A bare name switches a message on. If a name appears twice, the last one wins. */
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
    for (const [name, on] of Object.entries(checkObject(`${argument}[${i}]`, change, ANY_KEYS))) {
      const checked = checkControlName(`${argument}[${i}]`, name);
      if (on === undefined) continue;
      switches.set(checked, checkBoolean(`${argument}[${i}].${name}`, on));
    }
  });
  return switches;
}

/**
 * Throws if sockets of this family and type never deliver the message. The kernel often accepts the option, and then delivers
 * nothing.
 */
function checkDelivered(argument: string, name: ControlName, facts: SocketFacts): void {
  const named = entryNamed(name)!;
  if (isDelivered(named, facts)) return;
  const { families, types } = named.entry;
  const { family } = facts;
  const own = familyName(family);
  const reason = !hasFamily(named, family)
    ? `only ${listed(families!)} sockets deliver it, and this one is ${nameOf(family)}`
    : `only ${own} sockets of type ${types![own!]!.join(" and ")} deliver it, and this one has another type`;
  throw invalidArgValue(argument, `must not have "${name}": ${reason}`);
}

const NONE: ReadonlySet<ControlName> = new Set();

/** Which control messages are on for one socket: those that the program asked for, and what follows from them. */
export class ControlSwitchboard {
  readonly #facts: SocketFacts;
  #names: ReadonlySet<ControlName> = NONE;
  #foreign: ForeignBits = new Map();
  /** Recognises messages that the library switched on for itself (see OwnSettings). The program does not see them. */
  isUnrequested: ((message: ControlMessage) => boolean) | undefined;
  /** Whether we may use MSG_ERRQUEUE. See {@link hasErrorQueue}. */
  hasErrorQueue = false;

  private constructor(facts: SocketFacts) {
    this.#facts = facts;
  }

  /** Switches on the control messages that a new socket should receive. Errors name `argument`. */
  static of(
    fd: number,
    facts: SocketFacts,
    wanted: readonly ControlName[],
    argument = "options.receive",
  ): ControlSwitchboard {
    const names = new Set(wanted);
    for (const name of names) checkDelivered(argument, name, facts);
    checkArrivalTimes(argument, names);
    const board = new ControlSwitchboard(facts);
    board.#apply(fd, names, names);
    return board;
  }

  /** Makes the switchboard of an accepted socket, which has inherited these settings from its listener. */
  copy(): ControlSwitchboard {
    const board = new ControlSwitchboard(this.#facts);
    board.#names = this.#names;
    board.#foreign = this.#foreign;
    board.isUnrequested = this.isUnrequested;
    board.hasErrorQueue = this.hasErrorQueue;
    return board;
  }

  /** The names that the program has asked for. */
  get names(): ReadonlySet<ControlName> {
    return this.#names;
  }

  /** Switches control messages on and off. If one is refused, none changes. */
  change(fd: number, switches: ReadonlyMap<ControlName, boolean>): void {
    const names = new Set(this.#names);
    for (const [name, on] of switches) {
      if (!on) names.delete(name);
      else {
        checkDelivered("changes", name, this.#facts);
        names.add(name);
      }
    }
    checkArrivalTimes("changes", names);
    // Switch off first: if two options exclude each other, the kernel keeps the one that is set last.
    const changed = [...switches.keys()].sort((a, b) => Number(switches.get(a)) - Number(switches.get(b)));
    this.#apply(fd, names, changed);
  }

  /** The program has set an option itself, which may have switched messages. */
  noteOption(fd: number, { level, option, value }: SetOption): void {
    const key = keyOf(level, option);
    if (this.#foreign.has(key)) this.#foreign = new Map(this.#foreign).set(key, value);
    const names = level === SOL_SOCKET ? arrivalTimesAfter(this.#names, option, value) : this.#names;
    if (names !== this.#names || dependsOnOptions(this.#facts.family)) this.#set(fd, names);
  }

  #apply(fd: number, names: ReadonlySet<ControlName>, changed: Iterable<ControlName>): void {
    const { settings, foreign } = settingsOf(
      fd,
      { names: this.#names, foreign: this.#foreign },
      names,
      changed,
    );
    applySettings(fd, settings);
    this.#foreign = foreign;
    this.#set(fd, names);
  }

  #set(fd: number, names: ReadonlySet<ControlName>): void {
    this.#names = names;
    this.isUnrequested = needsOwnStamps(this.#facts, names) ? isArrivalTime : undefined;
    this.hasErrorQueue = hasErrorQueue(fd, this.#facts, names);
  }
}
