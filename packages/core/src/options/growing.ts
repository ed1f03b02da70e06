import { checkObject } from "../arguments.js";
import { alignTo, inLayout, type Layout } from "../control/layout.js";
import type { Payload, ValueOf } from "../control/payload.js";
import { struct } from "../control/struct.js";

// biome-ignore lint/suspicious/noExplicitAny: any value's payload is a field.
type Fields = Readonly<Record<string, Payload<any>>>;
type Values<F extends Fields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

interface Place {
  readonly name: string;
  readonly payload: Payload<unknown>;
  readonly at: number;
  readonly end: number;
}

/** Where the C compiler of that layout puts the fields. */
function placesOf(fields: Fields, layout: Layout): Place[] {
  let end = 0;
  return Object.entries(fields).map(([name, payload]) => {
    const at = alignTo(end, inLayout(payload.align, layout));
    end = at + inLayout(payload.size, layout);
    return { name, payload, at, end };
  });
}

/**
 * A C structure to which newer kernels have added fields. Those that this kernel does not give are absent; those of
 * `later` that are not set are zero, and none of them is passed on if none is given.
 */
export function growing<const F extends Fields, const L extends Fields>(
  ctype: string,
  fields: F,
  later: L,
): Payload<Values<F> & Partial<Values<L>>> {
  const all = { ...fields, ...later };
  const base = struct(ctype, fields);
  const whole = struct(ctype, all);
  const places = { "64": placesOf(all, "64"), "32": placesOf(all, "32") };
  return {
    ctype: `struct ${ctype}`,
    size: base.size,
    align: whole.align,
    room: whole.size,
    read(bytes, at, length, layout) {
      const value: Record<string, unknown> = {};
      for (const { name, payload, at: offset, end } of inLayout(places, layout)) {
        if (end > length) break;
        const field = payload.read(bytes, at + offset, inLayout(payload.size, layout), layout);
        if (field === undefined) return undefined;
        value[name] = field;
      }
      return value as Values<F> & Partial<Values<L>>;
    },
    measure(value, layout, argument) {
      const given: Record<string, unknown> = checkObject(argument, value);
      const isWhole = Object.keys(later).some((name) => given[name] !== undefined);
      return inLayout((isWhole ? whole : base).size, layout);
    },
    write(bytes, at, value, layout, argument) {
      const given: Record<string, unknown> = checkObject(argument, value);
      for (const { name, payload, at: offset } of inLayout(places, layout)) {
        if (given[name] === undefined && Object.hasOwn(later, name)) continue;
        payload.write(
          bytes,
          at + offset,
          given[name],
          layout,
          `${argument}.${name}`,
          inLayout(payload.size, layout),
        );
      }
    },
  };
}
