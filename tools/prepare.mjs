// Installs what the parts of tools/ci.mjs need, and fills the cache for them. Otherwise two parts that run in parallel would do it
// at the same time.
import { bunOnMusl } from "./bun-musl.mjs";
import { requirePackages } from "./debian.mjs";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";
import { toolbox } from "./toolbox.mjs";

// The compilers, and the programs with which the tests exchange descriptors. Some machines can't run the 32-bit programs that the
// tests compile.
const COMPILERS = ["g++", "make", "lib32gcc-12-dev", "libc6-dev-i386", "binutils"];
const PROGRAMS = [
  "python3",
  "perl",
  "ruby",
  "golang-go",
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
