import { describe, expect, test } from "vitest";
import { TYPES } from "../support/pairs.js";
import { thorough } from "../support/scale.js";
import { report, run } from "./program.js";

// On Bun and Deno, which have no libuv, a thread waits for readiness. Node can use that thread, too. Everything that works with
// its event loop must work with the thread.

describe.each([
  ["the event loop's own poll", ""],
  ["a thread", "thread"],
])("readiness by %s", (_, readiness) => {
  const env = { SENDMSG_READINESS: readiness };

  test("every call works, on sockets of every kind", async () => {
    expect(await report("calls.mjs", { env })).toEqual({
      sockets: ["over TCP", "127.0.0.1", true],
      descriptors: [2, true, true],
      batches: [2, 2, "two"],
      iteration: true,
    });
  });

  // event-loop.test.ts has shorter tests of both ways.
  if (!thorough && readiness === "") return;
  test.each([
    ["idle", []],
    ["waiting", ["received"]],
    ["accepting", ["closed"]],
    ["unref", []],
    ["ref", ["received"]],
    ["aborted", ["aborted"]],
    ["exit", []],
  ])("the process lives as long as it should: %s", async (name, said) => {
    const { stdout, stderr, code } = await run("keep-alive.mjs", { args: [name], env });
    expect([stdout.trim().split("\n"), code, stderr]).toEqual([[...said, "exit"], 0, ""]);
  });
});

const env = { SENDMSG_READINESS: "thread" };
/** The number of workers in each state. */
const WORKERS = thorough ? "3" : "1";

test.each([
  ["waiting,sending,busy", "1"],
  ["claimed", "1 true true"],
])("workers that are terminated leave nothing behind: %s", async (states, result) => {
  const found = await report("workers.mjs", { args: [states, WORKERS, "terminate"], env });
  expect(found).toEqual({ results: [result], leftOver: [] });
});

test("workers that call process.exit() leave nothing behind", async () => {
  expect(await report("workers.mjs", { args: ["waiting,busy", WORKERS, "exit"], env })).toEqual({
    results: ["0"],
    leftOver: [],
  });
});

test.each(TYPES)("leaving the loop over a %s socket's messages leaves nothing behind", async (type) => {
  const nodeOptions = ["--expose-gc", "--no-warnings"];
  expect(await report("consumer.mjs", { args: [type], nodeOptions, env })).toMatchObject({
    warnings: 12,
    leftOver: [],
  });
});
