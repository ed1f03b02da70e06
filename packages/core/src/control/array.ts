import { invalidArgType, outOfRange } from "../errors.js";
import { inLayout } from "./layout.js";
import { both, type Payload } from "./payload.js";

/** A C array of `count` elements. */
export function array<T>(element: Payload<T>, count: number): Payload<T[]> {
  return {
    ctype: `${element.ctype}[${count}]`,
    size: { "64": count * element.size["64"], "32": count * element.size["32"] },
    align: element.align,
    read(bytes, at, _length, layout) {
      const size = inLayout(element.size, layout);
      const values: T[] = [];
      for (let i = 0; i < count; i++) {
        const value = element.read(bytes, at + i * size, size, layout);
        if (value === undefined) return undefined;
        values.push(value);
      }
      return values;
    },
    write(bytes, at, value, layout, argument) {
      if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
      if (value.length !== count) throw outOfRange(`${argument}.length`, `${count}`, value.length);
      const size = inLayout(element.size, layout);
      for (let i = 0; i < count; i++) {
        element.write(bytes, at + i * size, value[i]!, layout, `${argument}[${i}]`, size);
      }
    },
  };
}

/** From `min` to `max` elements, as many as the payload has. */
export function list<T>(element: Payload<T>, min: number, max: number): Payload<T[]> {
  const size = element.size["64"];
  return {
    ctype: `${element.ctype}[]`,
    size: both(min * size),
    align: element.align,
    room: both(max * size),
    read(bytes, at, length, layout) {
      const count = length / size;
      return Number.isInteger(count) && count <= max
        ? array(element, count).read(bytes, at, length, layout)
        : undefined;
    },
    measure(value, _layout, argument) {
      if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
      if (value.length < min || value.length > max) {
        throw outOfRange(`${argument}.length`, `>= ${min} && <= ${max}`, value.length);
      }
      return value.length * size;
    },
    write: (bytes, at, value, layout, argument, length) =>
      array(element, length / size).write(bytes, at, value, layout, argument, length),
  };
}
