// The programs that the packages are tried with.
import { createRequire } from "node:module";
import { join } from "node:path";
import { inject } from "vitest";

export const modules = join(inject("toolbox"), "node_modules");

/** Loads a package of the toolbox. */
export const load = (name) => import(createRequire(join(modules, "package.json")).resolve(name));

const node = (major) => join(modules, `node${major}/bin/node`);

/** Versions of Node; the machine's own is one of them. */
export const nodes = {
  18: node(18),
  [process.versions.node.split(".")[0]]: process.execPath,
  22: node(22),
  24: node(24),
  26: node(26),
};

export const bun = join(modules, "@oven/bun-linux-x64/bin/bun");
export const deno = join(modules, "@deno/linux-x64-glibc/deno");

export const npm = join(modules, "npm11/bin/npm-cli.js");
export const npx = join(modules, "npm11/bin/npx-cli.js");
/** The newest npm that Node 18 runs. */
export const npmOfNode18 = join(modules, "npm10/bin/npm-cli.js");
