import { Buffer } from "node:buffer";
import type { Stats } from "node:fs";
import { type AddressInput, encodeAddress } from "../address/index.js";
import { fs } from "../builtins.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../constants/socket-types.js";
import { SOCKET_TYPES, type SocketType } from "../control/socket-type.js";
import { ECONNREFUSED, EPERM, EPROTOTYPE } from "../errno.js";
import { binding } from "../native/load.js";
import { directoryOf, type FilePath } from "../socket-file/file-path.js";
import { failure } from "../syscalls/failure.js";

export type Path = string | Uint8Array;

/** A path as node:fs takes it. */
export const fileOf = (path: Path): FilePath => (typeof path === "string" ? path : Buffer.from(path));

/**
 * Connects a datagram socket to a Unix address, closes it, and returns the result of connect(2).
 *
 * The kernel finds the socket at the address before it compares the types (unix_find_bsd(), net/unix/af_unix.c). So EPROTOTYPE means
 * that a socket of another type lives there, even if its server has not called listen(2) yet. ECONNREFUSED means that the file is
 * stale. A stream server sees no connection, and a datagram server receives nothing.
 */
export function probe(address: AddressInput): number {
  const native = binding();
  const fd = native.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw failure(fd, "socket");
  try {
    return native.connect(fd, encodeAddress(address));
  } finally {
    native.close(fd);
  }
}

/** EPERM: the datagram socket is there, but it is connected to another one: unix_may_send(), net/unix/af_unix.c. */
const isDatagramSocket = (probed: number): boolean => probed >= 0 || probed === -EPERM;

/** Whether a socket is bound to the address. Undefined: the kernel does not say. */
export function isBound(probed: number): boolean | undefined {
  if (isDatagramSocket(probed) || probed === -EPROTOTYPE) return true;
  return probed === -ECONNREFUSED ? false : undefined;
}

/**
 * The type of the socket at an address, if a socket of type `ours` gets EPROTOTYPE there. AF_UNIX has three types, and a datagram
 * socket can tell two of them apart without disturbing the server. Undefined: it can't, because ours is a datagram socket.
 *
 * /proc/net/unix would say more. But reading it takes milliseconds if there are thousands of sockets, and a peer can cause such errors.
 */
export function otherType(address: AddressInput, ours: number): SocketType | undefined {
  if (ours === SOCK_DGRAM) return undefined;
  const probed = probe(address);
  if (isDatagramSocket(probed)) return "dgram";
  if (probed !== -EPROTOTYPE) return undefined;
  return ours === SOCKET_TYPES.stream ? "seqpacket" : "stream";
}

/** What a file is, as in "a regular file is at this path". */
export function kindOf(file: Stats): string {
  if (file.isSocket()) return "a socket";
  if (file.isFile()) return "a regular file";
  if (file.isDirectory()) return "a directory";
  if (file.isSymbolicLink()) return "a symbolic link";
  return file.isFIFO() ? "a FIFO" : "a device";
}

/** Says which directory of the path is missing, or is no directory. */
export function aboutDirectory(file: FilePath): string | undefined {
  const directory = directoryOf(file);
  const found = fs().statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) return `there is no directory ${directory}`;
  return found.isDirectory() ? undefined : isNoDirectory(directory, found);
}

const isNoDirectory = (directory: FilePath, found: Stats): string =>
  `${directory} is ${kindOf(found)}, and no directory`;

/** Says which part of the path is no directory, if it is the last but one. Otherwise stat(2) fails, as the call did. */
export function notDirectory(path: Path): string {
  let which = "a part of the path is no directory";
  try {
    // If another part is no directory, this throws, or returns undefined since Node 22.
    const directory = directoryOf(fileOf(path));
    const found = fs().statSync(directory, { throwIfNoEntry: false });
    if (found && !found.isDirectory()) which = isNoDirectory(directory, found);
  } catch {
    // The text above is right.
  }
  return `${which}. Check the path`;
}
