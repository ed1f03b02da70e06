// The architectures that have a binary, and how to build each of them on a Debian x64 machine. Other lists of architectures are
// made from this one, or packages/core/test/native/architectures.test.ts compares them with it.
export const architectures = {
  x64: {
    debian: "amd64",
    elfMachine: "Advanced Micro Devices X86-64",
    sizeLimit: 56 * 1024,
    cross: { packages: ["g++"], environment: {} },
    glibc: ["/lib/x86_64-linux-gnu/libc.so.6"],
  },
  ia32: {
    debian: "i386",
    elfMachine: "Intel 80386",
    sizeLimit: 56 * 1024,
    cross: {
      // Not g++-multilib: it conflicts with the arm64 cross compiler.
      packages: ["g++", "lib32gcc-12-dev", "lib32stdc++-12-dev", "libc6-dev-i386"],
      // libc6-dev-i386 has no <asm/…>. The headers of x64 work for both. They must be searched last.
      environment: { CXXFLAGS: "-idirafter /usr/include/x86_64-linux-gnu" },
    },
    glibc: ["/lib/i386-linux-gnu/libc.so.6", "/usr/lib32/libc.so.6"],
  },
  arm64: {
    debian: "arm64",
    elfMachine: "AArch64",
    // The segments are aligned to 64 KiB, so that kernels with pages of that size can map them.
    sizeLimit: 80 * 1024,
    cross: {
      packages: ["g++-aarch64-linux-gnu"],
      environment: {
        CC: "aarch64-linux-gnu-gcc",
        CXX: "aarch64-linux-gnu-g++",
        PREBUILD_STRIP_BIN: "aarch64-linux-gnu-strip",
      },
    },
    // The stack protector's value: a variable of the dynamic linker (glibc) or of libc (musl).
    alsoTakes: ["__stack_chk_guard"],
    glibc: ["/lib/aarch64-linux-gnu/libc.so.6", "/usr/aarch64-linux-gnu/lib/libc.so.6"],
  },
};

export const ALL = Object.keys(architectures);
/** All but this machine's: the tools run on x64. */
export const FOREIGN = ALL.filter((arch) => arch !== "x64");

/** Returns the table after checking that it has an entry for each of these architectures, and no other. */
export function tableOf(wanted, table) {
  const names = Object.keys(table);
  const faults = [
    ...wanted.filter((arch) => !names.includes(arch)).map((arch) => `no entry for ${arch}`),
    ...names.filter((name) => !wanted.includes(name)).map((name) => `an entry for ${name}`),
  ];
  if (faults.length > 0)
    throw new Error(`The table does not go with tools/architectures.mjs: ${faults.join(", ")}`);
  return table;
}
