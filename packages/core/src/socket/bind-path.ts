import { Buffer } from "node:buffer";
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  openSync,
  type Stats,
  unlinkSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { encodeAddress } from "../address/index.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "../constants/socket-types.js";
import { EADDRINUSE, EAGAIN, ECONNREFUSED, ENOENT } from "../errno.js";
import { AbortError, systemError } from "../errors.js";
import { binding } from "../native/load.js";
import { isDeno } from "../runtime.js";
import { failure } from "../syscalls/failure.js";

export interface BindPathOptions {
  mode: number | undefined;
  unlink: "stale" | undefined;
  signal: AbortSignal | undefined;
}

const LOCK_EX = 2;
const LOCK_NB = 4;
const ALL_PERMISSIONS = 0o777;
const SLASH = 0x2f;

/** The socket file that a bind(2) has made, for the one who is to remove it. */
export class BoundPath {
  readonly #path: string | Buffer;
  readonly #made: Stats;

  constructor(path: string | Buffer) {
    // The working directory may be another one by the time the file is removed.
    this.#path = absolute(path);
    this.#made = lstatSync(path);
  }

  /** Removes the file, if it is still the one that was made. */
  unlink(): void {
    try {
      const { dev, ino } = lstatSync(this.#path);
      if (dev === this.#made.dev && ino === this.#made.ino) unlinkSync(this.#path);
    } catch {
      // It is gone, or the directory is not ours any more: nothing is left to tidy up.
    }
  }
}

/**
 * Binds a Unix socket to a path, with its permissions from the first instant.
 *
 * The mode that fchmod(2) gives to the unbound socket is the one that bind(2) makes the file with, less the umask
 * (net/unix/af_unix.c, unix_bind_bsd); what the umask took away is given back afterwards, so permissions only ever widen.
 */
export async function bindPath(
  fd: number,
  path: string | Uint8Array,
  { mode, unlink, signal }: BindPathOptions,
): Promise<BoundPath> {
  const file = typeof path === "string" ? path : Buffer.from(path);
  if (mode !== undefined) setMode(fd, mode);
  const directory = unlink === "stale" ? await lockDirectory(file, signal) : undefined;
  try {
    let result = bind(fd, path);
    if (result === -EADDRINUSE && directory !== undefined) {
      if (isAlive(path, file)) throw addressInUse(file);
      unlinkSync(file);
      result = bind(fd, path);
    }
    if (result < 0) throw failure(result, "bind", { path: String(file) });
    const bound = new BoundPath(file);
    if (mode !== undefined && (lstatSync(file).mode & ALL_PERMISSIONS) !== mode) chmodSync(file, mode);
    return bound;
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/** fchmod(2). Deno's node:fs refuses a descriptor that it has not opened itself; /proc leads to the same file. */
function setMode(fd: number, mode: number): void {
  if (isDeno) chmodSync(`/proc/self/fd/${fd}`, mode);
  else fchmodSync(fd, mode);
}

function bind(fd: number, path: string | Uint8Array): number {
  return binding().bind(fd, encodeAddress({ family: "unix", path }));
}

function addressInUse(file: string | Buffer): Error {
  return systemError(EADDRINUSE, "bind", { path: String(file) });
}

/**
 * Whether a socket that is not ours is bound to the file, listening or not.
 *
 * connect(2) with another socket type finds the socket before it compares the types: EPROTOTYPE says that it lives, even if it
 * has not called listen(2) yet; ECONNREFUSED that the file is left over. The probe is a datagram socket, so a server of
 * streams never sees a connection, and one of datagrams gets nothing.
 */
function isAlive(path: string | Uint8Array, file: string | Buffer): boolean {
  try {
    if (!lstatSync(file).isSocket()) return true;
  } catch {
    return false;
  }
  const native = binding();
  const probe = native.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, false);
  if (probe < 0) throw failure(probe, "socket");
  try {
    const result = native.connect(probe, encodeAddress({ family: "unix", path }));
    return result !== -ECONNREFUSED && result !== -ENOENT;
  } finally {
    native.close(probe);
  }
}

/** path.resolve(), for bytes too. */
function absolute(file: string | Buffer): string | Buffer {
  if (typeof file === "string") return resolve(file);
  return file[0] === SLASH ? file : Buffer.concat([Buffer.from(`${process.cwd()}/`), file]);
}

/** dirname(3), for bytes too. */
function directoryOf(file: string | Buffer): string | Buffer {
  if (typeof file === "string") return dirname(file);
  const slash = file.lastIndexOf("/");
  return slash < 0 ? "." : file.subarray(0, Math.max(slash, 1));
}

/** Two servers that find the same stale file take turns: the second one sees the first one's live socket. */
async function lockDirectory(file: string | Buffer, signal: AbortSignal | undefined): Promise<number> {
  const directory = openSync(directoryOf(file), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (let delay = 1; ; delay = Math.min(delay * 2, 50)) {
      const result = binding().flock(directory, LOCK_EX | LOCK_NB);
      if (result >= 0) return directory;
      if (result !== -EAGAIN) throw failure(result, "flock");
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (signal?.aborted) throw new AbortError(signal);
    }
  } catch (error) {
    closeSync(directory);
    throw error;
  }
}
