// Runs tests in another architecture's root file system, either natively or with qemu's user-mode emulation.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isEmulated } from "./emulation.mjs";
import { repository } from "./paths.mjs";
import { merged, read } from "./results.mjs";
import { dependencies, HOST_ESBUILD, root, script } from "./targets.mjs";
import { emulatedTests, emulatedTestsOfOthers, shellCommand, vitestRuns } from "./test-selection.mjs";

/** Runs the tests. Writes vitest's report to the path `report`, and returns the exit status. */
export function testInRoot({ arch, name }, filters, report) {
  const folder = root(arch);
  const modules = dependencies(arch);
  const emulated = isEmulated(arch);
  console.log(`\n${name}${emulated ? ", emulated" : ""}`);
  // esbuild need not run under qemu: the kernel also runs this machine's own esbuild in the other architecture's root.
  const environment =
    emulated && existsSync(join(modules, HOST_ESBUILD))
      ? [`ESBUILD_BINARY_PATH=/repository/node_modules/${HOST_ESBUILD}`]
      : [];
  const tests = emulated
    ? { ofCore: emulatedTests(arch), ofOthers: emulatedTestsOfOthers(name) }
    : { ofCore: [], ofOthers: [] };
  const chosen = vitestRuns("/results", tests, filters);
  const results = mkdtempSync(join(tmpdir(), "sendmsg-root-"));
  try {
    const { status } = spawnSync(
      script("enter.sh"),
      [
        ...[folder, repository, modules, results],
        ...["env", ...environment],
        ...["sh", "-c", shellCommand(chosen)],
      ],
      {
        stdio: "inherit",
        env: { ...process.env, SENDMSG_TARGET: `${arch}-${emulated ? "user" : "chroot"}` },
      },
    );
    const reports = chosen.map((it) => read(join(results, basename(it.report))));
    if (!reports.includes(undefined)) writeFileSync(report, JSON.stringify(merged(reports)));
    return status ?? 1;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}
