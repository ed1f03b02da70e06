import type { Server as NetServer } from "node:net";
import { type Address, encodeAddress } from "./address/index.js";
import { checkInteger, checkObject, checkSignal, own } from "./arguments.js";
import { AF_UNIX } from "./constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "./constants/socket-types.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import type { ControlName } from "./control/index.js";
import { type FileDescriptor, holdUncollected, moveOut } from "./descriptor.js";
import { EAGAIN } from "./errno.js";
import { AbortError, codedError, invalidArgValue } from "./errors.js";
import { HANDED_OVER } from "./interop/sendable.js";
import { binding } from "./native/load.js";
import { Backoff } from "./socket/backoff.js";
import { type BoundPath, findBoundPath } from "./socket/bound-path.js";
import { namingCaller } from "./socket/caller.js";
import { type Delivery, switchOn } from "./socket/delivery.js";
import { Endpoint, listenForAbort } from "./socket/endpoint.js";
import { afterTurn, mayTry, rejectInTurn } from "./socket/fairness.js";
import { iterateConnections } from "./socket/iterating.js";
import {
  allowRebinding,
  checkOptions,
  familyOf,
  MAKING,
  makeSocket,
  refuseOptions,
  type SocketFacts,
  type SocketOptions,
} from "./socket/make.js";
import { addressBy, bindTo } from "./socket/naming.js";
import { SocketOptionAccess } from "./socket/option-access.js";
import { callOffLoop, LONGEST_CLOSE } from "./socket/readiness.js";
import type { MaxFds } from "./socket/receiving.js";
import { checkRefusable, refuseDescriptors } from "./socket/refusing-descriptors.js";
import { factsOf, takeOver } from "./socket/take-over.js";
import { needsPause } from "./socket/transient.js";
import { type MessageSocket, type Socket, socketOf } from "./socket.js";
import { failure } from "./syscalls/failure.js";
import { interfacesOf } from "./syscalls/kernel-interfaces.js";

export interface ListenOptions extends SocketOptions {
  /** Connections that may wait to be accepted; the kernel caps it at net.core.somaxconn. Default: 511, as Node's. */
  backlog?: number;
}

export interface AcceptOptions {
  signal?: AbortSignal;
  /** Told of errors that do not end the iteration: a connection that was given up meanwhile, no descriptor left for now. */
  onError?: (error: Error) => void;
}

/** What {@link Listener} offers, for code that is to work on another transport too. */
export interface MessageListener<S extends MessageSocket = MessageSocket>
  extends AsyncIterable<S>,
    AsyncDisposable {
  readonly closed: boolean;
  accept(options?: { signal?: AbortSignal }): Promise<S>;
  tryAccept(): S | undefined;
  connections(options?: AcceptOptions): AsyncGenerator<S, void, undefined>;
  close(): Promise<void>;
}

interface Waiter {
  resolve: (socket: Socket) => void;
  reject: (error: Error) => void;
  onShortage: ((error: Error) => void) | undefined;
  stopListening: (() => void) | undefined;
}

/** What passes on to the sockets that a listener accepts. */
interface AcceptedSettings {
  maxFds: MaxFds;
  receive: readonly ControlName[];
  delivery: Delivery;
}

const DEFAULT_BACKLOG = 511;

/**
 * A listening socket on the event loop.
 *
 * Close it when done: `await using listener = …`, or `close()` in a `finally`.
 */
export class Listener implements MessageListener<Socket> {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #accepted: AcceptedSettings;
  readonly #waiters: Waiter[] = [];
  readonly #backoff = new Backoff();
  /**
   * Another process may have the same listener. It can make it blocking at any moment, and accept4(2) has no MSG_DONTWAIT: a
   * thread accepts.
   */
  #shared = false;
  /** A thread is accepting. */
  #away = false;
  /** The listener became ready while the thread was accepting. */
  #stirred = false;
  /** What a thread has accepted, until somebody asks for it; or the errno that it met, or why it could not be made a Socket. */
  #early: number | Socket | Error | undefined;
  readonly #boundPath: BoundPath | undefined;
  #options: SocketOptionAccess | undefined;

  private constructor(
    key: typeof CONSTRUCT,
    descriptor: FileDescriptor,
    facts: SocketFacts,
    accepted: AcceptedSettings,
    boundPath?: BoundPath,
  ) {
    checkConstruct(key, "Listener", "Listener.listen() or Listener.from()");
    this.#endpoint = new Endpoint(descriptor, "listener", () => this.#pump(), false);
    this.#facts = facts;
    this.#accepted = accepted;
    this.#boundPath = boundPath;
  }

  /**
   * Binds a socket to an address and listens. `receive` and `maxFds` pass on to the sockets that it accepts.
   *
   * @throws a system error: EADDRINUSE, EACCES, ENOENT, …
   * @see bind(2), listen(2), unix(7)
   */
  static listen(at: Address, options: ListenOptions = {}): Promise<Listener> {
    return Listener.#listen(at, options).catch(rejectInTurn);
  }

  static async #listen(at: Address, options: ListenOptions): Promise<Listener> {
    const checked = checkOptions(options);
    const { backlog = DEFAULT_BACKLOG } = own(options);
    checkInteger("options.backlog", backlog, 0, 0x7fffffff);
    if (checked.signal?.aborted) throw new AbortError(checked.signal);
    encodeAddress(at, "at", interfacesOf(undefined));
    const family = familyOf("at", at);
    const descriptor = makeSocket(family, checked);
    let boundPath: BoundPath | undefined;
    try {
      const facts = { family, type: checked.type, protocol: checked.protocol };
      const fd = descriptor.fd;
      // Before listen(2): an accepted socket has what its listener had when the connection was made.
      const delivery = switchOn(fd, facts, checked.receive);
      allowRebinding(fd, family);
      boundPath = await bindTo(fd, at, checked);
      const result = binding().listen(fd, backlog);
      if (result < 0) throw failure(result, "listen");
      return new Listener(
        CONSTRUCT,
        descriptor,
        facts,
        { maxFds: checked.maxFds, receive: checked.receive, delivery },
        boundPath,
      );
    } catch (error) {
      boundPath?.remove();
      descriptor.close();
      throw error;
    }
  }

  /**
   * Takes over a listening socket: a descriptor number, a FileDescriptor or a net.Server, which stops listening.
   *
   * A net.Server's socket file is this listener's to remove from then on, if another server has not replaced it. Node takes it
   * away when it closes the server, and it is put back at once: for some microseconds nobody can connect. A server that binds
   * to the path in these microseconds keeps it.
   *
   * It becomes non-blocking: that belongs to the open file description, which other processes may share.
   */
  static from(
    source: number | FileDescriptor | NetServer,
    options: Pick<SocketOptions, "receive" | "maxFds"> = {},
  ): Listener {
    const checked = checkOptions(options);
    refuseOptions(options, MAKING);
    const { descriptor, commit, undo } = takeOver(source);
    try {
      const facts = factsOf(descriptor.fd);
      if (!facts.listening) throw invalidArgValue("source", "must be a listening socket: use Socket.from()");
      checkRefusable(facts.family, checked.maxFds);
      const delivery = switchOn(descriptor.fd, facts, checked.receive);
      refuseDescriptors(descriptor.fd, checked.maxFds);
      binding().setNonBlocking(descriptor.fd);
      const taken = commit();
      const accepted = { maxFds: checked.maxFds, receive: checked.receive, delivery };
      const boundPath = taken.path === undefined ? undefined : findBoundPath(taken.descriptor.fd, taken.path);
      const listener = new Listener(CONSTRUCT, taken.descriptor, facts, accepted, boundPath);
      listener.#shared = true;
      return listener;
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** The descriptor's number, which the listener goes on owning; -1 once it is closed or given away. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  get closed(): boolean {
    return this.#endpoint.closed;
  }

  /** The listening socket's options, by name. Those of IP and TCP pass on to what is accepted. */
  get options(): SocketOptionAccess {
    this.#options ??= new SocketOptionAccess(() => this.#endpoint.open(), this.#facts.family);
    return this.#options;
  }

  /** The address that the listener is bound to. @see getsockname(2) */
  getsockname(): Address {
    return addressBy("getsockname", this.#endpoint.open());
  }

  /**
   * The next connection.
   *
   * Without a descriptor left (EMFILE) it goes on waiting, and tries again by and by.
   *
   * @throws a system error: ECONNABORTED, …; AbortError; `ERR_SENDMSG_CLOSED`.
   * @see accept(2)
   */
  accept(options: { signal?: AbortSignal } = {}): Promise<Socket> {
    try {
      return namingCaller(this.#accept(checkObject("options", options).signal, undefined), this.accept);
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #accept(
    signal: AbortSignal | undefined,
    onShortage: ((error: Error) => void) | undefined,
  ): Promise<Socket> {
    let outOfTurn = false;
    try {
      this.#endpoint.open();
      checkSignal("options.signal", signal);
      if (signal?.aborted) throw new AbortError(signal);
      if (this.#waiters.length === 0) {
        outOfTurn = !mayTry();
        const socket = outOfTurn ? undefined : this.#try((error) => this.#pause(error, onShortage));
        if (socket) return Promise.resolve(socket);
      }
      this.#endpoint.beginWait(0);
    } catch (error) {
      return rejectInTurn(error);
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, onShortage, stopListening: undefined };
      waiter.stopListening = listenForAbort(signal, (error) => {
        this.#remove(waiter);
        reject(error);
      });
      this.#waiters.push(waiter);
      if (outOfTurn) afterTurn(() => this.#pump());
    });
  }

  /**
   * The next connection. Undefined: none is waiting, or others wait for it. Where a thread accepts, because another process may have
   * the listener, it is undefined first, then the connection.
   *
   * If another process may have the same listener ({@link from} made this object, or it was sent), a thread accepts, because the
   * other process could make the listener blocking. Then the call that finds a connection starts the thread and returns
   * undefined. A later call, after the event loop has run, returns the connection.
   *
   * @throws a system error: `EMFILE` without a descriptor left, ECONNABORTED, …
   * @see accept(2)
   */
  tryAccept(): Socket | undefined {
    this.#endpoint.open();
    if (this.#waiters.length > 0) return undefined;
    return this.#try((error) => {
      throw error;
    });
  }

  /** Undefined: none is waiting, or there is no descriptor for it and `onShortage` was told. */
  #try(onShortage: (error: Error) => void): Socket | undefined {
    const accepted = this.#shared || this.#away ? this.#acceptOffLoop() : this.#acceptNow();
    if (typeof accepted === "object") {
      this.#backoff.reset();
      return accepted;
    }
    if (accepted === -EAGAIN) return undefined;
    const error = failure(accepted, "accept4");
    if (!needsPause(error)) throw error;
    onShortage(error);
    return undefined;
  }

  #acceptNow(): number | Socket {
    const native = binding();
    const fd = this.#endpoint.open();
    const accepted = native.accept4(fd, null, SOCK_CLOEXEC | SOCK_NONBLOCK, -1, true);
    return accepted < 0 ? accepted : this.#socketOf(holdUncollected(accepted, native.result[1]!));
  }

  /** The connection that a thread has accepted, or the errno that it met. Neither: -EAGAIN, and a thread starts to accept. */
  #acceptOffLoop(): number | Socket {
    const early = this.#early;
    this.#early = undefined;
    if (early instanceof Error) throw early;
    if (early !== undefined) return early;
    if (this.#away) return -EAGAIN;
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startAccept(fd, SOCK_CLOEXEC | SOCK_NONBLOCK, token),
      (token) => this.#returned(token),
    );
    if (started < 0) return started;
    this.#away = true;
    return -EAGAIN;
  }

  #returned(token: number): void {
    this.#away = false;
    const native = binding();
    const accepted = native.endCall(token);
    let early: number | Socket | Error = accepted;
    if (accepted >= 0) {
      try {
        early = this.#socketOf(holdUncollected(accepted, native.result[1]!));
      } catch (error) {
        early = error as Error;
      }
    }
    if (this.#endpoint.closed) {
      this.#serveLast(early);
      return;
    }
    // Somebody else has taken it. The event of the next one has come already, or is to come.
    if (early === -EAGAIN && !this.#stirred) return;
    if (early !== -EAGAIN) this.#early = early;
    this.#pump();
  }

  /** Whoever was waiting when the listener was closed gets what the thread has brought. */
  #serveLast(early: number | Socket | Error): void {
    const waiter = this.#waiters[0];
    if (waiter) this.#remove(waiter);
    if (typeof early === "object" && !(early instanceof Error)) {
      if (waiter) waiter.resolve(early);
      else early.close();
    } else {
      waiter?.reject(this.#endpoint.closedError());
    }
  }

  /** The listener stays readable: without a pause, accepting would spin. No edge will come, so the timer is the way back. */
  #pause(error: Error, onError: ((error: Error) => void) | undefined): void {
    onError?.(error);
    this.#backoff.wait(() => this.#pump());
  }

  #socketOf(descriptor: FileDescriptor): Socket {
    try {
      // On AF_UNIX only SO_PASSCRED and its like are inherited, timestamps are not; elsewhere everything is.
      const { maxFds, receive, delivery } = this.#accepted;
      // A connection inherits SO_PASSRIGHTS, unless it waited before the listener became ours.
      refuseDescriptors(descriptor.fd, maxFds);
      const switched =
        this.#facts.family === AF_UNIX ? switchOn(descriptor.fd, this.#facts, receive) : delivery;
      return socketOf(descriptor, this.#facts, { maxFds, delivery: switched });
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  #pump(): void {
    this.#stirred = this.#away;
    while (this.#waiters.length > 0 && !this.#endpoint.closed) {
      if (!mayTry()) {
        afterTurn(() => this.#pump());
        return;
      }
      const waiter = this.#waiters[0]!;
      let socket: Socket | undefined;
      try {
        socket = this.#try((error) => this.#pause(error, waiter.onShortage));
      } catch (error) {
        this.#remove(waiter);
        waiter.reject(error as Error);
        continue;
      }
      if (socket === undefined) return;
      this.#remove(waiter);
      waiter.resolve(socket);
    }
  }

  #remove(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at < 0) return;
    this.#waiters.splice(at, 1);
    waiter.stopListening?.();
    this.#endpoint.endWait();
  }

  /**
   * The connections, until the listener is closed. Leaving the loop does not close it.
   *
   * A connection that the peer gave up meanwhile goes to `onError` and is passed over, as is a lack of descriptors (after a
   * pause); any other error is thrown.
   */
  connections(options: AcceptOptions = {}): AsyncGenerator<Socket, void, undefined> {
    return iterateConnections(this, (...wait) => this.#accept(...wait), options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Socket, void, undefined> {
    return this.connections();
  }

  /** A wait on this listener keeps the process alive: the default. */
  ref(): this {
    this.#endpoint.setReferenced(true);
    return this;
  }

  /** A wait on this listener does not keep the process alive. */
  unref(): this {
    this.#endpoint.setReferenced(false);
    return this;
  }

  /**
   * Gives the descriptor up, and the duty to remove its path; this object is closed then.
   *
   * @throws `ERR_INVALID_STATE` while somebody waits for a connection, or a thread is accepting one, or nobody has taken the one
   *   that a thread has accepted: see {@link tryAccept}.
   */
  detach(): FileDescriptor {
    this.#endpoint.open();
    if (this.#waiters.length > 0 || this.#away) {
      throw codedError("ERR_INVALID_STATE", "Somebody is waiting for the listener");
    }
    if (this.#early !== undefined) {
      throw codedError(
        "ERR_INVALID_STATE",
        "A connection was accepted that nobody has taken: tryAccept() gives it",
      );
    }
    this.#boundPath?.leave();
    return moveOut(this.#endpoint.release());
  }

  /**
   * Closes the listener at once: waits reject with `ERR_SENDMSG_CLOSED`. If a thread is accepting, the first of them gets the
   * connection that it brings within a quarter of a second: no client is lost by a hand-over. Its path is removed first, if it is still the one that
   * was bound here. It stays if the listener was sent to another process, or if a message with it still waits to be sent.
   *
   * A connection that a thread has accepted, and that nobody waits for, is closed as well: see {@link tryAccept}. Other processes that
   * have the listener do not get it.
   *
   * Idempotent, and never rejects: the promise settles when close(2) has returned, or after a quarter of a second.
   */
  close(): Promise<void> {
    if (!this.#endpoint.closed) {
      this.#boundPath?.remove();
      const closing = this.#endpoint.close();
      this.#backoff.cancel();
      if (typeof this.#early === "object" && !(this.#early instanceof Error)) this.#early.close();
      this.#early = undefined;
      const last = this.#away ? this.#waiters[0] : undefined;
      for (const waiter of [...this.#waiters]) if (waiter !== last) this.#giveUp(waiter);
      if (last) setTimeout(() => this.#giveUp(last), LONGEST_CLOSE).unref();
      return closing;
    }
    return this.#endpoint.close();
  }

  #giveUp(waiter: Waiter): void {
    this.#remove(waiter);
    waiter.reject(this.#endpoint.closedError());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal Another process has the socket now: its path is no longer ours to remove. */
  [HANDED_OVER](): void {
    this.#boundPath?.leave();
    this.#shared = true;
  }
}
