import type { Layout } from "../control/layout.js";
import { both, type Payload } from "../control/payload.js";
import { invalidArgType, outOfRange } from "../errors.js";

/** From `min` to `max` structures, as many as there are bytes for. Their size may depend on the layout. */
export function structList<T>(element: Payload<T>, min: number, max: number): Payload<T[]> {
  const size = (layout: Layout) => element.size[layout];
  return {
    ctype: `${element.ctype}[]`,
    size: both(0),
    align: element.align,
    room: { "64": max * size("64"), "32": max * size("32") },
    read(bytes, at, length, layout) {
      const values: T[] = [];
      for (let from = at; from + size(layout) <= at + length; from += size(layout)) {
        const value = element.read(bytes, from, size(layout), layout);
        if (value === undefined) return undefined;
        values.push(value);
      }
      return values.length * size(layout) === length ? values : undefined;
    },
    measure(value, layout, argument) {
      if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
      if (value.length < min || value.length > max) {
        throw outOfRange(`${argument}.length`, `>= ${min} && <= ${max}`, value.length);
      }
      return value.length * size(layout);
    },
    write(bytes, at, value, layout, argument) {
      value.forEach((each, i) => {
        element.write(bytes, at + i * size(layout), each, layout, `${argument}[${i}]`, size(layout));
      });
    },
  };
}
