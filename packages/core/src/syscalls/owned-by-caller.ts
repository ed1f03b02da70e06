import { RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";

/**
 * Gives a descriptor that the native layer has just returned to the caller, who owns a plain number from now on. Returns it, or
 * throws for a negative errno.
 */
export function ownedByCaller(result: number, syscall: string): number {
  const native = binding();
  native.detach(succeeded(result, syscall), native.result[RESULT_GENERATION]!);
  return result;
}
