import type { Descriptor } from "../descriptor.js";
import { closedError, invalidArgType } from "../errors.js";
import { borrowFdAt } from "../interop/sendable.js";

/** Above every number that the kernel gives out by default (fs.nr_open, see proc_sys_fs(5)): none is taken for another's. */
const FIRST_NUMBER = 1 << 30;

/** What the numbers stand for: those in use, and those that were given away. */
const files = new Map<number, unknown>();
let nextNumber = FIRST_NUMBER;
/** Those that somebody holds, and where each was made. */
const held = new Map<FakeDescriptor, Error>();

/** A fake descriptor that somebody holds. */
export interface OpenDescriptor {
  readonly fd: number;
  /** What it stands for. */
  readonly file: unknown;
  /** The lines of the stack where it was made, or where the receive was called that brought it. */
  readonly madeAt: string;
}

/** Frames of the library and of the runtime say nothing about the program. */
const OWN_FRAMES = [new URL("..", import.meta.url).pathname, "node:internal", "(<anonymous>)"];

function framesOf({ stack = "" }: Error): string {
  const lines = stack.split("\n").map((line) => line.trim());
  // V8's first line is the error's name.
  if (lines[0]!.startsWith("Error")) lines.shift();
  return lines.filter((line) => !OWN_FRAMES.some((own) => line.includes(own))).join("\n");
}

/** The fake descriptors that somebody holds: they were neither closed, nor detached, nor handed over. Oldest first. */
export function openDescriptors(): OpenDescriptor[] {
  return [...held].map(([{ fd, file }, site]) => ({ fd, file, madeAt: framesOf(site) }));
}

/** Forgets those that are open: {@link openDescriptors} lists what is made from now on. They can be used and closed all the same. */
export function resetOpenDescriptors(): void {
  held.clear();
}

/** Makes one of what has arrived. `site`: where somebody asked for it. */
export let arrived: (file: unknown, site: Error) => FakeDescriptor;

/** Stands for a file descriptor where there is no kernel: behaves as FileDescriptor does, and is counted. */
export class FakeDescriptor implements Descriptor {
  #fd: number;

  static {
    arrived = (file, site) => {
      const descriptor = new FakeDescriptor(file);
      held.set(descriptor, site);
      return descriptor;
    };
  }

  /** What the descriptor stands for: the same for its duplicates, and at the other end of a socket. */
  readonly file: unknown;

  /** @param file Whatever the test wants to find again at the other end. */
  constructor(file: unknown = {}) {
    this.#fd = nextNumber++;
    this.file = file;
    files.set(this.#fd, file);
    held.set(this, new Error());
  }

  /** The number, which no real descriptor has; -1 once the descriptor is closed, detached or handed over. */
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

  /** A second descriptor of the same file. */
  dup(): FakeDescriptor {
    if (this.#fd < 0) throw closedError("descriptor");
    return new FakeDescriptor(this.file);
  }

  /** Gives the descriptor up without closing it: the caller owns the number. It is not counted any more. */
  detach(): number {
    return this.#giveUp();
  }

  /** Passes the number to `use`, which becomes the owner if it returns; if it throws, this object still owns it. */
  handOver<T>(use: (fd: number) => T): T {
    if (typeof use !== "function") throw invalidArgType("use", "of type function", use);
    if (this.#fd < 0) throw closedError("descriptor");
    const result = use(this.#fd);
    this.#giveUp();
    return result;
  }

  /** Closes the descriptor. Idempotent. */
  close(): void {
    if (this.#fd >= 0) files.delete(this.#giveUp());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `FakeDescriptor { fd: ${this.fd} }`;
  }
}

/** What a value that somebody sends stands for; a real descriptor, or what has one, stands for itself. */
export function fileBehind(list: string, i: number, sendable: unknown): unknown {
  const fd = borrowFdAt(list, i, sendable);
  return files.has(fd) ? files.get(fd) : sendable;
}
