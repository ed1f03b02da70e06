// Bundles src, and what it needs of sendmsg, into one file of CommonJS, and its declarations into another: node bundle.mjs
//
// Programs require() this package. Before 20.19 and 22.12, Node can't require() sendmsg itself, which consists of ES modules.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";
import { rollup } from "rollup";
import { core, typescript } from "../core/bundle.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const dist = join(here, "dist");
/** TypeScript has written a file with declarations for each file in src. */
const declarations = join(here, "build/types/index.d.ts");

/** Finds the sources of sendmsg's entry points. */
const sendmsg = {
  name: "sendmsg",
  resolveId(specifier) {
    const [, entry] = /^sendmsg(?:\/(.+))?$/.exec(specifier) ?? [];
    if (entry === undefined && specifier !== "sendmsg") return null;
    return join(core, "src", entry ?? "", "index.ts");
  },
};

/** The installed sendmsg has this file, which finds the binary. */
const binary = {
  name: "binary",
  resolveId: (specifier) =>
    specifier.endsWith("/binary.cjs") ? { id: "sendmsg/binary.cjs", external: true } : null,
};

/** Leaves out the addresses of other families, which would take a millisecond at each start of a program. */
const addresses = {
  name: "addresses",
  load: (file) =>
    file === join(core, "src/address/codecs.ts")
      ? 'import { unix } from "./unix.js"; export const codecs = { unix };'
      : null,
};

rmSync(dist, { recursive: true, force: true });
const bundled = await rollup({
  input: join(here, "src/index.ts"),
  plugins: [binary, addresses, sendmsg, typescript],
  external: /^node:/,
});
await bundled.write({ file: join(dist, "index.cjs"), format: "cjs" });
const { exports: names } = (await bundled.generate({ format: "esm" })).output[0];
await bundled.close();

// The ES module exports what the other file has. Otherwise a program that uses both would have each class twice.
writeFileSync(
  join(dist, "index.mjs"),
  `import unix from "./index.cjs";\nexport const { ${names.join(", ")} } = unix;\nexport default unix;\n`,
);
writeFileSync(
  join(dist, "index.d.mts"),
  'import unix = require("./index.cjs");\nexport * from "./index.cjs";\nexport default unix;\n',
);

const { succeeded } = Extractor.invoke(
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: here,
      mainEntryPointFilePath: declarations,
      newlineKind: "lf",
      compiler: { tsconfigFilePath: join(here, "tsconfig.types.json") },
      apiReport: { enabled: false },
      docModel: { enabled: false },
      dtsRollup: { enabled: true, untrimmedFilePath: join(dist, "index.d.cts") },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: { default: { logLevel: "none" } } },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(here, "package.json"),
  }),
  { showVerboseMessages: false },
);
if (!succeeded) process.exitCode = 1;
