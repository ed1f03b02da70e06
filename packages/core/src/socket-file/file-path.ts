import { Buffer } from "node:buffer";
import { basename, dirname } from "node:path";
import { fs } from "../builtins.js";

/** A path as text, or as bytes if a name in it is not UTF-8. */
export type FilePath = string | Buffer;

/** dirname(3), for bytes too. */
export function directoryOf(file: FilePath): FilePath {
  if (typeof file === "string") return dirname(file);
  const slash = file.lastIndexOf("/");
  return slash < 0 ? "." : file.subarray(0, Math.max(slash, 1));
}

/** basename(3), for bytes too. */
export function nameOf(file: FilePath): FilePath {
  return typeof file === "string" ? basename(file) : file.subarray(file.lastIndexOf("/") + 1);
}

/** The file with that name in the directory. */
export function fileIn(directory: FilePath, name: FilePath): FilePath {
  if (typeof directory === "string" && typeof name === "string") return `${directory}/${name}`;
  return Buffer.concat([Buffer.from(directory), Buffer.from("/"), Buffer.from(name)]);
}

/**
 * Returns a path of the same file that stays right if the working directory or a symbolic link on the way changes.
 *
 * The kernel resolves the directory, not path.resolve(): for `link/..`, path.resolve() returns the directory that contains the
 * link.
 */
export function lasting(file: FilePath): FilePath {
  const directory = directoryOf(file);
  const real =
    typeof directory === "string"
      ? fs().realpathSync.native(directory)
      : fs().realpathSync.native(directory, { encoding: "buffer" });
  return fileIn(real, nameOf(file));
}

/** The path with a null byte at its end, as system calls need it. */
export function terminated(file: FilePath): Uint8Array {
  return Buffer.concat([Buffer.from(file), Buffer.of(0)]);
}
