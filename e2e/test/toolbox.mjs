// The programs with which the tests use the packages.
import { createRequire } from "node:module";
import * as toolbox from "../../tools/toolbox.mjs";

export const { inToolbox } = toolbox;

/** Loads a package of the toolbox. */
export const load = (name) => import(createRequire(inToolbox("package.json")).resolve(name));

/** The binaries of all versions of Node, including the one that runs the tests. */
export const nodes = {
  ...Object.fromEntries(Object.entries(toolbox.nodes).map(([major, path]) => [major, path()])),
  [process.versions.node.split(".")[0]]: process.execPath,
};

export const bun = toolbox.bun();
export const deno = toolbox.deno();

/** The script of `npm` or `npx`. */
export const cli = (name, npm = "npm11") => inToolbox(npm, `bin/${name}-cli.js`);
