import { expect, test } from "vitest";
import { report } from "./program.js";
import { slow } from "./scale.js";

const WORKERS = slow ? 1 : 4;

async function workers(state: string, end: string): Promise<unknown> {
  return report("workers.mjs", { args: [state, String(WORKERS), end] });
}

const states = [
  ["descriptors that somebody holds", "held"],
  ["descriptors in messages", "messages"],
  ["descriptors in its sockets' queues", "queued"],
  ["waits for messages, connections and errors", "waiting"],
  ["sends that wait, and their duplicates", "sending"],
  ["an exchange going on", "busy"],
  ["sockets that are being closed", "closing"],
] as const;

test.each(states)("workers that are terminated with %s leave nothing behind", async (_, state) => {
  expect(await workers(state, "terminate")).toEqual({ results: ["1"], leftOver: [] });
});

// Where starting a worker takes seconds, two must do.
test.each(slow ? states.slice(2, 4) : states)(
  "nor do workers that call process.exit() with %s",
  async (_, state) => {
    expect(await workers(state, "exit")).toEqual({ results: ["0"], leftOver: [] });
  },
);

test("nor does one that throws", async () => {
  expect(await workers("held", "throw")).toEqual({ results: ["1 the worker's own"], leftOver: [] });
});

test.each(["terminate", "exit", "natural"])(
  "a descriptor is claimed by a worker, and one of its own by the main thread (the worker's end: %s)",
  async (end) => {
    const code = end === "terminate" ? 1 : 0;
    expect(await workers("claimed", end)).toEqual({ results: [`${code} true true`], leftOver: [] });
  },
);

test("descriptors that are closed during a thread's call are closed once, also when the worker ends after it", async () => {
  expect(await report("number-reuse.mjs")).toEqual({ lost: 0 });
});
