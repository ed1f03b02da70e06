// Runs tests in another architecture's root file system: natively, or by user-mode emulation.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEmulated } from "./emulation.mjs";
import { repository } from "./paths.mjs";
import { dependencies, HOST_ESBUILD, root, script } from "./targets.mjs";
import { allTests, emulatedTests, merged, vitest } from "./test-selection.mjs";

/** Writes vitest's report there, and returns the status. */
export function testInRoot({ arch, name }, filters, report) {
  const folder = root(arch);
  const modules = dependencies(arch);
  const emulated = isEmulated(arch);
  console.log(`\n${name}${emulated ? ", emulated" : ""}`);
  // qemu need not translate the compiler: the kernel runs this machine's own in the other architecture's root, too.
  const environment =
    emulated && existsSync(join(modules, HOST_ESBUILD))
      ? [`ESBUILD_BINARY_PATH=/repository/node_modules/${HOST_ESBUILD}`]
      : [];
  const runs = emulated && filters.length === 0 ? emulatedTests(arch) : allTests(filters);
  const results = mkdtempSync(join(tmpdir(), "sendmsg-root-"));
  try {
    const statuses = runs.map(
      (options, i) =>
        spawnSync(
          script("enter.sh"),
          [
            ...[folder, repository, modules, results],
            ...["env", ...environment],
            ...vitest(`/results/${i}.json`, options),
          ],
          {
            stdio: "inherit",
            env: { ...process.env, SENDMSG_TARGET: `${arch}-${emulated ? "user" : "chroot"}` },
          },
        ).status ?? 1,
    );
    const reports = runs.map((_, i) => join(results, `${i}.json`));
    if (reports.every((path) => existsSync(path))) {
      const contents = reports.map((path) => JSON.parse(readFileSync(path, "utf8")));
      writeFileSync(report, JSON.stringify(merged(contents, runs)));
    }
    return statuses.find((status) => status !== 0) ?? 0;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}
