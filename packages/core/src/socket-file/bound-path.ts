import type { BigIntStats } from "node:fs";
import { fs } from "../builtins.js";
import { ENOENT, EPERM } from "../errno.js";
import { explain, systemError } from "../errors.js";
import { binding } from "../native/load.js";
import { isBoundTo } from "./bound-inode.js";
import { directoryOf, type FilePath, lasting, terminated } from "./file-path.js";
import { pathOfOpen, statOfOpen } from "./open-file.js";
import { removeIf } from "./remove-file.js";

const ALL_PERMISSIONS = 0o777n;
const WRITABLE_BY_OTHERS = 0o022n;
const STICKY = 0o1000n;

/**
 * The bound path of each of our bound sockets, by descriptor number. The references are weak, so that this map does not keep a path
 * in memory after its socket is gone. If a new socket gets the same number, its path replaces the old one.
 */
const boundPaths = new Map<number, WeakRef<BoundPath>>();

/** The bound paths of our own sockets among the descriptors that a message passes. */
export function boundPathsOf(fds: readonly number[]): BoundPath[] {
  if (boundPaths.size === 0) return [];
  return fds.flatMap((fd) => boundPaths.get(fd)?.deref() ?? []);
}

/** The file of a bound socket. The socket removes it when it closes. */
export class BoundPath {
  readonly #fd: number;
  readonly #path: FilePath;
  readonly #made: BigIntStats;
  /** How many messages that pass the socket are waiting to be sent. */
  #waiting = 0;
  #ours = true;

  constructor(fd: number, path: FilePath, made: BigIntStats) {
    this.#fd = fd;
    this.#path = path;
    this.#made = made;
    boundPaths.set(fd, new WeakRef(this));
  }

  /**
   * A message that passes the socket is waiting. If the socket closes meanwhile, the file stays for the receiver of the message.
   */
  wait(): void {
    this.#waiting++;
  }

  /** The message was sent, or failed. */
  endWait(): void {
    this.#waiting--;
  }

  /** Another owner has the socket now, so the file is no longer ours to remove. */
  leave(): void {
    this.#ours = false;
    if (boundPaths.get(this.#fd)?.deref() === this) boundPaths.delete(this.#fd);
  }

  /** Removes the file, unless another file has replaced it, or another process has the socket or will get it. */
  remove(): void {
    const ours = this.#ours && this.#waiting === 0;
    this.leave();
    if (!ours) return;
    const isMade = (at: FilePath) => {
      const { dev, ino } = fs().lstatSync(at, { bigint: true });
      return dev === this.#made.dev && ino === this.#made.ino;
    };
    try {
      removeIf(this.#path, isMade);
    } catch {
      // The file is gone, or we can no longer write to the directory. In both cases there is nothing to remove.
    }
  }
}

/**
 * Finds the file to which the socket was bound, and sets its mode.
 *
 * Right after bind(2), any user who may write to the directory can put another file at the path. So we open the file without
 * following a symbolic link, ask the kernel whether it is the socket's file, and set the mode through the descriptor.
 *
 * @returns undefined if the socket's file is no longer there.
 */
export function findBoundPath(fd: number, file: FilePath, mode?: number): BoundPath | undefined {
  const found = open(fd, file);
  if (found === undefined) {
    if (mode !== undefined) throw replacedError(file);
    return undefined;
  }
  const { path, opened, stats, isOurs } = found;
  try {
    const bound = new BoundPath(fd, path, stats);
    if (mode === undefined || (stats.mode & ALL_PERMISSIONS) === BigInt(mode)) return bound;
    try {
      if (!isOurs && othersMayReplace(path)) throw uncertainError(file, stats, mode);
      fs().chmodSync(pathOfOpen(opened), mode);
    } catch (error) {
      bound.remove();
      throw error;
    }
    return bound;
  } finally {
    binding().close(opened);
  }
}

interface Found {
  path: FilePath;
  opened: number;
  stats: BigIntStats;
  /** Undefined: the kernel does not say. */
  isOurs: true | undefined;
}

function open(fd: number, file: FilePath): Found | undefined {
  const native = binding();
  let opened = -1;
  try {
    const path = lasting(file);
    opened = native.openPath(terminated(path));
    if (opened < 0) return undefined;
    const stats = statOfOpened(opened, path);
    const isOurs = stats.isSocket() ? isBoundTo(fd, opened, stats) : false;
    if (isOurs !== false) {
      const found = { path, opened, stats, isOurs };
      opened = -1;
      return found;
    }
  } catch {
    // The directory is gone, or the path now leads elsewhere.
  } finally {
    if (opened >= 0) native.close(opened);
  }
  return undefined;
}

/** stat(2) of the open file. If Deno may not read /proc, this is the stat(2) of the file that now has the path. */
function statOfOpened(opened: number, path: FilePath): BigIntStats {
  try {
    return statOfOpen(opened);
  } catch {
    return fs().lstatSync(path, { bigint: true });
  }
}

/** Whether users other than this one and root can rename files in the directory, or replace the directory itself. */
function othersMayReplace(path: FilePath): boolean {
  const us = BigInt(process.geteuid!());
  for (let directory = directoryOf(path); ; directory = directoryOf(directory)) {
    const { uid, mode } = fs().statSync(directory, { bigint: true });
    if (uid !== us && uid !== 0n) return true;
    if ((mode & WRITABLE_BY_OTHERS) !== 0n && (mode & STICKY) === 0n) return true;
    if (directory.length === 1) return false;
  }
}

function replacedError(file: FilePath): Error {
  const error = systemError(ENOENT, "chmod", { path: String(file) });
  explain(
    error,
    "another process removed or replaced the socket's file right after bind(2), so the mode was not set. " +
      "Either another server started at the same path, or another user may write to the directory",
  );
  return error;
}

function uncertainError(file: FilePath, stats: BigIntStats, mode: number): Error {
  const error = systemError(EPERM, "chmod", { path: String(file) });
  const had = Number(stats.mode & ALL_PERMISSIONS).toString(8);
  explain(
    error,
    `the mode stays ${had} and was not widened to ${mode.toString(8)}. Other users may write to the directory, ` +
      "and the kernel does not say whether the file is the socket's. Use a directory that only you and root may write to, " +
      "allow AF_NETLINK (NETLINK_SOCK_DIAG) in the sandbox's profile, or set the umask so that the mode need not be widened",
  );
  return error;
}
