import { checkFd } from "../arguments.js";
import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";

/**
 * Closes a descriptor, of any kind.
 *
 * It is never retried: on Linux the number is free even if close(2) reports EINTR or EIO. Closing what a stranger sent can
 * block for as long as the sender likes (a TCP socket with SO_LINGER, a file of a FUSE daemon).
 *
 * @see close(2)
 */
export function close(fd: number): void {
  checkFd("fd", fd);
  succeeded(binding().close(fd), "close");
}

/**
 * Duplicates a descriptor, close-on-exec: fcntl(F_DUPFD_CLOEXEC), which unlike dup(2) leaves no moment in which a child
 * process could inherit the new one.
 *
 * @returns the lowest free number, which the caller owns.
 * @throws a system error of `fcntl`: EBADF, EMFILE.
 * @see fcntl(2)
 */
export function dup(fd: number): number {
  checkFd("fd", fd);
  return succeeded(binding().dup(fd, false), "fcntl");
}
