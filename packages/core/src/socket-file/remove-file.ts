import { crypto, fs } from "../builtins.js";
import { ENOENT } from "../errno.js";
import { binding } from "../native/load.js";
import { directoryOf, type FilePath, fileIn, terminated } from "./file-path.js";

/** A name in the file's own directory that no other file has. docs/sockets.md tells users what such a file is. */
export function nameBeside(file: FilePath): FilePath {
  return fileIn(directoryOf(file), `.sendmsg-${process.pid}-${crypto().randomBytes(6).toString("hex")}`);
}

/**
 * Removes the file if `mayGo` returns true for it. This never removes another server's file, even if that server binds meanwhile.
 *
 * unlink(2) takes a name, and another server's file may have this name by then. So we first rename the file to a name that only we
 * know. `mayGo` checks it again there. If it may not go, it gets its old name back. If a third server binds to the old name in
 * these microseconds, that server keeps the name, and our file keeps its temporary one.
 *
 * rename(2) waits for a bind(2) in the same directory (since Linux 5.14, unix_bind_bsd holds the directory's lock until other
 * processes can find the socket). So `mayGo` never sees a socket file whose socket can't be found yet.
 */
export function removeIf(file: FilePath, mayGo: (at: FilePath) => boolean): void {
  const aside = nameBeside(file);
  const native = binding();
  const [from, to] = [terminated(file), terminated(aside)];
  // If the file already is another server's, it never loses its name.
  if (!mayGo(file)) return;
  const result = native.rename(from, to);
  if (result === -ENOENT) return;
  if (result < 0) {
    // NFS and 9p have no RENAME_NOREPLACE, and some sandboxes have no renameat2(2). So we could not give the name back, and don't
    // rename. If we may not write to the directory, unlink(2) reports it.
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
