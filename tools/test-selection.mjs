// Chooses which tests run on a target, as options for vitest. On an emulated machine, a quick run contains only tests of what an
// architecture can get wrong. With SENDMSG_THOROUGH=1 it contains all tests.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { foldersWithTests } from "./packages.mjs";
import { core } from "./paths.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--root"];
const KERNEL_TESTS = "test/kernel/";
// The same text as in test/support/skip-unless.ts.
const REAL_KERNEL = "on a real kernel";
/** Whether to leave nothing out, as every night. */
export const thorough = process.env.SENDMSG_THOROUGH === "1";

// User-mode emulation has none of these address families, and its delays mean nothing. A booted kernel runs these tests.
const NOT_EMULATED = [`${KERNEL_TESTS}**`, "test/scenarios/hostile.test.ts"];

const files = (folder, ...names) => names.map((name) => `test/${folder}${name}.test.ts`);

// These tests start many processes. Under emulation, each takes seconds to start.
const OF_MANY_PROCESSES = [
  ...files("", "**/properties"),
  ...files(
    "scenarios/",
    "backpressure",
    "child-processes",
    "collected",
    "consumer-throws",
    "examples",
    "handover",
    "limits",
  ),
  ...files("scenarios/", "native-load", "pages", "path-races", "readiness-thread", "recipes", "worker"),
  "test/testing/**",
];

// An architecture can get these wrong: the layout of bytes, system calls, custody of descriptors, truncation, readiness. The
// following tests are about something else.
const NOT_OF_ARCHITECTURE = [
  ...["cli", "constants", "model"].map((folder) => `test/${folder}/**`),
  "test/bad-input/**",
  ...files("", "fuzz", "prototype-pollution", "layers"),
  ...files("", "address/page", "control/reference", "native/architectures", "reference"),
  ...files("socket/", "bind-path", "fairness", "path-handed-over", "path-replaced", "stale-path"),
  ...files(
    "scenarios/",
    "bind-path",
    "event-loop",
    "held-back",
    "hostile",
    "near-limit",
    "undefined-behaviour",
  ),
  ...files("kernel/", "page", "write-proof"),
];

const without = (paths) => paths.map((path) => `--exclude=${path}`);

/** In a quick run, only this machine runs the rest. */
const whereTimeIsShort = thorough ? [] : without([...OF_MANY_PROCESSES, ...NOT_OF_ARCHITECTURE]);

/**
 * The tests that work in user-mode emulation. ia32 is emulated only on machines that can't run 32-bit programs. Others run all
 * tests.
 */
export const emulatedTests = (arch) => [
  ...without(NOT_EMULATED),
  ...whereTimeIsShort,
  ...(thorough && arch === "ia32" ? without(OF_MANY_PROCESSES) : []),
];

/**
 * The tests of the packages other than core on an emulated machine. Starting vitest takes a minute there. So in a quick run, only one
 * target of each architecture runs them (undefined: none), without those that start processes.
 */
export const emulatedTestsOfOthers = (target) =>
  thorough ? [] : ["ia32", "arm64-kernel"].includes(target) ? without(files("", "process")) : undefined;

/** The tests that send messages through the kernel. */
export const kernelTests = () => [KERNEL_TESTS, ...whereTimeIsShort];

/** The tests that send messages through the kernel, and the tests that don't work in user-mode emulation. */
export function kernelAndMistakenTests() {
  const chosen = readdirSync(join(core, "test"), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith(KERNEL_TESTS))
    .filter((path) =>
      new RegExp(`\\bonRealKernel\\b|${REAL_KERNEL}`).test(readFileSync(join(core, path), "utf8")),
    );
  if (chosen.length === 0)
    throw new Error(
      "No test file says that it needs a real kernel (onRealKernel, test/support/skip-unless.ts)",
    );
  return [...kernelTests(), ...chosen];
}

/**
 * For each package with tests: where vitest writes its report, and vitest's arguments. `ofCore` and `ofOthers`: which tests of
 * packages/core and of the other packages run (undefined: none). `filters` choose tests instead. If one begins with a package's
 * folder, it is for that package only.
 */
export const vitestRuns = (reports, { ofCore, ofOthers }, filters) =>
  foldersWithTests()
    .map((folder) => {
      const own = filters.filter((filter) => !/^packages\//.test(filter) || filter.startsWith(`${folder}/`));
      const chosen = own.length > 0 ? [...own, "--passWithNoTests"] : undefined;
      const tests = filters.length > 0 ? chosen : folder === "packages/core" ? ofCore : ofOthers;
      return (
        tests && { report: join(reports, `${basename(folder)}.json`), args: [...VITEST, folder, ...tests] }
      );
    })
    .filter((run) => run !== undefined);

/**
 * The shell command that makes these runs, and fails if one of them fails. `onlyRealKernel`: outside of test/kernel, only tests that
 * need a real kernel.
 */
export const shellCommand = (runs, { onlyRealKernel = false } = {}) =>
  [
    "failed=0",
    ...runs.map(({ report, args }) => {
      const words = [
        "env",
        `SENDMSG_REPORT=${report}`,
        `SENDMSG_FORKS=${process.env.SENDMSG_FORKS ?? ""}`,
        `SENDMSG_THOROUGH=${process.env.SENDMSG_THOROUGH ?? ""}`,
        `SENDMSG_ONLY_REAL_KERNEL=${onlyRealKernel ? 1 : ""}`,
        ...["node", ...args],
      ];
      return `${words.map((word) => `'${word}'`).join(" ")} || failed=$?`;
    }),
    "(exit $failed)",
  ].join("; ");

/**
 * The report of such a run, without the tests that it was told to leave out. They would count as skipped, but they run elsewhere.
 */
export function chosenIn(report) {
  const testResults = report.testResults.map((file) => ({
    ...file,
    assertionResults: file.assertionResults.filter(
      ({ status, fullName }) =>
        status !== "skipped" || file.name.includes(`/${KERNEL_TESTS}`) || fullName.includes(REAL_KERNEL),
    ),
  }));
  return { ...report, testResults };
}
