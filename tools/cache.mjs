// Keeps files that are expensive to make and the same for every checkout, in a folder outside the checkout.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { repository } from "./paths.mjs";

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(base, "sendmsg");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A name that is derived from these strings and from the contents of these files. */
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

/**
 * Returns the path of a file or folder `name`-… in the cache. If it is missing, `make` makes it. Older ones of that name are
 * deleted.
 */
export function cached(name, madeOf, make) {
  const cache = cacheFolder();
  const path = join(cache, `${name}-${madeOf}`);
  if (existsSync(path)) return path;
  console.log(`Making ${name}`);
  for (const entry of readdirSync(cache)) {
    if (entry.startsWith(`${name}-`)) rmSync(join(cache, entry), { recursive: true, force: true });
  }
  const unfinished = join(cache, `.${name}-${process.pid}`);
  try {
    make(unfinished);
    renameSync(unfinished, path);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return path;
}
