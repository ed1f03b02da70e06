import type { BigIntStats } from "node:fs";
import { fs } from "../builtins.js";
import { hasPermissionModel, isDeno } from "../runtime.js";

// node:fs and the kernel do not take every descriptor. Deno's node:fs refuses a descriptor that Deno did not open. Node's permission
// model refuses fchmodSync(). The kernel refuses fchmod(2) of an O_PATH descriptor. The path in /proc leads to the same file.

/** A path of the open file: proc_pid_fd(5). */
export const pathOfOpen = (fd: number): string => `/proc/self/fd/${fd}`;

/** stat(2) of the open file. */
export function statOfOpen(fd: number): BigIntStats {
  return isDeno ? fs().statSync(pathOfOpen(fd), { bigint: true }) : fs().fstatSync(fd, { bigint: true });
}

/** fchmod(2), which sets the mode of an open file. */
export function changeMode(fd: number, mode: number): void {
  if (isDeno || hasPermissionModel) fs().chmodSync(pathOfOpen(fd), mode);
  else fs().fchmodSync(fd, mode);
}
