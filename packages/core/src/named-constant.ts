/** A constant as `{ SOL_SOCKET }`: so its name and its number can't disagree. */
export type NamedConstant = Readonly<Record<string, number>>;

/** The constant's name without the prefix of its group: RCVBUF of SO_RCVBUF. */
export const withoutPrefix = (constant: string): string => constant.slice(constant.indexOf("_") + 1);

export const nameAndNumber = (constant: NamedConstant): readonly [name: string, number: number] =>
  Object.entries(constant)[0]!;
