import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../../bundle.mjs";

const core = fileURLToPath(new URL("../..", import.meta.url));

/** Internal modules that tests import from the compiled package. */
const INTERNALS = ["native/binding", "socket/fairness", "socket/readiness"];

/**
 * Makes a package in `directory`, with dist compiled from the present sources. Child processes import it, because they have no
 * vitest to compile for them.
 */
export async function compileTo(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  for (const file of ["package.json", "binary.cjs"]) cpSync(join(core, file), join(directory, file));
  await bundle(join(directory, "dist"), { internals: INTERNALS });
}

/** A checksum of the sources, for the name of the folder that is compiled from them. */
function checksum(): string {
  const hash = createHash("sha256");
  for (const file of (readdirSync(join(core, "src"), { recursive: true }) as string[]).sort()) {
    if (file.endsWith(".ts")) hash.update(`${file}\0`).update(readFileSync(join(core, "src", file)));
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * The folder of the compiled modules. It is in this checkout, so that the modules find their dependencies. The sources are
 * compiled once for all test files, and again when they have changed.
 */
export async function compiled(): Promise<string> {
  const parent = join(core, "build");
  const directory = join(parent, `compiled-${checksum()}`);
  if (!existsSync(directory)) {
    mkdirSync(parent, { recursive: true });
    for (const old of readdirSync(parent)) {
      if (old.startsWith("compiled-")) rmSync(join(parent, old), { recursive: true, force: true });
    }
    const unfinished = mkdtempSync(join(parent, "unfinished-"));
    await compileTo(unfinished);
    chmodSync(unfinished, 0o755);
    try {
      renameSync(unfinished, directory);
    } catch (error) {
      // Another test file has compiled them first.
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(directory)) throw error;
    }
  }
  return join(directory, "dist");
}
