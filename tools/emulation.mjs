// Makes this machine run programs of other architectures: node tools/emulation.mjs ARCHITECTURE…
// Most x64 machines run ia32 programs themselves. On the others, and for arm64, the kernel has to start qemu for them.
import { fileURLToPath } from "node:url";
import { FOREIGN, tableOf } from "./architectures.mjs";
import { namesAndFilters } from "./arguments.mjs";
import { cached, fingerprint } from "./cache.mjs";
import { requirePackages } from "./debian.mjs";
import { run } from "./run.mjs";
import { root, script } from "./targets.mjs";

// With Debian 12's qemu, V8 aborts in every thread but the first.
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

/** Makes this machine run the architecture's programs. Returns whether qemu runs them. */
export function isEmulated(arch) {
  const emulate = (emulator) => run(script("emulate.sh"), [root(arch), arch, emulator]).trim();
  // Install qemu only if it is needed: it takes 70 MB.
  const how = emulate("");
  return (how === "unable" ? emulate(emulators[arch]()) : how) === "emulated";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const arch of namesAndFilters("architecture", emulators).names) {
    console.log(`linux-${arch}: ${isEmulated(arch) ? "emulated" : "native"}`);
  }
}
