import { withoutPrefix } from "../named-constant.js";
import { nearestName } from "../nearest-name.js";
import { once } from "../once.js";
import { canOptions } from "./can.js";
import type { OptionEntries, OptionEntry, TypedOption } from "./entry.js";
import { ipOptions } from "./ip.js";
import { ipv6Options } from "./ipv6.js";
import { netlinkOptions } from "./netlink.js";
import { packetOptions } from "./packet.js";
import { sctpOptions } from "./sctp.js";
import { socketLevelOptions } from "./sol-socket.js";
import { tcpOptions } from "./tcp.js";
import { tlsOptions } from "./tls.js";
import { udpOptions } from "./udp.js";
import { vsockOptions } from "./vsock.js";

/** The type names the tables, so that an editor finds the comment above each entry. */
export type OptionTable = Readonly<
  ReturnType<typeof socketLevelOptions> &
    ReturnType<typeof ipOptions> &
    ReturnType<typeof ipv6Options> &
    ReturnType<typeof tcpOptions> &
    ReturnType<typeof udpOptions> &
    ReturnType<typeof packetOptions> &
    ReturnType<typeof netlinkOptions> &
    ReturnType<typeof vsockOptions> &
    ReturnType<typeof canOptions> &
    ReturnType<typeof tlsOptions> &
    ReturnType<typeof sctpOptions>
>;

/** Every socket option that the library knows, by name. The table is made when it is first used. */
export const optionTable: () => OptionTable = once(() => ({
  ...socketLevelOptions(),
  ...ipOptions(),
  ...ipv6Options(),
  ...tcpOptions(),
  ...udpOptions(),
  ...packetOptions(),
  ...netlinkOptions(),
  ...vsockOptions(),
  ...canOptions(),
  ...tlsOptions(),
  ...sctpOptions(),
}));

/** The name of a socket option: a key of {@link OptionTable}. */
export type OptionName = keyof OptionTable;

/** The options that can be read. */
export type ReadableOption = {
  [N in OptionName]: OptionTable[N]["direction"] extends "set" ? never : N;
}[OptionName];

/** The options that can be set. */
export type SettableOption = {
  [N in OptionName]: OptionTable[N]["direction"] extends "get" ? never : N;
}[OptionName];

/** The value that reading the option of that name gives. */
export type OptionValue<N extends OptionName> =
  OptionTable[N] extends TypedOption<OptionEntry["direction"], infer Value, infer _Given, infer _Query>
    ? Value
    : never;

/** The values that the option of that name can be set to. */
export type OptionInput<N extends OptionName> =
  OptionTable[N] extends TypedOption<OptionEntry["direction"], infer _Value, infer Given, infer _Query>
    ? Given
    : never;

/** What reading the option of that name needs to know: which association, or which address, is meant. */
export type OptionQuery<N extends OptionName> =
  OptionTable[N] extends TypedOption<OptionEntry["direction"], infer _Value, infer _Given, infer Query>
    ? Query
    : never;

/** The entry with these numbers, if there is one. Level 0 is read as SOL_IP, although other families have other options there. */
export const optionNumbered = (level: number, option: number): OptionEntry | undefined =>
  Object.values<OptionEntry>(optionTable()).find((entry) => entry.level === level && entry.option === option);

/** The entry with that name, if there is one. */
export function optionNamed(name: unknown): OptionEntry | undefined {
  const table: OptionEntries = optionTable();
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The name that a program probably meant: see {@link nearestName}. */
export const nearestOptionName = (given: string): OptionName | undefined =>
  nearestName(
    given,
    Object.entries<OptionEntry>(optionTable()).flatMap(([name, { constant }]) =>
      [name, constant, withoutPrefix(constant)].map((spelling) => [spelling, name as OptionName] as const),
    ),
  );
