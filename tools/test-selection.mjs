// Which tests run on a target, as runs of vitest: the options of each. Where time is short, an emulated machine runs what an
// architecture can get wrong; SENDMSG_THOROUGH=1 makes it run everything.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./paths.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--root", "packages/core"];
const KERNEL_TESTS = "test/kernel/";
// As in test/target.ts.
const REAL_KERNEL = "on a real kernel";
const NAMED = `--testNamePattern=${REAL_KERNEL}`;
const thorough = process.env.SENDMSG_THOROUGH === "1";

// User-mode emulation has none of these families, and tells nothing of delays: a booted kernel shows them.
const NOT_EMULATED = [`${KERNEL_TESTS}**`, "test/scenarios/hostile.test.ts"];

const files = (folder, ...names) => names.map((name) => `test/${folder}${name}.test.ts`);

// These start many processes, and each takes seconds to start under emulation.
const OF_MANY_PROCESSES = [
  ...files("", "examples", "**/properties", "native/load"),
  ...files("socket/", "path-races"),
  ...files("scenarios/", "backpressure", "collected", "consumer-throws", "handover", "limits"),
  ...files("scenarios/", "readiness-thread", "worker"),
  "test/testing/**",
];

// An architecture can get wrong how bytes are laid out, how the kernel is called, what becomes of descriptors and of what does not
// fit, and who is told that a socket is ready. These are about something else.
const NOT_OF_ARCHITECTURE = [
  ...["cli", "constants", "model"].map((folder) => `test/${folder}/**`),
  ...files("", "bad-input", "fuzz", "prototype-pollution", "**/pure", "native/undefined-behaviour"),
  ...files("socket/", "bind-path", "fairness", "path-handed-over", "path-replaced", "readiness"),
  ...files("scenarios/", "hostile"),
  ...files("kernel/", "page", "write-proof"),
];

/** What a guest has to know of the run. */
const environment = (report) => [
  `SENDMSG_REPORT=${report}`,
  `SENDMSG_FORKS=${process.env.SENDMSG_FORKS ?? ""}`,
  `SENDMSG_THOROUGH=${process.env.SENDMSG_THOROUGH ?? ""}`,
];

export const vitest = (report, options) => ["env", ...environment(report), "node", ...VITEST, ...options];

export const allTests = (filters = []) => [filters];

const without = (paths) => paths.map((path) => `--exclude=${path}`);

/** Where time is short, the rest is left to this machine. */
const whereTimeIsShort = thorough ? [] : without([...OF_MANY_PROCESSES, ...NOT_OF_ARCHITECTURE]);

/** What user-mode emulation gets right. ia32 is emulated only on machines that run no 32-bit programs: others run all of it. */
export const emulatedTests = (arch) => [
  [
    ...without(NOT_EMULATED),
    ...whereTimeIsShort,
    ...(thorough && arch === "ia32" ? without(OF_MANY_PROCESSES) : []),
  ],
];

/** What shows messages going through the kernel. */
export const kernelTests = () => [[KERNEL_TESTS, ...whereTimeIsShort]];

/** What user-mode emulation gets wrong. */
export function mistakenTests() {
  const core = join(repository, "packages/core");
  const chosen = readdirSync(join(core, "test"), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((path) => path.endsWith(".test.ts") && !path.startsWith(KERNEL_TESTS))
    .filter((path) =>
      new RegExp(`\\bonRealKernel\\b|${REAL_KERNEL}`).test(readFileSync(join(core, path), "utf8")),
    );
  if (chosen.length === 0)
    throw new Error("No test file says that it needs a real kernel (onRealKernel, test/target.ts)");
  return [[NAMED, ...chosen, ...whereTimeIsShort]];
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
