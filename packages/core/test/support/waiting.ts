import { setTimeout as pause } from "node:timers/promises";

/** The event loop has gone round. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for something that has no event of its own. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

/** The event loop goes round for that many milliseconds. */
export async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) await pause(5);
}
