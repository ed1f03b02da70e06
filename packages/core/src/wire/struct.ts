import { checkObject } from "../arguments.js";
import { keysNamed } from "../known-keys.js";
import { alignTo, both, inLayout, type Layout, perLayout } from "./layout.js";
import type { Encoding, Payload, ValueOf } from "./payload.js";

// biome-ignore lint/suspicious/noExplicitAny: any value's payload is a field.
export type Fields = Readonly<Record<string, Payload<any>>>;

/** The values of fields. Fields whose names begin with `_` are reserved: writing leaves them zero, and reading skips them. */
type StructValue<F extends Fields> = {
  -readonly [K in keyof F as K extends `_${string}` ? never : K]: ValueOf<F[K]>;
};

/** A field's name, and where the C compiler puts it in each layout. */
interface Place {
  readonly name: string;
  readonly payload: Payload<unknown>;
  readonly offset: number;
  readonly size: number;
}

interface Placement {
  readonly places: readonly Place[];
  readonly align: number;
  readonly size: number;
}

function placementIn(fields: Fields, layout: Layout): Placement {
  const places: Place[] = [];
  let end = 0;
  let align = 1;
  for (const [name, payload] of Object.entries(fields)) {
    const offset = alignTo(end, inLayout(payload.align, layout));
    const size = inLayout(payload.size, layout);
    if (!name.startsWith("_")) places.push({ name, payload, offset, size });
    end = offset + size;
    align = Math.max(align, inLayout(payload.align, layout));
  }
  return { places, align, size: alignTo(end, align) };
}

const placementOf = (fields: Fields) => ({
  "64": placementIn(fields, "64"),
  "32": placementIn(fields, "32"),
});

function writeField(
  { name, payload, offset, size }: Place,
  bytes: Uint8Array,
  at: number,
  given: Record<string, unknown>,
  encoding: Encoding,
  argument: string,
): void {
  payload.write(bytes, at + offset, given[name], encoding, `${argument}.${name}`, size);
}

const namesIn = (placement: Placement): string[] => placement.places.map(({ name }) => name);

/**
 * A C structure. Each of its fields is aligned as the layout's C compiler aligns it.
 *
 * @param more Names of values that stand behind the structure. The object with the fields may have them too.
 */
export function struct<const F extends Fields>(
  ctype: string,
  fields: F,
  more: readonly string[] = [],
): Payload<StructValue<F>> {
  const placement = placementOf(fields);
  const names = namesIn(placement["64"]);
  const keys = keysNamed([...names, ...more]);
  // Copying a template and filling it in is several times faster than adding the fields one by one.
  const template = Object.fromEntries(names.map((name) => [name, undefined]));
  return {
    ctype: `struct ${ctype}`,
    size: perLayout((layout) => placement[layout].size),
    align: perLayout((layout) => placement[layout].align),
    read(bytes, at, _length, layout) {
      const { places } = inLayout(placement, layout);
      const value: Record<string, unknown> = { ...template };
      for (let i = 0; i < places.length; i++) {
        const { name, payload, offset, size } = places[i]!;
        const field = payload.read(bytes, at + offset, size, layout);
        if (field === undefined) return undefined;
        value[name] = field;
      }
      return value as StructValue<F>;
    },
    write(bytes, at, value, encoding, argument) {
      const given = checkObject(argument, value, keys) as Record<string, unknown>;
      const { places } = inLayout(placement, encoding.layout);
      for (let i = 0; i < places.length; i++) writeField(places[i]!, bytes, at, given, encoding, argument);
    },
  };
}

/**
 * A C structure to which newer kernels have added fields. Reading leaves out the fields that this kernel does not return. Writing
 * sets fields of `later` that are not given to zero. If none of them is given, it writes the older, shorter structure.
 */
export function growing<const F extends Fields, const L extends Fields>(
  ctype: string,
  fields: F,
  later: L,
): Payload<StructValue<F> & Partial<StructValue<L>>> {
  const all = { ...fields, ...later };
  const base = struct(ctype, fields);
  const whole = struct(ctype, all);
  const placement = placementOf(all);
  const keys = keysNamed(namesIn(placement["64"]));
  return {
    ctype: `struct ${ctype}`,
    size: base.size,
    align: whole.align,
    reserve: whole.size,
    read(bytes, at, length, layout) {
      const value: Record<string, unknown> = {};
      for (const { name, payload, offset, size } of inLayout(placement, layout).places) {
        if (offset + size > length) break;
        const field = payload.read(bytes, at + offset, size, layout);
        if (field === undefined) return undefined;
        value[name] = field;
      }
      return value as StructValue<F> & Partial<StructValue<L>>;
    },
    measure(value, { layout }, argument) {
      const given: Record<string, unknown> = checkObject(argument, value, keys);
      const isWhole = Object.keys(later).some((name) => given[name] !== undefined);
      return inLayout((isWhole ? whole : base).size, layout);
    },
    write(bytes, at, value, encoding, argument) {
      const given: Record<string, unknown> = checkObject(argument, value, keys);
      for (const place of inLayout(placement, encoding.layout).places) {
        if (given[place.name] === undefined && Object.hasOwn(later, place.name)) continue;
        writeField(place, bytes, at, given, encoding, argument);
      }
    },
  };
}

/** Bytes without a meaning. */
export function reserved(size: number): Payload<null> {
  return { ctype: `__u8[${size}]`, size: both(size), align: both(1), read: () => null, write: () => {} };
}
