import { Buffer } from "node:buffer";
import { encodeAddress } from "../address/index.js";
import { UNIX_PATH_MAX } from "../address/unix.js";
import { fs } from "../builtins.js";
import { EADDRINUSE, EAGAIN, ECONNREFUSED, ENOENT } from "../errno.js";
import { explain, systemError } from "../errors.js";
import { binding } from "../native/load.js";
import { BIND } from "../reasons/bind.js";
import { withReason } from "../reasons/reasons.js";
import { probe } from "../reasons/unix-path.js";
import { type BoundPath, findBoundPath } from "../socket-file/bound-path.js";
import { directoryOf, type FilePath, fileIn, nameOf } from "../socket-file/file-path.js";
import { changeMode, pathOfOpen } from "../socket-file/open-file.js";
import { removeIf } from "../socket-file/remove-file.js";
import { milliseconds } from "../syscalls/clock.js";
import { failure } from "../syscalls/failure.js";
import { checkNotAborted } from "./abort.js";
import { Backoff } from "./backoff.js";

export interface BindPathOptions {
  mode: number | undefined;
  unlink: "stale" | undefined;
  signal: AbortSignal | undefined;
}

/**
 * How many milliseconds we wait for the directory's lock. Another server needs the lock for microseconds. But every user who may
 * read the directory can hold it for ever.
 */
const LONGEST_LOCK = 2000;
const LOCK_EX = 2;
const LOCK_NB = 4;

/** The state of what is at the path. "alive" also means a file that is no socket. We replace only a stale file. */
type State = "alive" | "stale" | "gone";

/**
 * Binds a Unix socket to a path. The file has its permissions from the first instant.
 *
 * fchmod(2) gives the unbound socket a mode. bind(2) makes the file with that mode, less the umask (net/unix/af_unix.c,
 * unix_bind_bsd). Afterwards we add the bits that the umask removed. So the permissions can only widen.
 */
export async function bindPath(
  open: () => number,
  path: string | Uint8Array,
  { mode, unlink, signal }: BindPathOptions,
  onPath: (path: BoundPath | undefined) => void,
): Promise<void> {
  const file = typeof path === "string" ? path : Buffer.from(path);
  const noteBound = (result: number) => {
    if (result < 0) {
      const error = failure(result, "bind", { path: String(file) });
      throw withReason(error, BIND, { fd: open(), address: { path }, canUnlink: true });
    }
    onPath(findBoundPath(open(), file, mode));
  };
  const fd = open();
  if (mode !== undefined) changeMode(fd, mode);
  const result = bind(fd, path);
  if (result === -EADDRINUSE && unlink === "stale") await bindInPlaceOf(open, path, file, signal, noteBound);
  else noteBound(result);
}

/** Binds to a path at which a file exists, if no server uses that file any more. */
async function bindInPlaceOf(
  open: () => number,
  path: string | Uint8Array,
  file: FilePath,
  signal: AbortSignal | undefined,
  noteBound: (result: number) => void,
): Promise<void> {
  // Check before we take the lock. Every user who may read the directory can hold the lock, and make us wait. If a server is alive,
  // we need no lock, because we remove nothing.
  if (stateOf(file) === "alive") {
    noteBound(-EADDRINUSE);
    return;
  }
  const directory = await lockDirectory(file, signal);
  try {
    // Bind again before looking at the file. While another server's bind(2) is still running, its file looks stale. That bind(2)
    // holds the lock of the directory's inode until its socket can be found (since Linux 5.14: unix_bind_bsd). Our bind(2) waits
    // for the lock.
    const fd = open();
    let result = bind(fd, path);
    if (result === -EADDRINUSE) {
      removeIf(file, (at) => stateOf(at, directory) === "stale");
      result = bind(fd, path);
    }
    noteBound(result);
  } finally {
    fs().closeSync(directory);
  }
}

function bind(fd: number, path: string | Uint8Array): number {
  return binding().bind(fd, encodeAddress({ family: "unix", path }));
}

/**
 * Whether another socket is bound to the file. It need not be listening: see {@link probe}.
 *
 * `directory` is a descriptor of the file's directory. With it, a path that is too long for a socket address works through /proc.
 */
function stateOf(file: FilePath, directory?: number): State {
  const found = fs().lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined) return "gone";
  if (!found.isSocket()) return "alive";
  const fits = directory === undefined || Buffer.byteLength(file) <= UNIX_PATH_MAX;
  const result = probe({ path: fits ? file : fileIn(pathOfOpen(directory), nameOf(file)) });
  if (result === -ENOENT) return "gone";
  return result === -ECONNREFUSED ? "stale" : "alive";
}

/**
 * Locks the directory. If two servers find the same stale file, the second one waits, and then sees the first one's live socket.
 */
async function lockDirectory(file: FilePath, signal: AbortSignal | undefined): Promise<number> {
  const directory = fs().openSync(directoryOf(file), fs().constants.O_RDONLY | fs().constants.O_DIRECTORY);
  try {
    const end = milliseconds() + LONGEST_LOCK;
    const backoff = new Backoff();
    for (;;) {
      const result = binding().flock(directory, LOCK_EX | LOCK_NB);
      if (result >= 0) return directory;
      if (result !== -EAGAIN) throw failure(result, "flock");
      if (milliseconds() > end) throw lockedError(file);
      await backoff.pause();
      checkNotAborted(signal);
    }
  } catch (error) {
    fs().closeSync(directory);
    throw error;
  }
}

function lockedError(file: FilePath): Error {
  const error = systemError(EADDRINUSE, "bind", { path: String(file) });
  explain(
    error,
    "the file looks stale, but another process has locked its directory (flock(2)) for " +
      `${LONGEST_LOCK} ms. Let only servers read the directory: every user who may read it can lock it`,
  );
  return error;
}
