import { checkArray } from "../arguments.js";
import { outOfRange } from "../errors.js";
import { inLayout, type Layout, perLayout } from "./layout.js";
import type { Encoding, Payload } from "./payload.js";

/** Reads `count` elements, one after the other. `end` is the position after the last byte. */
export function readElements<T>(
  element: Payload<T>,
  count: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  layout: Layout,
): T[] | undefined {
  const size = inLayout(element.size, layout);
  if (at + count * size > end) return undefined;
  const values: T[] = [];
  for (let i = 0; i < count; i++) {
    const value = element.read(bytes, at + i * size, size, layout);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

export function writeElements<T>(
  element: Payload<T>,
  bytes: Uint8Array,
  at: number,
  values: readonly T[],
  encoding: Encoding,
  argument: string,
): void {
  const size = inLayout(element.size, encoding.layout);
  for (let i = 0; i < values.length; i++) {
    element.write(bytes, at + i * size, values[i]!, encoding, `${argument}[${i}]`, size);
  }
}

/** Returns a copy of the list, so that the caller can't change it after the check. */
export function checkLength<T>(argument: string, value: T[], min: number, max: number): T[] {
  const values = checkArray<T>(argument, value);
  const { length } = values;
  if (length < min || length > max) {
    throw outOfRange(`${argument}.length`, min === max ? `${min}` : `>= ${min} && <= ${max}`, length);
  }
  return values;
}

/** A C array of `count` elements. */
export function array<T>(element: Payload<T>, count: number): Payload<T[]> {
  return {
    ctype: `${element.ctype}[${count}]`,
    size: perLayout((layout) => count * inLayout(element.size, layout)),
    align: element.align,
    read: (bytes, at, length, layout) => readElements(element, count, bytes, at, at + length, layout),
    write: (bytes, at, value, encoding, argument) =>
      writeElements(element, bytes, at, checkLength(argument, value, count, count), encoding, argument),
  };
}

/** A list of `min` to `max` elements. Their number follows from the number of bytes. */
export function list<T>(element: Payload<T>, min: number, max: number): Payload<T[]> {
  return {
    ctype: `${element.ctype}[]`,
    size: perLayout((layout) => min * inLayout(element.size, layout)),
    align: element.align,
    reserve: perLayout((layout) => max * inLayout(element.size, layout)),
    read(bytes, at, length, layout) {
      const count = length / inLayout(element.size, layout);
      return Number.isInteger(count) && count <= max
        ? readElements(element, count, bytes, at, at + length, layout)
        : undefined;
    },
    measure: (value, { layout }, argument) =>
      checkLength(argument, value, min, max).length * inLayout(element.size, layout),
    write(bytes, at, value, encoding, argument, length) {
      // Write as many as were measured. A list that has grown since then must not overwrite the bytes behind it.
      const count = length / inLayout(element.size, encoding.layout);
      writeElements(element, bytes, at, checkLength(argument, value, count, count), encoding, argument);
    },
  };
}
