import { lstatSync, rmSync } from "node:fs";
import { encodeAddress } from "../../src/address/index.js";
import { AF_UNIX, SOCK_STREAM } from "../../src/constants/index.js";
import { binding } from "../../src/native/load.js";
import { isBoundTo } from "../../src/socket-file/bound-inode.js";
import { terminated } from "../../src/socket-file/file-path.js";
import { bind, close, socket } from "../../src/syscalls/index.js";
import { freshPath } from "./fresh-places.js";
import { skipUnless } from "./skip-unless.js";

/** Binds a new socket to the path, as another server would. Returns its descriptor. */
export function replace(path: string): number {
  rmSync(path, { force: true });
  const fd = socket(AF_UNIX, SOCK_STREAM);
  bind(fd, encodeAddress({ path }));
  return fd;
}

function tellsBoundFile(): boolean {
  const path = freshPath();
  const fd = replace(path);
  const opened = binding().openPath(terminated(path));
  try {
    return isBoundTo(fd, opened, lstatSync(path, { bigint: true })) !== undefined;
  } finally {
    close(opened);
    close(fd);
  }
}

/** A `test` that needs a kernel with UNIX_DIAG, which says to which file a socket is bound. */
export const whereTold = skipUnless(
  "the kernel does not tell which file a socket is bound to (UNIX_DIAG, NETLINK_SOCK_DIAG)",
  tellsBoundFile(),
);
