import { describe, expect, test } from "vitest";
import { report, reportOf, run } from "./program.js";
import { slow } from "./scale.js";

// Trap 30: the sender of a descriptor decides how long closing it takes. Here: a TCP connection with SO_LINGER of 4 s and
// bytes that nobody reads.

/** What the event loop may be delayed by, in milliseconds. */
const DELAY = 50;
/** What it is not delayed by however busy the machine is: a sender has it in hand to delay it by seconds. */
const NEVER = 1000;
/** What a process or a worker may take to end. */
const END = slow ? 3000 : 1500;
const ATTEMPTS = 3;
/** Descriptors of one message: as many as there can be. */
const MANY = 253;

interface Report {
  /** How late the event loop was, not counting that it had no processor for `starved` milliseconds. */
  largest: number;
  starved: number;
  /** How late another one was that met no such descriptor, at the same time. */
  noise: number;
  closing: number;
  terminated: number;
  held: number;
}

test("trap 30: close(2) of such a descriptor blocks the thread that calls it for seconds", async () => {
  const { milliseconds } = await report<{ milliseconds: number }>("plain-close.mjs");
  expect(milliseconds).toBeGreaterThan(2000);
});

/**
 * What a sender can do, it can do each time: of a few attempts, one must be in time. Whether it is within DELAY can be told of
 * one for which the machine had time.
 */
async function hostile(place: string, end: "natural" | "exit") {
  for (let attempt = 1; ; attempt++) {
    const outcome = await run("hostile.mjs", { args: [place, end], nodeOptions: ["--expose-gc"] });
    const seen = { ...reportOf<Report>(outcome), endedAfter: outcome.endedAfter };
    const quiet = !slow && seen.starved < DELAY && seen.noise < DELAY;
    const inTime = seen.largest < (quiet ? DELAY : NEVER) && seen.endedAfter < END;
    if (attempt < ATTEMPTS && !(inTime && (quiet || slow))) continue;
    expect(seen.largest).toBeLessThan(quiet ? DELAY : NEVER);
    expect(seen.endedAfter).toBeLessThan(END);
    return seen;
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
  const { closing } = await hostile(place, end);
  expect(closing, "closing must still go on, or nothing was shown").toBeGreaterThan(0);
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
    expect((await hostile("open", end)).held).toBe(MANY);
  });

  test("trap 30: a worker that holds them is terminated at once", async () => {
    expect((await hostile("worker", end)).terminated).toBeLessThan(END);
  });
});

// Closing them takes a minute here, or until their peers are closed.
describe("trap 30: meanwhile our own sockets are closed in time", () => {
  /** Milliseconds within which a peer is told: the machine's, not the sender's. */
  const PROMPT = slow ? 5000 : 1000;

  interface ClosingReport {
    latest: number;
    waiting: number;
    leftOver: string[];
  }

  /** `slowly`: how many descriptors hang, or wait behind those that do. */
  async function expectPrompt(slowly: number, place: string, ...numbers: number[]) {
    const args = [place, ...numbers.map(String)];
    const { latest, waiting, leftOver } = await report<ClosingReport>("closing-in-time.mjs", { args });
    expect(latest).toBeLessThan(PROMPT);
    expect(waiting, "closing must still go on, or nothing was shown").toBeGreaterThan(0);
    expect(waiting, "ours are closed").toBeLessThanOrEqual(slowly);
    expect(leftOver).toEqual([]);
  }

  test("the one that brought such a descriptor, and nothing is closed after it", () =>
    expectPrompt(1, "itself", 1));

  test.each([1, 9, MANY])("with %i in one message", (count) => expectPrompt(count, "dropped", 1, count));

  test("with 10 in messages 30 ms apart", () => expectPrompt(10, "apart", 10));

  test("with such descriptors in the queues of 80 sockets that were closed", () =>
    expectPrompt(80, "queues", 80));

  test("with 80 that were received, and their duplicates, which were never sent on", () =>
    expectPrompt(160, "relayed", 80));
});
