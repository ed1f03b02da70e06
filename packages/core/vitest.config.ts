import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

/** SENDMSG_REPORT is a file for the results, and SENDMSG_RESULTS a folder for them. */
const { SENDMSG_FORKS, SENDMSG_REPORT, SENDMSG_RESULTS, SENDMSG_TARGET } = process.env;
const report = SENDMSG_REPORT || (SENDMSG_RESULTS && `${SENDMSG_RESULTS}/tests.json`);

/**
 * Fails the run if there was an error that no test caught, with one exception. Under emulation, the reporting process sometimes
 * gets no turn for a minute. Then a worker gives up waiting for its answer. But the worker's report still arrives.
 */
const unhandledErrors: Reporter = {
  onTestRunEnd(_modules, errors) {
    if (errors.some(({ message }) => !message.includes('Timeout calling "onTaskUpdate"')))
      process.exitCode = 1;
  },
};

/** Another architecture is mostly emulated, and some 20 times slower. */
const LONGEST_TEST = SENDMSG_TARGET ? 300_000 : 60_000;

/** How many files run at the same time. By default, vitest leaves one processor unused. */
const forks = Number(SENDMSG_FORKS) || availableParallelism();

/** A file is in the quiet group if it has the comment "While nothing else runs.". vitest runs one group after the other. */
const groups = { together: [] as string[], quiet: [] as string[] };
for (const file of readdirSync(new URL("test", import.meta.url), { recursive: true, encoding: "utf8" })) {
  if (!file.endsWith(".test.ts")) continue;
  const path = `test/${file}`;
  const text = readFileSync(new URL(path, import.meta.url), "utf8");
  groups[text.includes("// While nothing else runs.") ? "quiet" : "together"].push(path);
}

export default defineConfig({
  test: {
    reporters: report
      ? ["default", ["json", { outputFile: report }], unhandledErrors]
      : ["default", unhandledErrors],
    dangerouslyIgnoreUnhandledErrors: true,
    // Loading the sources takes longer than most tests. So files share a process. They run one at a time, so that each can count
    // descriptors. To replace a function, a test uses vi.spyOn(): vi.mock() has no effect on modules that another file has loaded.
    pool: "forks",
    poolOptions: { forks: { isolate: false, maxForks: forks, minForks: 1 } },
    projects: Object.entries(groups).map(([name, include]) => ({
      test: {
        name,
        include,
        setupFiles: ["test/support/setup.ts"],
        pool: "forks",
        // Another process would disturb tests that measure delays. So these run in one process, when the others are done.
        poolOptions: { forks: { isolate: false, singleFork: name === "quiet" } },
        testTimeout: LONGEST_TEST,
        hookTimeout: LONGEST_TEST,
        server: { deps: { external: [/\.cjs$/] } },
      },
    })),
  },
});
