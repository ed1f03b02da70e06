import { execFileSync } from "node:child_process";
import { accessSync, constants, cpSync, readFileSync, writeFileSync } from "node:fs";
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

const urlOf = (file: string): string => pathToFileURL(join(folder, file)).href;
const literal = (file: string): string => JSON.stringify(urlOf(file));

/** Runs a program, and returns the object that it prints. */
const run = (program: string): unknown =>
  JSON.parse(execFileSync(process.execPath, evaluate(program), { encoding: "utf8" }));

/** The files that an entry point of the bundle loads, itself included. */
function filesOf(entry: string): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!file.endsWith(".js")) return;
    const imports = readFileSync(file, "utf8").matchAll(/(?:^import| from) '(\..*)';$/gm);
    for (const [, specifier] of imports) visit(join(file, "..", specifier!));
  };
  visit(join(folder, "dist", entry));
  return seen;
}

describe("what an import loads", () => {
  // Each file takes longer to load than the code in it takes to compile.
  test.each([
    ["index.js", 7],
    ["syscalls/index.js", 5],
    ["constants/index.js", 1],
    ["address/index.js", 3],
    ["control/index.js", 4],
    ["options/index.js", 4],
    ["testing/index.js", 7],
    ["udp/index.js", 7],
  ])("%s: %i files", (entry, count) => {
    expect([...filesOf(entry)]).toHaveLength(count);
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
    const { builtins, isLoaded } = run(`
      // What Node loads in order to load any file.
      await import(${literal("empty.mjs")});
      const before = new Set(process.moduleLoadList);
      await import(${literal("dist/index.js")});
      const builtins = process.moduleLoadList
        .filter((it) => !before.has(it) && it.startsWith("NativeModule "))
        .map((it) => it.slice("NativeModule ".length))
        .filter((it) => !it.startsWith("internal/"));
      const { readFileSync } = await import("node:fs");
      const isLoaded = readFileSync("/proc/self/maps", "latin1").includes("sendmsg.node");
      console.log(JSON.stringify({ builtins, isLoaded }));
    `) as { builtins: string[]; isLoaded: boolean };
    expect(isLoaded).toBe(false);
    const small = ["module", "timers/promises", "util/types"];
    expect(small).toEqual(expect.arrayContaining(builtins));
  });

  test.skipIf(isBun || isDeno)("index.js: makes no table of control messages or options", () => {
    const { atImport, atUse } = run(`
      import { Session } from "node:inspector";
      const session = new Session();
      session.connect();
      const post = (method, params) => {
        let result;
        session.post(method, params, (_error, it) => { result = it; });
        return result;
      };
      post("Profiler.enable");
      post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
      await import(${literal("dist/index.js")});
      const isTable = /(?:Messages|Options|Table)$/;
      const called = () => post("Profiler.takePreciseCoverage").result
        .filter(({ url }) => url.includes("/dist/"))
        .flatMap(({ functions }) => functions)
        .filter(({ functionName, ranges }) => isTable.test(functionName) && ranges[0].count > 0)
        .map(({ functionName }) => functionName);
      const atImport = called();
      await import(${literal("dist/control/index.js")});
      await import(${literal("dist/options/index.js")});
      console.log(JSON.stringify({ atImport, atUse: called() }));
    `) as { atImport: string[]; atUse: string[] };
    expect(atImport).toEqual([]);
    expect(atUse).toEqual(expect.arrayContaining(["socketMessages", "socketLevelOptions"]));
  });
});

test("the command can be executed", () => {
  accessSync(join(folder, "dist/cli/main.js"), constants.X_OK);
});

test.each(["index.js", "testing/index.js"])(
  "%s: classes have the names under which it exports them",
  (entry) => {
    const classes = run(`
    const classes = Object.entries(await import(${literal(`dist/${entry}`)})).filter(([, it]) => /^class\\b/.test(it));
    console.log(JSON.stringify(classes.map(([name, it]) => [name, it.name])));
  `) as [exported: string, name: string][];
    expect(classes.length).toBeGreaterThan(1);
    expect(classes.map(([, name]) => name)).toEqual(classes.map(([exported]) => exported));
  },
);
