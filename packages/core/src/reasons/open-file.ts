import { fs } from "../builtins.js";
import { pathOfOpen } from "../socket-file/open-file.js";

/** What a descriptor is, as in "descriptor 7 is a pipe". Undefined: /proc does not say. */
export type OpenFile = "closed" | string | undefined;

/**
 * Says what a descriptor refers to, as the link in /proc names it: proc_pid_fd(5). stat(2) would ask the file's file system, and if
 * that is a FUSE daemon or a network, the answer could take for ever.
 */
export function openFile(fd: number): OpenFile {
  try {
    const target = fs().readlinkSync(pathOfOpen(fd));
    if (target.startsWith("socket:")) return "a socket";
    if (target.startsWith("pipe:")) return "a pipe";
    const [, anonymous] = /^anon_inode:\[?([^\]]*)/.exec(target) ?? [];
    return anonymous === undefined ? `the file ${target}` : `an anonymous file (${anonymous})`;
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT" && fs().existsSync(pathOfOpen(0).replace(/0$/, ""))
      ? "closed"
      : undefined;
  }
}

/** What an error says about a number that is no open descriptor. */
export const notOpen = (argument: string, fd: number): string =>
  `${argument} is ${fd}, which is not an open descriptor`;

/** Names the first of the descriptors in `fds` that is not open. `given` are the values from which they came. */
export function closedEntry(fds: readonly number[], given: readonly unknown[]): string | undefined {
  const i = fds.findIndex((fd) => openFile(fd) === "closed");
  if (i < 0) return undefined;
  const argument = `message.fds[${i}]${typeof given[i] === "number" ? "" : ".fd"}`;
  return notOpen(argument, fds[i]!);
}
