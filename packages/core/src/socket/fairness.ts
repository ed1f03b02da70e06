import { isCollecting } from "../forgotten.js";
import { setImmediate } from "../timers.js";
import { forEachIndex } from "./each.js";

// A socket that is always ready would keep the microtask queue busy for ever. So after a burst of calls that completed at once, the
// next call waits until the event loop has made a turn.

/** How many calls may complete at once before the event loop gets a turn. They take some hundred microseconds. */
const BURST = 128;

let left = BURST;
let waiting = new Set<() => void>();

/** Whether the next call may try at once. */
export function mayTry(): boolean {
  if (left === 0) return false;
  left--;
  return true;
}

/**
 * Counts the descriptors that arrived, like calls. Finalizers close the descriptors that a program forgets, and they run only when
 * the event loop gets a turn. Otherwise a burst of full messages could use up all descriptors that the process may have.
 */
export function countArrived(descriptors: number): void {
  left = Math.max(left - descriptors, 0);
}

/** Counts the messages of a batch. One takes about a quarter of the time that a call for a single message takes. */
export function countBatch(messages: number): void {
  left = Math.max(left - (messages >> 2), 0);
}

/** Resolves after the event loop has made a turn. */
export const nextTurn = (): Promise<void> => new Promise(afterTurn);

/**
 * Rejects with `error`. A failed call counts like a completed one. Otherwise a program that calls again after each failure would
 * never give the event loop a turn.
 */
export const rejectInTurn = (error: unknown): Promise<never> =>
  mayTry() ? Promise.reject(error) : nextTurn().then(() => Promise.reject(error));

/** Calls back after the event loop has made a turn, once for each function. Then a new burst begins. */
export function afterTurn(callback: () => void): void {
  if (waiting.size === 0) setImmediate(startTurn);
  waiting.add(callback);
}

/** The event loop has made a turn, so a new burst begins. If callbacks of {@link afterTurn} wait, they begin the burst instead. */
export function loopWentRound(): void {
  if (waiting.size === 0 && !isCollecting()) left = BURST;
}

function startTurn(): void {
  if (isCollecting()) {
    setImmediate(startTurn);
    return;
  }
  const due = [...waiting];
  waiting = new Set();
  left = BURST;
  forEachIndex(due.length, (i) => due[i]!());
}
