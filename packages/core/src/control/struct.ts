import { checkObject } from "../arguments.js";
import { alignTo, inLayout, type Layout } from "./layout.js";
import { both, type Payload, type ValueOf } from "./payload.js";

// biome-ignore lint/suspicious/noExplicitAny: any value's payload is a field.
export type Fields = Readonly<Record<string, Payload<any>>>;

/** Fields whose names begin with `_` are reserved: zero when written, passed over when read. */
type StructValue<F extends Fields> = {
  -readonly [K in keyof F as K extends `_${string}` ? never : K]: ValueOf<F[K]>;
};

const isNamed = (name: string) => !name.startsWith("_");

/** Where the C compiler of that layout puts the named fields. */
function place(fields: Fields, layout: Layout) {
  const offsets: number[] = [];
  let end = 0;
  let align = 1;
  for (const [name, field] of Object.entries(fields)) {
    const at = alignTo(end, inLayout(field.align, layout));
    if (isNamed(name)) offsets.push(at);
    end = at + inLayout(field.size, layout);
    align = Math.max(align, inLayout(field.align, layout));
  }
  return { offsets, align, size: alignTo(end, align) };
}

/** A C structure: its fields in order, each aligned as the layout's C compiler aligns it. */
export function struct<const F extends Fields>(ctype: string, fields: F): Payload<StructValue<F>> {
  const placed = { "64": place(fields, "64"), "32": place(fields, "32") };
  const names = Object.keys(fields).filter(isNamed);
  const payloads = names.map((name) => fields[name]!);
  // Copied and then filled in: several times faster than adding one field after the other.
  const template = Object.fromEntries(names.map((name) => [name, undefined]));
  return {
    ctype: `struct ${ctype}`,
    size: { "64": placed["64"].size, "32": placed["32"].size },
    align: { "64": placed["64"].align, "32": placed["32"].align },
    read(bytes, at, _length, layout) {
      const { offsets } = inLayout(placed, layout);
      const value: Record<string, unknown> = { ...template };
      for (let i = 0; i < names.length; i++) {
        const payload = payloads[i]!;
        const field = payload.read(bytes, at + offsets[i]!, inLayout(payload.size, layout), layout);
        if (field === undefined) return undefined;
        value[names[i]!] = field;
      }
      return value as StructValue<F>;
    },
    write(bytes, at, value, layout, argument) {
      const given = checkObject(argument, value) as Record<string, unknown>;
      const { offsets } = inLayout(placed, layout);
      for (let i = 0; i < names.length; i++) {
        const payload = payloads[i]!;
        const name = names[i]!;
        payload.write(
          bytes,
          at + offsets[i]!,
          given[name],
          layout,
          `${argument}.${name}`,
          inLayout(payload.size, layout),
        );
      }
    },
  };
}

/** Bytes that mean nothing. */
export function reserved(size: number): Payload<null> {
  return { ctype: `__u8[${size}]`, size: both(size), align: both(1), read: () => null, write: () => {} };
}
