import { defineConfig } from "vitest/config";

/** A folder that wants the results, besides the terminal. */
const results = process.env.SENDMSG_RESULTS;

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Descriptors are counted per process: a test file must have its process to itself.
    pool: "forks",
    reporters: results ? ["default", ["json", { outputFile: `${results}/tests.json` }]] : ["default"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\.cjs$/] } },
  },
});
