import { EMFILE, ENFILE } from "../errno.js";
import { explain, type SystemError } from "../errors.js";
import { binding } from "../native/load.js";

/**
 * Why a system call fails: for each errno, a function that finds the cause. It may look at the system, but it must change nothing,
 * and not wait for anybody. It returns undefined if it is not sure of the cause.
 */
export type Reasons<Facts> = Readonly<Record<number, (facts: Facts) => string | undefined>>;

const SHORTAGES: Reasons<unknown> = {
  [EMFILE]: () =>
    `this process has no free descriptor: its limit is ${binding().openFilesLimit()}. ` +
    "Close some descriptors, or raise the limit (ulimit -n)",
  [ENFILE]: () => "the system has no free file. Close some files, or raise the sysctl fs.file-max",
};

/** Adds the cause to the error of a failed system call, and what the user can do. Returns the error. */
export function withReason<Facts>(error: SystemError, reasons: Reasons<Facts>, facts: Facts): SystemError {
  // A seccomp filter has denied the call, and the message says so.
  if (error.reason !== undefined) return error;
  let reason: string | undefined;
  try {
    reason = (reasons[-error.errno] ?? SHORTAGES[-error.errno])?.(facts);
  } catch {
    // The process may not look: no permission, or no descriptor for it. The error is good without its cause.
  }
  if (reason !== undefined) explain(error, reason);
  return error;
}

/** Adds the cause to an error that only a lack of descriptors explains. */
export const withShortage = (error: SystemError): SystemError => withReason(error, {}, undefined);
