import { EACCES, EINVAL, ENOPROTOOPT, EOPNOTSUPP, EPERM } from "../errno.js";

// What setsockopt(2) and getsockopt(2) mean by their results.

/** The kernel does not know the option or its value. */
const UNKNOWN: ReadonlySet<number> = new Set([-ENOPROTOOPT, -EOPNOTSUPP, -EINVAL]);
export const meansUnknown = (result: number): boolean => UNKNOWN.has(result);

/** The process lacks a capability. */
export const meansForbidden = (result: number): boolean => result === -EPERM || result === -EACCES;
