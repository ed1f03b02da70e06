import { isDebugging } from "../debug-log.js";
import { custodyOf, type FileDescriptor } from "../descriptor.js";
import { closedError } from "../errors.js";
import { noteOrigin, type Origin, originOf, warnOfCollected } from "../origin.js";
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

/** What we need to clean up after an endpoint that was garbage-collected. */
interface Remains {
  readonly descriptor: FileDescriptor;
  readonly what: string;
  registration: Registration | undefined;
  readonly origin: Origin | undefined;
}

const collected = new FinalizationRegistry<Remains>(({ descriptor, what, registration, origin }) => {
  const { fd } = descriptor;
  if (registration) unwatch(fd >= 0, registration);
  if (fd < 0) return;
  descriptor.close();
  warnOfCollected(
    `A ${what} (descriptor ${fd}) was closed by garbage collection: close it or use "await using"`,
    origin,
  );
});

/**
 * Receives the events of an endpoint. It holds the endpoint only while a call waits, because then the program may hold no reference
 * to it.
 */
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

/** An open descriptor that the event loop watches. Sockets and listeners have one each. */
export class Endpoint implements Waits {
  readonly #descriptor: FileDescriptor;
  /** The number and generation, for calls that check whether we still own the number. */
  readonly number: number;
  readonly generation: number;
  readonly #what: string;
  readonly onReady: (events: number) => void;
  readonly #remains: Remains;
  #watched: Watched | undefined;
  /** libuv may watch the descriptor. See {@link canPoll}. */
  #mayPoll: boolean;
  /** The events for which libuv watches the descriptor. */
  #polledFor = 0;
  #waits = 0;
  #referenced = true;
  #closing: Promise<void> | undefined;

  /** `isOurs`: no other process and no other code has the open file description. */
  constructor(descriptor: FileDescriptor, what: string, onReady: (events: number) => void, isOurs: boolean) {
    this.#descriptor = descriptor;
    const { fd, generation } = custodyOf(descriptor);
    this.number = fd;
    this.generation = generation;
    this.#what = what;
    this.onReady = onReady;
    this.#mayPoll = isOurs && canPoll;
    // Prepare for waiting now. Later, at the limit of open files, this could fail.
    prepare();
    if (isDebugging) noteOrigin(this, Endpoint);
    this.#remains = { descriptor, what, registration: undefined, origin: originOf(this) };
    collected.register(this, this.#remains, this);
  }

  /** The number, or -1 once the descriptor is closed or given up. */
  get fd(): number {
    return this.#closing ? -1 : this.#descriptor.fd;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Throws if the program has closed the endpoint. If other code has closed the number, the next call finds out. */
  checkOpen(): void {
    if (this.#closing) throw this.closedError();
  }

  /** The number. Throws if we no longer own it. */
  open(): number {
    const fd = this.fd;
    if (fd < 0) throw this.closedError();
    return fd;
  }

  closedError(): Error & { code: string } {
    return closedError(this.#what);
  }

  /**
   * Makes the event loop report events, when a call first has to wait. If libuv watches the descriptor, it reports these events
   * (EPOLLIN, EPOLLOUT) in each turn in which they hold. Otherwise all events are reported, once for each edge.
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

  /** Whether libuv watches the descriptor. Not a getter: V8 looks up a private getter anew in every call. */
  #isPolled(): boolean {
    return this.#remains.registration?.polled === true;
  }

  /** Whether the event loop will certainly report the event while it holds. Then there is no need to ask the kernel first. */
  willReport(event: number): boolean {
    return (this.#polledFor & event) !== 0 && this.#isPolled() && this.#referenced;
  }

  #pollFor(events: number): void {
    const registration = this.#remains.registration!;
    if (this.#polledFor === events) return;
    try {
      pollFor(registration, events);
    } catch (error) {
      // Nothing is watched any more. The next wait starts again.
      this.#unwatch();
      throw error;
    }
    this.#polledFor = events;
  }

  /**
   * From now on the event loop reports all events, errors too, once for each edge. This is also the way for a descriptor whose open
   * file description other processes have: they may make it blocking, and libuv would undo that.
   */
  useEdges(): void {
    this.#mayPoll = false;
    const { registration } = this.#remains;
    if (!registration?.polled) return;
    stopPolling(this.open(), registration);
  }

  /**
   * Adapts the watch to the outcome of an event. libuv reports an event in each turn while it holds, so it must not report one for
   * nothing. If no call waits, libuv stops watching for the event. If a call waits but the kernel had nothing, we watch for edges
   * from then on.
   */
  adaptWatch(event: number, outcome: Outcome): void {
    if (outcome === "served" || !this.#isPolled()) return;
    if (outcome === "idle") this.#pollFor(this.#polledFor & ~event);
    else this.useEdges();
  }

  /** A call begins to wait. This keeps the process alive, unless the endpoint is unref'd. `events`: see {@link watch}. */
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

  /** Stops watching and returns the descriptor, which the caller then owns. */
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
