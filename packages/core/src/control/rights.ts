import { checkFd, isFd } from "../arguments.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SCM_MAX_FD, SCM_RIGHTS } from "../constants/socket.js";
import { invalidArgType } from "../errors.js";
import { readI32, write32 } from "../wire/bytes.js";
import { both, inLayout, type Layout, machineLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import { HEADER, spaceOf } from "./cmsg.js";

const INT = 4;

/** Checks and copies the first `count` descriptors. The copy is sent, because the caller's array could change after the check. */
export function checkDescriptors(argument: string, value: unknown, count?: number): number[] {
  if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
  const fds: number[] = [];
  for (let i = 0; i < (count ?? value.length); i++) {
    const fd = value[i];
    if (!isFd(fd)) checkFd(`${argument}[${i}]`, fd);
    fds.push(fd);
  }
  return fds;
}

/**
 * The descriptors of SCM_RIGHTS, as plain numbers. The kernel never sends part of an int, or a negative number: those are no value.
 */
export const descriptors: Payload<number[]> = {
  ctype: "int[]",
  size: both(0),
  align: both(INT),
  reserve: both(SCM_MAX_FD * INT),
  read(bytes, at, length) {
    if (length % INT !== 0) return undefined;
    const fds: number[] = [];
    for (let i = at; i < at + length; i += INT) {
      const fd = readI32(bytes, i);
      if (fd < 0) return undefined;
      fds.push(fd);
    }
    return fds;
  },
  measure(value, _encoding, argument) {
    if (!Array.isArray(value)) throw invalidArgType(argument, "an instance of Array", value);
    return value.length * INT;
  },
  write(bytes, at, value, _encoding, argument, length) {
    const fds = checkDescriptors(argument, value, length / INT);
    for (let i = 0; i < fds.length; i++) write32(bytes, at + i * INT, fds[i]!);
  },
};

/** Control data with one SCM_RIGHTS item, which has these descriptors. The caller has checked them. */
export function encodeRights(fds: readonly number[], layout: Layout = machineLayout): Uint8Array {
  const header = inLayout(HEADER, layout);
  const length = fds.length * INT;
  const bytes = new Uint8Array(spaceOf(length, layout));
  write32(bytes, 0, header + length);
  write32(bytes, header - 2 * INT, SOL_SOCKET);
  write32(bytes, header - INT, SCM_RIGHTS);
  for (let i = 0; i < fds.length; i++) write32(bytes, header + i * INT, fds[i]!);
  return bytes;
}
