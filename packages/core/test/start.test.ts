import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../bundle.mjs";
import { isBun, isDeno } from "../src/runtime.js";
import { evaluate } from "./support/evaluate.js";
import { temporaryDirectory } from "./support/temporary-directory.js";

const core = new URL("../", import.meta.url);

let folder: string;
beforeAll(async () => {
  folder = temporaryDirectory();
  for (const file of ["package.json", "binary.cjs"]) cpSync(new URL(file, core), join(folder, file));
  await bundle(join(folder, "dist"));
});

/** The files that an entry point of the bundle loads, itself included. */
function filesOf(entry: string): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!file.endsWith(".js")) return;
    const imports = readFileSync(file, "utf8").matchAll(/^(?:import .*|\} from |import )"(\..*)";$/gm);
    for (const [, specifier] of imports) visit(join(file, "..", specifier!));
  };
  visit(join(folder, "dist", entry));
  return seen;
}

describe("what an import loads", () => {
  // Each file takes longer to load than the code in it takes to compile.
  test.each([
    ["index.js", 9],
    ["syscalls/index.js", 5],
    ["constants/index.js", 2],
    ["address/index.js", 4],
    ["control/index.js", 5],
    ["options/index.js", 5],
    ["testing/index.js", 9],
  ])("%s: at most %i files", (entry, most) => {
    const files = filesOf(entry);
    expect(files.size).toBeGreaterThan(1);
    expect(files.size).toBeLessThanOrEqual(most);
  });

  test.each(["address/index.js", "control/index.js", "options/index.js"])(
    "%s: not the file that requires the binary, because a bundler would look for it",
    (entry) => {
      expect(filesOf("index.js")).toContain(join(folder, "binary.cjs"));
      expect(filesOf(entry)).not.toContain(join(folder, "binary.cjs"));
    },
  );

  test.skipIf(isBun || isDeno)("index.js: neither the binary nor Node's large modules", () => {
    writeFileSync(join(folder, "empty.mjs"), "");
    const urlOf = (file: string) => JSON.stringify(pathToFileURL(join(folder, file)).href);
    const source = `
      // What Node loads in order to load any file.
      await import(${urlOf("empty.mjs")});
      const before = new Set(process.moduleLoadList);
      await import(${urlOf("dist/index.js")});
      const builtins = process.moduleLoadList
        .filter((it) => !before.has(it) && it.startsWith("NativeModule "))
        .map((it) => it.slice("NativeModule ".length))
        .filter((it) => !it.startsWith("internal/"));
      const { readFileSync } = await import("node:fs");
      const isLoaded = readFileSync("/proc/self/maps", "latin1").includes("sendmsg.node");
      console.log(JSON.stringify({ builtins, isLoaded }));
    `;
    const { builtins, isLoaded } = JSON.parse(
      execFileSync(process.execPath, evaluate(source), { encoding: "utf8" }),
    );
    expect(isLoaded).toBe(false);
    const small = ["module", "timers/promises", "util/types"];
    expect(small).toEqual(expect.arrayContaining(builtins));
  });
});
