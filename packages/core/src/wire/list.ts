import { checkArray } from "../arguments.js";
import { outOfRange } from "../errors.js";
import { inLayout, type Layout, perLayout } from "./layout.js";
import type { Encoding, Payload } from "./payload.js";

/** Reads `count` elements, one behind the other, of which `end` is beyond the last byte. */
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

/** A copy of the list: what is written is what was checked. */
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

/** From `min` to `max` elements, as many as there are bytes for. */
export function list<T>(element: Payload<T>, min: number, max: number): Payload<T[]> {
  return {
    ctype: `${element.ctype}[]`,
    size: perLayout((layout) => min * inLayout(element.size, layout)),
    align: element.align,
    room: perLayout((layout) => max * inLayout(element.size, layout)),
    read(bytes, at, length, layout) {
      const count = length / inLayout(element.size, layout);
      return Number.isInteger(count) && count <= max
        ? readElements(element, count, bytes, at, at + length, layout)
        : undefined;
    },
    measure: (value, { layout }, argument) =>
      checkLength(argument, value, min, max).length * inLayout(element.size, layout),
    write(bytes, at, value, encoding, argument, length) {
      // As many as were measured: a list that has grown since must not reach into what follows.
      const count = length / inLayout(element.size, encoding.layout);
      writeElements(element, bytes, at, checkLength(argument, value, count, count), encoding, argument);
    },
  };
}
