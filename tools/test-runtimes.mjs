// Runs the tests in other runtimes, on this machine (x64), with the same test files and the same binary:
//   node tools/test-runtimes.mjs [node18] [node22] [node24] [node26] [bun] [deno] [bun-musl] [-- FILTER…]
// FILTER: parts of the paths of the test files to run. bun-musl needs Debian's musl and g++, and runs the scenarios of packages/core.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { namesAndFilters } from "./arguments.mjs";
import { bunOnMusl } from "./bun-musl.mjs";
import { repository } from "./paths.mjs";
import {
  addCounts,
  countsIn,
  describeCounts,
  failedWhole,
  failIfNothingRan,
  finish,
  keepReport,
  merged,
  noCounts,
  read,
  record,
} from "./results.mjs";
import { run } from "./run.mjs";
import { vitestRuns } from "./test-selection.mjs";
import { bun, deno, nodes } from "./toolbox.mjs";

const SECOND = 1000;
const REPORT = "vitest.json";
// How many inputs each property gets. Node has already tried many more.
const FUZZ_RUNS = "100";

const onNode = (version) => ({ command: () => [nodes[version]()], files: [], env: {} });
const runtimes = {
  node18: onNode(18),
  node22: onNode(22),
  node24: onNode(24),
  node26: onNode(26),
  // --bun: if a program's first line names node, Bun runs it instead.
  bun: { command: () => [bun(), "--bun"], files: [], env: { SENDMSG_FUZZ_RUNS: FUZZ_RUNS } },
  // Some time after its start, Deno would open a socket to ask for its newest version. That would disturb tests that count
  // descriptors.
  deno: {
    command: () => [deno(), "run", "-A"],
    files: [],
    env: { SENDMSG_FUZZ_RUNS: FUZZ_RUNS, DENO_NO_UPDATE_CHECK: "1" },
  },
  "bun-musl": {
    command: () => [bunOnMusl().program, "--bun"],
    files: ["test/scenarios/", "test/socket/", "test/interop/"],
    env: () => ({ LD_LIBRARY_PATH: bunOnMusl().libraries }),
  },
};

const { names, filters } = namesAndFilters("runtime", runtimes);
run(process.execPath, ["tools/setup.mjs"], { cwd: repository, stdio: "inherit" });

const total = noCounts();
const summary = [];
for (const name of names.length > 0 ? names : Object.keys(runtimes)) {
  const start = Date.now();
  const counts = testOn(name);
  failIfNothingRan(counts);
  record(`tests on ${name}`, counts);
  addCounts(total, counts);
  summary.push(`${name}: ${describeCounts(counts)} in ${Math.round((Date.now() - start) / SECOND)} s`);
}
console.log(summary.join("\n"));
finish(total);

function testOn(name) {
  console.log(`\n${name}`);
  const { command, files, env } = runtimes[name];
  const results = mkdtempSync(join(tmpdir(), "sendmsg-results-"));
  const report = join(results, REPORT);
  try {
    const [program, ...options] = command();
    const chosen = vitestRuns(results, { ofCore: files, ofOthers: [] }, filters);
    const statuses = chosen.map(
      ({ report, args }) =>
        spawnSync(program, [...options, ...args], {
          cwd: repository,
          stdio: ["ignore", "inherit", "inherit"],
          env: {
            ...process.env,
            // Programs that the tests start as `node` use this runtime's binary.
            PATH: `${dirname(program)}:${process.env.PATH}`,
            SENDMSG_REPORT: report,
            ...(typeof env === "function" ? env() : env),
          },
        }).status,
    );
    const reports = chosen.map((it) => read(it.report));
    if (!reports.includes(undefined)) writeFileSync(report, JSON.stringify(merged(reports)));
    const status = statuses.every((it) => it === 0) ? 0 : 1;
    keepReport(name, report);
    return countsIn(report, status);
  } catch (error) {
    console.error(error.message);
    return failedWhole();
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}
