import * as timers from "node:timers";

// Keep the real functions. Test tools replace timers by fake ones, which may stand still for ever.
export const { setTimeout, clearTimeout, setImmediate } = timers;

export const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 50;

/** If no event says when to try again, the pauses between attempts begin at 1 ms and double up to 50 ms. */
export const longerPause = (pause: number): number =>
  Math.min(Math.max(2 * pause, SHORTEST_PAUSE), LONGEST_PAUSE);
