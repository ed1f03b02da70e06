import { v8 } from "./builtins.js";
import { binding } from "./native/load.js";
import { setImmediate } from "./timers.js";

// The library closes a forgotten descriptor when the garbage collector finds its object. The collector knows only that the object
// has some hundred bytes, so on its own it would run long after the process has no descriptors left. So we count the descriptors
// that are held, and start a collection ourselves.

/** The first collection starts at this many held descriptors, or at fewer if the process may open only few files. */
const FIRST = 1024;

/** How many FileDescriptors were made since the start. */
let made = 0;
/** When `made` reaches this number, we count how many are still held. */
let next = 64;
/** How many descriptors may be held before we start a collection. */
let allowed: number | undefined;
/** A count is scheduled, or a collection is under way. Until it has ended, we schedule no other count. */
let busy = false;
let collecting = false;

/** Counts one more descriptor that is held. */
export function countHeld(): void {
  if (++made < next || busy) return;
  busy = true;
  // After this turn of the event loop, because most descriptors are closed in the turn in which they arrive.
  setImmediate(look);
}

let prepare = (): void => {};

/** Sets a function that is called before each collection. It must make all forgotten objects visible to the collector. */
export function beforeCollection(callback: () => void): void {
  prepare = callback;
}

/**
 * A collection has run, but the descriptors that it found are not closed before the next turn of the event loop. Until then,
 * sockets start no new burst of calls.
 */
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
  // The garbage collector calls the finalizers in the next turn of the event loop.
  setImmediate(() => setImmediate(endCollection));
}

/** Makes the garbage collector do all its work now. */
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

/**
 * Sets when we count again: as soon as so many new descriptors have been made that, if none of them was closed, `allowed` is
 * reached.
 */
function lookLater(held: number): void {
  busy = false;
  next = made + allowed! - held;
}

/**
 * How many descriptors may be held before the next collection, if `held` are in use: twice as many. So a program that holds more
 * and more descriptors is seldom interrupted. The number never grows by more than half of the files that the process may
 * still open.
 */
function allowedBeside(held: number): number {
  const free = binding().openFilesLimit() - held;
  const more = held < FIRST ? Math.min(FIRST, free >> 2) : Math.min(held, free >> 1);
  return held + Math.max(more, 1);
}
