import { checkInteger, checkString } from "../arguments.js";
import { errnoName } from "../errno.js";
import { invalidArgType, invalidArgValue, systemError } from "../errors.js";
import type { MemoryEndpoint } from "./memory-endpoint.js";

interface Fault {
  readonly error: Error;
  /** How many bytes may still be sent before the error is due. */
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
  readonly #endpoint: MemoryEndpoint;
  readonly #faults = new Map<Name, Fault[]>();
  readonly #blocks = new Map<Name, number>();

  constructor(syscalls: Readonly<Record<Name, string>>, endpoint: MemoryEndpoint) {
    this.#syscalls = syscalls;
    this.#endpoint = endpoint;
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
    this.#endpoint.schedule();
  }

  block(call: Name): () => void {
    this.#check(call);
    this.#blocks.set(call, (this.#blocks.get(call) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#blocks.set(call, this.#blocks.get(call)! - 1);
      this.#endpoint.schedule();
    };
  }

  isBlocked(call: Name): boolean {
    return (this.#blocks.get(call) ?? 0) > 0;
  }

  /** The next planned error. */
  planned(call: Name): Fault | undefined {
    return this.#faults.get(call)?.[0];
  }

  /** The planned error with which the call must fail now. It counts as having happened. */
  due(call: Name): Error | undefined {
    return this.planned(call)?.bytesLeft === 0 ? this.#faults.get(call)!.shift()!.error : undefined;
  }
}
