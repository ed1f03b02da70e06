import { errnoName } from "./errno.js";

/** What the error of a system call says about the address, as Node's own errors do. */
export interface SystemErrorDetails {
  /** The path of a Unix socket. */
  path?: string;
  /** The IP address, or another kind of address as text. */
  address?: string;
  port?: number;
}

/** An error from the kernel. It has the same properties as Node's own: `code: "ECONNREFUSED"`, negative `errno`, `syscall`. */
export interface SystemError extends Error, SystemErrorDetails {
  code: string;
  /** Negative, as in Node's own errors. */
  errno: number;
  syscall: string;
  /** The cause, if `code` can have several: "ERR_SENDMSG_MESSAGES_LOST", "ERR_SENDMSG_SYSCALL_DENIED". */
  reason?: string;
}

/** The error of a failed send. `bytesSent` says how many bytes the kernel took. Above 0, it took the descriptors too. */
export interface SendError extends Error {
  code: string;
  bytesSent: number;
}

/** The error of a batch. `index` is the position of the message that the kernel refused. */
export interface BatchError extends Error {
  code: string;
  index: number;
}

function withCode<E extends Error>(error: E, code: string): E & { code: string } {
  // As in Node's own errors, `code` is an own property, and the first line of the stack shows it.
  const coded = Object.assign(error, { code });
  const name = error.name;
  error.name = `${name} [${code}]`;
  void error.stack;
  delete (error as { name?: string }).name;
  return coded;
}

/** Makes the error of a failed system call. `errno` may be positive or negative. */
export function systemError(errno: number, syscall: string, details: SystemErrorDetails = {}): SystemError {
  const code = errnoName(errno);
  let where = details.path ?? details.address ?? "";
  if (details.port !== undefined) where += `:${details.port}`;
  const error = new Error(`${syscall} ${code}${where ? ` ${where}` : ""}`);
  return Object.assign(error, { errno: -Math.abs(errno), code, syscall }, details);
}

/** Changes an error's message, in its stack too: Node prints the stack of an uncaught error, not its message. */
export function replaceMessage(error: Error, message: string): void {
  const { stack } = error;
  const old = error.message;
  error.message = message;
  if (stack !== undefined) error.stack = stack.replace(old, () => message);
}

/** Adds the reason to an error's message, or what the user can do: "setsockopt ENOPROTOOPT: this socket has no …". */
export function explain(error: Error, reason: string): void {
  replaceMessage(error, `${error.message.replace(/\.$/, "")}: ${reason}`);
}

/** The `reason` of an error if a seccomp filter refused the system call, and not the kernel. */
export const SYSCALL_DENIED = "ERR_SENDMSG_SYSCALL_DENIED";

/** A seccomp filter refuses the system call. On ia32 it refuses both the direct call and socketcall(2). */
export function syscallDeniedError(errno: number, syscall: string): SystemError & { reason: string } {
  const error = systemError(errno, syscall);
  const [both, one] =
    process.arch === "ia32" ? [" and socketcall(2), the other way to it", "one of them"] : ["", "it"];
  replaceMessage(
    error,
    `${syscall} is not permitted here (${error.code}): a seccomp filter denies the system call${both}. ` +
      `Allow ${one} in the sandbox's or container's profile.`,
  );
  return Object.assign(error, { reason: SYSCALL_DENIED });
}

/** How many characters of a text an error message shows. */
const LONGEST_QUOTE = 48;

/** How an error message shows a wrong value. This never throws, even if the value's own code does. */
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

/** How an error message shows a text that the program gave: in quotes, and cut if it is long. */
export function quoted(text: string): string {
  // Cut between characters, not within one that is two UTF-16 units.
  const start = text.slice(0, 2 * LONGEST_QUOTE);
  const characters = [...start];
  const isCut = start.length < text.length || characters.length > LONGEST_QUOTE;
  return JSON.stringify(`${characters.slice(0, LONGEST_QUOTE).join("")}${isCut ? "..." : ""}`);
}

/** TypeError ERR_INVALID_ARG_TYPE. `expected` completes "must be …". `fix` says what to write instead. */
export function invalidArgType(
  argument: string,
  expected: string,
  actual: unknown,
  fix = "",
): TypeError & { code: string; argument: string } {
  const error = new TypeError(
    `The "${argument}" argument must be ${expected}. Received ${printed(actual)}${fix && `. ${fix}`}`,
  );
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

/** TypeError ERR_INVALID_RETURN_VALUE, which Node has too. `expected` completes "must return …". */
export function invalidReturnValue(
  argument: string,
  expected: string,
  actual: unknown,
): TypeError & { code: string } {
  const error = new TypeError(
    `The "${argument}" function must return ${expected}. Received ${printed(actual)}`,
  );
  return withCode(error, "ERR_INVALID_RETURN_VALUE");
}

/** TypeError ERR_ILLEGAL_CONSTRUCTOR, which Node has too. `instead` completes "Use …". */
export function illegalConstructor(className: string, instead: string): TypeError & { code: string } {
  const error = new TypeError(`A program can't call new ${className}(). Use ${instead}`);
  return withCode(error, "ERR_ILLEGAL_CONSTRUCTOR");
}

/** An Error with a code of this library or of Node (`ERR_INVALID_STATE`, …). */
export function codedError(code: string, message: string): Error & { code: string } {
  return withCode(new Error(message), code);
}

/** The error with which a wait rejects if its socket, listener or descriptor is closed. */
export function closedError(what: string): Error & { code: string } {
  return codedError("ERR_SENDMSG_CLOSED", `The ${what} is closed`);
}

/** `AbortError` with the code `ABORT_ERR`. Its cause is the signal's reason. */
export class AbortError extends Error {
  readonly code = "ABORT_ERR";
  override readonly name = "AbortError";
  constructor(signal: AbortSignal) {
    super("The operation was aborted", { cause: signal.reason });
  }
}
