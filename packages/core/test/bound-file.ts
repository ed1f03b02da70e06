import { lstatSync, rmSync } from "node:fs";
import { encodeAddress } from "../src/address/index.js";
import { AF_UNIX, SOCK_STREAM } from "../src/constants/index.js";
import { binding } from "../src/native/load.js";
import { isBoundTo } from "../src/socket/bound-inode.js";
import { terminated } from "../src/socket/file-path.js";
import { bind, close, socket } from "../src/syscalls/index.js";
import { skipUnless } from "./target.js";
import { freshPath } from "./transports.js";

/** Another server at the path, as it were: its descriptor. */
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

/** A `test` that needs the kernel to tell which file a socket is bound to. */
export const whereTold = skipUnless(
  "the kernel does not tell which file a socket is bound to (UNIX_DIAG, NETLINK_SOCK_DIAG)",
  tellsBoundFile(),
);
