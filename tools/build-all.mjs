// Builds the binary of every architecture on a Debian x64 machine, and audits all of them.
import { ALL, architectures } from "./architectures.mjs";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";
import { attempt } from "./run.mjs";

// The audit needs binutils, and compares with musl.
requirePackages([
  "binutils",
  "musl",
  ...Object.values(architectures).flatMap((architecture) => architecture.cross.packages),
]);
for (const arch of ALL) node("tools/build-native.mjs", arch);
node("tools/audit-elf.mjs", "--all");

function node(...args) {
  if (attempt(process.execPath, args, { cwd: repository, stdio: "inherit" }).failure) process.exit(1);
}
