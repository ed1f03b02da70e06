// Makes dist of src: a file for each way into the package, and in shared/ what several of them need. Node takes a millisecond to
// load a module, and src has two hundred. TypeScript writes the declarations beside them.
//   node bundle.mjs
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const core = fileURLToPath(new URL(".", import.meta.url));
const manifest = createRequire(import.meta.url)("./package.json");

/** What package.json names, as the paths of modules in src. */
const ENTRIES = [...Object.values(manifest.exports).map((it) => it.default), ...Object.values(manifest.bin)]
  .filter((file) => file !== undefined)
  .map((file) => file.replace(/^\.\/dist\/(.+)\.js$/, "$1"));

/** What the programs of the scenarios load, besides. */
const INTERNALS = ["native/load"];

/** Writes the modules, and others that a test loads, into the folder, which stands beside binary.cjs. */
export async function bundle(dist, { internals = [] } = {}) {
  await build({
    entryPoints: [...ENTRIES, ...INTERNALS, ...internals].map((name) => join(core, "src", `${name}.ts`)),
    outbase: join(core, "src"),
    outdir: dist,
    // Two below the package's folder, as every module that names binary.cjs: esbuild leaves the path to it as it is.
    chunkNames: "shared/[name]-[hash]",
    external: ["*.cjs"],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: `node${manifest.engines.node.replace(">=", "")}`,
    // The package has the sources.
    sourcemap: true,
    sourcesContent: false,
    logLevel: "warning",
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(core, "dist");
  rmSync(dist, { recursive: true, force: true });
  await bundle(dist);
}
