// Which tests run on a target, as runs of vitest: the options of each.
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { repository } from "./paths.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--root", "packages/core"];
const KERNEL_TESTS = "test/kernel/";
// As in test/target.ts.
const REAL_KERNEL = "on a real kernel";
const NAMED = `--testNamePattern=${REAL_KERNEL}`;

// Loading what is tested takes an emulated processor most of the time: a process does so once, not for each file.
const SHARED = ["--poolOptions.forks.isolate=false"];
// vitest leaves one processor free, for nobody.
const ALL_PROCESSORS = [`--poolOptions.forks.maxForks=${availableParallelism()}`];

// A process takes seconds to start under ia32's emulation, which only machines need that run no 32-bit programs. These start
// many, or have nothing to do with the architecture; the others run them on ia32.
const SLOW_ON_IA32 = [
  "test/testing/**",
  "test/native/load.test.ts",
  "test/examples.test.ts",
  "test/**/properties.test.ts",
  "test/socket/path-races.test.ts",
  ...["backpressure", "collected", "consumer-throws", "handover", "limits", "readiness-thread", "worker"].map(
    (name) => `test/scenarios/${name}.test.ts`,
  ),
];

export const vitest = (report, options) => ["env", `SENDMSG_REPORT=${report}`, "node", ...VITEST, ...options];

export const allTests = (filters = []) => [[...ALL_PROCESSORS, ...filters]];

/** What user-mode emulation gets right: it has none of the kernel tests' families, and tells nothing of delays. */
export function emulatedTests(arch) {
  const left = [
    `${KERNEL_TESTS}**`,
    "test/scenarios/hostile.test.ts",
    ...(arch === "ia32" ? SLOW_ON_IA32 : []),
  ];
  console.log(`Left out here: ${left.join(" ")}`);
  const exclude = (files) => files.map((file) => `--exclude=${file}`);
  const { alone } = byProcess(testFiles());
  return [
    [...ALL_PROCESSORS, ...SHARED, ...exclude([...left, ...alone])],
    [...ALL_PROCESSORS, ...exclude(left), ...alone],
  ];
}

/** What shows messages going through the kernel. */
export const kernelTests = () => [[...SHARED, KERNEL_TESTS]];

/** What user-mode emulation gets wrong. */
export function mistakenTests() {
  const files = testFiles().filter(({ text }) => new RegExp(`\\bonRealKernel\\b|${REAL_KERNEL}`).test(text));
  if (files.length === 0)
    throw new Error("No test file says that it needs a real kernel (onRealKernel, test/target.ts)");
  const { together, alone } = byProcess(files);
  return [[...SHARED, NAMED, ...together], ...(alone.length > 0 ? [[NAMED, ...alone]] : [])];
}

/** The reports of these runs as one. What no name chose is not skipped: it was run elsewhere. */
export function merged(reports, runs) {
  const isMeant = ({ status, fullName }) => status !== "skipped" || fullName.includes(REAL_KERNEL);
  const testResults = reports.flatMap(({ testResults }, i) =>
    runs[i].includes(NAMED)
      ? testResults.map((file) => ({ ...file, assertionResults: file.assertionResults.filter(isMeant) }))
      : testResults,
  );
  return { ...reports[0], testResults };
}

/** The test files outside of the kernel tests. */
function testFiles() {
  const core = join(repository, "packages/core");
  return readdirSync(join(core, "test"), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith(KERNEL_TESTS))
    .map((path) => ({ path, text: readFileSync(join(core, path), "utf8") }));
}

/** The paths of those that can share a process, and of those for which modules that others load would be in the way. */
function byProcess(files) {
  const needsOwn = ({ text }) => text.includes("vi.mock(") || text.includes("// In a process of its own.");
  const paths = (chosen) => chosen.map(({ path }) => path);
  return {
    together: paths(files.filter((file) => !needsOwn(file))),
    alone: paths(files.filter(needsOwn)),
  };
}
