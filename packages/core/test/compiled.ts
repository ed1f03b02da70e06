import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformWithEsbuild } from "vite";

const core = fileURLToPath(new URL("..", import.meta.url));

/**
 * Puts what the package consists of into `directory`, src compiled to dist: for child processes, which have no vitest to
 * compile for them, and always of the sources as they are.
 */
export async function compileTo(directory: string): Promise<void> {
  for (const file of ["package.json", "binary.cjs"]) {
    mkdirSync(directory, { recursive: true });
    cpSync(join(core, file), join(directory, file));
  }
  const source = join(core, "src");
  for (const file of readdirSync(source, { recursive: true }) as string[]) {
    if (!file.endsWith(".ts")) continue;
    const { code } = await transformWithEsbuild(readFileSync(join(source, file), "utf8"), file, {
      target: "node18",
      sourcemap: false,
    });
    const output = join(directory, "dist", file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, code);
  }
}

/**
 * A compiled copy that finds this checkout's dependencies:
 * `beforeAll(async () => { const copy = await compiled(); dist = copy.dist; return copy.remove; })`.
 */
export async function compiled(): Promise<{ dist: string; remove: () => void }> {
  const parent = join(core, "build");
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, "test-"));
  await compileTo(directory);
  return {
    dist: join(directory, "dist"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
