// Extracts a program from an npm package for another machine. npm does not install such a package here, but it can pack it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

/** Extracts `package/bin/…` of a package into a folder. The package's version and integrity are pinned. */
export function extractProgram({ package: spec, integrity }, program, folder) {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder, spec]));
  if (packed.integrity !== integrity) throw new Error(`${spec} is not what it was: ${packed.integrity}`);
  const tarball = join(folder, packed.filename);
  run("tar", ["-xzf", tarball, "-C", folder, "--strip-components=2", `package/bin/${program}`]);
  rmSync(tarball);
}
