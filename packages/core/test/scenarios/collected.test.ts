import { describe, expect, test } from "vitest";
import { isBun, isDeno } from "../../src/runtime.js";
import { scaled } from "../support/scale.js";
import { skipUnless } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

const collected = (name: string, ...args: string[]) =>
  report("collected.mjs", { args: [name, ...args], nodeOptions: ["--expose-gc", "--no-warnings"] });

test("a message that is dropped and collected: its descriptors are closed, with a warning each", async () => {
  expect(await collected("message")).toEqual({
    codes: new Array(3).fill("SENDMSG_FD_COLLECTED"),
    says: 'Descriptor N was closed by garbage collection: close it, take it or use "using"',
    leftOver: [],
  });
});

test("descriptors that somebody holds, closed or detached are left alone, without a warning", async () => {
  expect(await collected("held")).toEqual({ warnings: 1, open: true, leftOver: [] });
});

test("sockets and listeners that are forgotten are closed, with a warning each", async () => {
  expect(await collected("sockets")).toEqual({
    codes: ["SENDMSG_FD_COLLECTED"],
    warnings: 30,
    leftOver: [],
  });
});

test("sockets that somebody waits for are not forgotten", async () => {
  expect(await collected("waiting")).toEqual({ arrived: "x".repeat(10), warnings: 10, leftOver: [] });
});

/** Descriptors that a process may have open: fewer than come. V8 has the time of 16 messages of 253 to collect the first. */
const OPEN_FILES = 4096;
const ARRIVING = Math.max(253 * 20, scaled(253 * 80));

describe.each([1, 10, 100, 253])("descriptors that are never closed, %i with each message,", (each) => {
  skipUnless("Deno does not collect so many in time", each <= 10 || !isDeno)("do not pile up", async () => {
    const found = await report<{ arrived: number; highest: number }>("collected.mjs", {
      args: ["flood", String(ARRIVING), String(each)],
      nodeOptions: ["--no-warnings"],
      through: withOpenFiles(OPEN_FILES),
    });
    expect(found).toMatchObject({ collected: true });
    expect(found.arrived).toBeGreaterThanOrEqual(ARRIVING);
    expect(found.highest).toBeLessThan(OPEN_FILES);
  });
});

test("descriptors that are never closed do not pile up beside a large heap", async () => {
  const found = await report<{ highest: number }>("collected.mjs", {
    args: ["flood", String(ARRIVING), "253", String(Math.min(scaled(1000), 300))],
    nodeOptions: ["--no-warnings"],
    through: withOpenFiles(OPEN_FILES),
  });
  expect(found).toMatchObject({ collected: true });
  expect(found.highest).toBeLessThan(OPEN_FILES);
});

const tellsOfCollections = skipUnless("Bun and Deno do not tell of collections", !isBun && !isDeno);

tellsOfCollections(
  "20,000 descriptors that are closed at once cost no collection of the whole heap",
  async () => {
    const found = await report<{ collections: number }>("collected.mjs", { args: ["closed"] });
    // V8 has reasons of its own, too.
    expect(found.collections).toBeLessThanOrEqual(2);
  },
);

tellsOfCollections(
  "8,000 descriptors that are kept cost a collection each time their number doubles",
  async () => {
    const found = await report<{ collections: number; open: boolean }>("collected.mjs", {
      args: ["kept"],
      through: withOpenFiles(10_000),
    });
    expect(found.open).toBe(true);
    expect(found.collections).toBeGreaterThanOrEqual(2);
    expect(found.collections).toBeLessThanOrEqual(6);
  },
);
