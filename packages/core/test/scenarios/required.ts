import { test } from "vitest";
import { skipUnless } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";

/**
 * A `test` that needs a program of the system. If the program is missing, the test is skipped and says so. In CI, where
 * everything can be installed, it fails.
 */
export function requireProgram(reason: string, isThere: boolean): typeof test | typeof test.skip {
  if (isThere || !isRoot || !process.env.CI || process.env.CI === "false") return skipUnless(reason, isThere);
  return ((name: string) => {
    test(name, () => {
      throw new Error(`This test ${reason}`);
    });
  }) as typeof test.skip;
}
