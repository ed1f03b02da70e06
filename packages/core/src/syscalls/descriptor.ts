import { checkFd } from "../arguments.js";
import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";
import { ownedByCaller } from "./owned-by-caller.js";

/**
 * Closes a descriptor of any kind.
 *
 * It never retries: on Linux the number is free even if close(2) reports EINTR or EIO. Closing a descriptor that a peer sent can
 * block for as long as the peer likes (a TCP socket with SO_LINGER, a file of a FUSE daemon).
 *
 * @see close(2)
 */
export function close(fd: number): void {
  checkFd("fd", fd);
  succeeded(binding().close(fd), "close");
}

/**
 * Duplicates a descriptor with fcntl(F_DUPFD_CLOEXEC). Unlike with dup(2), the new descriptor is close-on-exec from the first
 * instant, so no child process can inherit it.
 *
 * @returns the lowest free number, which the caller owns.
 * @throws a system error of `fcntl`: EBADF, EMFILE.
 * @see fcntl(2)
 */
export function dup(fd: number): number {
  checkFd("fd", fd);
  return ownedByCaller(binding().dup(fd), "fcntl");
}
