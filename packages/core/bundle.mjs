// Bundles src into dist: one file for each entry point, and files in shared/ for the code that several entry points need. Node
// takes up to a millisecond to load a module, and src has two hundred. TypeScript writes the declarations.
//   node bundle.mjs
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const core = fileURLToPath(new URL(".", import.meta.url));
const manifest = createRequire(import.meta.url)("./package.json");

/** The modules in src that become the files which package.json names. */
const ENTRIES = [...Object.values(manifest.exports).map((it) => it.default), ...Object.values(manifest.bin)]
  .filter((file) => file !== undefined)
  .map((file) => file.replace(/^\.\/dist\/(.+)\.js$/, "$1"));

/**
 * Imports that we add to an entry point. esbuild makes one file in shared/ for each set of entry points that need the same code. There
 * would be fifteen such files, and loading them takes longer than compiling their code. With these imports there are six: for all entry
 * points; for the codecs, which must not import binary.cjs; for the two codecs with tables; for system calls; for options of sockets,
 * which the command uses; for sockets.
 */
const TOGETHER = {
  "constants/index": ["arguments", "named-constant"],
  "address/index": ["constants/index"],
  "control/index": ["constants/index", "address/index", "options/index"],
  "options/index": ["constants/index", "address/index", "control/index"],
  "syscalls/index": ["constants/index", "native/load"],
  "native/load": ["constants/index", "syscalls/index"],
};
const ALL = [...Object.keys(TOGETHER), "socket/option-access"];

const sourceOf = (name) => join(core, "src", `${name}.ts`);

/** Programs in test/scenarios import these from dist. Users can't. */
const INTERNALS = ["native/load"];

const together = {
  name: "together",
  setup(build) {
    for (const name of [...ENTRIES, ...INTERNALS]) {
      const imports = (TOGETHER[name] ?? ALL).map((it) => `import ${JSON.stringify(sourceOf(it))};`);
      build.onLoad({ filter: new RegExp(`/src/${name}\\.ts$`) }, ({ path }) => ({
        contents: [readFileSync(path, "utf8"), ...imports].join("\n"),
        loader: "ts",
      }));
    }
  },
};

/** Writes the bundle into `dist`, a folder beside binary.cjs. `internals`: other modules of src that a test imports from there. */
export async function bundle(dist, { internals = [] } = {}) {
  await build({
    entryPoints: [...ENTRIES, ...INTERNALS, ...internals].map(sourceOf),
    plugins: [together],
    outbase: join(core, "src"),
    outdir: dist,
    // esbuild does not rewrite "../../binary.cjs": a file that imports it must be two folders below the package, as in src.
    chunkNames: "shared/[name]-[hash]",
    external: ["*.cjs"],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: `node${manifest.engines.node.replace(">=", "")}`,
    // The package has the sources: the maps need no copy of them.
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
