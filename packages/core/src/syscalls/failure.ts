import { type SystemError, type SystemErrorDetails, syscallDeniedError, systemError } from "../errors.js";
import { DENIED } from "../native/binding.js";

/** The error for a negative return value of the native layer. */
export function failure(result: number, syscall: string, details?: SystemErrorDetails): SystemError {
  return result <= DENIED
    ? syscallDeniedError(DENIED - result, syscall)
    : systemError(result, syscall, details);
}

/** Passes a count or number on; throws on a negative errno. */
export function succeeded(result: number, syscall: string): number {
  if (result < 0) throw failure(result, syscall);
  return result;
}
