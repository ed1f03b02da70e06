import { defineConfig } from "vitest/config";

const results = process.env.SENDMSG_RESULTS;

// The environment of this run must not influence the tests: no workflow's tag, no settings of the user's git.
for (const name of Object.keys(process.env))
  if (/^(GITHUB|ACTIONS|GIT)_/.test(name)) delete process.env[name];

export default defineConfig({
  test: {
    include: ["test/**/*.test.mjs"],
    pool: "forks",
    reporters: results ? ["default", ["json", { outputFile: `${results}/release.json` }]] : ["default"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
