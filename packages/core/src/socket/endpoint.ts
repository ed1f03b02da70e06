import { custodyOf, type FileDescriptor } from "../descriptor.js";
import { closedError } from "../errors.js";
import {
  beginWait,
  canPoll,
  closeAndWait,
  endWait,
  pollFor,
  prepare,
  type Registration,
  stopPolling,
  unwatch,
  type Watcher,
  watch,
  watchPolled,
} from "./readiness.js";
import type { Outcome, Waits } from "./wait-queue.js";

/** What a collected endpoint leaves behind. */
interface Remains {
  readonly descriptor: FileDescriptor;
  readonly what: string;
  registration: Registration | undefined;
}

const collected = new FinalizationRegistry<Remains>(({ descriptor, what, registration }) => {
  const { fd } = descriptor;
  if (registration) unwatch(fd >= 0, registration);
  if (fd < 0) return;
  descriptor.close();
  process.emitWarning(
    `A ${what} (descriptor ${fd}) was closed by garbage collection: close it or use "await using"`,
    {
      code: "SENDMSG_FD_COLLECTED",
    },
  );
});

/** What readiness calls. It holds the endpoint only while somebody waits: nobody else may have a reference to it then. */
class Watched implements Watcher {
  readonly #endpoint: WeakRef<Endpoint>;
  awaited: Endpoint | undefined;

  constructor(endpoint: Endpoint) {
    this.#endpoint = new WeakRef(endpoint);
  }

  onReady(events: number): void {
    (this.awaited ?? this.#endpoint.deref())?.onReady(events);
  }
}

/** An open descriptor that the event loop watches: what sockets and listeners have in common. */
export class Endpoint implements Waits {
  readonly #descriptor: FileDescriptor;
  /** For calls that look whether we still own the number. */
  readonly number: number;
  readonly generation: number;
  readonly #what: string;
  readonly onReady: (events: number) => void;
  readonly #remains: Remains;
  #watched: Watched | undefined;
  /** Libuv may watch it by itself. */
  #mayPoll: boolean;
  /** For what libuv watches it. */
  #polledFor = 0;
  #waits = 0;
  #referenced = true;
  #closing: Promise<void> | undefined;

  /** `isOurs`: its open file description is ours alone. */
  constructor(descriptor: FileDescriptor, what: string, onReady: (events: number) => void, isOurs: boolean) {
    this.#descriptor = descriptor;
    const { fd, generation } = custodyOf(descriptor);
    this.number = fd;
    this.generation = generation;
    this.#what = what;
    this.onReady = onReady;
    this.#mayPoll = isOurs && canPoll;
    // What waiting needs is made before anybody waits: at the limit of open files it could not be made any more.
    prepare();
    this.#remains = { descriptor, what, registration: undefined };
    collected.register(this, this.#remains, this);
  }

  /** The number, or -1 once it is closed or given away. */
  get fd(): number {
    return this.#closing ? -1 : this.#descriptor.fd;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Throws if the program has closed it. Whether somebody else has closed the number, the next call tells. */
  checkOpen(): void {
    if (this.#closing) throw this.closedError();
  }

  /** The number, which is ours to use. */
  open(): number {
    const fd = this.fd;
    if (fd < 0) throw this.closedError();
    return fd;
  }

  closedError(): Error & { code: string } {
    return closedError(this.#what);
  }

  /**
   * Has the event loop tell of events, the first time somebody has to wait: of these (EPOLLIN, EPOLLOUT) as long as they hold, if libuv
   * watches the descriptor by itself; otherwise of all that can happen, once each time.
   */
  watch(events: number): void {
    const { registration } = this.#remains;
    if (registration?.polled) {
      this.#pollFor(this.#polledFor | events);
      return;
    }
    if (registration) return;
    const fd = this.open();
    this.#watched ??= new Watched(this);
    if (!this.#mayPoll) this.#remains.registration = watch(fd, this.#watched);
    else if (events !== 0) {
      this.#remains.registration = watchPolled(fd, this.#watched, events);
      this.#polledFor = events;
    }
  }

  /** Libuv watches it by itself. Not a getter: V8 looks a private one up anew at every call. */
  #isPolled(): boolean {
    return this.#remains.registration?.polled === true;
  }

  /** Whether the event loop is sure to tell of an event, as long as it holds: nobody has to ask the kernel first. */
  isToldOf(event: number): boolean {
    return (this.#polledFor & event) !== 0 && this.#isPolled() && this.#referenced;
  }

  #pollFor(events: number): void {
    const registration = this.#remains.registration!;
    if (this.#polledFor === events) return;
    try {
      pollFor(registration, events);
    } catch (error) {
      // Nothing is watched any more: the next wait begins anew.
      this.#unwatch();
      throw error;
    }
    this.#polledFor = events;
  }

  /**
   * From now on the event loop tells of everything, once each time: of errors, too. That is also for descriptors whose open file
   * description others have: they may make it blocking, which libuv would undo.
   */
  useEdges(): void {
    this.#mayPoll = false;
    const { registration } = this.#remains;
    if (!registration?.polled) return;
    stopPolling(this.open(), registration);
  }

  /**
   * What has come of an event that libuv tells of in each turn. It must not be told for nothing: where nobody waits, libuv watches for
   * it no longer; where somebody waits in vain, the descriptor is watched by its edges from then on.
   */
  heed(event: number, outcome: Outcome): void {
    if (outcome === "served" || !this.#isPolled()) return;
    if (outcome === "idle") this.#pollFor(this.#polledFor & ~event);
    else this.useEdges();
  }

  /** A wait begins: unless the endpoint is unref'd, it keeps the process alive. `events`: see {@link watch}. */
  beginWait(events: number): void {
    this.watch(events);
    if (this.#waits++ > 0) return;
    this.#watched!.awaited = this;
    if (this.#referenced) beginWait();
  }

  endWait(): void {
    if (--this.#waits > 0) return;
    this.#watched!.awaited = undefined;
    if (this.#referenced) endWait();
  }

  setReferenced(referenced: boolean): void {
    if (this.#referenced === referenced) return;
    this.#referenced = referenced;
    if (this.#waits === 0) return;
    if (referenced) beginWait();
    else endWait();
  }

  /** Ends the watching and gives the descriptor to whoever calls. */
  release(): FileDescriptor {
    this.open();
    this.#end();
    this.#closing = Promise.resolve();
    return this.#descriptor;
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#end();
      this.#closing = closeAndWait(this.#descriptor);
    }
    return this.#closing;
  }

  #end(): void {
    this.#unwatch();
    collected.unregister(this);
  }

  #unwatch(): void {
    const { registration } = this.#remains;
    if (registration) unwatch(this.#descriptor.fd >= 0, registration);
    this.#remains.registration = undefined;
    this.#polledFor = 0;
  }
}
