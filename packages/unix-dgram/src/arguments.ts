import { invalidArgument, outOfRange, unknownKey } from "./errors.js";

/** Returns the object if it has no other keys: a misspelled key must not go unnoticed. */
export function checkKeys<T extends object>(
  argument: string,
  object: T,
  known: readonly ((string & keyof T) | "type")[],
): T {
  for (const key of Object.keys(object)) {
    if (!(known as readonly string[]).includes(key)) throw unknownKey(argument, key, known);
  }
  return object;
}

/** A number of bytes. A string counts as the number that it is. */
export function checkSize(argument: string, value: unknown): number {
  const size = typeof value === "string" && value !== "" ? Number(value) : value;
  if (typeof size !== "number") throw invalidArgument(argument, "a number of bytes", value);
  if (!Number.isInteger(size) || size < 0)
    throw outOfRange(`"${argument}" must be a whole number of bytes, and is ${value}`, argument);
  return size;
}

/** SCM_MAX_FD, include/net/scm.h. */
const MOST_FDS = 253;

/** How many descriptors a message may bring. */
export function checkMaxFds(value: unknown): number {
  if (typeof value !== "number") throw invalidArgument("options.maxFds", "a number", value);
  if (!Number.isInteger(value) || value < 0 || value > MOST_FDS)
    throw outOfRange(`"options.maxFds" must be 0 to ${MOST_FDS}, and is ${value}`, "options.maxFds");
  return value;
}
