// Builds the binary of every architecture on a Debian x64 machine, and audits all of them.
import { spawnSync } from "node:child_process";
import { architectures } from "./architectures.mjs";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";

// The audit reads with binutils, and compares with musl.
requirePackages([
  "binutils",
  "musl",
  ...Object.values(architectures).flatMap((architecture) => architecture.cross.packages),
]);
for (const arch of Object.keys(architectures)) node("tools/build-native.mjs", arch);
node("tools/audit-elf.mjs", "--all");

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: repository, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}
