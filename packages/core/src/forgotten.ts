import { v8 } from "./builtins.js";
import { binding } from "./native/load.js";

// A forgotten descriptor is closed when the garbage collector finds its object. The collector sees an object of some hundred bytes:
// left alone, it would come long after the process has run out of descriptors. So we count what is held, and ask for a collection.

/** So many may be held before the first collection. Where the process may have few files open, it is fewer. */
const FIRST = 1024;

/** Descriptors that have been held so far. */
let made = 0;
/** When so many have been held, we look how many still are. */
let next = 64;
/** How many may be held before we ask for a collection. */
let allowed: number | undefined;
/** A look is due, or a collection is under way. */
let busy = false;
let collecting = false;

/** A descriptor is held from now on. */
export function countHeld(): void {
  if (++made < next || busy) return;
  busy = true;
  // After the turn: most are closed in the turn that has brought them.
  setImmediate(look);
}

let prepare = (): void => {};

/** What has to be done before a collection, so that it can find all that was forgotten. */
export function beforeCollection(callback: () => void): void {
  prepare = callback;
}

/** The next turn closes what a collection has found. Until then, sockets may begin no new burst of calls. */
export const isCollecting = (): boolean => collecting;

function look(): void {
  const held = binding().held();
  allowed ??= allowedBeside(0);
  if (held < allowed) {
    lookLater(held);
    return;
  }
  collecting = true;
  prepare();
  collect();
  // The finalizers run in the next turn.
  setImmediate(() => setImmediate(endCollection));
}

/** Has the garbage collector do all its work now. */
function collect(): void {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } };
  if (Bun) Bun.gc(true);
  else binding().collect(v8().getHeapStatistics().heap_size_limit);
}

function endCollection(): void {
  collecting = false;
  const held = binding().held();
  allowed = allowedBeside(held);
  lookLater(held);
}

/** We look again when so many more have been held that the limit may be reached. */
function lookLater(held: number): void {
  busy = false;
  next = made + allowed! - held;
}

/**
 * How many may be held before the next collection, if `held` are in use: twice as many. So a program that holds more and more is
 * seldom interrupted. At most half of the files that the process may still open are added.
 */
function allowedBeside(held: number): number {
  const room = binding().openFilesLimit() - held;
  const more = held < FIRST ? Math.min(FIRST, room >> 2) : Math.min(held, room >> 1);
  return held + Math.max(more, 1);
}
