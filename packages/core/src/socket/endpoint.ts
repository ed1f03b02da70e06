import type { FileDescriptor } from "../descriptor.js";
import { AbortError, closedError } from "../errors.js";
import {
  beginWait,
  closeAndWait,
  endWait,
  prepare,
  type Registration,
  unwatch,
  type Watcher,
  watch,
} from "./readiness.js";

/** What a collected endpoint leaves behind. */
interface Remains {
  readonly descriptor: FileDescriptor;
  readonly what: string;
  registration: Registration | undefined;
}

const collected = new FinalizationRegistry<Remains>(({ descriptor, what, registration }) => {
  const { fd } = descriptor;
  if (registration) unwatch(fd, registration);
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
  readonly #tell: (endpoint: Endpoint, events: number) => void;
  awaited: Endpoint | undefined;

  constructor(endpoint: Endpoint, tell: (endpoint: Endpoint, events: number) => void) {
    this.#endpoint = new WeakRef(endpoint);
    this.#tell = tell;
  }

  onReady(events: number): void {
    const endpoint = this.awaited ?? this.#endpoint.deref();
    if (endpoint) this.#tell(endpoint, events);
  }
}

/** An open descriptor that the event loop watches: what sockets and listeners have in common. */
export class Endpoint {
  readonly #descriptor: FileDescriptor;
  readonly #what: string;
  readonly #onReady: (events: number) => void;
  readonly #remains: Remains;
  #watched: Watched | undefined;
  #waits = 0;
  #referenced = true;
  #closing: Promise<void> | undefined;

  constructor(descriptor: FileDescriptor, what: string, onReady: (events: number) => void) {
    this.#descriptor = descriptor;
    this.#what = what;
    this.#onReady = onReady;
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

  /** The number for a system call. */
  open(): number {
    const fd = this.fd;
    if (fd < 0) throw this.closedError();
    return fd;
  }

  closedError(): Error & { code: string } {
    return closedError(this.#what);
  }

  /** Registers the descriptor with the event loop, the first time somebody has to wait. */
  watch(): void {
    if (this.#remains.registration) return;
    const watched = new Watched(this, (endpoint, events) => endpoint.#onReady(events));
    this.#remains.registration = watch(this.open(), watched);
    this.#watched = watched;
  }

  /** A wait begins: unless the endpoint is unref'd, it keeps the process alive. */
  beginWait(): void {
    this.watch();
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
    this.#unwatch();
    this.#closing = Promise.resolve();
    return this.#descriptor;
  }

  close(): Promise<void> {
    if (this.#closing === undefined) {
      this.#unwatch();
      this.#closing = closeAndWait(this.#descriptor);
    }
    return this.#closing;
  }

  #unwatch(): void {
    const { registration } = this.#remains;
    if (registration) unwatch(this.#descriptor.fd, registration);
    this.#remains.registration = undefined;
    collected.unregister(this);
  }
}

/** Those who wait for a signal, behind one listener: Node warns of the eleventh. */
const aborting = new WeakMap<AbortSignal, Set<(error: AbortError) => void>>();

/** Calls `onAbort` when the signal aborts; returns what takes that back. */
export function listenForAbort(
  signal: AbortSignal | undefined,
  onAbort: (error: AbortError) => void,
): (() => void) | undefined {
  if (signal === undefined) return undefined;
  let callbacks = aborting.get(signal);
  if (callbacks === undefined) {
    callbacks = new Set();
    aborting.set(signal, callbacks);
  }
  const own = callbacks;
  if (own.size === 0) signal.addEventListener("abort", abortAll);
  own.add(onAbort);
  return () => {
    if (own.delete(onAbort) && own.size === 0) signal.removeEventListener("abort", abortAll);
  };
}

function abortAll(this: AbortSignal): void {
  for (const onAbort of aborting.get(this) ?? []) onAbort(new AbortError(this));
}
