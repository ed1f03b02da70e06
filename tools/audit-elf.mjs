// Proves that any libc can load the binaries. It reads the files with readelf (binutils):
//   node tools/audit-elf.mjs            checks those that are built
//   node tools/audit-elf.mjs --all      checks all of them; the libcs to compare with must be installed
import { existsSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { ALL, architectures } from "./architectures.mjs";
import { MUSL_LIBC } from "./debian.mjs";
import { prebuild } from "./paths.mjs";
import { record } from "./results.mjs";
import { attempt } from "./run.mjs";

const exported = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];

/** The symbols that the binary may use from libc. glibc exports each in exactly one version, and musl exports each. */
const oneVersion = new Set([
  "__errno_location",
  "__stack_chk_fail",
  "abort",
  "calloc",
  "free",
  "malloc",
  "memcmp",
  "memmove",
  "memset",
  "pthread_mutex_lock",
  "pthread_mutex_unlock",
  "realloc",
  "strlen",
  "syscall",
]);

/**
 * These have two versions, because glibc 2.34 moved them from libpthread into libc. Both versions are the same code. On ia32,
 * pthread_create has a third version, GLIBC_2.0, which the binary uses. It reads the attributes in another way, so the binary
 * passes none.
 */
const movedWithLibpthread = new Set(["pthread_create", "pthread_detach", "pthread_join"]);

function readelf(...args) {
  const { error, failure, stdout } = attempt("readelf", args);
  if (error) throw new Error("readelf is missing. On Debian and Ubuntu: apt-get install binutils");
  if (failure) throw new Error(failure);
  return stdout;
}

function dynamicSymbols(file) {
  const symbols = [];
  for (const line of readelf("-W", "--dyn-syms", file).split("\n")) {
    const [number, , , type, binding, , section, name] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(number) || name === undefined || type === "SECTION") continue;
    symbols.push({ name, type, weak: binding === "WEAK", defined: section !== "UND" });
  }
  return symbols;
}

/** The versions in which a libc exports each name. An empty list: the symbol has no version. */
function exportsOf(libc) {
  const versions = new Map();
  for (const symbol of dynamicSymbols(libc)) {
    if (!symbol.defined) continue;
    const [name, version] = symbol.name.split(/@+/);
    versions.set(name, [...(versions.get(name) ?? []), ...(version ? [version] : [])]);
  }
  return versions;
}

function audit(arch, file, strict) {
  const results = [];
  const check = (what, faults) => results.push({ what, faults: [faults].flat().filter(Boolean) });

  const header = readelf("-W", "-h", file);
  const segments = readelf("-W", "-l", file);
  const dynamic = readelf("-W", "-d", file);
  const symbols = dynamicSymbols(file);
  const size = statSync(file).size;
  const { elfMachine, sizeLimit, alsoTakes = [] } = architectures[arch];

  check(`is for ${elfMachine}`, !header.includes(elfMachine) && header.match(/Machine:\s*(.*)/)?.[1]);
  check(`is under ${sizeLimit} bytes`, size >= sizeLimit && `${size} bytes`);
  check("needs no library", dynamic.match(/\(NEEDED\).*/g) ?? []);
  check("has no version needs", readelf("-W", "-V", file).match(/Version needs section.*/g) ?? []);
  check("searches no path of its own", dynamic.match(/\((RPATH|RUNPATH)\).*/g) ?? []);

  const given = symbols.filter((symbol) => symbol.defined).map((symbol) => symbol.name);
  check("exports the two entry points of Node-API and nothing else", [
    ...given.filter((name) => !exported.includes(name)).map((name) => `also ${name}`),
    ...exported.filter((name) => !given.includes(name)).map((name) => `not ${name}`),
  ]);

  check("has no text relocations", dynamic.match(/TEXTREL/g) ?? []);
  check("is protected after relocation (relro, now)", [
    !/GNU_RELRO/.test(segments) && "no GNU_RELRO",
    !/Flags:.*\bNOW\b/.test(dynamic) && "no NOW",
  ]);
  const stack = segments.match(/GNU_STACK.*/)?.[0];
  check("has no executable stack", !stack ? "no GNU_STACK" : / RWE | E /.test(stack) && stack);
  check("has no segment both writable and executable", segments.match(/LOAD.* RWE .*/g) ?? []);
  check("has no thread-local storage", [
    ...(segments.match(/^\s*TLS .*/gm) ?? []),
    ...symbols.filter((symbol) => symbol.type === "TLS").map((symbol) => symbol.name),
  ]);
  check("stays loaded (nodelete)", !/Flags:.*\bNODELETE\b/.test(dynamic) && "no NODELETE");

  const taken = symbols.filter((symbol) => !symbol.defined);
  check(
    "takes libuv's functions weakly",
    taken.filter((symbol) => symbol.name.startsWith("uv_") && !symbol.weak).map((symbol) => symbol.name),
  );
  // Electron refuses a buffer over memory that V8 has not allocated.
  check(
    "makes no external buffer",
    taken
      .map((symbol) => symbol.name)
      .filter((name) => /^(napi|node_api)_create_external_\w*buffer$/.test(name)),
  );
  const libcNames = taken.map((symbol) => symbol.name).filter((name) => !/^(napi|node_api|uv)_/.test(name));
  check(
    "takes of libc what the list permits",
    libcNames.filter(
      (name) => !oneVersion.has(name) && !movedWithLibpthread.has(name) && !alsoTakes.includes(name),
    ),
  );

  const glibc = architectures[arch].glibc.find((path) => existsSync(path));
  if (glibc) {
    const versions = exportsOf(glibc);
    check(
      `takes names of which ${glibc} has one version`,
      libcNames
        .filter(
          (name) =>
            !movedWithLibpthread.has(name) && !alsoTakes.includes(name) && versions.get(name)?.length !== 1,
        )
        .map((name) => `${name}: ${versions.get(name)?.join(", ") ?? "not there"}`),
    );
  } else if (strict) check("is compared with a glibc", `none of ${architectures[arch].glibc.join(", ")}`);
  if (existsSync(MUSL_LIBC)) {
    const names = exportsOf(MUSL_LIBC);
    check(
      `takes names that ${MUSL_LIBC} has`,
      libcNames.filter((name) => !names.has(name)),
    );
  } else if (strict) check("is compared with musl", `no ${MUSL_LIBC}`);

  return { size, results };
}

const { all: strict } = parseArgs({ options: { all: { type: "boolean" } } }).values;
let passed = 0;
let failed = 0;
for (const arch of ALL) {
  const file = prebuild(arch);
  if (!existsSync(file)) {
    if (!strict) continue;
    failed++;
    console.log(`linux-${arch}: 0 passed, 1 failed\n  FAILED exists: run npm run build:all`);
    continue;
  }
  const { size, results } = audit(arch, file, strict);
  const faulty = results.filter((result) => result.faults.length > 0);
  passed += results.length - faulty.length;
  failed += faulty.length;
  console.log(
    `linux-${arch} (${size} bytes): ${results.length - faulty.length} passed, ${faulty.length} failed`,
  );
  for (const { what, faults } of faulty) console.log(`  FAILED ${what}: ${faults.join("; ")}`);
}
if (passed + failed === 0) {
  console.log("Nothing to audit: no binary has been built. Run npm run build.");
  failed++;
}
record(strict ? "audit of every architecture" : "audit", { passed, failed });
process.exit(failed === 0 ? 0 : 1);
