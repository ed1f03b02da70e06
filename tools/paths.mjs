// Where things are: the checkout, its binaries, and the cache outside of it.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(fileURLToPath(import.meta.url)));
export const nativeSources = join(repository, "packages/core/native");

export function nativePackage(arch) {
  return join(repository, `packages/native-linux-${arch}`);
}

export function prebuild(arch) {
  return join(nativePackage(arch), `prebuilds/linux-${arch}/sendmsg.node`);
}

/** A folder for what is expensive to make and the same for every checkout. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(base, "sendmsg");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A name for what is made of these strings and of the contents of these files. */
export function fingerprint(strings, files = []) {
  const hash = createHash("sha256");
  for (const text of strings) hash.update(`${text}\0`);
  for (const file of files)
    hash
      .update(`${file.slice(repository.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}
