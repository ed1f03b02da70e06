import { describe, expect, test } from "vitest";
import { report, reportOf, run } from "./program.js";
import { slow } from "./scale.js";

// Trap 30: the sender of a descriptor decides how long closing it takes. Here: a TCP connection with SO_LINGER of 4 s and
// bytes that nobody reads.

/** What the event loop may be delayed by, and what a process or a worker may take to end, in milliseconds. */
const DELAY = 50;
const END = slow ? 3000 : 1500;
const ATTEMPTS = 3;

interface Report {
  baseline: number;
  largest: number;
  closing: number;
  terminated: number;
  held: number;
}

test("trap 30: close(2) of such a descriptor blocks the thread that calls it for seconds", async () => {
  const { milliseconds } = await report<{ milliseconds: number }>("plain-close.mjs");
  expect(milliseconds).toBeGreaterThan(2000);
});

/** Runs until the machine was quiet enough to tell: what is measured includes whatever else it does. */
async function measured(place: string, end: "natural" | "exit") {
  for (let attempt = 1; ; attempt++) {
    const outcome = await run("hostile.mjs", { args: [place, end], nodeOptions: ["--expose-gc"] });
    const seen = { ...reportOf<Report>(outcome), endedAfter: outcome.endedAfter };
    const inTime = seen.largest < DELAY + seen.baseline && seen.endedAfter < END && seen.terminated < END;
    if (inTime || attempt === ATTEMPTS) return seen;
  }
}

const places = [
  ["that were asked for and closed", "closed"],
  ["in a message that is disposed", "disposed"],
  ["that were not asked for (maxFds 0)", "dropped"],
  ["that were not asked for, with a datagram", "droppedDatagram"],
  ["in a message that is collected", "collected"],
  ["left in the queue of a socket that is closed", "receiveQueue"],
  ["left in the accept queue of a listener that is closed", "acceptQueue"],
] as const;

async function expectNoDelay(place: string, end: "natural" | "exit") {
  const { baseline, largest, endedAfter, closing } = await measured(place, end);
  expect(closing, "closing must still go on, or nothing was shown").toBeGreaterThan(0);
  expect(largest).toBeLessThan(DELAY + baseline);
  expect(endedAfter).toBeLessThan(END);
}

test.each(places)("trap 30: descriptors %s delay neither the event loop nor the end", (_, place) =>
  expectNoDelay(place, "natural"),
);

test.each(places.filter(([, place]) => ["closed", "receiveQueue", "acceptQueue"].includes(place)))(
  "trap 30: descriptors %s delay neither the event loop nor process.exit()",
  (_, place) => expectNoDelay(place, "exit"),
);

describe.each(["natural", "exit"] as const)("with the process's end: %s", (end) => {
  test("trap 30: descriptors that are still open do not delay it", async () => {
    const { held, endedAfter } = await measured("open", end);
    expect(held).toBe(3);
    expect(endedAfter).toBeLessThan(END);
  });

  test("trap 30: a worker that holds them is terminated at once", async () => {
    const { baseline, largest, terminated, endedAfter } = await measured("worker", end);
    expect(terminated).toBeLessThan(END);
    expect(largest).toBeLessThan(DELAY + baseline);
    expect(endedAfter).toBeLessThan(END);
  });
});
