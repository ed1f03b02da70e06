import type { AddressFamilyName } from "../address/family.js";
import { type NamedConstant, nameAndNumber } from "../named-constant.js";
import type { Payload } from "../wire/payload.js";
import type { OptionEntry, PlainOption, TypedOption } from "./entry.js";

/** What the options of a level, or of a group of them, have in common. */
interface Shared {
  readonly source: string;
  readonly families?: readonly AddressFamilyName[];
}

/** What this option has differently from the others of its group, and what few options have. */
type More = Partial<Shared> &
  Pick<OptionEntry, "privilege" | "errorQueue" | "feature" | "takesProgram" | "lengthOf">;

/** Makes the entry of an option, which comes as `{ SO_DEBUG }`. */
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
 * What makes the entries of a level: `get` of options that can only be read, `set` of those that can only be set, `both`.
 *
 * The level comes as `{ SOL_SOCKET }`, the option as `{ SO_DEBUG }`: so a name and its number can't disagree, and no bundle has the
 * constants that nothing uses.
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
