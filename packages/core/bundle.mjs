// Bundles src into dist: one file for each entry point, and files in shared/ for the code that several entry points need. Node
// takes up to a millisecond to load a module, and src has two hundred. TypeScript writes the declarations.
//   node bundle.mjs
import { chmodSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { rollup } from "rollup";

export const core = fileURLToPath(new URL(".", import.meta.url));
const manifest = createRequire(import.meta.url)("./package.json");

/** The modules in src that become the files which package.json names. */
const ENTRIES = [...Object.values(manifest.exports).map((it) => it.default), ...Object.values(manifest.bin)]
  .filter((file) => file !== undefined)
  .map((file) => file.replace(/^\.\/dist\/(.+)\.js$/, "$1"))
  // Programs in test/scenarios import this from dist. Users can't.
  .concat("native/load");

/**
 * The files in shared/. Each contains these modules and everything that they import, except what is in a file above it. We name them,
 * because otherwise Rollup makes one file for each set of entry points that need the same code. There would be twenty such files, and
 * loading them takes longer than compiling their code. The upper three must not import binary.cjs.
 */
const SHARED = {
  constants: ["constants/index"],
  address: ["address/index", "named-constant"],
  tables: ["control/decode", "control/encode", "options/codec"],
  syscalls: ["syscalls/index"],
  sockets: ["index"],
};

const sourceOf = (name) => join(core, "src", `${name}.ts`);

/** Finds the source of an import, and removes its types. */
export const typescript = {
  name: "typescript",
  resolveId: (specifier, importer) =>
    importer && specifier.startsWith(".") && specifier.endsWith(".js")
      ? resolve(dirname(importer), specifier.replace(/\.js$/, ".ts"))
      : undefined,
  async transform(source, file) {
    const target = `node${manifest.engines.node.replace(">=", "")}`;
    const { code, map } = await transform(source, {
      loader: "ts",
      target,
      // V8 reads every character at the import, comments and indentation too. An uncaught error shows one line, so keep them short.
      minifyWhitespace: true,
      lineLimit: 160,
      sourcefile: file,
      sourcemap: true,
    });
    return { code, map };
  },
};

/** The files of these modules, and of everything that they import. */
function importedBy(modules, getModuleInfo) {
  const files = new Set(modules.map(sourceOf));
  for (const file of files)
    for (const imported of getModuleInfo(file)?.importedIds ?? []) files.add(imported);
  return files;
}

/**
 * Writes the bundle into `dist`, a folder beside binary.cjs. `internals`: other modules of src that a test imports from there.
 *
 * Rollup writes `const` where the source has it, and so V8 compiles constants into the code that uses them. esbuild's bundle has
 * `var` instead, with which a round trip takes 3 % more instructions and a message with a descriptor 7 % more.
 */
export async function bundle(dist, { internals = [] } = {}) {
  const names = [...ENTRIES, ...internals];
  const bundled = await rollup({
    input: Object.fromEntries(names.map((name) => [name, sourceOf(name)])),
    plugins: [typescript],
    // A file that imports "../../binary.cjs" must be two folders below the package, as in src.
    external: /^node:|\.cjs$/,
    makeAbsoluteExternalsRelative: false,
  });
  await bundled.write({
    dir: dist,
    entryFileNames: "[name].js",
    chunkFileNames: "shared/[name].js",
    manualChunks: (file, { getModuleInfo }) =>
      Object.keys(SHARED).find((name) => importedBy(SHARED[name], getModuleInfo).has(file)),
    // An import of a file that another import needs would only repeat it.
    hoistTransitiveImports: false,
    // The package has the sources: the maps need no copy of them.
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await bundled.close();
  await bundleTracing(dist);
  for (const file of Object.values(manifest.bin)) chmodSync(join(dist, "..", file), 0o755);
}

/**
 * Writes tracing.cjs, which binary.cjs loads when NODE_DEBUG=sendmsg asks for it. It can be neither a part of the files in shared/,
 * which every program reads, nor a module, which can't be loaded within a function call.
 */
async function bundleTracing(dist) {
  const names = sourceOf("tracing/names");
  const { outputFiles } = await build({
    entryPoints: [names],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
  });
  const { NAMES } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  const bundled = await rollup({
    input: sourceOf("tracing/traced"),
    plugins: [
      {
        name: "names",
        load: (file) => (file === names ? `export const NAMES=${JSON.stringify(NAMES)}` : null),
      },
      typescript,
    ],
    external: /^node:/,
  });
  await bundled.write({ file: join(dist, "tracing.cjs"), format: "cjs" });
  await bundled.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(core, "dist");
  rmSync(dist, { recursive: true, force: true });
  await bundle(dist);
}
