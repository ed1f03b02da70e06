import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

/** A file that wants the results, besides the terminal; or a folder. */
const { SENDMSG_REPORT, SENDMSG_RESULTS, SENDMSG_TARGET } = process.env;
const report = SENDMSG_REPORT || (SENDMSG_RESULTS && `${SENDMSG_RESULTS}/tests.json`);

/**
 * Errors that no test caught fail the run, but for one: a worker gives up waiting for an answer when the reporting process has
 * had no turn for a minute, as happens under emulation. What it has reported arrives all the same.
 */
const unhandledErrors: Reporter = {
  onTestRunEnd(_modules, errors) {
    if (errors.some(({ message }) => !message.includes('Timeout calling "onTaskUpdate"')))
      process.exitCode = 1;
  },
};

/** Another architecture is mostly emulated, some 20 times slower. */
const LONGEST_TEST = SENDMSG_TARGET ? 300_000 : 60_000;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    // Descriptors are counted per process: a test file must have its process to itself.
    pool: "forks",
    reporters: report
      ? ["default", ["json", { outputFile: report }], unhandledErrors]
      : ["default", unhandledErrors],
    dangerouslyIgnoreUnhandledErrors: true,
    testTimeout: LONGEST_TEST,
    hookTimeout: LONGEST_TEST,
    server: { deps: { external: [/\.cjs$/] } },
  },
});
