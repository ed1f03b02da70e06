import type { Server as NetServer } from "node:net";
import { detailsOf } from "./address/encode.js";
import type { Address, AddressInput, AddressOf } from "./address/index.js";
import { checkInteger, unpolluted } from "./arguments.js";
import { asListener, asSocket, channels, published, publishedNow } from "./channels.js";
import { AF_UNIX } from "./constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "./constants/socket-types.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import type { ControlName } from "./control/index.js";
import { socketTypeName } from "./control/socket-type.js";
import { isDebugging } from "./debug-log.js";
import { type FileDescriptor, hold, holdUncollected, moveIn, moveOut } from "./descriptor.js";
import { EAGAIN } from "./errno.js";
import { codedError, invalidArgValue, type SystemError } from "./errors.js";
import { type InspectArguments, inspected, waiting } from "./inspecting.js";
import { HANDED_OVER } from "./interop/sendable.js";
import { RESULT_GENERATION } from "./native/binding.js";
import { binding } from "./native/load.js";
import { shareOrigin } from "./origin.js";
import { LISTEN } from "./reasons/listen.js";
import { withReason, withShortage } from "./reasons/reasons.js";
import { checkNotAborted } from "./socket/abort.js";
import { type Accepted, AcceptQueue, LATER } from "./socket/accept-queue.js";
import { addressesOf, addressOf } from "./socket/address-of.js";
import {
  type AllowedPeers,
  type AllowFunction,
  checkAllow,
  type PeerRefusedError,
  peerOfDescriptor,
  type Rule,
  refusalOf,
} from "./socket/allow.js";
import { bindTo } from "./socket/bind.js";
import { withCallerStack } from "./socket/caller-stack.js";
import { ControlSwitchboard } from "./socket/control-switches.js";
import { allowRebinding } from "./socket/create.js";
import { createWithOptions } from "./socket/create-with-options.js";
import {
  CREATION_OPTIONS,
  checkAddress,
  checkOptions,
  LISTEN_KEYS,
  LISTENER_FROM_KEYS,
  refuseOptions,
  type SocketOptions,
} from "./socket/creation-options.js";
import { checkDetachOptions, type DetachOptions } from "./socket/detaching.js";
import { Endpoint } from "./socket/endpoint.js";
import { isListening, type SocketFacts } from "./socket/facts.js";
import { rejectInTurn } from "./socket/fairness.js";
import { factsFor } from "./socket/family-types.js";
import { iterateConnections } from "./socket/iterating.js";
import { SocketOptionAccess } from "./socket/option-access.js";
import { callOffLoop, closeOffLoop, LONGEST_CLOSE } from "./socket/readiness.js";
import type { CheckedMaxFds } from "./socket/receive-request.js";
import { checkRefusable, refuseDescriptors } from "./socket/refusing-descriptors.js";
import { factsOfSource, takeOver } from "./socket/source.js";
import { type MessageSocket, type Socket, socketOf } from "./socket.js";
import { type BoundPath, findBoundPath } from "./socket-file/bound-path.js";
import { setBlocking } from "./syscalls/blocking.js";
import { failure } from "./syscalls/failure.js";
import { setTimeout } from "./timers.js";

export interface ListenOptions extends SocketOptions {
  /**
   * Which peers may connect: users and groups, or a function that decides. Only on Unix stream and seqpacket sockets. Default:
   * everybody who may write to the socket file.
   *
   * A refused connection is closed before a byte of it is read, and {@link Listener.accept} waits for the next one. `onError` of
   * {@link Listener.connections} gets the error `ERR_SENDMSG_PEER_REFUSED`. The credentials are those at the time of connect(2). If the
   * kernel does not tell them, the listener refuses the peer.
   *
   * The function must return true or false. If it returns anything else (a Promise, for example) or throws, the connection is
   * closed and the call of accept() rejects.
   */
  allow?: AllowedPeers | AllowFunction;
  /** How many connections may wait to be accepted. The kernel limits it to net.core.somaxconn. Default: 511, as in Node. */
  backlog?: number;
}

export interface AcceptOptions {
  signal?: AbortSignal;
  /**
   * Called with each error that does not end the iteration: the peer gave up a connection, no descriptor is free at the moment, or
   * `allow` refused a peer ({@link PeerRefusedError}).
   */
  onError?: (error: SystemError | PeerRefusedError) => void;
}

/** The interface of {@link Listener}. Code that uses it also works with other transports. */
export interface MessageListener<S extends MessageSocket = MessageSocket>
  extends AsyncIterable<S>,
    AsyncDisposable {
  readonly closed: boolean;
  accept(options?: { signal?: AbortSignal }): Promise<S>;
  tryAccept(): S | undefined;
  connections(options?: AcceptOptions): AsyncGenerator<S, void, undefined>;
  close(): Promise<void>;
}

/** The settings that a listener gives to the sockets that it accepts. */
interface AcceptedSettings {
  maxFds: CheckedMaxFds;
  receive: readonly ControlName[];
  switches: ControlSwitchboard;
  rule: Rule | undefined;
}

const DEFAULT_BACKLOG = 511;

/**
 * How many refused connections may wait to be closed. Closing one can take long, because of the descriptors in its queue. Refused
 * peers must not use up the descriptors of the process.
 */
const MOST_UNCLOSED = 256;

/**
 * A listening socket on the event loop.
 *
 * Close it when done: `await using listener = …`, or `close()` in a `finally`.
 *
 * `A` is the type of its address, and of those of the sockets that it accepts.
 */
export class Listener<A extends Address = Address> implements MessageListener<Socket<A>> {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #accepted: AcceptedSettings;
  readonly #queue: AcceptQueue<Socket>;
  /**
   * Another process may have the same listener, and can make it blocking at any moment. accept4(2) has no MSG_DONTWAIT, so a thread
   * accepts.
   */
  #shared = false;
  /** A thread is accepting. */
  #inThread = false;
  /** The listener became ready while the thread was accepting. */
  #readyMeanwhile = false;
  /** What a thread has brought, until the program asks for it: a connection or an errno. */
  #brought: number | FileDescriptor | undefined;
  /** How many refused connections are not closed yet. */
  #unclosed = 0;
  readonly #boundPath: BoundPath | undefined;
  #options: SocketOptionAccess | undefined;

  private constructor(
    key: typeof CONSTRUCT,
    descriptor: FileDescriptor,
    facts: SocketFacts,
    accepted: AcceptedSettings,
    boundPath?: BoundPath,
  ) {
    checkConstruct(key, "Listener", "await Listener.listen(at) or Listener.from(fd)");
    this.#endpoint = new Endpoint(descriptor, "listener", () => this.#pump(), false);
    if (isDebugging) shareOrigin(this, this.#endpoint);
    this.#queue = new AcceptQueue(this.#endpoint, () => this.#try());
    this.#facts = facts;
    this.#accepted = accepted;
    this.#boundPath = boundPath;
  }

  /**
   * Binds a socket to an address and listens. `receive` and `maxFds` also apply to the sockets that the listener accepts.
   *
   * @throws a system error: EADDRINUSE, EACCES, ENOENT, …
   * @see bind(2), listen(2), unix(7)
   */
  static listen<const Given extends AddressInput>(
    at: Given,
    options: ListenOptions = {},
  ): Promise<Listener<AddressOf<Given>>> {
    let listening = Listener.#listen<AddressOf<Given>>(at, options).catch(rejectInTurn);
    if (channels().listen.hasSubscribers) {
      listening = published(channels().listen, listening, { address: at }, asListener);
    }
    return withCallerStack(listening, Listener.listen);
  }

  static async #listen<A extends Address>(at: AddressInput, options: ListenOptions): Promise<Listener<A>> {
    const checked = checkOptions(options, LISTEN_KEYS);
    const { backlog = DEFAULT_BACKLOG, allow } = unpolluted(options);
    checkInteger("options.backlog", backlog, 0, 0x7fffffff);
    checkNotAborted(checked.signal);
    const family = checkAddress("at", at);
    const facts = factsFor(family, checked, "connect");
    const rule = checkAllow("options.allow", allow, facts);
    const descriptor = createWithOptions(facts, checked);
    let boundPath: BoundPath | undefined;
    try {
      const fd = descriptor.fd;
      // Before listen(2): an accepted socket has the options that its listener had when the peer connected.
      const switches = ControlSwitchboard.of(fd, facts, checked.receive);
      allowRebinding(fd, family);
      const notePath = (path: BoundPath | undefined) => {
        boundPath = path;
      };
      await bindTo(() => fd, at, checked, notePath);
      const result = binding().listen(fd, backlog);
      if (result < 0) {
        throw withReason(failure(result, "listen", detailsOf(at)), LISTEN, { fd, address: at, ...facts });
      }
      rule?.probe(peerOfDescriptor(descriptor));
      return new Listener<A>(
        CONSTRUCT,
        descriptor,
        facts,
        { maxFds: checked.maxFds, receive: checked.receive, switches, rule },
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
   * If it is a net.Server with a socket file, this listener removes the file when it closes, unless another server has replaced the
   * file. Node removes the file when it closes the net.Server, and the library puts it back at once: for some microseconds no
   * client can connect. If another server binds to the path in these microseconds, that server keeps it.
   *
   * The socket becomes non-blocking. This flag belongs to the open file description, which other processes may share.
   */
  static from(
    source: number | FileDescriptor | NetServer,
    options: Pick<ListenOptions, "receive" | "maxFds" | "allow"> = {},
  ): Listener {
    const checked = checkOptions(options, LISTENER_FROM_KEYS);
    refuseOptions(options, CREATION_OPTIONS);
    const { descriptor, commit, undo } = takeOver(source);
    try {
      const facts = factsOfSource(descriptor.fd);
      if (!isListening(descriptor.fd))
        throw invalidArgValue("source", "is a socket that does not listen. Use Socket.from() for it");
      const rule = checkAllow("options.allow", unpolluted(options).allow, facts);
      rule?.probe(peerOfDescriptor(descriptor));
      checkRefusable(facts.family, checked.maxFds);
      const switches = ControlSwitchboard.of(descriptor.fd, facts, checked.receive);
      refuseDescriptors(descriptor.fd, checked.maxFds);
      binding().setNonBlocking(descriptor.fd);
      const taken = commit();
      const accepted = { maxFds: checked.maxFds, receive: checked.receive, switches, rule };
      const boundPath = taken.path === undefined ? undefined : findBoundPath(taken.descriptor.fd, taken.path);
      const listener = new Listener(CONSTRUCT, taken.descriptor, facts, accepted, boundPath);
      listener.#shared = true;
      return listener;
    } catch (error) {
      undo();
      throw error;
    }
  }

  /** The descriptor's number. The listener still owns it. -1 once the listener is closed or detached. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  get closed(): boolean {
    return this.#endpoint.closed;
  }

  /** The listening socket's options, by name. Accepted sockets inherit those of IP and TCP. */
  get options(): SocketOptionAccess {
    this.#options ??= new SocketOptionAccess(this.#endpoint, this.#facts.family);
    return this.#options;
  }

  /** The address that the listener is bound to. @see getsockname(2) */
  getsockname(): A {
    return addressOf("getsockname", this.#endpoint.open()) as A;
  }

  /**
   * Waits for the next connection.
   *
   * If no descriptor is free (EMFILE), it keeps waiting and tries again after pauses. It also keeps waiting if `allow` refuses a
   * peer.
   *
   * @throws a system error: ECONNABORTED, …; AbortError; `ERR_SENDMSG_CLOSED`; what the `allow` function throws.
   * @see accept(2)
   */
  accept(options: { signal?: AbortSignal } = {}): Promise<Socket<A>> {
    return withCallerStack(this.#accept(options), this.accept) as Promise<Socket<A>>;
  }

  readonly #accept: AcceptQueue<Socket>["accept"] = (options, onShortage) => {
    const accepting = this.#queue.accept(options, onShortage);
    if (!channels().accept.hasSubscribers) return accepting;
    return published(channels().accept, accepting, { listener: this }, asSocket);
  };

  /**
   * Returns the next connection, or undefined if no connection is waiting, or if calls of {@link accept} wait for one. Peers that
   * `allow` refuses are passed over. After many of them it returns undefined, so that the event loop gets its turn.
   *
   * If another process may have the same listener ({@link from} made this object, or it was sent), a thread accepts, because the
   * other process could make the listener blocking. Then the call that finds a connection starts the thread and returns undefined.
   * A later call, after the event loop has run, returns the connection.
   *
   * @throws a system error: `EMFILE` if no descriptor is free, ECONNABORTED, …
   * @see accept(2)
   */
  tryAccept(): Socket<A> | undefined {
    const accept = () => this.#queue.tryAccept() as Socket<A> | undefined;
    if (!channels().accept.hasSubscribers) return accept();
    return publishedNow(channels().accept, accept, { listener: this }, asSocket);
  }

  #try(): Accepted<Socket> {
    if (this.#unclosed >= MOST_UNCLOSED) return LATER;
    const accepted = this.#shared || this.#inThread ? this.#acceptOffLoop() : this.#acceptNow();
    if (typeof accepted === "object") return this.#admit(accepted);
    return accepted === -EAGAIN ? undefined : withShortage(failure(accepted, "accept4"));
  }

  #acceptNow(): number | FileDescriptor {
    const native = binding();
    const fd = this.#endpoint.open();
    const accepted = native.accept4(fd, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return accepted < 0 ? accepted : holdUncollected(accepted, native.result[RESULT_GENERATION]!);
  }

  /** Returns the connection or the errno that a thread has brought. If there is none, starts a thread and returns -EAGAIN. */
  #acceptOffLoop(): number | FileDescriptor {
    const brought = this.#brought;
    this.#brought = undefined;
    if (brought !== undefined) return typeof brought === "object" ? moveIn(brought) : brought;
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
    const brought = accepted < 0 ? accepted : hold(accepted, native.result[RESULT_GENERATION]!);
    if (this.#endpoint.closed) {
      this.#serveLast(brought);
      return;
    }
    // Another process has taken this connection. If a new one came while the thread ran, no further event will come: so try again.
    if (brought === -EAGAIN && !this.#readyMeanwhile) return;
    if (brought !== -EAGAIN) this.#brought = brought;
    this.#pump();
  }

  /** The thread has returned after the listener was closed. If a call of accept() is still waiting, it gets the connection. */
  #serveLast(brought: number | FileDescriptor): void {
    const queue = this.#queue;
    if (typeof brought === "number") {
      queue.fail(this.#endpoint.closedError());
    } else if (queue.isEmpty()) {
      brought.close();
    } else {
      try {
        const accepted = this.#admit(moveIn(brought));
        if (accepted instanceof Error) queue.fail(this.#endpoint.closedError());
        else if (!queue.give(accepted)) accepted.close();
      } catch (error) {
        queue.fail(error);
      }
    }
  }

  /** Makes a Socket of a connection, unless `allow` refuses the peer. Then returns the error that says so. */
  #admit(descriptor: FileDescriptor): Socket | Error {
    const { rule } = this.#accepted;
    if (rule === undefined) return this.#socketOf(descriptor);
    let isAllowed = false;
    try {
      const refusal = refusalOf(peerOfDescriptor(descriptor), rule);
      if (refusal !== undefined) return refusal;
      isAllowed = true;
    } finally {
      if (!isAllowed) this.#refuse(descriptor);
    }
    return this.#socketOf(descriptor);
  }

  #refuse(descriptor: FileDescriptor): void {
    this.#unclosed++;
    closeOffLoop(descriptor, () => {
      this.#unclosed--;
    });
  }

  #socketOf(descriptor: FileDescriptor): Socket {
    try {
      // On AF_UNIX, accepted sockets inherit SO_PASSCRED and similar options, but not timestamps. Other families inherit all
      // options.
      const { maxFds, receive, switches } = this.#accepted;
      // A connection inherits SO_PASSRIGHTS, unless it was already waiting when we took over the listener.
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
   * Iterates over the connections until the listener is closed. Leaving the loop does not close the listener.
   *
   * If the peer gave up a connection, if no descriptor is free, or if `allow` refuses a peer, the error goes to `onError` and the
   * iteration continues (after a pause if no descriptor is free). Any other error is thrown.
   */
  connections(options: AcceptOptions = {}): AsyncGenerator<Socket<A>, void, undefined> {
    return iterateConnections(this, this.#accept, options) as AsyncGenerator<Socket<A>, void, undefined>;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Socket<A>, void, undefined> {
    return this.connections();
  }

  /** Lets waits on this listener keep the process alive. This is the default. */
  ref(): this {
    this.#endpoint.setReferenced(true);
    return this;
  }

  /** Lets the process exit although calls wait on this listener. */
  unref(): this {
    this.#endpoint.setReferenced(false);
    return this;
  }

  /**
   * Gives up the descriptor, and the duty to remove its path. After that, this object is closed. The descriptor is non-blocking: see
   * {@link DetachOptions.blocking}.
   *
   * @throws `ERR_INVALID_STATE` while a call of {@link accept} waits, while a thread is accepting, and while a connection that a
   *   thread accepted has not been taken: see {@link tryAccept}.
   */
  detach(options: DetachOptions = {}): FileDescriptor {
    const blocking = checkDetachOptions(options);
    const fd = this.#endpoint.open();
    if (!this.#queue.isEmpty() || this.#inThread) {
      throw codedError(
        "ERR_INVALID_STATE",
        "accept() is waiting for a connection, or a thread is accepting one: wait for it first",
      );
    }
    if (this.#brought !== undefined || this.#queue.hasUnclaimed) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The listener has accepted a connection that the program has not taken: call tryAccept()",
      );
    }
    if (blocking) setBlocking(fd);
    this.#boundPath?.leave();
    const descriptor = moveOut(this.#endpoint.release());
    if (channels().close.hasSubscribers) channels().close.publish({ listener: this, fd });
    return descriptor;
  }

  /**
   * Closes the listener at once: waits reject with `ERR_SENDMSG_CLOSED`. The listener first removes its path, if the path still is
   * the file that it bound. It leaves the path if the listener was sent to another process, or if a message with it still waits to
   * be sent.
   *
   * If a thread is accepting, one waiting call gets the connection that the thread brings within a quarter of a second. So no
   * client is lost when a program hands over to its successor. If a thread has accepted a connection and no call waits for it, that
   * connection is closed: see {@link tryAccept}. Other processes that have the listener don't get it.
   *
   * A second call does nothing. The promise never rejects: it settles when close(2) has returned, or after a quarter of a second.
   */
  close(): Promise<void> {
    if (!this.#endpoint.closed) {
      this.#boundPath?.remove();
      const { fd } = this;
      const closing = this.#endpoint.close();
      if (typeof this.#brought === "object") this.#brought.close();
      this.#brought = undefined;
      const error = () => this.#endpoint.closedError();
      this.#queue.close(error, this.#inThread ? 1 : 0);
      if (!this.#queue.isEmpty()) setTimeout(() => this.#queue.failAll(error), LONGEST_CLOSE).unref();
      if (channels().close.hasSubscribers) channels().close.publish({ listener: this, fd });
      return closing;
    }
    return this.#endpoint.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "Listener", () => {
      const fd = this.#endpoint.fd;
      if (fd < 0) return { closed: true };
      const { local, family } = addressesOf(fd, this.#facts.family);
      return {
        fd,
        type: socketTypeName(this.#facts.type) ?? this.#facts.type,
        local,
        family,
        waiting: waiting({ accepts: this.#queue.length }),
      };
    });
  }

  /** @internal Another process now has the socket, so its path is no longer ours to remove. */
  [HANDED_OVER](): void {
    this.#boundPath?.leave();
    this.#shared = true;
  }
}
