import { isDeno } from "../src/runtime.js";

/** The arguments with which this runtime runs a module's source in a process of its own, and `gc` where that is to be there. */
export function evaluate(source: string, { gc = false }: { gc?: boolean } = {}): string[] {
  if (isDeno) return ["eval", ...(gc ? ["--v8-flags=--expose-gc"] : []), source];
  return [...(gc ? ["--expose-gc"] : []), "--input-type=module", "--eval", source];
}
