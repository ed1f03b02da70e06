import type { AddressFamilyName } from "../address/family.js";
import { type NamedConstant, nameAndNumber } from "../named-constant.js";
import type { Payload } from "../wire/payload.js";
import type { ControlEntry, DeliveringTypes, Enable, TypedMessage } from "./entry.js";

/** What all messages of a level have in common, or all messages of a group. */
interface Shared {
  readonly source: string;
  readonly families: readonly AddressFamilyName[];
  /** Counts only for messages that come with data. All types of sockets deliver those of the error queue. */
  readonly types?: DeliveringTypes;
}

/** What is different for one message of a group, and properties that few messages have. */
interface More extends Partial<Shared>, Pick<ControlEntry, "sentSince" | "privilege" | "stamps" | "repeats"> {
  /** An option of the message's level, such an option with the value to set, or an option of another level. */
  readonly enable?: NamedConstant | readonly [option: NamedConstant, value: number] | Enable;
}

/** Makes the entry of a message. The message's type is given as `{ SCM_RIGHTS }`. */
type Maker<Direction extends ControlEntry["direction"]> = <Value>(
  constant: NamedConstant,
  since: string,
  payload: Payload<Value>,
  more?: More,
) => TypedMessage<Direction, Value>;

/** An option that makes the kernel deliver messages. The level is given as `{ SOL_SOCKET }`, the option as `{ SO_ZEROCOPY }`. */
export function switchedOnBy(ofLevel: NamedConstant, ofOption: NamedConstant, value?: number): Enable {
  const [levelName, number] = nameAndNumber(ofLevel);
  const [constant, option] = nameAndNumber(ofOption);
  return { level: number, levelName, option, constant, ...(value === undefined ? {} : { value }) };
}

const isEnable = (enable: NonNullable<More["enable"]>): enable is Enable => "levelName" in enable;

/**
 * Returns the functions that make the entries of a level: `send` for messages that are only sent, `receive`, `both`, and
 * `errorQueue` for messages that come with MSG_ERRQUEUE.
 *
 * The level is given as `{ SOL_SOCKET }`, the type as `{ SCM_RIGHTS }`. So a name and its number can't disagree, and bundlers can
 * drop the constants that nothing uses.
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
