import type { Server as NetServer } from "node:net";
import { type Address, encodeAddress } from "./address/index.js";
import { checkInteger, checkObject, own } from "./arguments.js";
import { AF_UNIX } from "./constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "./constants/socket-types.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import type { ControlName } from "./control/index.js";
import { type FileDescriptor, holdUncollected, moveOut } from "./descriptor.js";
import { EAGAIN } from "./errno.js";
import { codedError, invalidArgValue } from "./errors.js";
import { HANDED_OVER } from "./interop/sendable.js";
import { binding } from "./native/load.js";
import { checkNotAborted } from "./socket/abort.js";
import { addressOf } from "./socket/address-of.js";
import { Backoff } from "./socket/backoff.js";
import { bindTo } from "./socket/bind.js";
import { type BoundPath, findBoundPath } from "./socket/bound-path.js";
import { namingCaller } from "./socket/caller.js";
import { ControlSwitchboard } from "./socket/control-switches.js";
import { allowRebinding, createSocket } from "./socket/create.js";
import { Endpoint } from "./socket/endpoint.js";
import { factsOf, isListening, type SocketFacts } from "./socket/facts.js";
import { rejectInTurn } from "./socket/fairness.js";
import { iterateConnections } from "./socket/iterating.js";
import { SocketOptionAccess } from "./socket/option-access.js";
import { callOffLoop, LONGEST_CLOSE } from "./socket/readiness.js";
import type { MaxFds } from "./socket/receive-request.js";
import { checkRefusable, refuseDescriptors } from "./socket/refusing-descriptors.js";
import {
  CREATION_OPTIONS,
  checkOptions,
  familyOf,
  refuseOptions,
  type SocketOptions,
} from "./socket/socket-options.js";
import { takeOver } from "./socket/source.js";
import { needsPause } from "./socket/transient.js";
import { WaitQueue } from "./socket/wait-queue.js";
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

/** Told of a lack of descriptors or memory, which accepting waits out. */
type OnShortage = ((error: Error) => void) | undefined;

/** What passes on to the sockets that a listener accepts. */
interface AcceptedSettings {
  maxFds: MaxFds;
  receive: readonly ControlName[];
  switches: ControlSwitchboard;
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
  readonly #queue: WaitQueue<OnShortage, Socket>;
  readonly #backoff = new Backoff();
  /**
   * Another process may have the same listener. It can make it blocking at any moment, and accept4(2) has no MSG_DONTWAIT: a
   * thread accepts.
   */
  #shared = false;
  /** A thread is accepting. */
  #inThread = false;
  /** The listener became ready while the thread was accepting. */
  #readyMeanwhile = false;
  /** What a thread has accepted, until somebody asks for it; or the errno that it met, or why it could not be made a Socket. */
  #held: number | Socket | Error | undefined;
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
    this.#queue = new WaitQueue(this.#endpoint, 0, (onShortage) =>
      this.#try((error) => this.#pause(error, onShortage)),
    );
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
    checkNotAborted(checked.signal);
    encodeAddress(at, "at", interfacesOf(undefined));
    const family = familyOf("at", at);
    const descriptor = createSocket(family, checked);
    let boundPath: BoundPath | undefined;
    try {
      const facts = { family, type: checked.type, protocol: checked.protocol };
      const fd = descriptor.fd;
      // Before listen(2): an accepted socket has what its listener had when the connection was made.
      const switches = ControlSwitchboard.of(fd, facts, checked.receive);
      allowRebinding(fd, family);
      boundPath = await bindTo(fd, at, checked);
      const result = binding().listen(fd, backlog);
      if (result < 0) throw failure(result, "listen");
      return new Listener(
        CONSTRUCT,
        descriptor,
        facts,
        { maxFds: checked.maxFds, receive: checked.receive, switches },
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
    refuseOptions(options, CREATION_OPTIONS);
    const { descriptor, commit, undo } = takeOver(source);
    try {
      const facts = factsOf(descriptor.fd);
      if (!isListening(descriptor.fd))
        throw invalidArgValue("source", "must be a listening socket: use Socket.from()");
      checkRefusable(facts.family, checked.maxFds);
      const switches = ControlSwitchboard.of(descriptor.fd, facts, checked.receive);
      refuseDescriptors(descriptor.fd, checked.maxFds);
      binding().setNonBlocking(descriptor.fd);
      const taken = commit();
      const accepted = { maxFds: checked.maxFds, receive: checked.receive, switches };
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
    this.#options ??= new SocketOptionAccess(this.#endpoint, this.#facts.family);
    return this.#options;
  }

  /** The address that the listener is bound to. @see getsockname(2) */
  getsockname(): Address {
    return addressOf("getsockname", this.#endpoint.open());
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

  #accept(signal: AbortSignal | undefined, onShortage: OnShortage): Promise<Socket> {
    try {
      this.#endpoint.open();
      return this.#queue.take(onShortage, checkNotAborted(signal));
    } catch (error) {
      return rejectInTurn(error);
    }
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
    if (!this.#queue.isEmpty()) return undefined;
    return this.#try((error) => {
      throw error;
    });
  }

  /** Undefined: none is waiting, or there is no descriptor for it and `onShortage` was told. */
  #try(onShortage: (error: Error) => void): Socket | undefined {
    const accepted = this.#shared || this.#inThread ? this.#acceptOffLoop() : this.#acceptNow();
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
    const held = this.#held;
    this.#held = undefined;
    if (held instanceof Error) throw held;
    if (held !== undefined) return held;
    if (this.#inThread) return -EAGAIN;
    const fd = this.#endpoint.open();
    const started = callOffLoop(
      (token) => binding().startAccept(fd, SOCK_CLOEXEC | SOCK_NONBLOCK, token),
      (token) => this.#returned(token),
    );
    if (started < 0) return started;
    this.#inThread = true;
    return -EAGAIN;
  }

  #returned(token: number): void {
    this.#inThread = false;
    const native = binding();
    const accepted = native.endCall(token);
    let held: number | Socket | Error = accepted;
    if (accepted >= 0) {
      try {
        held = this.#socketOf(holdUncollected(accepted, native.result[1]!));
      } catch (error) {
        held = error as Error;
      }
    }
    if (this.#endpoint.closed) {
      this.#serveLast(held);
      return;
    }
    // Somebody else has taken it. The event of the next one has come already, or is to come.
    if (held === -EAGAIN && !this.#readyMeanwhile) return;
    if (held !== -EAGAIN) this.#held = held;
    this.#pump();
  }

  /** Whoever was waiting when the listener was closed gets what the thread has brought. */
  #serveLast(accepted: number | Socket | Error): void {
    if (typeof accepted !== "object" || accepted instanceof Error)
      this.#queue.fail(this.#endpoint.closedError());
    else if (!this.#queue.give(accepted)) accepted.close();
  }

  /** The listener stays readable: without a pause, accepting would spin. No edge will come, so the timer is the way back. */
  #pause(error: Error, onError: ((error: Error) => void) | undefined): void {
    onError?.(error);
    this.#backoff.wait(() => this.#pump());
  }

  #socketOf(descriptor: FileDescriptor): Socket {
    try {
      // On AF_UNIX only SO_PASSCRED and its like are inherited, timestamps are not; elsewhere everything is.
      const { maxFds, receive, switches } = this.#accepted;
      // A connection inherits SO_PASSRIGHTS, unless it waited before the listener became ours.
      refuseDescriptors(descriptor.fd, maxFds);
      const own =
        this.#facts.family === AF_UNIX
          ? ControlSwitchboard.of(descriptor.fd, this.#facts, receive)
          : switches.copy();
      return socketOf(descriptor, this.#facts, { maxFds, switches: own });
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  #pump(): void {
    this.#readyMeanwhile = this.#inThread;
    this.#queue.pump();
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
    if (!this.#queue.isEmpty() || this.#inThread) {
      throw codedError("ERR_INVALID_STATE", "Somebody is waiting for the listener");
    }
    if (this.#held !== undefined) {
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
      if (typeof this.#held === "object" && !(this.#held instanceof Error)) this.#held.close();
      this.#held = undefined;
      const error = () => this.#endpoint.closedError();
      this.#queue.failAll(error, this.#inThread ? 1 : 0);
      if (!this.#queue.isEmpty()) setTimeout(() => this.#queue.failAll(error), LONGEST_CLOSE).unref();
      return closing;
    }
    return this.#endpoint.close();
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
