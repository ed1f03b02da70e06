import { setTimeout as pause } from "node:timers/promises";

/** Settles after a turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits until a condition holds that has no event. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(1);
}

/** Runs the event loop for this many milliseconds. */
export async function pass(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) await pause(5);
}
