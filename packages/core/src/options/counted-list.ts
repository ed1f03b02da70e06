import { checkArray, checkInt32, checkObject } from "../arguments.js";
import { readI32, readU32, write32 } from "../bytes.js";
import { inLayout, type Layout } from "../control/layout.js";
import { both, type Payload } from "../control/payload.js";

function readAll<T>(
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

/** A 32-bit count and as many elements, at most `max`. */
export function countedList<T>(ctype: string, element: Payload<T>, max: number): Payload<T[]> {
  const elementSize = element.size["64"];
  return {
    ctype: `struct ${ctype}`,
    size: both(4),
    align: both(4),
    room: both(4 + max * elementSize),
    read: (bytes, at, length, layout) =>
      readAll(element, readU32(bytes, at), bytes, at + 4, at + length, layout),
    measure(value, _layout, argument) {
      return 4 + checkArray(argument, value, max).length * elementSize;
    },
    write(bytes, at, value, layout, argument) {
      write32(bytes, at, value.length);
      checkArray<T>(argument, value).forEach((each, i) => {
        element.write(bytes, at + 4 + i * elementSize, each, layout, `${argument}[${i}]`, elementSize);
      });
    },
  };
}

/** The same behind the association that it is about. */
export function associationList<K extends string, T>(
  ctype: string,
  name: K,
  element: Payload<T>,
  max: number,
): Payload<{ association: number } & Record<K, T[]>> {
  const counted = countedList(ctype, element, max);
  type Value = { association: number } & Record<K, T[]>;
  return {
    ctype: `struct ${ctype}`,
    size: both(8),
    align: both(4),
    room: both(4 + counted.room!["64"]),
    read(bytes, at, length, layout) {
      const list = counted.read(bytes, at + 4, length - 4, layout);
      return list && ({ association: readI32(bytes, at), [name]: list } as Value);
    },
    measure: (value, layout, argument) =>
      4 + counted.measure!(checkObject(argument, value)[name], layout, `${argument}.${name}`),
    write(bytes, at, value, layout, argument, length) {
      write32(bytes, at, checkInt32(`${argument}.association`, value.association));
      counted.write(bytes, at + 4, value[name], layout, `${argument}.${name}`, length - 4);
    },
  };
}
