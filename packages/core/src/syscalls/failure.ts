import { type SystemError, type SystemErrorDetails, syscallDeniedError, systemError } from "../errors.js";
import { DENIED } from "../native/binding.js";

/** Makes the error for a negative return value of the native layer. */
export function failure(result: number, syscall: string, details?: SystemErrorDetails): SystemError {
  return result <= DENIED
    ? syscallDeniedError(DENIED - result, syscall)
    : systemError(result, syscall, details);
}

/** Returns a count or number unchanged. Throws for a negative errno. */
export function succeeded(result: number, syscall: string): number {
  if (result < 0) throw failure(result, syscall);
  return result;
}
