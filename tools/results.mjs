// Counts passed, failed and skipped tests, and keeps the counts. If SENDMSG_RESULTS is in the environment, each part of a test run
// writes a file to that folder.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The counts before the first test. */
export const noCounts = () => ({ passed: 0, failed: 0, skipped: 0 });

/** The counts of a part that failed as a whole. */
export const failedWhole = () => ({ ...noCounts(), failed: 1 });

/** Adds counts to a total. */
export function addCounts(total, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key] ?? 0;
}

/** Counts a failure if no test ran. */
export function failIfNothingRan(counts) {
  if (counts.passed + counts.failed === 0) counts.failed++;
}

/** Prints the counts of a whole run. Ends the process, with status 1 if a test failed. */
export function finish(total) {
  console.log(describeCounts(total));
  process.exit(total.failed === 0 ? 0 : 1);
}

export function record(part, { passed, failed, skipped = 0 }) {
  const folder = process.env.SENDMSG_RESULTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${part}.json`), JSON.stringify({ passed, failed, skipped }));
}

/** Keeps vitest's whole report beside the counts, because it also says what the tests have shown. */
export function keepReport(name, path) {
  const folder = process.env.SENDMSG_RESULTS;
  if (!folder || !existsSync(path)) return;
  mkdirSync(folder, { recursive: true });
  copyFileSync(path, join(folder, `${name}.vitest.json`));
}

/** Whether a file in that folder is a report of vitest: one of the two of this machine, or one that keepReport() kept. */
export const isReport = (name) => /^(tests|scenarios)\.json$|\.vitest\.json$/.test(name);

export function describeCounts({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`;
}

/**
 * The counts of a report of vitest. Failures outside of tests count too: a file that can't be loaded, an error that nothing caught.
 */
export function countsOf(report, status) {
  const counts = noCounts();
  for (const file of report.testResults) {
    for (const { status } of file.assertionResults) {
      counts[status === "passed" ? "passed" : status === "failed" ? "failed" : "skipped"]++;
    }
    const loaded =
      file.assertionResults.some(({ status }) => status === "failed") || file.status !== "failed";
    if (!loaded) counts.failed++;
  }
  if (status !== 0 && counts.failed === 0) counts.failed++;
  return counts;
}

/** One report of several runs. */
export const merged = (reports) => ({ testResults: reports.flatMap(({ testResults }) => testResults) });

/**
 * The failures in a report of vitest: each with the folder of the test's package, the file below it, the test's full name, and the
 * first line of the error.
 */
export function failuresOf({ testResults }) {
  const first = (message) => message?.split("\n", 1)[0] ?? "";
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const [, folder, file] = /((?:packages\/)?[^/]+)\/(test\/.*)$/.exec(name);
    const failed = assertionResults.filter(({ status }) => status === "failed");
    if (status === "failed" && failed.length === 0)
      return [{ folder, file, name: "", message: first(message) }];
    return failed.map(({ fullName, failureMessages }) => ({
      folder,
      file,
      name: fullName,
      message: first(failureMessages?.[0]),
    }));
  });
}

/** Whether no test in the report failed. If the run failed all the same, the cause is not a test. */
export function noTestFailed(path) {
  const testResults = read(path)?.testResults ?? [];
  return testResults.every((file) => file.assertionResults.every(({ status }) => status !== "failed"));
}

/** Reads a file of results. Undefined if the file is missing or truncated. */
export function read(path) {
  try {
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    console.error(`${path}: ${error.message}`);
  }
  return undefined;
}

/** Like {@link countsOf}, for a report that may be missing or truncated. */
export function countsIn(path, status) {
  const report = read(path);
  return report ? countsOf(report, status) : failedWhole();
}
