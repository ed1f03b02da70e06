import { defineConfig } from "vitest/config";

const { SENDMSG_REPORT, SENDMSG_RESULTS } = process.env;
const report = SENDMSG_REPORT || (SENDMSG_RESULTS && `${SENDMSG_RESULTS}/unix-dgram.json`);

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
    pool: "forks",
    testTimeout: 60_000,
  },
});
