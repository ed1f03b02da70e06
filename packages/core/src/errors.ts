import { errnoName } from "./errno.js";

/** What every error of a system call carries, as Node's own do. */
export interface SystemErrorDetails {
  /** The path of a Unix socket. */
  path?: string;
  /** The IP address (or the printed form of any other address). */
  address?: string;
  port?: number;
}

/** An error of the kernel: looks like Node's own (`code: "ECONNREFUSED"`, negative `errno`, `syscall`). */
export interface SystemError extends Error, SystemErrorDetails {
  code: string;
  /** Negative, as Node has it. */
  errno: number;
  syscall: string;
  /** The cause, where `code` has several: "ERR_SENDMSG_MESSAGES_LOST", "ERR_SENDMSG_SYSCALL_DENIED". */
  reason?: string;
}

/** An error of a send: how much of the message the kernel had taken. Above 0, its descriptors went too. */
export interface SendError extends Error {
  code: string;
  bytesSent: number;
}

function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  // Like Node's own errors: `code` is an own property, and the stack's first line shows it.
  const coded = Object.assign(error, { code });
  const name = error.name;
  error.name = `${name} [${code}]`;
  void error.stack;
  delete (error as { name?: string }).name;
  return coded;
}

/** The error of a failed system call. `errno` is the positive or negative errno. */
export function systemError(errno: number, syscall: string, details: SystemErrorDetails = {}): SystemError {
  const code = errnoName(errno);
  let where = details.path ?? details.address ?? "";
  if (details.port !== undefined) where += `:${details.port}`;
  const error = new Error(`${syscall} ${code}${where ? ` ${where}` : ""}`);
  return Object.assign(error, { errno: -Math.abs(errno), code, syscall }, details);
}

/** Gives an error another message, in its stack too: there the old one would be shown where nobody catches it. */
export function explain(error: Error, message: string): void {
  const { stack } = error;
  const old = error.message;
  error.message = message;
  if (stack !== undefined) error.stack = stack.replace(old, () => message);
}

/** The `reason` of a system call's error when a seccomp filter, and not the kernel, has failed it. */
export const SYSCALL_DENIED = "ERR_SENDMSG_SYSCALL_DENIED";

/** No path to a system call is permitted: a seccomp filter denies the direct call and, on ia32, socketcall(2) too. */
export function syscallDeniedError(errno: number, syscall: string): SystemError & { reason: string } {
  const error = systemError(errno, syscall);
  const [both, one] =
    process.arch === "ia32" ? [" and socketcall(2), the other way to it", "one of them"] : ["", "it"];
  explain(
    error,
    `${syscall} is not permitted here (${error.code}): a seccomp filter denies the system call${both}. ` +
      `Allow ${one} in the sandbox's or container's profile.`,
  );
  return Object.assign(error, { reason: SYSCALL_DENIED });
}

/** How an error shows a value that it does not want. It never throws, whatever the value's own code does. */
export function printed(value: unknown): string {
  try {
    return printedBy(value);
  } catch {
    return `a value of type ${typeof value} that can't be printed`;
  }
}

function printedBy(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return `function ${String(value.name)}`;
  if (typeof value === "object") {
    const name: unknown = (value as object).constructor?.name;
    return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object without prototype";
  }
  let text =
    typeof value === "string"
      ? JSON.stringify(value)
      : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  if (text.length > 28) text = `${text.slice(0, 25)}...`;
  return `type ${typeof value} (${text})`;
}

/** TypeError ERR_INVALID_ARG_TYPE. `expected` completes "must be …". */
export function invalidArgType(
  argument: string,
  expected: string,
  actual: unknown,
): TypeError & { code: string; argument: string } {
  const error = new TypeError(`The "${argument}" argument must be ${expected}. Received ${printed(actual)}`);
  return Object.assign(withCode(error, "ERR_INVALID_ARG_TYPE"), { argument });
}

/** TypeError ERR_INVALID_ARG_VALUE. `reason` completes `The "x" argument …`. */
export function invalidArgValue(
  argument: string,
  reason: string,
): TypeError & { code: string; argument: string } {
  const error = new TypeError(`The "${argument}" argument ${reason}`);
  return Object.assign(withCode(error, "ERR_INVALID_ARG_VALUE"), { argument });
}

/** RangeError ERR_OUT_OF_RANGE. `range` completes "It must be …". */
export function outOfRange(
  argument: string,
  range: string,
  actual: unknown,
): RangeError & { code: string; argument: string } {
  const value =
    typeof actual === "number" ? String(actual) : typeof actual === "bigint" ? `${actual}n` : printed(actual);
  const error = new RangeError(
    `The value of "${argument}" is out of range. It must be ${range}. Received ${value}`,
  );
  return Object.assign(withCode(error, "ERR_OUT_OF_RANGE"), { argument });
}

/** TypeError ERR_ILLEGAL_CONSTRUCTOR, as Node has it. `instead` completes "Use …". */
export function illegalConstructor(className: string, instead: string): TypeError & { code: string } {
  const error = new TypeError(`new ${className}() is not for users. Use ${instead}`);
  return withCode(error, "ERR_ILLEGAL_CONSTRUCTOR");
}

/** An Error with one of the library's own codes, or of Node's (`ERR_INVALID_STATE`, …). */
export function codedError(code: string, message: string): Error & { code: string } {
  return withCode(new Error(message), code);
}

/** What a wait on a closed socket, listener or descriptor rejects with. */
export function closedError(what: string): Error & { code: string } {
  return codedError("ERR_SENDMSG_CLOSED", `The ${what} is closed`);
}

/** `AbortError`, `ABORT_ERR`, with the signal's reason as its cause. */
export class AbortError extends Error {
  readonly code = "ABORT_ERR";
  override readonly name = "AbortError";
  constructor(signal: AbortSignal) {
    super("The operation was aborted", { cause: signal.reason });
  }
}
