// Runs the tests on other architectures, as root on Debian 12 (x64) or in a privileged container of it:
//   node tools/test-targets.mjs [ia32] [ia32-kernel] [arm64] [arm64-kernel] [-- FILTER…]
// ia32 runs natively in a root file system of Debian 12, arm64 in one by user-mode emulation; so does ia32 on a machine that
// runs no 32-bit programs. The others run on a booted kernel, under full emulation: the tests that user-mode emulation gets
// wrong, and what shows messages going through the kernel. The ia32 one has the address families that this machine's kernel
// may lack.
// FILTER: parts of the paths of the test files to run. The tests know where they run by SENDMSG_TARGET.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { architectures } from "./architectures.mjs";
import { isRoot, requirePackages } from "./debian.mjs";
import { isEmulated } from "./emulation.mjs";
import { repository } from "./paths.mjs";
import { countsIn, describeCounts, keepReport, noTestFailed, record } from "./results.mjs";
import { dependencies, HOST_ESBUILD, initramfs, kernel, root, run, script } from "./targets.mjs";

const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--root", "packages/core"];
const REPORT = "vitest.json";
const KERNEL_TESTS = "test/kernel/";
// As in test/target.ts.
const REAL_KERNEL = "on a real kernel";
// A process takes seconds to start under ia32's emulation, which only machines need that run no 32-bit programs. These start
// many, or have nothing to do with the architecture; the others run them on ia32.
const SLOW_ON_IA32 = [
  "test/testing/**",
  "test/native/load.test.ts",
  "test/examples.test.ts",
  "test/**/properties.test.ts",
  ...["backpressure", "collected", "consumer-throws", "handover", "limits", "readiness-thread", "worker"].map(
    (name) => `test/scenarios/${name}.test.ts`,
  ),
];
// Loading what is tested takes an emulated machine most of the time: it does so once.
const ONE_PROCESS = ["--poolOptions.forks.singleFork", "--poolOptions.forks.isolate=false"];
const SECOND = 1000;
const MEMORY = "2048";
// qemu, emulating a whole machine, has been seen to crash Node, in the process of vitest itself as in the others: a run in which
// no test failed is made again.
const ATTEMPTS = 3;
// A test that hangs must not hang the run. Far above what they take.
const TIME_LIMIT = 25 * 60 * SECOND;

const targets = {
  ia32: { arch: "ia32", packages: [], test: testInRoot },
  "ia32-kernel": {
    arch: "ia32",
    packages: ["qemu-system-x86", "cpio", "kmod"],
    test: testOnKernel,
    runs: () => [[...ONE_PROCESS, KERNEL_TESTS], ...(isEmulated("ia32") ? mistakenByEmulation() : [])],
  },
  arm64: { arch: "arm64", packages: ["qemu-user-static"], test: testInRoot },
  "arm64-kernel": {
    arch: "arm64",
    packages: ["qemu-system-arm", "cpio"],
    test: testOnKernel,
    runs: () => [[...ONE_PROCESS, KERNEL_TESTS], ...mistakenByEmulation()],
  },
};

const separator = process.argv.indexOf("--", 2);
const names = process.argv.slice(2, separator === -1 ? undefined : separator);
const filters = separator === -1 ? [] : process.argv.slice(separator + 1);
for (const name of names) {
  if (!Object.hasOwn(targets, name)) {
    console.error(`No such target: ${name}. There are ${Object.keys(targets).join(", ")}.`);
    process.exit(2);
  }
}
const chosen = (names.length > 0 ? names : Object.keys(targets)).map((name) => ({ name, ...targets[name] }));

if (!isRoot()) {
  console.error(
    "Testing other architectures mounts and changes root: run it as root, or in a privileged container.",
  );
  process.exit(1);
}
requirePackages([
  "util-linux",
  ...chosen.flatMap(({ arch, packages }) => [...architectures[arch].cross.packages, ...packages]),
]);
const node = (...args) => run(process.execPath, args, { cwd: repository, stdio: "inherit" });
node("tools/setup.mjs");
for (const arch of new Set(chosen.map((target) => target.arch))) node("tools/build-native.mjs", arch);

const total = { passed: 0, failed: 0, skipped: 0 };
const summary = [];
for (const target of chosen.filter(({ test }) => test === testInRoot)) await testTarget(target);
// An emulated machine has one processor: one runs beside the other.
await Promise.all(chosen.filter(({ test }) => test === testOnKernel).map(testTarget));
console.log(summary.join("\n"));
console.log(describeCounts(total));
process.exit(total.failed === 0 ? 0 : 1);

async function testTarget(target) {
  const results = mkdtempSync(join(tmpdir(), "sendmsg-results-"));
  const start = Date.now();
  let counts;
  try {
    let status = await target.test(target, results);
    // qemu has been seen to crash Node, and to hang. Then no test has failed, and another run tells.
    const byQemu = target.test === testOnKernel || isEmulated(target.arch);
    if (status !== 0 && byQemu && noTestFailed(join(results, REPORT))) {
      console.log(`${target.name} ended with ${status}, and no test failed: once more`);
      status = await target.test(target, results);
    }
    counts = countsIn(join(results, REPORT), status);
    keepReport(target.name, join(results, REPORT));
  } catch (error) {
    console.error(error.message);
    counts = { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
  if (counts.passed + counts.failed === 0) counts.failed++; // nothing ran
  record(`tests on ${target.name}`, counts);
  for (const key of Object.keys(total)) total[key] += counts[key];
  summary.push(`${target.name}: ${describeCounts(counts)} in ${Math.round((Date.now() - start) / SECOND)} s`);
}

function vitest(report, ...rest) {
  return ["env", `SENDMSG_REPORT=${report}`, "node", ...VITEST, ...rest];
}

function testInRoot({ arch, name }, results) {
  const folder = root(arch);
  const modules = dependencies(arch);
  const emulated = isEmulated(arch);
  console.log(`\n${name}${emulated ? ", emulated" : ""}`);
  const environment = [];
  const left = emulated && filters.length === 0 ? leftOut(arch) : [];
  if (left.length > 0) console.log(`Left out here: ${left.join(" ")}`);
  // qemu need not translate the compiler: the kernel runs this machine's own in the other architecture's root, too.
  if (emulated && existsSync(join(modules, HOST_ESBUILD))) {
    environment.push(`ESBUILD_BINARY_PATH=/repository/node_modules/${HOST_ESBUILD}`);
  }
  const { status } = spawnSync(
    script("enter.sh"),
    [
      ...[folder, repository, modules, results],
      ...["env", ...environment],
      ...vitest(
        `/results/${REPORT}`,
        // vitest leaves one processor free, for nobody.
        `--poolOptions.forks.maxForks=${availableParallelism()}`,
        ...filters,
        ...left.map((file) => `--exclude=${file}`),
      ),
    ],
    {
      stdio: "inherit",
      timeout: TIME_LIMIT,
      killSignal: "SIGKILL",
      env: { ...process.env, SENDMSG_TARGET: `${arch}-${emulated ? "user" : "chroot"}` },
    },
  );
  return status;
}

async function testOnKernel({ arch, name, runs }, results) {
  const { image, modules } = kernel(arch);
  const base = initramfs(arch);
  console.log(`\n${name}`);
  const stage = mkdtempSync(join(tmpdir(), "sendmsg-guest-"));
  try {
    mkdirSync(join(stage, "repository"));
    const report = (i) => `/tmp/${i}-${REPORT}`;
    const commands = (filters.length > 0 ? [filters] : runs()).map((options, i) =>
      vitest(report(i), ...options)
        .map((word) => `'${word}'`)
        .join(" "),
    );
    writeFileSync(
      join(stage, "run-tests"),
      [
        "#!/bin/sh",
        `export SENDMSG_TARGET=${name} NO_COLOR=1`,
        // Without them, tests would be skipped.
        "if [ -s /etc/modules ]; then xargs /sbin/modprobe -a </etc/modules || exit 1; fi",
        "echo 0 >/tmp/status",
        // attempt REPORT COMMAND…: again, when it failed and no test did.
        "attempt() {",
        "  report=$1; shift",
        `  for attempt in $(seq ${ATTEMPTS}); do`,
        "    rm -f $report",
        '    "$@" && return 0',
        "    status=$?",
        `    [ ! -e $report ] || grep -q '"numFailedTests":0' $report || break`,
        '    echo "ended with $status, and no test failed (attempt $attempt)"',
        "  done",
        "  echo $status >/tmp/status",
        "}",
        // Through a pipe: the console is a terminal, on which vitest would draw.
        ...commands.map((command, i) => `attempt ${report(i)} ${command} 2>&1 | cat`),
        `for report in ${commands.map((_, i) => report(i)).join(" ")}; do`,
        "  if [ -e $report ]; then echo REPORT; gzip -c $report | base64; echo END OF REPORT; fi",
        "done",
        "exit $(cat /tmp/status)",
        "",
      ].join("\n"),
      { mode: 0o755 },
    );
    const archive = `${stage}.cpio`;
    run("bash", [
      "-c",
      '"$1" "$2" | tar -x -C "$3/repository" && cd "$3" && find . -mindepth 1 -print0 | cpio --null --create --format=newc --quiet >"$4"',
      ...["bash", script("checkout.sh"), repository, stage, archive],
    ]);
    const output = await lines(name, script("boot.sh"), [
      ...[arch, image, MEMORY, String(TIME_LIMIT / SECOND)],
      ...[base, modules, archive],
    ]);
    rmSync(archive, { force: true });
    const reports = [...output.matchAll(/^REPORT$([\s\S]*?)^END OF REPORT$/gm)].map(([, encoded]) =>
      JSON.parse(gunzipSync(Buffer.from(encoded, "base64"))),
    );
    if (reports.length === commands.length) {
      // What no name pattern chose is not skipped: it was run elsewhere.
      const isMeant = ({ status, fullName }) => status !== "skipped" || fullName.includes(REAL_KERNEL);
      const testResults = reports.flatMap((each, i) =>
        commands[i].includes("--testNamePattern")
          ? each.testResults.map((file) => ({
              ...file,
              assertionResults: file.assertionResults.filter(isMeant),
            }))
          : each.testResults,
      );
      writeFileSync(join(results, REPORT), JSON.stringify({ ...reports[0], testResults }));
    }
    const status = /^GUEST STATUS (\d+)$/m.exec(output)?.[1];
    if (status === undefined) console.error("The kernel stopped before the tests were done");
    return Number(status ?? 1);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** What a program prints, shown after the name as it comes, without the reports. */
async function lines(name, program, args) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const output = [];
  let inReport = false;
  const closed = once(child, "close");
  for await (const line of createInterface({ input: child.stdout })) {
    output.push(line);
    if (line === "REPORT") inReport = true;
    if (!inReport) console.log(`${name} | ${line}`);
    if (line === "END OF REPORT") inReport = false;
  }
  await closed;
  return `${output.join("\n")}\n`;
}

/** What is not run under user-mode emulation, which has none of the kernel tests' families, and tells nothing of delays. */
function leftOut(arch) {
  return [`${KERNEL_TESTS}**`, "test/scenarios/hostile.test.ts", ...(arch === "ia32" ? SLOW_ON_IA32 : [])];
}

/** What chooses the tests that are skipped under user-mode emulation, in runs: the files that have some, and their names. */
function mistakenByEmulation() {
  const tests = join(repository, "packages/core/test");
  const files = readdirSync(tests, { recursive: true })
    .filter((file) => file.endsWith(".test.ts") && !`test/${file}`.startsWith(KERNEL_TESTS))
    .map((file) => ({ file: `test/${file}`, text: readFileSync(join(tests, file), "utf8") }))
    .filter(({ text }) => new RegExp(`\\bonRealKernel\\b|${REAL_KERNEL}`).test(text));
  if (files.length === 0)
    throw new Error("No test file says that it needs a real kernel (onRealKernel, test/target.ts)");
  const run = (chosen, ...options) =>
    chosen.length > 0
      ? [[...options, ...chosen.map(({ file }) => file), `--testNamePattern=${REAL_KERNEL}`]]
      : [];
  // A module that is mocked must be loaded for that file alone.
  const mocks = ({ text }) => text.includes("vi.mock(");
  return [
    ...run(
      files.filter((file) => !mocks(file)),
      ...ONE_PROCESS,
    ),
    ...run(files.filter(mocks)),
  ];
}
