import { checkArray, checkBytes, checkInteger, checkObject } from "../arguments.js";
import { ANY_KEYS } from "../known-keys.js";
import { copyBytes, readU32, write32 } from "./bytes.js";
import { u32 } from "./integers.js";
import { both, inLayout, type Layout, perLayout } from "./layout.js";
import { checkLength, readElements, writeElements } from "./list.js";
import type { Encoding, Payload, ValueOf } from "./payload.js";
import { type Fields, struct } from "./struct.js";

/** What stands behind a count that says how much of it there is. */
export interface Counted<Value> {
  /** How many bytes to reserve when receiving. */
  readonly reserve: number;
  read(bytes: Uint8Array, at: number, end: number, count: number, layout: Layout): Value | undefined;
  /** The bytes that `value` takes. */
  measure(value: Value, encoding: Encoding, argument: string): number;
  /** Writes the `length` bytes that were measured, and returns the count. */
  write(
    bytes: Uint8Array,
    at: number,
    value: Value,
    encoding: Encoding,
    argument: string,
    length: number,
  ): number;
}

/** At most `max` elements of the same size in both layouts. */
export function elements<T>(element: Payload<T>, max: number): Counted<T[]> {
  const size = element.size["64"];
  return {
    reserve: max * size,
    read: (bytes, at, end, count, layout) => readElements(element, count, bytes, at, end, layout),
    measure: (value, _encoding, argument) => checkArray(argument, value, max).length * size,
    write(bytes, at, value, encoding, argument, length) {
      // As many as were measured: a list that has grown since must not reach into what follows.
      const count = length / size;
      writeElements(element, bytes, at, checkLength(argument, value, count, count), encoding, argument);
      return count;
    },
  };
}

/** At most `max` bytes. */
export const countedBytes = (max: number): Counted<Uint8Array> => ({
  reserve: max,
  read: (bytes, at, end, count) => (at + count > end ? undefined : copyBytes(bytes, at, at + count)),
  measure: (value, _encoding, argument) =>
    checkInteger(`${argument}.length`, checkBytes(argument, value).length, 0, max),
  write(bytes, at, value, _encoding, argument, length) {
    bytes.set(checkBytes(argument, value).subarray(0, length), at);
    return length;
  },
});

/** sizeof the count of {@link countedList}. */
const COUNT = u32.size["64"];

/** A C structure of a 32-bit count and that many elements, at most `max`. */
export function countedList<T>(ctype: string, element: Payload<T>, max: number): Payload<T[]> {
  const list = elements(element, max);
  return {
    ctype: `struct ${ctype}`,
    size: u32.size,
    align: u32.align,
    reserve: both(COUNT + list.reserve),
    read: (bytes, at, length, layout) =>
      list.read(bytes, at + COUNT, at + length, readU32(bytes, at), layout),
    measure: (value, encoding, argument) => COUNT + list.measure(value, encoding, argument),
    write(bytes, at, value, encoding, argument, length) {
      write32(bytes, at, list.write(bytes, at + COUNT, value, encoding, argument, length - COUNT));
    },
  };
}

type StructValue<F extends Fields> = ValueOf<ReturnType<typeof struct<F>>>;

/** A C structure of some fields, a count, and what is counted: its name in the value, and what it is made of. */
export function countedStruct<const F extends Fields, K extends string, V>(
  ctype: string,
  fields: F,
  count: Payload<number>,
  list: Readonly<Record<K, Counted<V>>>,
): Payload<StructValue<F & Record<K, Payload<V>>>> {
  const [[name, counted]] = Object.entries(list) as [[K, Counted<V>]];
  const before = struct(ctype, fields, [name]);
  // The count has the list's name: reading puts the list in its place.
  const head = struct(ctype, { ...fields, [name]: count } as Fields);
  const sizeOf = (layout: Layout) => inLayout(head.size, layout);
  type Value = StructValue<F & Record<K, Payload<V>>>;
  return {
    ctype: head.ctype,
    size: head.size,
    align: head.align,
    reserve: perLayout((layout) => sizeOf(layout) + counted.reserve),
    read(bytes, at, length, layout) {
      const value = head.read(bytes, at, length, layout) as Record<string, unknown> | undefined;
      if (value === undefined) return undefined;
      const start = at + sizeOf(layout);
      value[name] = counted.read(bytes, start, at + length, value[name] as number, layout);
      return value[name] === undefined ? undefined : (value as Value);
    },
    measure: (value, encoding, argument) =>
      sizeOf(encoding.layout) +
      counted.measure(checkObject(argument, value, ANY_KEYS)[name], encoding, `${argument}.${name}`),
    write(bytes, at, value, encoding, argument, length) {
      const start = sizeOf(encoding.layout);
      before.write(bytes, at, value, encoding, argument, start);
      const listed = `${argument}.${name}`;
      const number = counted.write(bytes, at + start, value[name], encoding, listed, length - start);
      // The count is the last field: what it counts follows at once.
      const size = inLayout(count.size, encoding.layout);
      count.write(bytes, at + start - size, number, encoding, listed, size);
    },
  };
}
