import { getCurrentTest } from "vitest/suite";
import { isDeno } from "../../src/runtime.js";
import { thorough } from "./scale.js";
import { isEmulated } from "./target.js";

/**
 * The arguments with which this runtime runs the source text of a module in a process. `gc`: makes the function gc() available.
 *
 * Under user-mode emulation, a process needs ten seconds to start. So a test that calls this is skipped there, except in a
 * thorough run. Other scenarios show there that processes work together.
 */
export function evaluate(source: string, { gc = false }: { gc?: boolean } = {}): string[] {
  if (isEmulated() && !thorough)
    getCurrentTest()?.context.skip("user-mode emulation takes ten seconds to start a process");
  if (isDeno) return ["eval", ...(gc ? ["--v8-flags=--expose-gc"] : []), source];
  return [...(gc ? ["--expose-gc"] : []), "--input-type=module", "--eval", source];
}

/** The address of files.mjs as JavaScript text, for the source of a module that imports it. */
export const FILES = JSON.stringify(new URL("files.mjs", import.meta.url).href);
