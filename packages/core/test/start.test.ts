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

const urlOf = (file: string): string => pathToFileURL(join(folder, file)).href;
const literal = (file: string): string => JSON.stringify(urlOf(file));

const ENTRIES = ["index.js", "syscalls/index.js", "testing/index.js"];

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
    const source = `
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
    `;
    const { builtins, isLoaded } = JSON.parse(
      execFileSync(process.execPath, evaluate(source), { encoding: "utf8" }),
    );
    expect(isLoaded).toBe(false);
    const small = ["module", "timers/promises", "util/types"];
    expect(small).toEqual(expect.arrayContaining(builtins));
  });

  test.skipIf(isBun || isDeno)("index.js: makes no table of control messages or options", () => {
    const source = `
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
    `;
    const { atImport, atUse } = JSON.parse(
      execFileSync(process.execPath, evaluate(source), { encoding: "utf8" }),
    );
    expect(atImport).toEqual([]);
    expect(atUse).toEqual(expect.arrayContaining(["socketMessages", "socketLevelOptions"]));
  });
});

test.skipIf(isBun || isDeno)("the bundle's classes have the names under which it exports them", () => {
  const source = `
    const modules = await Promise.all([${ENTRIES.map((it) => `import(${literal(`dist/${it}`)})`)}]);
    const classes = modules.flatMap((it) => Object.entries(it)).filter(([, value]) => String(value).startsWith("class"));
    console.log(JSON.stringify(classes.map(([name, value]) => [name, value.name])));
  `;
  const names: [exported: string, own: string][] = JSON.parse(
    execFileSync(process.execPath, evaluate(source), { encoding: "utf8" }),
  );
  expect(names).toContainEqual(["Socket", "Socket"]);
  expect(names.filter(([exported, own]) => exported !== own)).toEqual([]);
});
