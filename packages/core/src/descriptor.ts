import { checkFd } from "./arguments.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import { EBADF, EEXIST, ENOENT } from "./errno.js";
import { closedError, codedError, explain, invalidArgType, systemError } from "./errors.js";
import { beforeCollection, countHeld } from "./forgotten.js";
import { LateRegistry } from "./late-registry.js";
import { binding } from "./native/load.js";

/** By this, two installed copies of the library recognise each other's descriptors. */
const BRAND = Symbol.for("sendmsg.FileDescriptor");

/** What {@link FileDescriptor.transfer} gives out: cloneable, so it can be posted to another thread of the process. */
export interface DescriptorTicket {
  readonly type: "sendmsg.DescriptorTicket";
  readonly ticket: number;
}

/** What {@link FileDescriptor} offers, for code that is to work with stand-ins too, as `sendmsg/testing` has them. */
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
}

function closeCollected({ fd, generation }: Held): void {
  // False: it was given away or closed in time, or the number means another file by now.
  if (!binding().release(fd, generation, 0)) return;
  process.emitWarning(`Descriptor ${fd} was closed by garbage collection: close it, take it or use "using"`, {
    code: "SENDMSG_FD_COLLECTED",
  });
}

/** What {@link holdUncollected} makes is not registered. */
const UNREGISTERED = -1;
let heldOf: (descriptor: FileDescriptor) => Held;
const collected = new LateRegistry<FileDescriptor, Held>(closeCollected, (descriptor) => heldOf(descriptor));
beforeCollection(() => collected.settle());

/** Wraps a descriptor that is in custody already, with the generation under which it is. */
export let hold: (fd: number, generation: number) => FileDescriptor;
/** The same, without the warning's registration: for what is closed together with its owner. */
export let holdUncollected: (fd: number, generation: number) => FileDescriptor;
/** Moves a descriptor from one object to another, whose owner closes it for certain. */
export let moveIn: (descriptor: FileDescriptor) => FileDescriptor;
/** The way back: the new object is the user's. */
export let moveOut: (descriptor: FileDescriptor) => FileDescriptor;
/** The generation under which a descriptor is in custody, with its number. */
export let custodyOf: (descriptor: FileDescriptor) => { fd: number; generation: number };
/** Closes a descriptor, with a token that comes back when close(2) has returned. False: it was not held. */
export let releaseWithToken: (descriptor: FileDescriptor, token: number) => boolean;

function noSuchTicket(): Error {
  const error = systemError(ENOENT, "claim");
  explain(
    error,
    `${error.message}: the ticket was claimed before, or another installed copy of the library has made it, whose tickets only ` +
      'that copy can claim ("npm ls sendmsg" shows the copies)',
  );
  return error;
}

/**
 * One open file descriptor and the duty to close it.
 *
 * A descriptor has exactly one owner. This object is the owner until it is closed, detached or handed over; `fd` is -1 from
 * then on. One that is forgotten is closed when it is collected, with a warning (`SENDMSG_FD_COLLECTED`). Closing happens
 * in another thread, because a stranger's descriptor can make close(2) block for seconds.
 */
export class FileDescriptor implements Descriptor {
  #fd: number;
  readonly #generation: number;
  #place = UNREGISTERED;

  static {
    heldOf = (descriptor) => ({ fd: descriptor.#fd, generation: descriptor.#generation });
    holdUncollected = (fd, generation) => new FileDescriptor(CONSTRUCT, fd, generation);
    hold = (fd, generation) => {
      const descriptor = new FileDescriptor(CONSTRUCT, fd, generation);
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
    checkConstruct(key, "FileDescriptor", "FileDescriptor.adopt() or claim()");
    this.#fd = fd;
    this.#generation = generation;
    countHeld();
  }

  /**
   * Takes over a descriptor that somebody else opened: from now on this object closes it.
   *
   * @throws `EBADF` if it is not open; `ERR_SENDMSG_FD_OWNED` if another FileDescriptor owns it.
   */
  static adopt(fd: number): FileDescriptor {
    checkFd("fd", fd);
    const generation = binding().adopt(fd);
    if (generation === -EBADF) throw systemError(EBADF, "fcntl");
    if (generation === -EEXIST) {
      throw codedError(
        "ERR_SENDMSG_FD_OWNED",
        `Descriptor ${fd} has an owner already: dup() it or detach() it there`,
      );
    }
    return hold(fd, generation);
  }

  /**
   * Takes the descriptor that another thread of this process gave up with {@link transfer}. A ticket is good once.
   *
   * @throws `ENOENT` for a ticket that was claimed before, or that another installed copy of the library has made.
   */
  static claim(ticket: DescriptorTicket): FileDescriptor {
    if (ticket?.type !== "sendmsg.DescriptorTicket" || !Number.isSafeInteger(ticket.ticket)) {
      throw invalidArgType("ticket", "a ticket that FileDescriptor.transfer() returned", ticket);
    }
    const native = binding();
    const fd = native.claim(ticket.ticket);
    if (fd < 0) throw noSuchTicket();
    return hold(fd, native.result[0]!);
  }

  /** True for a FileDescriptor of this or of another installed copy of the library. */
  static isFileDescriptor(value: unknown): value is FileDescriptor {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  get [BRAND](): true {
    return true;
  }

  /** The number, or -1 once the descriptor is closed, detached or handed over. */
  get fd(): number {
    // Somebody may have closed the number behind our back, and the kernel given it to another file since.
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
   * A second descriptor for the same open file description: fcntl(F_DUPFD_CLOEXEC).
   *
   * Closing any descriptor of a file drops the process's POSIX record locks on it, see fcntl_locking(2).
   */
  dup(): FileDescriptor {
    const native = binding();
    const fd = native.dup(this.#open(), true);
    if (fd < 0) throw systemError(fd, "fcntl");
    return hold(fd, native.result[0]!);
  }

  /** Gives the descriptor up without closing it: the caller owns the number that it returns. */
  detach(): number {
    const fd = this.#open();
    binding().detach(fd, this.#generation);
    this.#gone();
    return fd;
  }

  /**
   * Passes the number to `use`, which becomes the owner if it returns; if it throws, this object still owns it.
   *
   * @example descriptor.handOver((fd) => new net.Socket({ fd }))
   */
  handOver<T>(use: (fd: number) => T): T {
    if (typeof use !== "function") throw invalidArgType("use", "of type function", use);
    const fd = this.#open();
    const result = use(fd);
    binding().detach(fd, this.#generation);
    this.#gone();
    return result;
  }

  /** Gives the descriptor up for another thread of this process, which takes it with {@link claim}. */
  transfer(): DescriptorTicket {
    const ticket = binding().deposit(this.#open(), this.#generation);
    if (ticket === 0) {
      throw codedError("ERR_MEMORY_ALLOCATION_FAILED", "No memory or random number for another ticket");
    }
    this.#gone();
    return { type: "sendmsg.DescriptorTicket", ticket };
  }

  /** Closes the descriptor, in another thread. Idempotent; see close(2). */
  close(): void {
    this.#release(0);
  }

  [Symbol.dispose](): void {
    this.#release(0);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `FileDescriptor { fd: ${this.fd} }`;
  }
}
