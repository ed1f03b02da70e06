// Checks the contents of the packages as users get them.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ALL } from "../../tools/architectures.mjs";
import { inToolbox, load } from "./toolbox.mjs";

const CORE = "sendmsg";
const NATIVES = Object.fromEntries(ALL.map((arch) => [arch, `sendmsg-native-linux-${arch}`]));
const UNIX_DGRAM = "sendmsg-unix-dgram";
const PACKAGES = [CORE, ...Object.values(NATIVES), UNIX_DGRAM];
/** How many bytes npm may install. Types, sources, maps and documents are nine tenths of them. */
const INSTALLED_LIMIT = 4_200_000;
/** How many of these bytes a program may be able to load. */
const LOADED_LIMIT = 700_000;

let folder;
const tarballs = {};
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "sendmsg-unpacked-")));
  const packed = inject("packed");
  for (const name of PACKAGES) {
    const file = readdirSync(packed).find(
      (each) => each.startsWith(`${name}-`) && /^\d/.test(each.slice(name.length + 1)),
    );
    tarballs[name] = join(packed, file);
    execFileSync("mkdir", ["-p", join(folder, name)]);
    execFileSync("tar", ["-xzf", tarballs[name], "-C", join(folder, name), "--strip-components=1"]);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...path) => join(folder, ...path);
const manifest = (name) => JSON.parse(readFileSync(at(name, "package.json"), "utf8"));
const files = (name) =>
  readdirSync(at(name), { recursive: true }).filter((file) => statSync(at(name, file)).isFile());
const sizeOf = (name, wanted = () => true) =>
  files(name)
    .filter(wanted)
    .reduce((sum, file) => sum + statSync(at(name, file)).size, 0);

describe.each(PACKAGES)("%s", (name) => {
  test("publint --strict finds no fault", async () => {
    const { publint } = await load("publint");
    const { messages } = await publint({ pkgDir: at(name), strict: true, pack: false });
    expect(messages).toEqual([]);
  });

  test("has no install script", () => {
    const { scripts = {} } = manifest(name);
    expect(Object.keys(scripts).filter((script) => /install|prepare|prepublish/.test(script))).toEqual([]);
    // If a package has a binding.gyp in its root folder, npm runs node-gyp when it installs the package.
    expect(existsSync(at(name, "binding.gyp"))).toBe(false);
  });

  test("contains its license, the notices of other projects, and a bill of materials", () => {
    expect(readFileSync(at(name, "LICENSE"), "utf8")).toContain("MIT License");
    expect(existsSync(at(name, "THIRD-PARTY-NOTICES.md"))).toBe(true);
    const sbom = JSON.parse(readFileSync(at(name, "sbom.cdx.json"), "utf8"));
    const { version, name: full } = manifest(name);
    expect(sbom).toMatchObject({
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      metadata: { component: { version } },
    });
    expect(sbom.metadata.component.purl).toBe(`pkg:npm/${full.replace("@", "%40")}@${version}`);
  });
});

describe.each(Object.entries(NATIVES))("the native package for %s", (arch, name) => {
  test("is only for that architecture, and Plug'n'Play unpacks it into a folder", () => {
    expect(manifest(name)).toMatchObject({ os: ["linux"], cpu: [arch], preferUnplugged: true });
  });

  test("contains the binary, and core has the binary's checksum", () => {
    const file = at(name, `prebuilds/linux-${arch}/sendmsg.node`);
    const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
    expect(JSON.parse(readFileSync(at(CORE, "binaries.json"), "utf8"))[manifest(name).name]).toBe(sha256);
    const sbom = JSON.parse(readFileSync(at(name, "sbom.cdx.json"), "utf8"));
    expect(sbom.metadata.component.hashes).toEqual([{ alg: "SHA-256", content: sha256 }]);
  });

  test("names the projects whose code the binary contains", () => {
    expect(readFileSync(at(name, "THIRD-PARTY-NOTICES.md"), "utf8")).toMatch(
      /node-addon-api \d[\s\S]*Permission is hereby granted/,
    );
  });
});

/** Asks arethetypeswrong. */
function expectTypesToBeFound(name, ...options) {
  const attw = inToolbox("@arethetypeswrong/cli/dist/index.js");
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [attw, tarballs[name], "--format", "ascii", "--no-emoji", ...options],
    { encoding: "utf8" },
  );
  expect(status, stdout + stderr).toBe(0);
  expect(stdout).toContain("No problems found");
}

describe("@sendmsg/unix-dgram", () => {
  test("needs core of exactly its own version, and nothing else", () => {
    const { version, dependencies, optionalDependencies, peerDependencies } = manifest(UNIX_DGRAM);
    expect(version).toBe(manifest(CORE).version);
    expect([dependencies, optionalDependencies, peerDependencies]).toEqual([
      { [CORE]: version },
      undefined,
      undefined,
    ]);
  });

  test("has types that TypeScript finds with every way to resolve modules", () => {
    // The original's file name is there for programs that require() it. The oldest way to resolve modules does not know "exports".
    expectTypesToBeFound(UNIX_DGRAM, "--exclude-entrypoints", "./lib/unix_dgram", "./lib/unix_dgram.js");
  });
});

describe("core", () => {
  test("needs the native packages of exactly its own version", () => {
    const { version, optionalDependencies } = manifest(CORE);
    expect(optionalDependencies).toEqual(
      Object.fromEntries(Object.values(NATIVES).map((name) => [manifest(name).name, version])),
    );
    for (const name of Object.values(NATIVES)) expect(manifest(name).version).toBe(version);
  });

  test("has the documents and examples to which its documents link", () => {
    const documents = files(CORE).filter((file) => file.endsWith(".md") && !file.startsWith("THIRD-PARTY"));
    expect(documents).toEqual(expect.arrayContaining(["README.md", "SECURITY.md", "docs/install.md"]));
    const links = documents.flatMap((document) =>
      [...readFileSync(at(CORE, document), "utf8").matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
        ([, target]) => ({ document, target }),
      ),
    );
    expect(links.filter(({ document }) => document === "README.md").length).toBeGreaterThan(20);
    const broken = links.filter(
      ({ document, target }) => !existsSync(resolve(dirname(at(CORE, document)), target)),
    );
    expect(broken).toEqual([]);
  });

  test("contains its sources, and every source map names some of them", () => {
    const maps = files(CORE).filter((file) => file.startsWith("dist/") && file.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(200);
    for (const map of maps) {
      const { sources, sourceRoot } = JSON.parse(readFileSync(at(CORE, map), "utf8"));
      for (const source of sources) {
        expect(
          existsSync(resolve(dirname(at(CORE, map)), sourceRoot ?? "", source)),
          `${map}: ${source}`,
        ).toBe(true);
      }
    }
  });

  test("has types that TypeScript finds with every way to resolve modules", () => {
    // The tool counts it as a fault that the package is ESM. Node's require() loads ESM since 20.19 and 22.12.
    expectTypesToBeFound(CORE, "--ignore-rules", "cjs-resolves-to-esm");
  });

  test("stays below the limits of size, together with one native package", () => {
    const isLoaded = (file) => /\.(js|cjs|node|json)$/.test(file);
    for (const native of Object.values(NATIVES)) {
      const all = [CORE, native];
      const installed = all.reduce((sum, name) => sum + sizeOf(name), 0);
      const loaded = all.reduce((sum, name) => sum + sizeOf(name, isLoaded), 0);
      console.info(`${native}: ${installed} bytes installed, of which a program can load ${loaded}`);
      expect(installed).toBeLessThan(INSTALLED_LIMIT);
      expect(loaded).toBeLessThan(LOADED_LIMIT);
    }
  });
});
