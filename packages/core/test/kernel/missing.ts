import type { SystemError } from "../../src/errors.js";
import { close, socket } from "../../src/syscalls/index.js";
import { isRoot, kernelIsAtLeast } from "../support/target.js";
import type { Missing } from "./proves.js";

/** The first reason that is not undefined. */
export const firstOf = (...reasons: Missing[]): Missing => reasons.find((reason) => reason !== undefined);

/** The reason if the kernel is older than this version. */
export const since = (major: number, minor: number): Missing =>
  kernelIsAtLeast(major, minor) ? undefined : `Linux has it since ${major}.${minor}`;

/** The reason if a test that needs CAP_NET_RAW, CAP_NET_ADMIN or a network namespace does not run as root. */
export const root = (): Missing => (isRoot ? undefined : "it takes root");

/** The reason if the kernel makes no sockets of this family, type and protocol. */
export function sockets(what: string, family: number, type: number, protocol = 0): Missing {
  try {
    close(socket(family, type, protocol));
    return undefined;
  } catch (error) {
    return `this kernel has no ${what}: socket() says ${(error as SystemError).code}`;
  }
}
