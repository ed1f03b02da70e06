// The programs with which we try the packed packages: other versions of Node, Bun, Deno, package managers, bundlers, a registry.
// Their versions are in e2e/package-lock.json. They are installed into the cache, not into the checkout.
import { cpSync, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, fingerprint } from "./cache.mjs";
import { repository } from "./paths.mjs";
import { run } from "./run.mjs";

let folder;

/** The folder with the toolbox's node_modules. */
export function toolbox() {
  const source = join(repository, "e2e");
  folder ??= cached("toolbox", fingerprint([process.arch], [join(source, "package-lock.json")]), (made) => {
    const workspace = `${made}-workspace`;
    try {
      mkdirSync(workspace, { recursive: true });
      for (const file of ["package.json", "package-lock.json"])
        cpSync(join(source, file), join(workspace, file));
      run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: workspace });
      renameSync(workspace, made);
    } finally {
      rmSync(workspace, { recursive: true, force: true });
    }
  });
  return folder;
}

/** A file of a package that is in the toolbox. */
export const inToolbox = (...path) => join(toolbox(), "node_modules", ...path);

/** The binaries of other versions of Node. Version 20 is the machine's own. */
export const nodes = {
  18: () => inToolbox("node18/bin/node"),
  22: () => inToolbox("node22/bin/node"),
  24: () => inToolbox("node24/bin/node"),
  26: () => inToolbox("node26/bin/node"),
};
export const bun = () => inToolbox("@oven/bun-linux-x64/bin/bun");
export const deno = () => realpathSync(inToolbox("@deno/linux-x64-glibc/deno"));
