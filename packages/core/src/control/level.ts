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
interface More<Name>
  extends Partial<Shared>,
    Pick<ControlEntry, "sentSince" | "privilege" | "stamps" | "repeats"> {
  /** Of an option at the message's level the name, or the name and what to set. */
  readonly enable?: Name | readonly [name: Name, value: number] | Enable;
}

/** Makes the entry of the message whose type has this name in `constants`. */
type Maker<Constants, Direction extends ControlEntry["direction"]> = <Value>(
  constant: keyof Constants & string,
  since: string,
  payload: Payload<Value>,
  more?: More<keyof Constants & string>,
) => TypedMessage<Direction, Value>;

/** An option that makes the kernel deliver messages, its level and itself as `{ SOL_SOCKET }` and `{ SO_ZEROCOPY }`. */
export function switchedOnBy(ofLevel: NamedConstant, ofOption: NamedConstant, value?: number): Enable {
  const [levelName, number] = nameAndNumber(ofLevel);
  const [constant, option] = nameAndNumber(ofOption);
  return { level: number, levelName, option, constant, ...(value === undefined ? {} : { value }) };
}

/**
 * What makes the entries of a level: `send` of messages that are only sent, `receive`, `both`, and `errorQueue` of those that
 * come with MSG_ERRQUEUE.
 *
 * The level comes as `{ SOL_SOCKET }`, and a message as its type's name in `constants`, the kernel's header: so a name and its
 * number can't disagree.
 */
export function level<Constants extends Readonly<Record<keyof Constants, unknown>>>(
  ofLevel: NamedConstant,
  constants: Constants,
  { types, ...shared }: Shared,
): { readonly [Direction in ControlEntry["direction"]]: Maker<Constants, Direction> } {
  const [levelName, number] = nameAndNumber(ofLevel);
  const optionHere = (name: keyof Constants & string, value?: number) =>
    switchedOnBy(ofLevel, { [name]: constants[name] as number }, value);
  const enabling = (enable: NonNullable<More<keyof Constants & string>["enable"]>): Enable => {
    if (typeof enable === "string") return optionHere(enable);
    return "level" in enable ? enable : optionHere(...enable);
  };
  const maker =
    <Direction extends ControlEntry["direction"]>(direction: Direction): Maker<Constants, Direction> =>
    (constant, since, payload, { enable, ...more } = {}) => {
      const delivering = types !== undefined && (direction === "receive" || direction === "both");
      return {
        level: number,
        levelName,
        type: constants[constant] as number,
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
