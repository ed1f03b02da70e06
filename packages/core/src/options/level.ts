import type { AddressFamilyName } from "../address/family.js";
import { type NamedConstant, nameAndNumber } from "../named-constant.js";
import type { Payload } from "../wire/payload.js";
import type { OptionEntry, PlainOption, TypedOption } from "./entry.js";

/** What all options of a level have in common, or all options of a group. */
interface Shared {
  readonly source: string;
  readonly families?: readonly AddressFamilyName[];
}

/** What is different for one option of a group, and properties that few options have. */
type More = Partial<Shared> &
  Pick<OptionEntry, "privilege" | "errorQueue" | "feature" | "takesProgram" | "lengthOf">;

/** Makes the entry of an option. The option is given as `{ SO_DEBUG }`. */
interface Maker<Direction extends OptionEntry["direction"]> {
  <Value>(
    constant: NamedConstant,
    since: string,
    payload: Payload<Value>,
    more?: More & { readonly setPayload?: never; readonly query?: never },
  ): PlainOption<Direction, Value>;
  <Value, Given = Value, Query = never>(
    constant: NamedConstant,
    since: string,
    payload: Payload<Value>,
    more: More & { readonly setPayload?: Payload<Given>; readonly query?: Payload<Query> },
  ): TypedOption<Direction, Value, Given, Query>;
}

/**
 * Returns the functions that make the entries of a level: `get` for options that can only be read, `set` for options that can only
 * be set, and `both`.
 *
 * The level is given as `{ SOL_SOCKET }`, the option as `{ SO_DEBUG }`. So a name and its number can't disagree, and bundlers can
 * drop the constants that nothing uses.
 */
export function level(
  ofLevel: NamedConstant,
  shared: Shared,
): { readonly [Direction in OptionEntry["direction"]]: Maker<Direction> } {
  const [levelName, number] = nameAndNumber(ofLevel);
  const maker =
    <Direction extends OptionEntry["direction"]>(direction: Direction): Maker<Direction> =>
    (ofOption: NamedConstant, since: string, payload: Payload<unknown>, more?: object) => {
      const [constant, option] = nameAndNumber(ofOption);
      return {
        level: number,
        levelName,
        option,
        constant,
        direction,
        since,
        ...shared,
        ...more,
        payload,
      } as never;
    };
  return { get: maker("get"), set: maker("set"), both: maker("both") };
}
