/** A constant as `{ SOL_SOCKET }`: so its name and its number can't disagree. */
export type NamedConstant = Readonly<Record<string, number>>;

export const nameAndNumber = (constant: NamedConstant): readonly [name: string, number: number] =>
  Object.entries(constant)[0]!;
