// Runs other architectures' programs: node tools/emulation.mjs ARCHITECTURE…
// x64 runs ia32's by itself on most machines. Where it does not, and for arm64, the kernel is told to start qemu for them.
import { fileURLToPath } from "node:url";
import { FOREIGN, tableOf } from "./architectures.mjs";
import { namesAndFilters } from "./arguments.mjs";
import { cached, fingerprint } from "./cache.mjs";
import { requirePackages } from "./debian.mjs";
import { run } from "./run.mjs";
import { root, script } from "./targets.mjs";

// Under Debian 12's qemu, V8 aborts in every thread but the first.
const NEWER = { package: "qemu-user", suite: "trixie", file: "usr/bin/qemu-i386" };

const emulators = tableOf(FOREIGN, {
  ia32() {
    const { package: name, suite, file } = NEWER;
    const madeOf = fingerprint([name, suite, file], [script("debian-program.sh"), script("private-apt.sh")]);
    return cached("qemu-ia32", madeOf, (output) =>
      run(script("debian-program.sh"), [name, suite, file, output]),
    );
  },
  arm64() {
    requirePackages(["qemu-user-static"]);
    return "/usr/bin/qemu-aarch64-static";
  },
});

/** Sees to it that this machine runs the architecture's programs; whether qemu does it. */
export function isEmulated(arch) {
  const emulate = (emulator) => run(script("emulate.sh"), [root(arch), arch, emulator]).trim();
  // Made only where it is needed: 70 MB come with it.
  const how = emulate("");
  return (how === "unable" ? emulate(emulators[arch]()) : how) === "emulated";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const arch of namesAndFilters("architecture", emulators).names) {
    console.log(`linux-${arch}: ${isEmulated(arch) ? "emulated" : "native"}`);
  }
}
