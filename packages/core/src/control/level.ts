import type { AddressFamilyName } from "../address/family.js";
import { type NamedConstant, nameAndNumber } from "../named-constant.js";
import type { Payload } from "../wire/payload.js";
import type { ControlEntry, DeliveringTypes, Enable, TypedMessage } from "./entry.js";

/** What the messages of a level, or of a group of them, have in common. */
interface Shared {
  readonly source: string;
  readonly families: readonly AddressFamilyName[];
  /** Holds for what is received with data: the error queue has the reports of all sockets. */
  readonly types?: DeliveringTypes;
}

/** What this message has differently from the others of its group, and what few messages have. */
interface More extends Partial<Shared>, Pick<ControlEntry, "sentSince" | "privilege" | "stamps" | "repeats"> {
  /** An option of the message's level, one and what to set, or an option of another level. */
  readonly enable?: NamedConstant | readonly [option: NamedConstant, value: number] | Enable;
}

/** Makes the entry of a message, whose type comes as `{ SCM_RIGHTS }`. */
type Maker<Direction extends ControlEntry["direction"]> = <Value>(
  constant: NamedConstant,
  since: string,
  payload: Payload<Value>,
  more?: More,
) => TypedMessage<Direction, Value>;

/** An option that makes the kernel deliver messages, its level and itself as `{ SOL_SOCKET }` and `{ SO_ZEROCOPY }`. */
export function switchedOnBy(ofLevel: NamedConstant, ofOption: NamedConstant, value?: number): Enable {
  const [levelName, number] = nameAndNumber(ofLevel);
  const [constant, option] = nameAndNumber(ofOption);
  return { level: number, levelName, option, constant, ...(value === undefined ? {} : { value }) };
}

const isEnable = (enable: NonNullable<More["enable"]>): enable is Enable => "levelName" in enable;

/**
 * What makes the entries of a level: `send` of messages that are only sent, `receive`, `both`, and `errorQueue` of those that
 * come with MSG_ERRQUEUE.
 *
 * The level comes as `{ SOL_SOCKET }`, the type as `{ SCM_RIGHTS }`: so a name and its number can't disagree, and no bundle has the
 * constants that nothing uses.
 */
export function level(
  ofLevel: NamedConstant,
  { types, ...shared }: Shared,
): { readonly [Direction in ControlEntry["direction"]]: Maker<Direction> } {
  const [levelName, number] = nameAndNumber(ofLevel);
  const enabling = (enable: NonNullable<More["enable"]>): Enable => {
    if (isEnable(enable)) return enable;
    return Array.isArray(enable)
      ? switchedOnBy(ofLevel, enable[0], enable[1])
      : switchedOnBy(ofLevel, enable as NamedConstant);
  };
  const maker =
    <Direction extends ControlEntry["direction"]>(direction: Direction): Maker<Direction> =>
    (ofType, since, payload, { enable, ...more } = {}) => {
      const [constant, type] = nameAndNumber(ofType);
      const delivering = types !== undefined && (direction === "receive" || direction === "both");
      return {
        level: number,
        levelName,
        type,
        constant,
        direction,
        ...(enable && { enable: enabling(enable) }),
        since,
        ...shared,
        ...(delivering && { types }),
        ...more,
        payload,
      } as never;
    };
  return {
    send: maker("send"),
    receive: maker("receive"),
    both: maker("both"),
    errorQueue: maker("errorQueue"),
  };
}
