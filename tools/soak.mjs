// Runs test files of packages/core many times on a busy machine, and prints which failed, and how:
//   npm run test:soak -- [--times 200] [--quiet] [--target ia32] [FILTER…]
// FILTER: parts of the paths of test files; "test/" for all. Without one, runs each file that starts other processes, one by one.
// --target: a target of tools/test-targets.mjs, as root. --quiet: nothing else runs. Without it, stress-ng (Debian) keeps the
// processors busy, and starts and ends processes.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { requirePackages } from "./debian.mjs";
import { core, repository } from "./paths.mjs";
import { addCounts, countsIn, failuresOf, finish, noCounts, read, record } from "./results.mjs";
import { run } from "./run.mjs";

/** If a run takes longer, it hangs. */
const LIMIT_S = 20 * 60;

const { values, positionals } = parseArgs({
  options: {
    times: { type: "string", default: "200" },
    quiet: { type: "boolean", default: false },
    target: { type: "string" },
  },
  allowPositionals: true,
});
const { target } = values;
const times = Number(values.times);
if (!Number.isSafeInteger(times) || times < 1) {
  console.error(`--times is a number of runs, not ${values.times}`);
  process.exit(2);
}
run(process.execPath, ["tools/setup.mjs"], { cwd: repository, stdio: "inherit" });
const load = values.quiet ? undefined : startLoad();
process.once("exit", () => load?.kill());

const total = noCounts();
for (const filters of positionals.length > 0 ? [positionals] : filesOfSeveralProcesses()) {
  const start = performance.now();
  let failed = 0;
  for (let i = 1; i <= times; i++) {
    const { counts, failures, output } = runOnce(filters);
    addCounts(total, counts);
    if (counts.failed === 0) continue;
    failed++;
    for (const { file, name, message } of failures) console.log(`run ${i}: ${file}: ${name}: ${message}`);
    if (failures.length === 0) console.log(`run ${i}:\n${output}`);
  }
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`${filters.join(" ")}: ${failed} of ${times} runs failed, in ${seconds} s`);
}
record("soak", total);
finish(total);

function runOnce(filters) {
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-soak-"));
  const [report, command] = target
    ? [join(folder, `${target}.vitest.json`), ["node", "tools/test-targets.mjs", target, "--", ...filters]]
    : [join(folder, "tests.json"), ["npx", "vitest", "run", "--root", core, ...filters]];
  try {
    // timeout(1) also ends the processes that the tests have started.
    const { status, stdout, stderr } = spawnSync(
      "timeout",
      ["--kill-after=10", String(LIMIT_S), ...command],
      {
        cwd: repository,
        encoding: "utf8",
        maxBuffer: 1 << 28,
        env: { ...process.env, SENDMSG_RESULTS: folder },
      },
    );
    const found = read(report);
    return {
      counts: countsIn(report, status),
      failures: found ? failuresOf(found) : [],
      output: stdout + stderr,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function startLoad() {
  requirePackages(["stress-ng"]);
  const processors = String(availableParallelism());
  return spawn(
    "stress-ng",
    ["--cpu", processors, "--fork", "1", "--switch", "1", "--vm", "1", "--vm-bytes", "128M"],
    {
      stdio: "ignore",
    },
  );
}

function filesOfSeveralProcesses() {
  const starts =
    /\b(spawn|spawnSync|fork|compiled|new Worker)\(|scenarios\/program\.js|"\.\/program\.js"|children\.js/;
  return readdirSync(join(core, "test"), { recursive: true })
    .map((file) => `test/${file}`)
    .filter((path) => path.endsWith(".test.ts") && starts.test(readFileSync(join(core, path), "utf8")))
    .sort()
    .map((path) => [path]);
}
