import { invalidArgValue, quoted } from "./errors.js";
import { nearestName, spelledAs } from "./nearest-name.js";

// A wrong key in an object of options, a message or an address is an error: `{ recieve: [] }` would otherwise do nothing.

/** The keys that an object may have. `first`, `second` and `third` are three of them. */
export interface KnownKeys {
  readonly first: string | undefined;
  readonly second: string | undefined;
  readonly third: string | undefined;
  readonly all: Readonly<Record<string, true>>;
}

/** The keys of each member of a union. */
type KeyOf<T> = T extends unknown ? keyof T & string : never;

/**
 * The keys of a type. The compiler checks that none is missing or too many. Put the keys that most programs give first: comparing
 * with the first three takes 3 ns each, looking up any other takes 9 ns.
 */
export const keysOf = <T extends object>(keys: Readonly<Record<KeyOf<T>, true>>): KnownKeys =>
  keysNamed(Object.keys(keys));

export function keysNamed(names: readonly string[]): KnownKeys {
  const [first, second, third] = names;
  // Without a prototype, a polluted Object.prototype adds no names.
  const all: Record<string, true> = Object.create(null);
  for (const name of names) all[name] = true;
  return { first, second, third, all };
}

/** For objects of which we read only a part: a program may pass anything that has this part. */
export const ANY_KEYS = undefined;

const everyObjects: object = Object.prototype;

/** Whether it is the Object.prototype of another realm (node:vm), whose objects are as plain as ours. */
const isOtherObjectPrototype = (prototype: object): boolean =>
  Object.hasOwn(prototype, "isPrototypeOf") && Object.getPrototypeOf(prototype) === null;

/**
 * Throws if a plain object has an enumerable key that is not known. Instances of classes may have other properties: a received
 * Message is a message to send, and net.SocketAddress is an address.
 *
 * Every send passes here, so this compares before it looks up, and finds out last what kind of object it is.
 */
export function checkKeys(argument: string, value: object, keys: KnownKeys): void {
  const { first, second, third, all } = keys;
  for (const key in value) {
    if (key !== first && key !== second && key !== third && all[key] !== true) {
      if (!isPlain(value)) return;
      // A polluted Object.prototype gives this key to every object. The caller did not.
      if (!Object.hasOwn(value, key)) continue;
      // As if it were not there: an address from a configuration often has all keys, and some of them undefined.
      if (isUndefined(value, key)) continue;
      throw unknownKey(argument, key, keys);
    }
  }
}

/** Whether the property is undefined. Calls no getter. */
function isUndefined(value: object, key: string): boolean {
  const property = Object.getOwnPropertyDescriptor(value, key)!;
  return "value" in property && property.value === undefined;
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === everyObjects || prototype === null || isOtherObjectPrototype(prototype);
}

/** Names that other libraries and languages use for the same thing. The first one counts that the object can have. */
const SAME_MEANING: Readonly<Record<string, readonly string[]>> = {
  body: ["data"],
  buffer: ["data", "buffers"],
  msg: ["data"],
  payload: ["data"],
  text: ["data"],
  fd: ["fds"],
  handle: ["fds"],
  handles: ["fds"],
  rights: ["fds"],
  ancillary: ["control"],
  cmsg: ["control"],
  host: ["address"],
  hostname: ["address"],
  ip: ["address"],
  to: ["address"],
  pid: ["port"],
  flowinfo: ["flowlabel"],
  scope: ["scopeId"],
  zone: ["scopeId"],
  length: ["size"],
  ttl: ["hopLimit"],
  tos: ["dscp"],
  src: ["source"],
  gso: ["segmentSize"],
  ifindex: ["interfaceIndex", "interface"],
  signal: ["timeout"],
  permissions: ["mode"],
};

const LIMIT = 'Use "signal": AbortSignal.timeout(milliseconds)';

/** Says which key is probably meant: `Did you mean "receive"?`. Undefined if no key is near. */
export function suggestionFor(key: string, { all }: KnownKeys): string | undefined {
  const names = Object.keys(all);
  const lower = key.toLowerCase();
  if (lower === "timeout" && all.signal) return LIMIT;
  const meant =
    (Object.hasOwn(SAME_MEANING, lower) ? SAME_MEANING[lower]!.find((name) => all[name]) : undefined) ??
    nearestName(key, spelledAs(names));
  return meant === undefined ? undefined : `Did you mean ${JSON.stringify(meant)}?`;
}

/** With more keys than this, the error does not list them. */
const MOST_LISTED = 12;

/** The error of a key that the object can't have. */
export function unknownKey(argument: string, key: string, keys: KnownKeys): Error {
  const kind = argument === "options" ? "option" : "property";
  const names = Object.keys(keys.all);
  const suggestion =
    suggestionFor(key, keys) ?? (names.length <= MOST_LISTED ? `It can have ${listed(names)}` : undefined);
  return invalidArgValue(
    argument,
    `has no ${kind} ${quoted(key)}${suggestion === undefined ? "" : `. ${suggestion}`}`,
  );
}

function listed(names: readonly string[]): string {
  const texts = names.map((name) => JSON.stringify(name));
  const last = texts.pop();
  if (last === undefined) return "none";
  return texts.length === 0 ? `only ${last}` : `${texts.join(", ")} and ${last}`;
}
