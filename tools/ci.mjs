// Runs everything that must pass for a change, part by part. At the end it prints how long each part took, and what failed. The
// parts of one stage don't disturb each other: as many run in parallel as there are processors. Each part's output is in build/ci.
// A part that takes longer than its share of the time is ended, and counts as failed. The other parts still run.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { repository } from "./paths.mjs";
import { describeCounts } from "./results.mjs";
import { printSummary, resultOf } from "./summary.mjs";
import { thorough } from "./test-selection.mjs";

/** How many times longer a part may take if it leaves nothing out. */
const SHARE = thorough ? 10 : 1;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** How long a part may take to end after we asked it to. */
const GRACE = 10 * SECOND;

const logs = join(repository, "build/ci");
const results = join(logs, "results");
rmSync(logs, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

const node = (script, ...args) => ["node", `tools/${script}.mjs`, ...args];
const npm = (script, ...args) => [
  "npm",
  "run",
  "--silent",
  script,
  ...(args.length > 0 ? ["--", ...args] : []),
];
/** vitest's option to run one test. It takes a regular expression. */
const named = (name) => `-t '${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("'", ".")}'`;
const inPackage = ({ folder, file, name }) => `cd ${folder} && npx vitest run ${file} ${named(name)}`;
const onTarget = (target) => ({
  name: `tests on ${target}`,
  minutes: 30,
  command: node("test-targets", target),
  leaves: [`tests on ${target}`],
  again: ({ folder, file }) => `node tools/test-targets.mjs ${target} -- ${folder}/${file}`,
});
const onRuntime = (runtime, ...filters) => ({
  name: `tests on ${runtime}`,
  minutes: 10,
  command: node("test-runtimes", runtime, ...(filters.length > 0 ? ["--", ...filters] : [])),
  leaves: [`tests on ${runtime}`],
  again: ({ folder, file }) => `node tools/test-runtimes.mjs ${runtime} -- ${folder}/${file}`,
});
/** Runs the same tests with another way to learn of readiness: SENDMSG_READINESS, see docs/runtimes.md. */
const byReadiness = (way) => ({
  name: `tests, readiness by ${way}`,
  minutes: 5,
  command: ["npm", "exec", "--workspace", "sendmsg", "--", "vitest", "run", ...OF_READINESS],
  environment: { SENDMSG_READINESS: way, SENDMSG_REPORT: join(results, `readiness-${way}.json`) },
  leaves: [`readiness-${way}`],
  again: (failure) => `export SENDMSG_READINESS=${way}; ${inPackage(failure)}`,
});
/** Beginnings of paths. */
const SOCKETS = ["test/socket", "test/listener", "test/connect", "test/datagrams", "test/unix-datagram"];
/** Tests of code that waits. */
const OF_READINESS = thorough
  ? []
  : [...SOCKETS, "test/scenarios/no-descriptor-left", "test/scenarios/descriptors-in-flight"];
/** Tests of what another runtime can get wrong: waiting, sockets, descriptors. */
const OF_RUNTIMES = thorough
  ? []
  : [
      ...[...SOCKETS, "test/message.test", "test/descriptor", "test/syscalls"],
      ...["event-loop", "bind-path", "collected", "copies", "python", "perl", "exec"].map(
        (name) => `test/scenarios/${name}`,
      ),
      "packages/unix-dgram/test",
    ];

// Of each part: its name, how many minutes it may take, the results that it leaves, and how to run one of its tests alone.
const stages = [
  [{ name: "what the others need", minutes: 20, command: node("prepare") }],
  // The first and the second command of a new user.
  [{ name: "npm run demo", minutes: 5, command: npm("demo") }],
  [
    {
      name: "npm test",
      minutes: 8,
      command: ["npm", "test", "--silent", "--", "--continue"],
      // Don't use turbo's results from earlier runs.
      environment: { TURBO_FORCE: "true" },
      leaves: ["tests", "unix-dgram", "audit"],
      again: inPackage,
    },
  ],
  [
    {
      name: "npm run test:scenarios",
      minutes: 8,
      command: npm("test:scenarios"),
      environment: { SENDMSG_REPORT: join(results, "scenarios.json") },
      leaves: ["scenarios"],
      again: inPackage,
    },
  ],
  // One after the other, because the tests of both bind the same paths.
  [byReadiness("epoll")],
  [byReadiness("thread")],
  [
    {
      name: "npm run build:all",
      minutes: 5,
      command: npm("build:all"),
      leaves: ["audit of every architecture"],
    },
  ],
  [
    onTarget("ia32-kernel"),
    onTarget("arm64-kernel"),
    onTarget("ia32"),
    onTarget("arm64"),
    {
      name: "npm run test:install",
      minutes: 12,
      command: npm("test:install"),
      leaves: ["installations"],
      again: ({ file, name }) => `npm run test:install -- ${file} ${named(name)}`,
    },
    onRuntime("bun-musl"),
    onRuntime("bun", ...OF_RUNTIMES),
    onRuntime("deno", ...OF_RUNTIMES),
    ...(thorough ? ["node18", "node22", "node24", "node26"].map((name) => onRuntime(name)) : []),
    { name: "npm run test:release", minutes: 8, command: npm("test:release"), leaves: ["release"] },
    { name: "workflows", minutes: 2, command: node("lint-workflows"), leaves: ["workflows"] },
    { name: "musl", minutes: 2, command: node("test-musl"), leaves: ["musl"] },
  ],
  [{ name: "what is noted as proven", minutes: 2, command: node("write-proof", "--check", results) }],
];

const environment = {
  ...process.env,
  ...{ SENDMSG_RESULTS: results, NO_COLOR: "1", FORCE_COLOR: undefined },
  ...{ TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1", DEBIAN_FRONTEND: "noninteractive" },
};
const done = [];
const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) process.kill(-child.pid, "SIGTERM");
    console.log(`${signal}: what ran has been ended`);
    finish();
  });
}

for (const stage of stages) await runStage(stage);
finish();

/** Runs the parts of a stage in order, each as soon as a processor is free. Parts don't rebuild what was built before. */
async function runStage(parts) {
  const waiting = [...parts];
  const lanes = Math.min(parts.length, availableParallelism());
  const beside = lanes > 1 ? { SENDMSG_FORKS: "1", SENDMSG_BUILT: "1" } : {};
  const lane = async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) await runPart(part, beside);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function runPart(part, beside) {
  const log = join(logs, `${part.name.replaceAll(/[^\w-]+/g, "-")}.log`);
  const output = openSync(log, "w");
  const start = performance.now();
  const [program, ...args] = part.command;
  const child = spawn(program, args, {
    cwd: repository,
    env: { ...environment, ...beside, ...part.environment },
    stdio: ["ignore", output, output],
    // A process group, so that all its processes can be ended together.
    detached: true,
  });
  closeSync(output);
  running.add(child);
  let ended = false;
  const end = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
  }).finally(() => {
    ended = true;
  });
  const share = part.minutes * SHARE;
  const limit = setTimeout(async () => {
    process.kill(-child.pid, "SIGTERM");
    await pause(GRACE);
    if (!ended) process.kill(-child.pid, "SIGKILL");
  }, share * MINUTE);
  let problem = await end;
  clearTimeout(limit);
  running.delete(child);
  const seconds = Math.round((performance.now() - start) / SECOND);
  if (seconds >= share * 60) problem = `took longer than its ${share} minutes`;
  const result = resultOf({ ...part, log, seconds, problem }, results);
  done.push(result);
  console.log(
    `${part.name}: ${describeCounts(result.counts)} in ${seconds} s${problem ? ` (${problem})` : ""}`,
  );
}

/** A part that did not run to its end has failed. */
function finish() {
  const names = new Set(done.map(({ name }) => name));
  const missing = stages.flat().filter(({ name }) => !names.has(name));
  for (const part of missing) done.push(resultOf({ ...part, problem: "did not run to its end" }, results));
  process.exit(printSummary(done) ? 0 : 1);
}
