// Measures the event loop's delay. As a worker, it measures for the milliseconds of `workerData`, and posts the result. Or it is
// a bystander, to which messages say when to begin and when to end.
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { parentPort, Worker, workerData } from "node:worker_threads";
import { closeSync, openSync, readSync } from "../../support/files.mjs";

const INTERVAL = 5;
const BYSTANDER = "bystander";
/** Milliseconds after which a process with a bystander is ended. */
const LONGEST = 300_000;

/**
 * The milliseconds in which this thread was ready to run and had no processor: Documentation/scheduler/sched-stats.rst.
 * The file is opened once, because a process at its limit of open files could not open it again.
 */
function starvation() {
  let fd;
  try {
    fd = openSync("/proc/thread-self/schedstat");
  } catch {
    return { withoutProcessor: () => 0, close() {} };
  }
  const text = Buffer.alloc(128);
  return {
    withoutProcessor() {
      const length = readSync(fd, text, 0, text.length, 0);
      return Number(text.toString("latin1", 0, length).split(" ")[1]) / 1e6;
    },
    close: () => closeSync(fd),
  };
}

/**
 * The largest pause between two turns of the event loop, without the timer's own delay and without the time in which other
 * threads had the processor, and the total of the latter. `until`: milliseconds, or a promise.
 */
export async function largestDelay(until) {
  const { withoutProcessor, close } = starvation();
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
  await (typeof until === "number" ? pause(until) : until);
  clearInterval(ticking);
  look();
  close();
  return { largest, starved: waited - waitedAtFirst };
}

/** Starts a thread whose event loop has nothing to do. Only the machine can delay it. */
export async function bystander() {
  const worker = new Worker(new URL(import.meta.url), { workerData: BYSTANDER });
  await once(worker, "message");
  return {
    async begin() {
      worker.postMessage("begin");
      await once(worker, "message");
    },
    async end() {
      worker.postMessage("end");
      return (await once(worker, "message"))[0].largest;
    },
  };
}

if (parentPort && typeof workerData === "number") parentPort.postMessage(await largestDelay(workerData));
if (parentPort && workerData === BYSTANDER) {
  // A process whose event loop stands still must end even if the test that would end it is gone.
  setTimeout(() => process.kill(process.pid, "SIGKILL"), LONGEST);
  const begins = once(parentPort, "message");
  parentPort.postMessage("ready");
  await begins;
  const watching = largestDelay(once(parentPort, "message"));
  parentPort.postMessage("watching");
  parentPort.postMessage(await watching);
}
