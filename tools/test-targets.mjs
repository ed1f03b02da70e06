// Runs the tests on other architectures. It needs root on Debian 12 (x64), or a privileged container of it:
//   node tools/test-targets.mjs [--prepare] [ia32] [ia32-kernel] [arm64] [arm64-kernel] [-- FILTER…]
// ia32 runs natively in a root file system of Debian 12. arm64 runs in one under user-mode emulation, and so does ia32 if this
// machine can't run 32-bit programs. The other two targets boot a kernel on an emulated machine. They run the tests that fail under
// user-mode emulation, and those that send messages through the kernel. The kernel of ia32-kernel has address families that this
// machine's kernel may lack.
// FILTER: parts of the paths of the test files to run. SENDMSG_TARGET tells the tests on which target they run. --prepare: only
// makes what the targets need.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { architectures } from "./architectures.mjs";
import { namesAndFilters } from "./arguments.mjs";
import { isRoot, requirePackages } from "./debian.mjs";
import { isEmulated } from "./emulation.mjs";
import { repository } from "./paths.mjs";
import {
  addCounts,
  countsIn,
  describeCounts,
  failedWhole,
  failIfNothingRan,
  finish,
  keepReport,
  noCounts,
  noTestFailed,
  record,
} from "./results.mjs";
import { run } from "./run.mjs";
import { initramfs, kernel } from "./targets.mjs";
import { testInRoot } from "./test-in-root.mjs";
import { testOnKernel } from "./test-on-kernel.mjs";
import { kernelAndMistakenTests, kernelTests } from "./test-selection.mjs";

const REPORT = "vitest.json";

const targets = {
  ia32: { arch: "ia32", packages: [], test: testInRoot },
  "ia32-kernel": {
    arch: "ia32",
    packages: ["qemu-system-x86", "cpio", "kmod"],
    test: testOnKernel,
    selection: () => (isEmulated("ia32") ? kernelAndMistakenTests() : kernelTests()),
  },
  arm64: { arch: "arm64", packages: ["qemu-user-static"], test: testInRoot },
  "arm64-kernel": {
    arch: "arm64",
    packages: ["qemu-system-arm", "cpio", "kmod"],
    test: testOnKernel,
    selection: kernelAndMistakenTests,
  },
};

const { names, filters, options } = namesAndFilters("target", targets, {
  prepare: { type: "boolean", default: false },
});
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
if (options.prepare) {
  for (const { arch } of chosen) {
    isEmulated(arch);
    kernel(arch);
    initramfs(arch);
  }
  process.exit(0);
}
const node = (...args) => run(process.execPath, args, { cwd: repository, stdio: "inherit" });
node("tools/setup.mjs");
for (const arch of new Set(chosen.map((target) => target.arch))) node("tools/build-native.mjs", arch);

const total = noCounts();
const summary = [];
for (const target of chosen.filter(({ test }) => test === testInRoot)) await testTarget(target);
// An emulated machine has one processor, so two of them run in parallel.
await Promise.all(chosen.filter(({ test }) => test === testOnKernel).map(testTarget));
console.log(summary.join("\n"));
finish(total);

async function testTarget(target) {
  const results = mkdtempSync(join(tmpdir(), "sendmsg-results-"));
  const report = join(results, REPORT);
  const start = Date.now();
  let counts;
  try {
    let status = await target.test(target, filters, report);
    // qemu sometimes crashes Node, or hangs. Then no test has failed, and we repeat the run.
    const byQemu = target.test === testOnKernel || isEmulated(target.arch);
    if (status !== 0 && byQemu && noTestFailed(report)) {
      console.log(`${target.name} ended with ${status}, and no test failed: once more`);
      status = await target.test(target, filters, report);
    }
    counts = countsIn(report, status);
    keepReport(target.name, report);
  } catch (error) {
    console.error(error.message);
    counts = failedWhole();
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
  failIfNothingRan(counts);
  record(`tests on ${target.name}`, counts);
  addCounts(total, counts);
  const seconds = Math.round((Date.now() - start) / 1000);
  summary.push(`${target.name}: ${describeCounts(counts)} in ${seconds} s`);
}
