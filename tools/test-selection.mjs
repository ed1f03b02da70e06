// Which tests run on a target, as options of vitest. Where time is short, an emulated machine runs what an
// architecture can get wrong; SENDMSG_THOROUGH=1 makes it run everything.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./paths.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--root", "packages/core"];
const KERNEL_TESTS = "test/kernel/";
// As in test/support/skip-unless.ts.
const REAL_KERNEL = "on a real kernel";
const thorough = process.env.SENDMSG_THOROUGH === "1";

// User-mode emulation has none of these families, and tells nothing of delays: a booted kernel shows them.
const NOT_EMULATED = [`${KERNEL_TESTS}**`, "test/scenarios/hostile.test.ts"];

const files = (folder, ...names) => names.map((name) => `test/${folder}${name}.test.ts`);

// These start many processes, and each takes seconds to start under emulation.
const OF_MANY_PROCESSES = [
  ...files("", "**/properties"),
  ...files("scenarios/", "backpressure", "collected", "consumer-throws", "examples", "handover", "limits"),
  ...files("scenarios/", "native-load", "path-races", "readiness-thread", "worker"),
  "test/testing/**",
];

// An architecture can get wrong how bytes are laid out, how the kernel is called, what becomes of descriptors and of what does not
// fit, and who is told that a socket is ready. These are about something else.
const NOT_OF_ARCHITECTURE = [
  ...["cli", "constants", "model"].map((folder) => `test/${folder}/**`),
  "test/bad-input/**",
  ...files("", "fuzz", "prototype-pollution", "**/pure"),
  ...files("", "control/reference", "native/architectures"),
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

/** Where time is short, the rest is left to this machine. */
const whereTimeIsShort = thorough ? [] : without([...OF_MANY_PROCESSES, ...NOT_OF_ARCHITECTURE]);

export const allTests = (filters = []) => filters;

/** What user-mode emulation gets right. ia32 is emulated only on machines that run no 32-bit programs: others run all of it. */
export const emulatedTests = (arch) => [
  ...without(NOT_EMULATED),
  ...whereTimeIsShort,
  ...(thorough && arch === "ia32" ? without(OF_MANY_PROCESSES) : []),
];

/** What shows messages going through the kernel. */
export const kernelTests = () => [KERNEL_TESTS, ...whereTimeIsShort];

/** That, and of the other files what user-mode emulation gets wrong. */
export function kernelAndMistakenTests() {
  const core = join(repository, "packages/core");
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

/** The command that runs these tests and writes a report. `onlyRealKernel`: outside of test/kernel, those that need one. */
export const vitest = (report, options, { onlyRealKernel = false } = {}) => [
  "env",
  `SENDMSG_REPORT=${report}`,
  `SENDMSG_FORKS=${process.env.SENDMSG_FORKS ?? ""}`,
  `SENDMSG_THOROUGH=${process.env.SENDMSG_THOROUGH ?? ""}`,
  `SENDMSG_ONLY_REAL_KERNEL=${onlyRealKernel ? 1 : ""}`,
  ...["node", ...VITEST, ...options],
];

/** A report of such a run, without the tests that it was to leave out: they are not skipped, but run elsewhere. */
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
