// Prints the summary of a run of tools/ci.mjs on one screen: how long each part took, the slowest first; what failed, on which
// target, and how to run only that; and the sum of all counts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  addCounts,
  countsOf,
  describeCounts,
  failIfNothingRan,
  failuresOf,
  noCounts,
  read,
} from "./results.mjs";

const FAILURES_SHOWN = 4;
const LINES_OF_LOG = 12;
const WIDTH = 200;

/** A part's counts and its failed tests. If the part failed, or a result is missing, it has at least one failure. */
export function resultOf(part, folder) {
  const counts = noCounts();
  const failures = [];
  const { leaves = [], problem } = part;
  for (const name of leaves) {
    const left = read(join(folder, `${name}.json`));
    const own = left === undefined ? noCounts() : "testResults" in left ? countsOf(left, 0) : left;
    if (own.passed + own.failed === 0) {
      own.failed = 1;
      if (problem === undefined) failures.push({ file: name, name: "", message: "no result was left" });
    }
    for (const key of Object.keys(counts)) counts[key] += own[key] ?? 0;
    // Read vitest's whole report, if the result contains only counts.
    const report = left?.testResults
      ? left
      : read(join(folder, `${name.replace("tests on ", "")}.vitest.json`));
    if (report?.testResults) failures.push(...failuresOf(report));
  }
  if (leaves.length === 0 && problem === undefined) counts.passed++;
  if (problem !== undefined && counts.failed === 0) counts.failed++;
  return { ...part, counts, failures };
}

/** Prints the summary. Returns whether everything passed. */
export function printSummary(parts) {
  const total = noCounts();
  console.log();
  const slowestFirst = parts.toSorted((a, b) => (b.seconds ?? 0) - (a.seconds ?? 0));
  for (const { name, counts, seconds } of slowestFirst) {
    if (seconds !== undefined)
      console.log(`${String(seconds).padStart(5)} s  ${name}: ${describeCounts(counts)}`);
    addCounts(total, counts);
  }
  const failed = parts.filter(({ counts }) => counts.failed > 0);
  for (const part of failed.filter(({ seconds }) => seconds !== undefined)) printFailed(part);
  const never = failed.filter(({ seconds }) => seconds === undefined);
  if (never.length > 0) console.log(`\nDID NOT RUN: ${never.map(({ name }) => name).join(", ")}`);
  failIfNothingRan(total);
  console.log(`\n${describeCounts(total)}`);
  return total.failed === 0;
}

function printFailed({ name, problem, failures, command, again, log }) {
  console.log(`\nFAILED ${name}${problem ? `: ${problem}` : ""}`);
  for (const failure of failures.slice(0, FAILURES_SHOWN)) {
    console.log(cut(`  ${[failure.file, failure.name].filter(Boolean).join(": ")}`));
    console.log(cut(`    ${failure.message}`));
    if (again && failure.name) console.log(`    again: ${again(failure)}`);
  }
  if (failures.length > FAILURES_SHOWN) console.log(`  and ${failures.length - FAILURES_SHOWN} more`);
  if (failures.length === 0) {
    console.log(`  again: ${command.join(" ")}`);
    if (log && existsSync(log)) {
      const lines = readFileSync(log, "utf8").trimEnd().split("\n");
      for (const line of lines.slice(-LINES_OF_LOG)) console.log(cut(`  | ${line}`));
    }
  }
  if (log) console.log(`  all that it printed: ${log}`);
}

const cut = (line) => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line);
