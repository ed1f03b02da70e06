import { checkInteger } from "../arguments.js";

// Fields that the user may leave out. They are then 0.

export const optionalU8 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xff);

export const optionalU16 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xffff);

export const optionalU32 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xffffffff);
