import { checkInteger } from "../arguments.js";

// Fields that can be left out are 0.

export const optionalU8 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xff);

export const optionalU16 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xffff);

export const optionalU32 = (argument: string, value: number | undefined): number =>
  value === undefined ? 0 : checkInteger(argument, value, 0, 0xffffffff);
