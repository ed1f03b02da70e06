import { util } from "./builtins.js";

interface InspectOptions {
  readonly depth?: number | null | undefined;
  stylize?(text: string, style: "special"): string;
}

/**
 * The arguments of the method Symbol.for("nodejs.util.inspect.custom"), which console.log() and util.inspect() call in Node, Bun and
 * Deno. `depth`: how many more levels are shown.
 */
export type InspectArguments = [
  depth: number | null | undefined,
  options: InspectOptions | undefined,
  inspect?: (value: unknown, options: object) => string,
];

/** The objects that are being printed. A program can build a message that contains itself. */
const underway = new Set<object>();

/**
 * Prints an object as the properties that `show` returns, with the name of its class. Leaves out properties that are undefined.
 * `show` must have no effect that anybody could notice.
 */
export function inspected(
  object: object,
  [depth, options, inspect = util().inspect]: InspectArguments,
  className: string,
  show: () => object,
): string {
  const name = nameOf(object) ?? className;
  const style = (text: string) => options?.stylize?.(text, "special") ?? text;
  if (typeof depth === "number" && depth < 0) return style(`[${name}]`);
  if (underway.has(object)) return style("[Circular]");
  underway.add(object);
  try {
    // An object of a class, because then `inspect` counts the name when it breaks lines.
    const shown = new { [name]: class {} }[name]!();
    for (const [property, value] of Object.entries(ifPossible(show) ?? {})) {
      if (value !== undefined) Object.assign(shown, { [property]: value });
    }
    return inspect(shown, { ...options, depth });
  } finally {
    underway.delete(object);
  }
}

/** The name of the object's class, which may be the program's own subclass. */
const nameOf = (object: object): string | undefined =>
  ifPossible(() => {
    const { name } = object.constructor;
    return typeof name === "string" && name !== "" ? name : undefined;
  });

/**
 * Returns undefined if `read` throws: the object is closed, the kernel has no answer, or the object has no private fields because it
 * is a prototype or a Proxy.
 */
export function ifPossible<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** The counts that are not 0. Undefined if all are. */
export function waiting(counts: Readonly<Record<string, number>>): Record<string, number> | undefined {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.length > 0 ? Object.fromEntries(some) : undefined;
}
