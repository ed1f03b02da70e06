import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { thorough } from "./scale.js";

/** The number of inputs for each property. */
export const numRuns = Number(process.env.SENDMSG_FUZZ_RUNS || (thorough ? 100_000 : 500));

/** The event loop gets a turn after this many inputs. If a test blocks it for a minute, vitest thinks that the test hangs. */
const RUNS_AT_A_TIME = 100;

export const timeout = 180_000 + numRuns * 10;

/** Asserts that a property holds for {@link numRuns} inputs. */
export async function holds<T>(property: fc.IProperty<T>): Promise<void> {
  for (let done = 0; done < numRuns; done += RUNS_AT_A_TIME) {
    fc.assert(property, { numRuns: Math.min(RUNS_AT_A_TIME, numRuns - done) });
    await setImmediate();
  }
}
