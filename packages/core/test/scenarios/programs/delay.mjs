// How late the event loop gets. As a worker: `workerData` says for how many milliseconds to watch, a message says the rest.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

const INTERVAL = 5;

/** Milliseconds that this thread was ready to run and had no processor: Documentation/scheduler/sched-stats.rst. */
function withoutProcessor() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "latin1").split(" ")[1]) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * The largest pause between two turns of the event loop, beyond the timer's own and what others had the processor, and how
 * long that was altogether.
 */
export async function largestDelay(milliseconds) {
  let largest = 0;
  let last = performance.now();
  let waited = withoutProcessor();
  const waitedAtFirst = waited;
  const look = () => {
    const [before, waitedBefore] = [last, waited];
    waited = withoutProcessor();
    last = performance.now();
    largest = Math.max(largest, last - before - INTERVAL - (waited - waitedBefore));
  };
  const ticking = setInterval(look, INTERVAL);
  await pause(milliseconds);
  clearInterval(ticking);
  look();
  return { largest, starved: waited - waitedAtFirst };
}

if (parentPort && typeof workerData === "number") parentPort.postMessage(await largestDelay(workerData));
