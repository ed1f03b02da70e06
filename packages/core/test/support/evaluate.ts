import { getCurrentTest } from "vitest/suite";
import { isDeno } from "../../src/runtime.js";
import { thorough } from "./scale.js";
import { isEmulated } from "./target.js";

/**
 * The arguments with which this runtime runs a module's source in a process of its own, and `gc` where that is to be there.
 *
 * A test that asks for them is skipped under user-mode emulation unless there is time: a process takes ten seconds to start there.
 * The scenarios show there that processes work together.
 */
export function evaluate(source: string, { gc = false }: { gc?: boolean } = {}): string[] {
  if (isEmulated() && !thorough)
    getCurrentTest()?.context.skip("user-mode emulation takes ten seconds to start a process");
  if (isDeno) return ["eval", ...(gc ? ["--v8-flags=--expose-gc"] : []), source];
  return [...(gc ? ["--expose-gc"] : []), "--input-type=module", "--eval", source];
}

/** The address of files.mjs as JavaScript text, for the source of a module that imports it. */
export const FILES = JSON.stringify(new URL("files.mjs", import.meta.url).href);
