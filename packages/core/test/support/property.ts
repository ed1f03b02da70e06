import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { thorough } from "./scale.js";

/** How often each property is tried. */
export const numRuns = Number(process.env.SENDMSG_FUZZ_RUNS || (thorough ? 100_000 : 500));

/** A turn of the event loop after so many: a test that keeps it for a minute counts as hung. */
const RUNS_AT_A_TIME = 2000;

export const timeout = 60_000 + numRuns * 10;

/** Asserts that a property holds, as many times as the environment asks for. */
export async function holds<T>(property: fc.IProperty<T>): Promise<void> {
  for (let done = 0; done < numRuns; done += RUNS_AT_A_TIME) {
    fc.assert(property, { numRuns: Math.min(RUNS_AT_A_TIME, numRuns - done) });
    await setImmediate();
  }
}
