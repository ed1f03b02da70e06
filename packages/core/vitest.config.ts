import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import type { Reporter } from "vitest/node";

/** A file that wants the results, besides the terminal; or a folder. */
const { SENDMSG_FORKS, SENDMSG_REPORT, SENDMSG_RESULTS, SENDMSG_TARGET } = process.env;
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

/** How many files run at the same time. vitest would leave a processor free, for nobody. */
const forks = Number(SENDMSG_FORKS) || availableParallelism();

/** How the files run, by what they say of themselves. */
const GROUPS = {
  /** One process for many files: to load what is tested takes longer than most tests. */
  together: { isolate: false, order: 0, forks },
  /** Modules that other files load would be in the way. */
  alone: { isolate: true, order: 1, forks },
  /** Delays are measured: what else the machine does would be in the way. */
  quiet: { isolate: true, order: 2, forks: 1 },
};

function groupOf(text: string): keyof typeof GROUPS {
  if (text.includes("// While nothing else runs.")) return "quiet";
  return text.includes("vi.mock(") || text.includes("// In a process of its own.") ? "alone" : "together";
}

const files = readdirSync(new URL("test", import.meta.url), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => ({
    path: `test/${file}`,
    group: groupOf(readFileSync(new URL(`test/${file}`, import.meta.url), "utf8")),
  }));

export default defineConfig({
  test: {
    reporters: report
      ? ["default", ["json", { outputFile: report }], unhandledErrors]
      : ["default", unhandledErrors],
    dangerouslyIgnoreUnhandledErrors: true,
    projects: Object.entries(GROUPS).map(([name, { isolate, order, forks }]) => ({
      test: {
        name,
        include: files.filter(({ group }) => group === name).map(({ path }) => path),
        setupFiles: ["test/setup.ts"],
        // Descriptors are counted per process: one file at a time has it.
        pool: "forks",
        poolOptions: { forks: { isolate, maxForks: forks, minForks: 1 } },
        sequence: { groupOrder: order },
        testTimeout: LONGEST_TEST,
        hookTimeout: LONGEST_TEST,
        server: { deps: { external: [/\.cjs$/] } },
      },
    })),
  },
});
