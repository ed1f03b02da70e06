// Installs what the parts of tools/ci.mjs need, and makes what they find in the cache: two parts that run side by side would
// be in each other's way.
import { bunOnMusl } from "./bun-musl.mjs";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";
import { toolbox } from "./toolbox.mjs";

// The compilers, and the programs that the tests exchange descriptors with. Not every machine runs the 32-bit programs that the
// tests compile.
const COMPILERS = ["g++", "make", "lib32gcc-12-dev", "libc6-dev-i386", "binutils"];
const PROGRAMS = [
  "python3",
  "perl",
  "libsocket-msghdr-perl",
  "util-linux",
  "iproute2",
  "git",
  "shellcheck",
  "musl",
];

requirePackages([...COMPILERS, ...PROGRAMS]);
toolbox();
bunOnMusl();
run(process.execPath, ["tools/test-targets.mjs", "--prepare"], { cwd: repository, stdio: "inherit" });
