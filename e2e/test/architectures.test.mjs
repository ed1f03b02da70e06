// Installed on the other architectures: in root file systems of Debian's, by npm, from the same registry.
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { FOREIGN } from "../../tools/architectures.mjs";
import { isEmulated } from "../../tools/emulation.mjs";
import { repository } from "../../tools/paths.mjs";
import { root, script } from "../../tools/targets.mjs";
import { modules } from "./toolbox.mjs";

const { version } = JSON.parse(readFileSync(join(repository, "packages/core/package.json"), "utf8"));

const temporary = (name) => {
  const folder = mkdtempSync(join(tmpdir(), `sendmsg-${name}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

// To change root and to mount.
const asRoot = process.getuid() === 0;
if (!asRoot) console.info(`skipped: ${FOREIGN.join(", ")}: needs root`);

test.skipIf(!asRoot).each(FOREIGN)("%s", { timeout: 600_000 }, async (arch) => {
  isEmulated(arch);
  const dependencies = temporary("npm");
  cpSync(join(modules, "npm10"), join(dependencies, "npm"), { recursive: true });
  const results = temporary("results");
  const commands = ["npm", "npx"].map(
    (name) =>
      `printf '#!/bin/sh\\nexec node /repository/node_modules/npm/bin/${name}-cli.js "$@"\\n' >/tmp/bin/${name}`,
  );
  writeFileSync(
    join(results, "run.sh"),
    [
      ...["set -e", "mkdir /tmp/bin", ...commands, "chmod 755 /tmp/bin/*", "export PATH=/tmp/bin:$PATH"],
      `exec node tools/test-tarballs.mjs sendmsg@${version} -- --registry=${inject("registry").url}`,
    ].join("\n"),
  );
  const { error, stdout, stderr } = await new Promise((resolve) => {
    execFile(
      script("enter.sh"),
      [root(arch), repository, dependencies, results, "sh", "/results/run.sh"],
      { timeout: 580_000, killSignal: "SIGKILL" },
      (error, stdout, stderr) => resolve({ error, stdout, stderr }),
    );
  });
  console.info(stdout);
  expect(error, stdout + stderr).toBe(null);
  // As TAP, or as Node 24 reports by default.
  expect(stdout).toMatch(/^(# |ℹ )pass [1-9]/m);
});
