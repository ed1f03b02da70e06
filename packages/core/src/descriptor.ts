import { checkFd, checkFunction } from "./arguments.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import { isDebugging } from "./debug-log.js";
import { EBADF, EEXIST, ENOENT } from "./errno.js";
import { closedError, codedError, explain, invalidArgType, systemError } from "./errors.js";
import { beforeCollection, countHeld } from "./forgotten.js";
import { type InspectArguments, inspected } from "./inspecting.js";
import { LateRegistry } from "./late-registry.js";
import { RESULT_GENERATION } from "./native/binding.js";
import { binding } from "./native/load.js";
import { noteOrigin, type Origin, originOf, warnOfCollected } from "./origin.js";
import { notOpen } from "./reasons/open-file.js";
import { withShortage } from "./reasons/reasons.js";

/** Two installed copies of the library recognise each other's descriptors by this symbol. */
const BRAND = Symbol.for("sendmsg.FileDescriptor");

/** The result of {@link FileDescriptor.transfer}. It can be cloned, so a program can post it to another thread of the process. */
export interface DescriptorTicket {
  readonly type: "sendmsg.DescriptorTicket";
  readonly ticket: number;
}

/** The interface of {@link FileDescriptor}. Code that uses it also works with the stand-ins of `sendmsg/testing`. */
export interface Descriptor extends Disposable {
  readonly fd: number;
  dup(): Descriptor;
  detach(): number;
  handOver<T>(use: (fd: number) => T): T;
  close(): void;
}

interface Held {
  fd: number;
  generation: number;
  origin: Origin | undefined;
}

function closeCollected({ fd, generation, origin }: Held): void {
  // False: the descriptor was closed or given away before, or its number now refers to another file.
  if (!binding().release(fd, generation, 0)) return;
  warnOfCollected(
    `Descriptor ${fd} was closed by garbage collection: close it, take it or use "using"`,
    origin,
  );
}

/** The place of a descriptor that {@link holdUncollected} made: it is not in the registry. */
const UNREGISTERED = -1;
let heldOf: (descriptor: FileDescriptor) => Held;
const collected = new LateRegistry<FileDescriptor, Held>(closeCollected, (descriptor) => heldOf(descriptor));
beforeCollection(() => collected.settle());

function notANumber(argument: string, value: unknown): Error {
  const hasDescriptor = typeof value === "object" && value !== null && "fd" in value;
  const fix = hasDescriptor
    ? "It closes its descriptor itself, so give a duplicate: dup(x.fd) of sendmsg/syscalls"
    : "";
  return invalidArgType(argument, "of type number", value, fix);
}

/** {@link FileDescriptor.adopt}, for an argument with another name. */
export function adoptNamed(argument: string, fd: number): FileDescriptor {
  if (typeof fd !== "number") throw notANumber(argument, fd);
  checkFd(argument, fd);
  const generation = binding().adopt(fd);
  if (generation === -EBADF) {
    const error = systemError(EBADF, "fcntl");
    explain(error, notOpen(argument, fd));
    throw error;
  }
  if (generation === -EEXIST) {
    throw codedError(
      "ERR_SENDMSG_FD_OWNED",
      `Descriptor ${fd} already has an owner: a FileDescriptor, Socket or Listener. Call the owner's detach() to take it over`,
    );
  }
  return hold(fd, generation);
}

/** Makes a FileDescriptor for a descriptor that is already in custody under this generation. */
export let hold: (fd: number, generation: number) => FileDescriptor;
/** Like `hold`, but without registration and warning: for a descriptor whose owner always closes it. */
export let holdUncollected: (fd: number, generation: number) => FileDescriptor;
/** Moves a descriptor into an unregistered object, whose owner always closes it. The old object gives it up. */
export let moveIn: (descriptor: FileDescriptor) => FileDescriptor;
/** The reverse of `moveIn`: moves a descriptor into a registered object, which the user owns. */
export let moveOut: (descriptor: FileDescriptor) => FileDescriptor;
/** The descriptor's number, and its generation in custody. */
export let custodyOf: (descriptor: FileDescriptor) => { fd: number; generation: number };
/**
 * Closes a descriptor. The native layer reports `token` when close(2) has returned. Returns false if the descriptor was not held.
 */
export let releaseWithToken: (descriptor: FileDescriptor, token: number) => boolean;

function noSuchTicket(): Error {
  const error = systemError(ENOENT, "claim");
  explain(
    error,
    "the ticket was claimed before, or another installed copy of the library made it. Only that copy can " +
      'claim it ("npm ls sendmsg" shows the copies)',
  );
  return error;
}

/**
 * One open file descriptor and the duty to close it.
 *
 * A descriptor has exactly one owner. This object is the owner until the program closes, detaches or hands over the descriptor;
 * after that, `fd` is -1. If the program forgets the object, the library closes the descriptor when the object is
 * collected, and warns (`SENDMSG_FD_COLLECTED`). A thread of the library makes each close(2), because closing a descriptor that a
 * peer sent can block for seconds.
 */
export class FileDescriptor implements Descriptor {
  #fd: number;
  readonly #generation: number;
  #place = UNREGISTERED;

  static {
    heldOf = (descriptor) => ({
      fd: descriptor.#fd,
      generation: descriptor.#generation,
      origin: originOf(descriptor),
    });
    holdUncollected = (fd, generation) => new FileDescriptor(CONSTRUCT, fd, generation);
    hold = (fd, generation) => {
      const descriptor = new FileDescriptor(CONSTRUCT, fd, generation);
      if (isDebugging) noteOrigin(descriptor, hold);
      descriptor.#place = collected.register(descriptor);
      return descriptor;
    };
    moveIn = (descriptor) => {
      const moved = new FileDescriptor(CONSTRUCT, descriptor.#open(), descriptor.#generation);
      descriptor.#gone();
      return moved;
    };
    moveOut = (descriptor) => {
      const fd = descriptor.#open();
      descriptor.#gone();
      return hold(fd, descriptor.#generation);
    };
    custodyOf = (descriptor) => ({ fd: descriptor.#open(), generation: descriptor.#generation });
    releaseWithToken = (descriptor, token) => descriptor.#release(token);
  }

  private constructor(key: typeof CONSTRUCT, fd: number, generation: number) {
    checkConstruct(key, "FileDescriptor", "FileDescriptor.adopt(fd) or FileDescriptor.claim(ticket)");
    this.#fd = fd;
    this.#generation = generation;
    countHeld();
  }

  /**
   * Takes ownership of a descriptor that other code opened: from now on this object closes it.
   *
   * @throws `EBADF` if the descriptor is not open; `ERR_SENDMSG_FD_OWNED` if another FileDescriptor owns it.
   */
  static adopt(fd: number): FileDescriptor {
    return adoptNamed("fd", fd);
  }

  /**
   * Takes the descriptor that another thread of this process gave up with {@link transfer}. Each ticket works once.
   *
   * @throws `ENOENT` if the ticket was claimed before, or if another installed copy of the library made it.
   */
  static claim(ticket: DescriptorTicket): FileDescriptor {
    if (ticket?.type !== "sendmsg.DescriptorTicket" || !Number.isSafeInteger(ticket.ticket)) {
      throw invalidArgType("ticket", "a ticket that FileDescriptor.transfer() returned", ticket);
    }
    const native = binding();
    const fd = native.claim(ticket.ticket);
    if (fd < 0) throw noSuchTicket();
    return hold(fd, native.result[RESULT_GENERATION]!);
  }

  /** True for a FileDescriptor of this or of another installed copy of the library. */
  static isFileDescriptor(value: unknown): value is FileDescriptor {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  /** The descriptor's number, or -1 once it is closed, detached or handed over. */
  get fd(): number {
    // Other code may have closed this number without telling us. Then the kernel may have given it to another file.
    if (this.#fd >= 0 && !binding().holds(this.#fd, this.#generation)) this.#gone();
    return this.#fd;
  }

  #open(): number {
    const fd = this.fd;
    if (fd < 0) throw closedError("descriptor");
    return fd;
  }

  #gone(): void {
    this.#fd = -1;
    if (this.#place === UNREGISTERED) return;
    collected.unregister(this, this.#place);
    this.#place = UNREGISTERED;
  }

  #release(token: number): boolean {
    if (this.#fd < 0) return false;
    const released = binding().release(this.#fd, this.#generation, token);
    this.#gone();
    return released;
  }

  /**
   * Returns a second descriptor for the same open file description: fcntl(F_DUPFD_CLOEXEC).
   *
   * If a process closes any descriptor of a file, the kernel drops all POSIX record locks that the process has on the file: see
   * fcntl_locking(2).
   */
  dup(): FileDescriptor {
    const native = binding();
    const fd = native.dup(this.#open());
    if (fd < 0) throw withShortage(systemError(fd, "fcntl"));
    return hold(fd, native.result[RESULT_GENERATION]!);
  }

  /** Gives up ownership without closing the descriptor. Returns the number, which the caller now owns. */
  detach(): number {
    const fd = this.#open();
    binding().detach(fd, this.#generation);
    this.#gone();
    return fd;
  }

  /**
   * Calls `use` with the number. If `use` returns, it owns the descriptor. If `use` throws, this object still owns it.
   *
   * @example descriptor.handOver((fd) => new net.Socket({ fd }))
   */
  handOver<T>(use: (fd: number) => T): T {
    checkFunction("use", use);
    const fd = this.#open();
    const result = use(fd);
    binding().detach(fd, this.#generation);
    this.#gone();
    return result;
  }

  /** Gives up ownership and returns a ticket. Another thread of this process takes the descriptor with {@link claim}. */
  transfer(): DescriptorTicket {
    const ticket = binding().deposit(this.#open(), this.#generation);
    if (ticket === 0) {
      throw codedError(
        "ERR_MEMORY_ALLOCATION_FAILED",
        "There is no memory, or no random number, for another ticket",
      );
    }
    this.#gone();
    return { type: "sendmsg.DescriptorTicket", ticket };
  }

  /** Closes the descriptor, in another thread. A second call does nothing. See close(2). */
  close(): void {
    this.#release(0);
  }

  [Symbol.dispose](): void {
    this.#release(0);
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "FileDescriptor", () => (this.fd < 0 ? { closed: true } : { fd: this.fd }));
  }
}
