import type { SystemError } from "../../src/errors.js";
import { close, socket } from "../../src/syscalls/index.js";
import { isRoot, kernelIsAtLeast } from "../support/target.js";
import type { Missing } from "./proves.js";

/** The first reason that there is. */
export const firstOf = (...reasons: Missing[]): Missing => reasons.find((reason) => reason !== undefined);

/** What Linux has since that version. */
export const since = (major: number, minor: number): Missing =>
  kernelIsAtLeast(major, minor) ? undefined : `Linux has it since ${major}.${minor}`;

/** What takes CAP_NET_RAW, CAP_NET_ADMIN or a network namespace. */
export const root = (): Missing => (isRoot ? undefined : "it takes root");

/** Sockets of that family, type and protocol. */
export function sockets(what: string, family: number, type: number, protocol = 0): Missing {
  try {
    close(socket(family, type, protocol));
    return undefined;
  } catch (error) {
    return `this kernel has no ${what}: socket() says ${(error as SystemError).code}`;
  }
}
