import { os } from "./builtins.js";

/** The first numbers of a version: 6.18.44-generic gives 6, 18, 44. */
function numbersOf(version: string): number[] {
  return version
    .split(/[.-]/, 3)
    .map((part) => Number.parseInt(part, 10))
    .map((number) => (Number.isNaN(number) ? 0 : number));
}

/** Whether a kernel's version is below another. `running` is this system's version. Distributions backport some features. */
export function kernelIsOlderThan(since: string, running: string = os().release()): boolean {
  const have = numbersOf(running);
  const want = numbersOf(since);
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - want[i]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Explains that the running kernel is too old for a feature. Returns undefined if it is new enough. */
export function explainAge(
  what: string,
  since: string,
  running: string = os().release(),
): string | undefined {
  return kernelIsOlderThan(since, running)
    ? `Linux has ${what} since ${since}, and this is ${running}`
    : undefined;
}
