import { os } from "./builtins.js";

/** The numbers at the beginning of a version: 6.18.44-generic is 6, 18, 44. */
function numbersOf(version: string): number[] {
  return version
    .split(/[.-]/, 3)
    .map((part) => Number.parseInt(part, 10))
    .map((number) => (Number.isNaN(number) ? 0 : number));
}

/** Whether a kernel's version is below another; `running` is this system's. Distributions take things over earlier. */
export function kernelIsOlderThan(since: string, running: string = os().release()): boolean {
  const have = numbersOf(running);
  const want = numbersOf(since);
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - want[i]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Says that something is younger than the running kernel; undefined if it is not. */
export function explainAge(
  what: string,
  since: string,
  running: string = os().release(),
): string | undefined {
  return kernelIsOlderThan(since, running)
    ? `Linux has ${what} since ${since}, and this is ${running}`
    : undefined;
}
