import { checkArray, checkInteger } from "../arguments.js";
import { inLayout, type Layout } from "../control/layout.js";
import { both, type Payload } from "../control/payload.js";

/** From `min` to `max` structures, as many as there are bytes for. Their size may depend on the layout. */
export function structList<T>(element: Payload<T>, min: number, max: number): Payload<T[]> {
  const size = (layout: Layout) => inLayout(element.size, layout);
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
      const { length } = checkArray(argument, value);
      return checkInteger(`${argument}.length`, length, min, max) * size(layout);
    },
    write(bytes, at, value, layout, argument) {
      checkArray<T>(argument, value).forEach((each, i) => {
        element.write(bytes, at + i * size(layout), each, layout, `${argument}[${i}]`, size(layout));
      });
    },
  };
}
