// Makes Bun's build for musl run on Debian. That Bun needs a libstdc++.so.6 for musl, which Debian does not have. So we link one
// from the compiler's archives. It contains only the symbols that Bun needs and that musl itself does not have.
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cached, fingerprint } from "./cache.mjs";
import { MUSL_LIBC, requirePackages } from "./debian.mjs";
import { extractProgram } from "./npm-package.mjs";
import { run } from "./run.mjs";

const BUN = {
  package: "@oven/bun-linux-x64-musl@1.4.5",
  integrity:
    "sha512-10QoW/YfTgnURaGEaHpJCiXjLI2e5iTtfVDaA5JKcyUzaa1cq6cVUY9/Uq5XkYzvtRjHLRe9Oj/lTDIQcxy8HQ==",
};
const PACKAGES = ["musl", "g++", "binutils"];

// The archives are built for glibc, and use these functions of glibc.
const FROM_GLIBC = `
#include <sys/syscall.h>
#include <unistd.h>
char __libc_single_threaded = 0;
__attribute__((visibility("hidden"))) void *__dso_handle = &__dso_handle;
/* No quick way to the unwind tables: the unwinder then asks dl_iterate_phdr(3). */
int _dl_find_object(void *address, void *result) { return -1; }
unsigned arc4random(void) {
  unsigned number;
  syscall(SYS_getrandom, &number, sizeof number, 0);
  return number;
}
`;

/** The program, and the folder that must be in LD_LIBRARY_PATH. */
export function bunOnMusl() {
  requirePackages(PACKAGES);
  const madeOf = fingerprint([BUN.package, BUN.integrity, FROM_GLIBC]);
  const libraries = cached("bun-musl", madeOf, (folder) => {
    mkdirSync(folder);
    extractProgram(BUN, "bun", folder);
    linkLibrary(folder);
  });
  return { program: join(libraries, "bun"), libraries };
}

function linkLibrary(folder) {
  const program = join(folder, "bun");
  const names = (text, pattern) =>
    new Set([...text.matchAll(pattern)].map(([, name]) => name.replace(/@.*/, "")));
  const has = names(run("nm", ["--dynamic", "--defined-only", MUSL_LIBC]), /(\S+)$/gm);
  const asks = new Set([
    ...names(run("nm", ["--dynamic", "--undefined-only", program]), / U (\S+)$/gm),
    // Data symbols that the program copies.
    ...names(run("readelf", ["--relocs", "--wide", program]), /R_X86_64_COPY\s+\S+\s+(\S+)/g),
  ]);
  const archives = dirname(run("g++", ["-print-file-name=libstdc++.a"]).trim());
  const source = join(folder, "from-glibc.c");
  writeFileSync(source, FROM_GLIBC);
  const made = join(folder, "unfinished.so");
  run("gcc", [
    ...[
      "-shared",
      "-fPIC",
      "-O2",
      "-nostdlib",
      "-o",
      made,
      "-Wl,-soname,libstdc++.so.6",
      "-Wl,--gc-sections",
    ],
    ...[...asks].filter((name) => !has.has(name)).map((name) => `-Wl,--undefined=${name}`),
    source,
    "-Wl,--start-group",
    ...["libstdc++.a", "libgcc_eh.a", "libgcc.a"].map((name) => join(archives, name)),
    ...["-Wl,--end-group", MUSL_LIBC],
  ]);
  renameSync(made, join(folder, "libstdc++.so.6"));
  rmSync(source);
}
