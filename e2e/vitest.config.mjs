import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const results = process.env.SENDMSG_RESULTS;

export default defineConfig({
  test: {
    include: ["test/**/*.test.mjs"],
    globalSetup: ["test/registry.mjs"],
    pool: "forks",
    // By default, vitest leaves one processor unused.
    maxWorkers: availableParallelism(),
    reporters: results ? ["default", ["json", { outputFile: `${results}/installations.json` }]] : ["default"],
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
