import { expect, test } from "vitest";
import { thorough } from "../support/scale.js";
import { report } from "./program.js";

/** The number of workers in each state. */
const WORKERS = thorough ? "4" : "1";

async function workers(states: readonly string[], end: string): Promise<unknown> {
  return report("workers.mjs", { args: [states.join(), WORKERS, end] });
}

const states: readonly (readonly [string, readonly string[]])[] = [
  ["descriptors that somebody holds", ["held"]],
  ["descriptors in messages", ["messages"]],
  ["descriptors in its sockets' queues", ["queued"]],
  ["waits for messages, connections and errors", ["waiting"]],
  ["hundreds of waits", ["crowd"]],
  ["sends that wait, and their duplicates", ["sending"]],
  ["an exchange going on", ["busy"]],
  ["sockets that are being closed", ["closing"]],
];

// To start a process takes longer than the workers' work. If time is short, one process has all workers.
const processes: typeof states = thorough ? states : [["all of that", states.flatMap(([, names]) => names)]];

test.each([...processes])("workers that are terminated with %s leave nothing behind", async (_, names) => {
  expect(await workers(names, "terminate")).toEqual({ results: ["1"], leftOver: [] });
});

test.each([...processes])(
  "workers that call process.exit() with %s leave nothing behind",
  async (_, names) => {
    expect(await workers(names, "exit")).toEqual({ results: ["0"], leftOver: [] });
  },
);

test("a worker that throws leaves nothing behind", async () => {
  expect(await workers(["held"], "throw")).toEqual({ results: ["1 the worker's own"], leftOver: [] });
});

test.each(["terminate", "exit", "natural"])(
  "a worker and the main thread claim a descriptor of each other (the worker's end: %s)",
  async (end) => {
    const code = end === "terminate" ? 1 : 0;
    expect(await workers(["claimed"], end)).toEqual({ results: [`${code} true true`], leftOver: [] });
  },
);

test("descriptors that are closed during a thread's call are closed once, even if the worker ends after it", async () => {
  expect(await report("number-reuse.mjs")).toEqual({ lost: 0 });
});
