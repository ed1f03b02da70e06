import { EAGAIN, EBADF } from "sendmsg/unix-datagram";

/** An error of a system call, as Node's own errors of system calls are. */
export interface SystemError extends Error {
  /** The name of the error: "ECONNREFUSED", for example. */
  code: string;
  /** The same as a number below 0. The original has this number in `code`, too. */
  errno: number;
  /** "socket", "bind", "connect", "send", "recv" or "getsockname". */
  syscall: string;
}

/** The names of the original's system calls, which programs compare. sendmsg(2) is "send" there. */
export type Syscall = "socket" | "bind" | "connect" | "send" | "recv" | "getsockname";

const NOT_CONNECTED = "the socket is not connected. Call connect(path), or give a path to send()";

/**
 * Gives an error of the core the names that this package has: of the system call, of arguments, of what to do. Undefined: it is no error
 * of a system call.
 */
export function named(error: unknown, syscall: Syscall): SystemError | undefined {
  const given = error as Partial<SystemError>;
  const { code, errno, message = "" } = given;
  if (typeof code !== "string" || typeof errno !== "number") return undefined;
  const start = `${given.syscall} `;
  let text = message.startsWith(start) ? message.slice(start.length) : message;
  text = text.replace(/the "\w+\.(path|abstract)" argument/, "the path");
  if (code === "ENOTCONN") text = `${code}: ${NOT_CONNECTED}`;
  given.message = `${syscall} ${text}`;
  return Object.assign(given as SystemError, { syscall });
}

/** Says in the error of a send why its peer was not reached. `reason`: the error of connecting again. */
export function notReached(error: SystemError, reason: Error, path: string): SystemError {
  const { code } = reason as Partial<SystemError>;
  const isGone = code === "ECONNREFUSED" || code === "ENOENT";
  const text = isGone ? "no program has this socket open" : reason.message;
  error.message = `send ${error.code} ${path.replace("\0", "\\0")}: ${text}. The next send() connects to it again`;
  return error;
}

/**
 * The receiver's queue is full. Programs recognise the text. The error has no stack: it says only who has sent, and making it takes
 * longer than the send. A busy program meets this error often.
 */
export function congestion(): SystemError {
  const { stackTraceLimit } = Error;
  // Programs can freeze Error.
  Reflect.set(Error, "stackTraceLimit", 0);
  const error = new Error("congestion");
  Reflect.set(Error, "stackTraceLimit", stackTraceLimit);
  return Object.assign(error, { code: "EAGAIN", errno: -EAGAIN, syscall: "send" });
}

export const closed = (syscall: Syscall): SystemError =>
  Object.assign(new Error(`${syscall} EBADF: the socket is closed`), {
    code: "EBADF",
    errno: -EBADF,
    syscall,
  });
