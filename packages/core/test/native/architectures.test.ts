// tools/architectures.mjs lists the architectures that have a binary. Every other list must name the same ones.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { evaluate } from "../support/evaluate.js";

const repository = new URL("../../../../", import.meta.url);
const text = (path: string) => readFileSync(new URL(path, repository), "utf8");

/** Runs a program that imports these files of tools/, and returns what it prints. vite can't load them. */
function withTools(names: string[], program = ""): string {
  const imports = names.map(
    (name) => `import * as ${name} from "${new URL(`tools/${name}.mjs`, repository)}";`,
  );
  return execFileSync(process.execPath, evaluate(`${imports.join("\n")}\n${program}`), { encoding: "utf8" });
}

const { ALL, FOREIGN } = JSON.parse(
  withTools(["architectures"], "console.log(JSON.stringify(architectures))"),
) as { ALL: string[]; FOREIGN: string[] };

// The values of process.arch on Linux.
const NAMES = /(?<!\w)(?:arm64|arm|ia32|loong64|mipsel|mips|ppc64|riscv64|s390x|x64)(?!\w)/g;

/** Checks a list, in which no name may be missing or extra. */
function compare(found: Iterable<string>, wanted: string[]) {
  const names = new Set(found);
  return {
    missing: wanted.filter((arch) => !names.has(arch)),
    extra: [...names].filter((arch) => !wanted.includes(arch)),
  };
}

/** The architectures that the matches of the pattern name. */
const named = (path: string, pattern: RegExp) =>
  [...text(path).matchAll(pattern)].flatMap(([part]) => part.match(NAMES) ?? []);

test.each([
  ["packages/core/package.json", "optionalDependencies", /"@sendmsg\/native-linux-\w+": /g],
  ["package-lock.json", "links", /^ {4}"node_modules\/@sendmsg\/native-linux-\w+": /gm],
  [
    "packages/core/binary.cjs",
    "manifest()",
    /case "linux-(\w+)":\s+return \{ value: require\("@sendmsg\/native-linux-\1\/package\.json"\)/g,
  ],
  [
    "packages/core/binary.cjs",
    "prebuilt()",
    /case "linux-(\w+)":\s+return \{ value: require\("@sendmsg\/native-linux-\1"\)/g,
  ],
  ["packages/core/src/native/load.ts", "what errors name", /^const TARGETS = .*/gm],
  [".github/workflows/ci.yml", "binary", /- arch: \w+\n +runner:/g],
  [".github/workflows/ci.yml", "tarballs", /\barch: \[.*\]|- arch: \w+\n +platform:/g],
  ["tools/test-musl.mjs", "targets", /^ {2}\w+: \{/gm],
  ["tools/deny-syscalls.py", "AUDIT_ARCH", /^AUDIT_ARCH = .*/gm],
  ["README.md", "what is needed", /on Linux on .*? with Node/g],
  ["README.md", "targets", /^\| Linux .*? \|/gm],
  ["docs/install.md", "what is needed", /on Linux on .*?Node/g],
  ["docs/install.md", "packages", /one of the packages .*?\sthat\sfits/gs],
  ["docs/install.md", "what is tested", /^\| Architectures \|.*/gm],
  ["CONTRIBUTING.md", "sizes", /Sizes are limited: .*/g],
  ["CONTRIBUTING.md", "targets", /^\| \w+, Node \d+ \|/gm],
])("%s: %s", (path, _, pattern) => {
  expect(compare(named(path, pattern), ALL)).toEqual({ missing: [], extra: [] });
});

// The architectures that emulation tests: all but this machine's.
test.each([
  ["tools/test-targets.mjs", "targets", /\barch: "\w+"/g],
  ["tools/roots/boot.sh", "machines", /^ {2}\w+\) /gm],
  ["tools/roots/emulate.sh", "emulators", /^ {2}\w+\) /gm],
  ["tools/ci.mjs", "parts", /^ {4}onTarget\("\w+"\)/gm],
  ["CONTRIBUTING.md", "npm run test:targets", /^\| `npm run test:targets` \|.*/gm],
])("%s: %s", (path, _, pattern) => {
  expect(compare(named(path, pattern), FOREIGN)).toEqual({ missing: [], extra: [] });
});

test("elf.ts recognises each architecture", () => {
  const known = named("packages/core/src/native/elf.ts", /^ {2}\[\d+, "\w+"\]/gm);
  expect(compare(known, ALL).missing).toEqual([]);
});

test("the tables of tools/ have each architecture", () => {
  expect(withTools(["targets", "emulation"])).toBe("");
});

test("packages/native-linux-*", () => {
  const folders = readdirSync(new URL("packages", repository)).filter((name) => name.startsWith("native-"));
  const found = folders.map((name) => name.replace(/^native-linux-/, ""));
  expect(compare(found, ALL)).toEqual({ missing: [], extra: [] });
});

describe.each(ALL)("packages/native-linux-%s", (arch) => {
  test("differ from each other only in the architecture", () => {
    const neutral = (of: string, file: string) =>
      text(`packages/native-linux-${of}/${file}`).replaceAll(new RegExp(`\\b${of}\\b`, "g"), "ARCHITECTURE");
    for (const file of ["package.json", "index.js"]) {
      expect(neutral(arch, file)).toBe(neutral(ALL[0]!, file));
    }
  });
});
