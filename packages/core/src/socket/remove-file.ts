import { crypto, fs } from "../builtins.js";
import { ENOENT } from "../errno.js";
import { binding } from "../native/load.js";
import { directoryOf, type FilePath, fileIn, terminated } from "./file-path.js";

/** A name that nobody else's file has, in the file's own directory. docs/sockets.md tells users what such a file is. */
export function nameBeside(file: FilePath): FilePath {
  return fileIn(directoryOf(file), `.sendmsg-${process.pid}-${crypto().randomBytes(6).toString("hex")}`);
}

/**
 * Removes the file if `mayGo` says so of it. Another server's file is never removed, whatever happens meanwhile.
 *
 * unlink(2) takes a name, and removes the file that has this name by then. So the file first gets a name that only we know.
 * `mayGo` looks at it again there, and what may not go gets its old name back. If a third server binds to the old name in these
 * microseconds, then it keeps it, and the file stays where it is.
 *
 * rename(2) waits for a bind(2) in the same directory (since Linux 5.14, unix_bind_bsd holds the directory's lock until
 * others can find the socket). So `mayGo` never sees a socket file whose socket is not there yet.
 */
export function removeIf(file: FilePath, mayGo: (at: FilePath) => boolean): void {
  const aside = nameBeside(file);
  const native = binding();
  const [from, to] = [terminated(file), terminated(aside)];
  // A file that is another server's from the first keeps its name all the time.
  if (!mayGo(file)) return;
  const result = native.rename(from, to);
  if (result === -ENOENT) return;
  if (result < 0) {
    // NFS and 9p have no RENAME_NOREPLACE, some sandboxes no renameat2(2): nothing could be put back. If the directory is not
    // ours to write to, unlink(2) says so.
    if (mayGo(file)) unlinkIfThere(file);
    return;
  }
  let goes = false;
  try {
    goes = mayGo(aside);
  } finally {
    if (!goes) native.rename(to, from);
  }
  if (goes) unlinkIfThere(aside);
}

function unlinkIfThere(file: FilePath): void {
  try {
    fs().unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
