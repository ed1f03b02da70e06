import { checkInteger, checkString } from "../arguments.js";
import { errnoName } from "../errno.js";
import { invalidArgType, invalidArgValue, systemError } from "../errors.js";

interface Fault {
  error: Error;
  bytesLeft: number;
}

/** EHWPOISON, the highest error number: include/uapi/asm-generic/errno.h. */
const MAX_ERRNO = 133;

function errorOf(code: unknown, syscall: string): Error {
  if (code instanceof Error) return code;
  if (typeof code !== "string")
    throw invalidArgType("error", "an error's code or an instance of Error", code);
  if (code === "EAGAIN") throw invalidArgValue("error", "must not be EAGAIN: block() makes a call wait");
  for (let errno = 1; errno <= MAX_ERRNO; errno++) {
    if (errnoName(errno) === code) return systemError(errno, syscall);
  }
  throw invalidArgValue(
    "error",
    `must be the code of a system error or an instance of Error. Received "${code}"`,
  );
}

/** The planned errors of the calls of one socket or listener. `Name` is the method that the test names. */
export class Faults<Name extends string> {
  readonly #syscalls: Readonly<Record<Name, string>>;
  readonly #faults = new Map<Name, Fault[]>();
  readonly #blocks = new Map<Name, number>();

  constructor(syscalls: Readonly<Record<Name, string>>) {
    this.#syscalls = syscalls;
  }

  #check(call: Name): string {
    if (Object.hasOwn(this.#syscalls, checkString("call", call))) return this.#syscalls[call];
    throw invalidArgValue(
      "call",
      `must be one of ${Object.keys(this.#syscalls).join(", ")}. Received "${call}"`,
    );
  }

  plan(call: Name, code: string | Error, bytesSent = 0): void {
    const error = errorOf(code, this.#check(call));
    const fault = {
      error,
      bytesLeft: checkInteger("options.bytesSent", bytesSent, 0, Number.MAX_SAFE_INTEGER),
    };
    const faults = this.#faults.get(call);
    if (faults) faults.push(fault);
    else this.#faults.set(call, [fault]);
  }

  block(call: Name, onRelease: () => void): () => void {
    this.#check(call);
    this.#blocks.set(call, (this.#blocks.get(call) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#blocks.set(call, this.#blocks.get(call)! - 1);
      onRelease();
    };
  }

  isBlocked(call: Name): boolean {
    return (this.#blocks.get(call) ?? 0) > 0;
  }

  isPlanned(call: Name): boolean {
    return (this.#faults.get(call)?.length ?? 0) > 0;
  }

  /**
   * How many bytes may still be sent before the next planned error. Undefined: none is planned. Throws the error when it is due.
   */
  check(call: Name): Fault | undefined {
    const faults = this.#faults.get(call);
    const fault = faults?.[0];
    if (fault?.bytesLeft === 0) {
      faults!.shift();
      throw fault.error;
    }
    return fault;
  }
}
