// Loads each binary with musl's own dynamic loader: node tools/test-musl.mjs [ARCHITECTURE…]
// A small C program replaces the JavaScript runtime. It has only the Node-API functions that the binary needs. It is linked with
// the musl of each architecture's root file system, and calls the binary once.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALL, architectures, tableOf } from "./architectures.mjs";
import { namesAndFilters } from "./arguments.mjs";
import { MUSL_LIBC, requirePackages } from "./debian.mjs";
import { prebuild } from "./paths.mjs";
import { finish, noCounts, record } from "./results.mjs";
import { attempt, run } from "./run.mjs";
import { root } from "./targets.mjs";

const NAPI_VERSION = 8;

// musl's start files are in a package that installs a whole compiler. These few instructions do the same.
const targets = tableOf(ALL, {
  x64: {
    compiler: ["gcc"],
    start: "xor %ebp, %ebp; mov %rsp, %rdi; and $-16, %rsp; call start",
    libc: () => MUSL_LIBC,
    packages: ["gcc", "musl"],
    runner: [],
  },
  ia32: {
    compiler: ["gcc", "-m32"],
    start: "xor %ebp, %ebp; mov %esp, %eax; and $-16, %esp; sub $12, %esp; push %eax; call start",
    libc: () => join(root("ia32"), "usr/lib/i386-linux-musl/libc.so"),
    packages: architectures.ia32.cross.packages,
    runner: [],
  },
  arm64: {
    compiler: ["aarch64-linux-gnu-gcc"],
    start: "mov x29, #0; mov x30, #0; mov x0, sp; and sp, x0, #-16; b start",
    libc: () => join(root("arm64"), "usr/lib/aarch64-linux-musl/libc.so"),
    packages: [...architectures.arm64.cross.packages, "qemu-user-static"],
    runner: ["qemu-aarch64-static"],
  },
});

function program(functions, start) {
  return `
void *dlopen(const char *, int);
void *dlsym(void *, const char *);
char *dlerror(void);
int dprintf(int, const char *, ...);
int __libc_start_main(int (*)(int, char **), int, char **, void *, void *, void *);
enum { RTLD_NOW = 2, NAPI_GENERIC_FAILURE = 9 };
${functions.map((name) => `int ${name}(void) { return NAPI_GENERIC_FAILURE; }`).join("\n")}

int main(int count, char **arguments) {
  void *addon = dlopen(arguments[1], RTLD_NOW);
  if (!addon) return dprintf(2, "%s\\n", dlerror()), 1;
  if (!dlsym(addon, "napi_register_module_v1")) return dprintf(2, "no napi_register_module_v1\\n"), 1;
  int (*version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  if (!version || version() != ${NAPI_VERSION}) return dprintf(2, "not of Node-API version ${NAPI_VERSION}\\n"), 1;
  return 0;
}

__attribute__((used)) void start(long *stack) {
  __libc_start_main(main, *stack, (char **)(stack + 1), 0, 0, 0);
}
__asm__(".globl _start\\n_start: ${start}");
`;
}

const { names } = namesAndFilters("architecture", targets);
const chosen = names.length > 0 ? names : Object.keys(targets);
requirePackages(["binutils", ...new Set(chosen.flatMap((arch) => targets[arch].packages))]);

const counts = noCounts();
for (const arch of chosen) {
  const fault = load(arch);
  counts[fault ? "failed" : "passed"]++;
  console.log(`linux-${arch}: ${fault ? `FAILED: ${fault}` : "musl loads it"}`);
}
record("musl", counts);
finish(counts);

function load(arch) {
  const addon = prebuild(arch);
  if (!existsSync(addon)) return "has not been built";
  const { compiler, start, libc, runner } = targets[arch];
  const functions = run("readelf", ["-W", "--dyn-syms", addon])
    .split("\n")
    .filter((line) => line.includes(" UND "))
    .map((line) => line.trim().split(/\s+/).at(-1))
    .filter((name) => /^(napi|node_api)_/.test(name));
  const loader = libc();
  const folder = mkdtempSync(join(tmpdir(), "sendmsg-musl-"));
  try {
    const [source, host] = [join(folder, "host.c"), join(folder, "host")];
    writeFileSync(source, program(functions, start));
    const [cc, ...flags] = compiler;
    run(cc, [
      ...flags,
      "-w",
      "-fno-stack-protector",
      "-nostdlib",
      "-rdynamic",
      source,
      loader,
      "-lgcc",
      "-o",
      host,
    ]);
    const [command, ...args] = [...runner, loader, host, addon];
    const { status, signal, stderr } = attempt(command, args);
    return status === 0 ? undefined : stderr.trim() || `ended with ${signal ?? `status ${status}`}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
