import { isCollecting } from "../forgotten.js";
import { forEachIndex } from "./each.js";

// A socket that is always ready would keep the microtask queue busy for ever: after a burst of calls that completed at
// once, the next one waits for the event loop to have gone round.

/** Calls that complete at once before the event loop gets its turn: some hundred microseconds of them. */
const BURST = 128;

let left = BURST;
let waiting: (() => void)[] = [];

/** Whether the next call may be tried at once. */
export function mayTry(): boolean {
  if (left === 0) return false;
  left--;
  return true;
}

/**
 * Descriptors that arrived count like calls. Those that are dropped are closed by finalizers, which run when the event loop
 * has its turn: without this, a burst of full messages could use up all that the process may have open.
 */
export function countArrived(descriptors: number): void {
  left = Math.max(left - descriptors, 0);
}

/** Resolves after the event loop has gone round. */
export const nextTurn = (): Promise<void> => new Promise(afterTurn);

/**
 * Rejects with `error`. A call that fails counts like one that completes: a program that calls again as soon as one has failed
 * would otherwise keep the event loop from its turn for ever.
 */
export const rejectInTurn = (error: unknown): Promise<never> =>
  mayTry() ? Promise.reject(error) : nextTurn().then(() => Promise.reject(error));

/** Calls back after the event loop has gone round, with a new burst. */
export function afterTurn(callback: () => void): void {
  if (waiting.push(callback) === 1) setImmediate(startTurn);
}

/** The event loop has gone round: a new burst begins. If somebody waits for one, it begins with them. */
export function loopWentRound(): void {
  if (waiting.length === 0 && !isCollecting()) left = BURST;
}

function startTurn(): void {
  if (isCollecting()) {
    setImmediate(startTurn);
    return;
  }
  const due = waiting;
  waiting = [];
  left = BURST;
  forEachIndex(due.length, (i) => due[i]!());
}
