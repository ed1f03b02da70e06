import { checkInt32, checkObject } from "../arguments.js";
import { readI32, write32 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import { countedList } from "../wire/list.js";
import type { Payload } from "../wire/payload.js";

/** An association of SCTP, and a counted list of something that it has. */
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
    measure: (value, encoding, argument) =>
      4 + counted.measure!(checkObject(argument, value)[name], encoding, `${argument}.${name}`),
    write(bytes, at, value, encoding, argument, length) {
      write32(bytes, at, checkInt32(`${argument}.association`, value.association));
      counted.write(bytes, at + 4, value[name], encoding, `${argument}.${name}`, length - 4);
    },
  };
}
