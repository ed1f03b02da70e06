import { checkFunction } from "../arguments.js";
import type { Descriptor } from "../descriptor.js";
import { closedError } from "../errors.js";
import { type InspectArguments, inspected } from "../inspecting.js";
import { borrowFdAt } from "../interop/sendable.js";

/**
 * Above all numbers that the kernel uses by default (fs.nr_open, see proc_sys_fs(5)), so that no fake is mistaken for a real
 * descriptor.
 */
const FIRST_NUMBER = 1 << 30;

/** The file of each number: of open descriptors, and of those that were detached or handed over. */
const files = new Map<number, unknown>();
let nextNumber = FIRST_NUMBER;
/** The descriptors that are open, and the place where each was made. */
const held = new Map<FakeDescriptor, Error>();

/** A fake descriptor that is open. */
export interface OpenDescriptor {
  readonly fd: number;
  /** The file that the descriptor stands for. */
  readonly file: unknown;
  /** The stack at the place where the descriptor was made, or where the program called the receive that brought it. */
  readonly madeAt: string;
}

/** Stack frames of the library and of the runtime, which say nothing about the program. */
const OWN_FRAMES = [new URL("..", import.meta.url).pathname, "node:internal", "(<anonymous>)"];

function framesOf({ stack = "" }: Error): string {
  const lines = stack.split("\n").map((line) => line.trim());
  // In V8, the first line of a stack is the error's name.
  if (lines[0]!.startsWith("Error")) lines.shift();
  return lines.filter((line) => !OWN_FRAMES.some((own) => line.includes(own))).join("\n");
}

/** Returns the fake descriptors that were not closed, detached or handed over. The oldest comes first. */
export function openDescriptors(): OpenDescriptor[] {
  return [...held].map(([{ fd, file }, site]) => ({ fd, file, madeAt: framesOf(site) }));
}

/** Makes {@link openDescriptors} forget the descriptors that are open now. They can still be used and closed. */
export function resetOpenDescriptors(): void {
  held.clear();
}

/** Makes a descriptor for a file that has arrived. `site`: where the program called the receive. */
export let arrived: (file: unknown, site: Error) => FakeDescriptor;

/**
 * Stands for a file descriptor in code that runs without a kernel. It behaves like FileDescriptor, and {@link openDescriptors}
 * lists it.
 */
export class FakeDescriptor implements Descriptor {
  #fd: number;

  static {
    arrived = (file, site) => {
      const descriptor = new FakeDescriptor(file);
      held.set(descriptor, site);
      return descriptor;
    };
  }

  /** The file that the descriptor stands for. Duplicates have the same file, and so does a descriptor that a socket passed. */
  readonly file: unknown;

  /** @param file Any value. A test can recognise it at the other end of a socket. */
  constructor(file: unknown = {}) {
    this.#fd = nextNumber++;
    this.file = file;
    files.set(this.#fd, file);
    held.set(this, new Error());
  }

  /** The number, which no real descriptor has. -1 once the descriptor is closed, detached or handed over. */
  get fd(): number {
    return this.#fd;
  }

  #giveUp(): number {
    const fd = this.#fd;
    if (fd < 0) throw closedError("descriptor");
    this.#fd = -1;
    held.delete(this);
    return fd;
  }

  /** Returns a second descriptor of the same file. */
  dup(): FakeDescriptor {
    if (this.#fd < 0) throw closedError("descriptor");
    return new FakeDescriptor(this.file);
  }

  /**
   * Gives up ownership without closing the descriptor. Returns the number, which the caller now owns. It is no longer listed as
   * open.
   */
  detach(): number {
    return this.#giveUp();
  }

  /** Calls `use` with the number. If `use` returns, it owns the descriptor. If `use` throws, this object still owns it. */
  handOver<T>(use: (fd: number) => T): T {
    checkFunction("use", use);
    if (this.#fd < 0) throw closedError("descriptor");
    const result = use(this.#fd);
    this.#giveUp();
    return result;
  }

  /** Closes the descriptor. A second call does nothing. */
  close(): void {
    if (this.#fd >= 0) files.delete(this.#giveUp());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "FakeDescriptor", () =>
      this.#fd < 0 ? { closed: true } : { fd: this.#fd, file: this.file },
    );
  }
}

/** The file of a descriptor that a program wants to send. A real descriptor, or an object that has one, is its own file. */
export function fileBehind(list: string, i: number, sendable: unknown): unknown {
  const fd = borrowFdAt(list, i, sendable);
  return files.has(fd) ? files.get(fd) : sendable;
}
