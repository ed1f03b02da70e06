import { getHeapStatistics } from "node:v8";
import { binding } from "./native/load.js";

// A forgotten descriptor is closed when the garbage collector finds its object. The collector sees an object of some hundred bytes:
// left alone, it would come long after the process has run out of descriptors. So we count what is held, and ask for a collection.

/** So many may be held before the first collection. Where the process may have few files open, it is fewer. */
const FIRST = 1024;

/** Descriptors that have been held so far. */
let made = 0;
/** With how many of those we look at what is held. */
let next = 64;
/** How many may be held before we ask for a collection; 0: not known yet. */
let allowed = 0;
let looking = false;
let collecting = false;

/** A descriptor is held from now on. */
export function countHeld(): void {
  if (++made < next || looking) return;
  looking = true;
  // After the turn: most are closed in the turn that has brought them.
  setImmediate(look);
}

/** A collection is under way: what it finds will be closed in the next turn. Until then nothing may be received. */
export const isCollecting = (): boolean => collecting;

function look(): void {
  looking = false;
  const held = binding().held();
  if (allowed === 0) allowed = spare(0);
  if (held >= allowed) {
    collecting = true;
    collect();
    // The finalizers run in the next turn.
    setImmediate(() => setImmediate(collected));
  }
  next = made + Math.max(allowed - held, 1);
}

/** Has the garbage collector do all its work now. */
function collect(): void {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } };
  if (Bun) Bun.gc(true);
  else binding().collect(getHeapStatistics().heap_size_limit);
}

function collected(): void {
  collecting = false;
  const held = binding().held();
  // What is held still is in use. A program that holds more and more is interrupted each time the number has doubled.
  allowed = held + Math.max(spare(held), Math.min(held, room(held)));
  next = made + allowed - held;
}

/** Half of the files that the process may open besides those that are held. */
const room = (held: number): number => Math.max((binding().openFilesLimit() - held) >> 1, 1);

const spare = (held: number): number => Math.min(FIRST, room(held) >> 1 || 1);
