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
import { AbortError, explain, systemError } from "../errors.js";
import { binding } from "../native/load.js";
import { isDeno } from "../runtime.js";
import { failure } from "../syscalls/failure.js";

export interface BindPathOptions {
  mode: number | undefined;
  unlink: "stale" | undefined;
  signal: AbortSignal | undefined;
}

/**
 * What is waited for the directory's lock at most, in milliseconds. Another server needs it for microseconds; anybody who may
 * read the directory can hold it for ever.
 */
const LONGEST_LOCK = 2000;
const LOCK_EX = 2;
const LOCK_NB = 4;
const ALL_PERMISSIONS = 0o777;
const SLASH = 0x2f;

/** A socket file, or what is in its place: whatever is not stale is nothing to replace. */
type State = "alive" | "stale" | "gone";

/** The socket file that a bind(2) has made, for the one who is to remove it. */
export class BoundPath {
  readonly #path: string | Buffer;
  readonly #made: Stats;

  constructor(path: string | Buffer) {
    // The working directory may be another one by the time the file is removed.
    this.#path = absolute(path);
    this.#made = lstatSync(path);
  }

  /** Undefined: somebody has removed the file meanwhile. */
  static ifThere(path: string | Buffer): BoundPath | undefined {
    try {
      return new BoundPath(path);
    } catch {
      return undefined;
    }
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
  let result = bind(fd, path);
  if (result === -EADDRINUSE && unlink === "stale") result = await bindInPlaceOf(fd, path, file, signal);
  if (result < 0) throw failure(result, "bind", { path: String(file) });
  const bound = new BoundPath(file);
  if (mode !== undefined && (lstatSync(file).mode & ALL_PERMISSIONS) !== mode) chmodSync(file, mode);
  return bound;
}

/** Binds where a file is in the way, if no server is at it any more. */
async function bindInPlaceOf(
  fd: number,
  path: string | Uint8Array,
  file: string | Buffer,
  signal: AbortSignal | undefined,
): Promise<number> {
  // Whoever may read the directory can hold its lock: only those who would remove a file wait for it.
  if (stateOf(path, file) === "alive") return -EADDRINUSE;
  const directory = await lockDirectory(file, signal);
  try {
    // Anew, before looking: a file whose bind(2) is still at work looks left over. That one holds the lock of the directory's
    // inode until its socket can be found (since Linux 5.14: unix_bind_bsd), and this one waits for it.
    const result = bind(fd, path);
    if (result !== -EADDRINUSE) return result;
    const state = stateOf(path, file);
    if (state === "alive") return -EADDRINUSE;
    // One that has gone must not be removed: whoever finds the path free binds to it without our lock.
    if (state === "stale") removeIfThere(file);
    return bind(fd, path);
  } finally {
    closeSync(directory);
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

function removeIfThere(file: string | Buffer): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/**
 * Whether a socket that is not ours is bound to the file, listening or not.
 *
 * connect(2) with another socket type finds the socket before it compares the types: EPROTOTYPE says that it lives, even if it
 * has not called listen(2) yet; ECONNREFUSED that the file is left over. The probe is a datagram socket, so a server of
 * streams never sees a connection, and one of datagrams gets nothing.
 */
function stateOf(path: string | Uint8Array, file: string | Buffer): State {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return "gone";
  if (!found.isSocket()) return "alive";
  const native = binding();
  const probe = native.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, false);
  if (probe < 0) throw failure(probe, "socket");
  try {
    const result = native.connect(probe, encodeAddress({ family: "unix", path }));
    if (result === -ENOENT) return "gone";
    return result === -ECONNREFUSED ? "stale" : "alive";
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
    const end = performance.now() + LONGEST_LOCK;
    for (let delay = 1; ; delay = Math.min(delay * 2, 50)) {
      const result = binding().flock(directory, LOCK_EX | LOCK_NB);
      if (result >= 0) return directory;
      if (result !== -EAGAIN) throw failure(result, "flock");
      if (performance.now() > end) throw lockedError(file);
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (signal?.aborted) throw new AbortError(signal);
    }
  } catch (error) {
    closeSync(directory);
    throw error;
  }
}

function lockedError(file: string | Buffer): Error {
  const error = systemError(EADDRINUSE, "bind", { path: String(file) });
  explain(
    error,
    `${error.message}: the file looks left over, but another process has had its directory locked (flock(2)) for ` +
      `${LONGEST_LOCK} ms. Let only servers read the directory: whoever may read it can lock it`,
  );
  return error;
}
