import type { Socket as DgramSocket } from "node:dgram";
import type { Socket as NetSocket } from "node:net";
import { detailsOf } from "./address/encode.js";
import { checkFamily } from "./address/family.js";
import {
  type Address,
  type AddressInput,
  type AddressOf,
  encodeAddress,
  type FamilyAddress,
} from "./address/index.js";
import { checkInteger, checkObject, checkSignal, UIO_MAXIOV, unpolluted } from "./arguments.js";
import {
  asBytesSent,
  asMessage,
  asMessages,
  asNothing,
  asSocket,
  channels,
  published,
  publishedNow,
} from "./channels.js";
import { AF_INET, AF_INET6, AF_UNIX } from "./constants/address-families.js";
import { SOL_SOCKET } from "./constants/levels.js";
import { SO_OOBINLINE, SO_PASSCRED, SO_PASSPIDFD, SO_RCVLOWAT } from "./constants/socket.js";
import { SOCK_DGRAM, SOCK_STREAM } from "./constants/socket-types.js";
import { CONSTRUCT, checkConstruct } from "./construct.js";
import type { ControlName } from "./control/index.js";
import { type SocketType, socketTypeName } from "./control/socket-type.js";
import { isDebugging } from "./debug-log.js";
import { type Descriptor, type FileDescriptor, moveOut } from "./descriptor.js";
import { codedError, invalidArgValue } from "./errors.js";
import { type InspectArguments, inspected, waiting } from "./inspecting.js";
import { toNetSocket } from "./interop/node-socket.js";
import { HANDED_OVER, HANDING_OVER, HAS_UNREAD_DATA } from "./interop/sendable.js";
import { keysOf } from "./known-keys.js";
import { type Message, messageOf, type OutgoingMessage } from "./message.js";
import { binding } from "./native/load.js";
import { shareOrigin } from "./origin.js";
import { PEER } from "./reasons/peer.js";
import { withReason } from "./reasons/reasons.js";
import { checkNotAborted, SIGNAL_KEYS } from "./socket/abort.js";
import { addressesOf, addressOf } from "./socket/address-of.js";
import type { SendBatchOptions } from "./socket/batch-sending.js";
import { BatchSlots } from "./socket/batch-slots.js";
import { bindTo } from "./socket/bind.js";
import type { BindPathOptions } from "./socket/bind-path.js";
import { bindSync } from "./socket/bind-sync.js";
import { withCallerStack } from "./socket/caller-stack.js";
import { Connecting, hasName, isConnected } from "./socket/connecting.js";
import { ControlSwitchboard, type ControlSwitches, checkSwitches } from "./socket/control-switches.js";
import { allowRebinding } from "./socket/create.js";
import { createWithOptions } from "./socket/create-with-options.js";
import {
  type CheckedOptions,
  CREATION_OPTIONS,
  checkAddress,
  checkOptions,
  OPEN_KEYS,
  type OpenOptions,
  refuseOptions,
  type SocketOptions,
} from "./socket/creation-options.js";
import { checkDetachOptions, type DetachOptions } from "./socket/detaching.js";
import { Endpoint } from "./socket/endpoint.js";
import type { ErrorQueue } from "./socket/error-queue.js";
import { type ErrorReport, iterateErrors } from "./socket/error-report.js";
import { bringsErrors, includeErrors } from "./socket/error-sources.js";
import { hasConnection, isListening, type SocketFacts } from "./socket/facts.js";
import { rejectInTurn } from "./socket/fairness.js";
import { factsFor } from "./socket/family-types.js";
import {
  type BatchIterationOptions,
  type IterationOptions,
  iterate,
  iterateBatches,
} from "./socket/iterating.js";
import {
  type BatchOptions,
  checkBatch,
  closeLeft,
  type MessageBatch,
  newBatch,
} from "./socket/message-batch.js";
import { type SetOption, SocketOptionAccess } from "./socket/option-access.js";
import { OwnSettings } from "./socket/own-settings.js";
import { Peer, type PeerCredentials } from "./socket/peer.js";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from "./socket/readiness.js";
import {
  type BatchReceiveOptions,
  type CheckedMaxFds,
  NO_OPTIONS,
  type ReceiveOptions,
} from "./socket/receive-request.js";
import { Receiving } from "./socket/receiving.js";
import { checkRefusable, refuseDescriptors } from "./socket/refusing-descriptors.js";
import type { Segmentation } from "./socket/segmentation.js";
import { NO_SEND_OPTIONS, type SendOptions } from "./socket/send-options.js";
import type { SendResult } from "./socket/send-queue.js";
import { Sending } from "./socket/sending.js";
import { checkDirections } from "./socket/shutdown.js";
import { factsOfSource, takeOver } from "./socket/source.js";
import type { BoundPath } from "./socket-file/bound-path.js";
import { setBlocking } from "./syscalls/blocking.js";
import { failure } from "./syscalls/failure.js";
import { interfacesOf } from "./syscalls/kernel-interfaces.js";

/** The interface of {@link Socket}. Code that uses it also works with other transports. */
export interface MessageSocket<D extends Descriptor = Descriptor>
  extends AsyncIterable<Message<D>>,
    AsyncDisposable {
  readonly closed: boolean;
  sendmsg(message: OutgoingMessage, options?: SendOptions): Promise<SendResult>;
  trySendmsg(message: OutgoingMessage): SendResult | undefined;
  writable(options?: { signal?: AbortSignal }): Promise<void>;
  recvmsg(options?: ReceiveOptions): Promise<Message<D>>;
  tryRecvmsg(options?: ReceiveOptions): Message<D> | undefined;
  messages(options?: IterationOptions): AsyncGenerator<Message<D>, void, undefined>;
  shutdown(how: "read" | "write" | "both"): Promise<void>;
  close(): Promise<void>;
}

/** Makes a Socket of a descriptor that is in custody. For Listener and socketpair(), not for users. */
export let socketOf: (
  descriptor: FileDescriptor,
  facts: SocketFacts,
  options: { maxFds: CheckedMaxFds; switches: ControlSwitchboard },
) => Socket;

/** The error queue of a Socket. For TransmitTimestamps, not for users. */
export let errorQueueOf: (socket: Socket) => ErrorQueue;

/**
 * A socket on the event loop. It sends and receives whole messages, with their descriptors, control messages and addresses.
 *
 * Several sends and several receives may wait at the same time. Each direction keeps its order. The socket keeps the process alive
 * only while a call waits. Close it when done: `await using socket = …`, or `close()` in a `finally`.
 *
 * `A` is the type of the socket's addresses: its own, its peer's, and those of messages that it receives.
 */
export class Socket<A extends Address = Address> implements MessageSocket<FileDescriptor> {
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #receiving: Receiving;
  readonly #sending: Sending;
  readonly #own: OwnSettings;
  readonly #switches: ControlSwitchboard;
  readonly #connecting: Connecting;
  #boundPath: BoundPath | undefined;
  /** Another process may have the same socket, and can make it blocking at any moment. */
  #shared = false;
  /**
   * Whether others may send to this socket. Nobody can send to a Unix socket that we have made and that has no name. A socket from
   * elsewhere can be one of a pair, or another process can give it a name.
   */
  #reachable = true;
  #options: SocketOptionAccess | undefined;
  #peer: Peer | undefined;

  static {
    errorQueueOf = (socket) => socket.#receiving.errors;
    socketOf = (descriptor, facts, options) => new Socket(CONSTRUCT, descriptor, facts, options);
  }

  private constructor(
    key: typeof CONSTRUCT,
    descriptor: FileDescriptor,
    facts: SocketFacts,
    settings: { maxFds: CheckedMaxFds; switches: ControlSwitchboard },
  ) {
    checkConstruct(
      key,
      "Socket",
      "await Socket.connect(to), await Socket.bind(at), Socket.open({ family }), Socket.from(fd) or socketpair()",
    );
    const { maxFds, switches } = settings;
    this.#endpoint = new Endpoint(descriptor, "socket", (events) => this.#onReady(events), true);
    if (isDebugging) shareOrigin(this, this.#endpoint);
    this.#facts = facts;
    this.#switches = switches;
    this.#own = new OwnSettings(facts, switches);
    this.#receiving = new Receiving(this.#endpoint, { ...facts, maxFds }, switches, this.#own);
    this.#sending = new Sending(
      this.#endpoint,
      facts,
      this.#receiving.errors,
      () => this.#connecting.isAwaited,
    );
    this.#connecting = new Connecting(this.#endpoint, facts, () => this.#noteConnected());
    if (includeErrors(switches.names)) this.#useEdges();
    this.#noteConnected();
  }

  /**
   * Connects to an address. The address is a literal: no name is resolved.
   *
   * @throws a system error: ECONNREFUSED, ENOENT, EACCES, ETIMEDOUT, …; AbortError.
   * @see connect(2), unix(7), ip(7)
   */
  static connect<const Given extends AddressInput>(
    to: Given,
    options: Omit<SocketOptions, "mode" | "unlink"> = {},
  ): Promise<Socket<AddressOf<Given>>> {
    return withCallerStack(
      Socket.#connected<AddressOf<Given>>(to, options).catch(rejectInTurn),
      Socket.connect,
    );
  }

  static async #connected<A extends Address>(
    to: AddressInput,
    options: Omit<SocketOptions, "mode" | "unlink">,
  ): Promise<Socket<A>> {
    const checked = checkOptions(options);
    refuseOptions(options, ["mode", "unlink"]);
    checkNotAborted(checked.signal);
    const socket = Socket.#make<A>(factsFor(checkAddress("to", to), checked, "connect"), checked);
    try {
      await socket.#connect(to, checked.signal ? { signal: checked.signal } : {});
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Makes a socket that is neither bound nor connected: for netlink, raw and ICMP sockets, CAN, packet sockets, and datagrams that need
   * no port or path of their own. The methods {@link bind} and {@link connect} work on it.
   *
   * @example const socket = Socket.open({ family: "netlink", protocol: NETLINK_ROUTE });
   * @throws a system error: EPERM, EPROTONOSUPPORT, EAFNOSUPPORT, …
   * @see socket(2)
   */
  static open<const Family extends OpenOptions["family"]>(
    options: OpenOptions & { family: Family },
  ): Socket<FamilyAddress<Family>> {
    const checked = checkOptions(options, OPEN_KEYS);
    refuseOptions(options, ["mode", "unlink", "signal"]);
    const family = checkFamily("options.family", unpolluted(options).family);
    return Socket.#make(factsFor(family, checked, "bind"), checked);
  }

  /**
   * Makes a socket and binds it to an address: a datagram socket, unless `type` says otherwise or the family has none. For a stream
   * server, use {@link Listener.listen}.
   *
   * @throws a system error: EADDRINUSE, EACCES, EADDRNOTAVAIL, …
   * @see bind(2)
   */
  static bind<const Given extends AddressInput>(
    at: Given,
    options: SocketOptions = {},
  ): Promise<Socket<AddressOf<Given>>> {
    let bound = Socket.#bound<AddressOf<Given>>(at, options).catch(rejectInTurn);
    if (channels().bind.hasSubscribers) bound = published(channels().bind, bound, { address: at }, asSocket);
    return withCallerStack(bound, Socket.bind);
  }

  static async #bound<A extends Address>(at: AddressInput, options: SocketOptions): Promise<Socket<A>> {
    const checked = checkOptions(options);
    checkNotAborted(checked.signal);
    const facts = factsFor(checkAddress("at", at), checked, "bind");
    const socket = Socket.#make<A>(facts, checked);
    try {
      if (facts.type === SOCK_STREAM) allowRebinding(socket.#endpoint.open(), facts.family);
      await socket.#bindTo(at, checked);
      return socket;
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Takes over a socket: a descriptor number, a FileDescriptor, a net.Socket or a dgram.Socket, which is unusable afterwards.
   *
   * O_NONBLOCK stays as it is, because other processes might share it. All other settings stay as they are until this object
   * receives. The first receive switches on an option that the library needs. It changes for everybody who shares the socket. On a
   * Unix stream it is SO_OOBINLINE, which leaves out-of-band bytes in their place. On a Unix seqpacket socket it is a timestamp
   * option, which tells empty messages from the end. `detach()` and `toNet()` switch the option off again.
   *
   * A net.Socket must be connected, must not be TLS, and must have no unwritten data. On AF_UNIX it must not have read anything,
   * because descriptors that came with those bytes are lost (make the server with `pauseOnConnect`).
   *
   * @throws `ENOTSOCK`, `EBADF`, or an error that says what is wrong with the argument.
   */
  static from(
    source: number | FileDescriptor | NetSocket | DgramSocket,
    options: Pick<SocketOptions, "receive" | "maxFds"> = {},
  ): Socket {
    const checked = checkOptions(options);
    refuseOptions(options, CREATION_OPTIONS);
    const { descriptor, commit, undo } = takeOver(source);
    try {
      const facts = factsOfSource(descriptor.fd);
      if (isListening(descriptor.fd)) {
        throw invalidArgValue("source", "is a listening socket. Use Listener.from() for it");
      }
      checkRefusable(facts.family, checked.maxFds);
      const switches = ControlSwitchboard.of(descriptor.fd, facts, checked.receive);
      refuseDescriptors(descriptor.fd, checked.maxFds);
      const taken = commit();
      const { data } = taken;
      const socket = new Socket(CONSTRUCT, taken.descriptor, facts, { maxFds: checked.maxFds, switches });
      socket.#share();
      if (data !== undefined && data.length > 0) {
        socket.#receiving.prepend(messageOf({ data }));
      }
      return socket;
    } catch (error) {
      undo();
      throw error;
    }
  }

  static #make<A extends Address>(facts: SocketFacts, checked: CheckedOptions): Socket<A> {
    const descriptor = createWithOptions(facts, checked);
    try {
      const switches = ControlSwitchboard.of(descriptor.fd, facts, checked.receive);
      const socket = new Socket<A>(CONSTRUCT, descriptor, facts, { maxFds: checked.maxFds, switches });
      socket.#reachable = false;
      return socket;
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  /** The descriptor's number. The socket still owns it. -1 once the socket is closed or detached. */
  get fd(): number {
    return this.#endpoint.fd;
  }

  get closed(): boolean {
    return this.#endpoint.closed;
  }

  get type(): SocketType | number {
    return socketTypeName(this.#facts.type) ?? this.#facts.type;
  }

  /** The socket's options, by name: `socket.options.get("rcvBuf")`, `socket.options.set("tcpNoDelay", true)`. */
  get options(): SocketOptionAccess {
    this.#options ??= new SocketOptionAccess(this.#endpoint, this.#facts.family, (set) =>
      this.#noteOption(set),
    );
    return this.#options;
  }

  /** The program has set an option. Adapts to what the option changes. */
  #noteOption(set: SetOption): void {
    const { level, option, value } = set;
    if (level === SOL_SOCKET && option === SO_OOBINLINE && value !== 0) this.#own.leaveOn(option);
    // With SO_RCVLOWAT, the kernel no longer reports every message that can be received, so the socket has to be watched for edges.
    const hidesData = level === SOL_SOCKET && option === SO_RCVLOWAT;
    if (hidesData || (value !== 0 && bringsErrors(set))) this.#useEdges();
    if (level === SOL_SOCKET && GIVES_NAME.has(option)) this.#noteReachable();
    this.#switches.noteOption(this.fd, set);
    this.#own.restore(this.fd);
  }

  /**
   * Switches control messages on and off: `socket.receive("ipPktInfo", "ipTos")`, `socket.receive({ ipTos: false })`.
   *
   * The library always has room for all messages that are on, so the kernel never has to cut one. If a change is refused, nothing
   * changes.
   *
   * @throws TypeError ERR_INVALID_ARG_VALUE: there is no such message; it can't be switched on; sockets of this family and type
   *   don't deliver it; or the kernel delivers it only in place of another message.
   * @throws `ENOPROTOOPT`: the kernel is too old, or the protocol does not have the message; `EPERM`, …
   * @see cmsg(3), setsockopt(2)
   */
  receive(...changes: readonly (ControlName | ControlSwitches)[]): this {
    const switches = checkSwitches("changes", changes);
    this.#switches.change(this.#endpoint.open(), switches);
    if (includeErrors(this.#switches.names)) this.#useEdges();
    this.#noteReachable();
    this.#own.restore(this.fd);
    return this;
  }

  /** The other end of a Unix socket: its credentials, pidfd, security label and groups. */
  get peer(): Peer {
    this.#peer ??= new Peer(this.#endpoint, this.#facts.family, this.options);
    return this.#peer;
  }

  /**
   * Binds the socket to an address, for example after its options were set. Unlike {@link Socket.bind}, it sets no option: a TCP
   * socket that should take a port whose old connections are in TIME_WAIT needs `options.set("reuseAddr", true)` before.
   *
   * @throws a system error: EINVAL if the socket is bound already, EADDRINUSE, EACCES, EADDRNOTAVAIL, …
   * @see bind(2)
   */
  bind(at: AddressInput, options: Pick<SocketOptions, "mode" | "unlink" | "signal"> = {}): Promise<void> {
    const bound = this.#bind(at, options).catch(rejectInTurn);
    if (!channels().bind.hasSubscribers) return bound;
    return published(channels().bind, bound, { socket: this, address: at }, asNothing);
  }

  async #bind(at: AddressInput, options: Pick<SocketOptions, "mode" | "unlink" | "signal">): Promise<void> {
    const checked = checkOptions(options);
    refuseOptions(options, ["type", "protocol", "receive", "maxFds", "ipv6Only", "reusePort"]);
    checkNotAborted(checked.signal);
    this.#endpoint.open();
    checkAddress("at", at);
    return this.#bindTo(at, checked);
  }

  #bindTo(at: AddressInput, options: BindPathOptions): Promise<void> {
    this.#noteReachable();
    return bindTo(
      () => this.#endpoint.open(),
      at,
      options,
      (path) => {
        this.#boundPath = path;
      },
    );
  }

  /**
   * Binds the socket within the call, and does only what bind(2) does: a file at the path is never replaced, and the socket's own file
   * stays when the socket is closed.
   *
   * @throws what {@link bind} throws.
   * @see bind(2)
   */
  bindSync(at: AddressInput): void {
    if (!channels().bind.hasSubscribers) {
      this.#bindSync(at);
      return;
    }
    const bind = () => {
      this.#bindSync(at);
      return true;
    };
    publishedNow(channels().bind, bind, { socket: this, address: at }, asNothing);
  }

  #bindSync(at: AddressInput): void {
    const fd = this.#endpoint.open();
    checkAddress("at", at);
    this.#noteReachable();
    bindSync(fd, at);
  }

  /**
   * Connects the socket, or sets a datagram socket's default destination.
   *
   * @see connect(2)
   */
  connect(to: AddressInput, options: { signal?: AbortSignal } = {}): Promise<void> {
    return withCallerStack(this.#connect(to, options).catch(rejectInTurn), this.connect);
  }

  #connect(to: AddressInput, options: { signal?: AbortSignal }): Promise<void> {
    const connecting = this.#connectTo(to, options);
    if (!channels().connect.hasSubscribers) return connecting;
    return published(channels().connect, connecting, { socket: this, address: to }, asNothing);
  }

  async #connectTo(to: AddressInput, options: { signal?: AbortSignal }): Promise<void> {
    const signal = checkSignal("options.signal", checkObject("options", options, SIGNAL_KEYS).signal);
    const address = encodeAddress(to, "to", interfacesOf(this.#endpoint.open()));
    const inThread = this.#shared || this.#sending.purges;
    try {
      await this.#connecting.connect(address, detailsOf(to), inThread, signal);
    } finally {
      this.#sending.segmentation.forget();
      // Calls of writable() wait for the end of the connect, for which no event need come.
      this.#sending.queue.pump();
    }
  }

  /**
   * Sets the default destination of a datagram socket, within the call. Returns false if a thread has to make the call: then use
   * {@link connect}. That is so on a Unix socket that is connected, while received messages wait in its queue: if it connects to another
   * peer, the kernel drops them within the call, and closing their descriptors can take long.
   *
   * @throws a system error: ENOENT, ECONNREFUSED, EACCES, …; `ERR_INVALID_STATE` if it is no datagram socket.
   * @see connect(2)
   */
  tryConnect(to: AddressInput): boolean {
    if (!channels().connect.hasSubscribers) return this.#tryConnect(to);
    const connect = () => this.#tryConnect(to) || undefined;
    return publishedNow(channels().connect, connect, { socket: this, address: to }, asNothing) ?? false;
  }

  #tryConnect(to: AddressInput): boolean {
    const interfaces = interfacesOf(this.#endpoint.open());
    if (this.#facts.type !== SOCK_DGRAM) {
      throw codedError("ERR_INVALID_STATE", "Only a datagram socket connects at once: use connect()");
    }
    const address = encodeAddress(to, "to", interfaces);
    // Another process that has the socket could make it blocking.
    if (this.#shared || !this.#connecting.tryConnect(address, detailsOf(to), this.#sending.purges))
      return false;
    this.#sending.segmentation.forget();
    return true;
  }

  /**
   * Once a Unix datagram socket is connected, sending on it or reconnecting it can make the kernel purge the socket's own queue. The
   * queue of a socket that nobody can reach is empty.
   */
  #noteConnected(): void {
    const { family, type } = this.#facts;
    if (family !== AF_UNIX || type !== SOCK_DGRAM) return;
    const fd = this.#endpoint.open();
    this.#reachable ||= hasName(fd);
    this.#sending.noteConnected(isConnected(fd), this.#reachable);
  }

  /** From now on, others may be able to send to this socket. */
  #noteReachable(): void {
    this.#reachable = true;
    if (!this.closed) this.#noteConnected();
  }

  /**
   * Sends one message: bytes, descriptors and control messages together.
   *
   * The first attempt happens within the call. If the kernel has no room, the message waits its turn. The library then duplicates
   * its descriptors and copies its control data at once. The bytes stay borrowed until the promise settles: don't change them
   * before. On a stream, the kernel may take the message in parts. The descriptors go with the first byte and are never sent twice.
   * The other control messages go with every part.
   *
   * @throws a system error (EPIPE, ECONNRESET, EMSGSIZE, ETOOMANYREFS, …), AbortError or `ERR_SENDMSG_CLOSED`. Each has
   *   `bytesSent`. If that is above 0, the descriptors were sent, and the stream can send nothing more.
   * @see sendmsg(2), unix(7)
   */
  sendmsg(message: OutgoingMessage, options: SendOptions = NO_SEND_OPTIONS): Promise<SendResult> {
    let sending = this.#sending.sendMessage(message, options);
    if (channels().send.hasSubscribers) {
      sending = published(channels().send, sending, { socket: this, message }, asBytesSent);
    }
    return withCallerStack(sending, this.sendmsg);
  }

  /**
   * Sends what the kernel takes at once. Returns undefined if the kernel takes nothing now, or if other sends are waiting.
   *
   * On a connected Unix datagram socket it also returns undefined while received messages wait in the socket's queue. The reason:
   * if the peer has gone, the kernel drops those messages within the call, and closing their descriptors can take long. Receive
   * them first, or use {@link sendmsg}, which makes the call in a thread.
   *
   * On a stream, `bytes` may be less than you gave. Then the descriptors were sent. Send the rest without `fds`, but with the same
   * `control`: if you leave it out, its settings (credentials, a TLS record type) don't apply to the rest.
   */
  trySendmsg(message: OutgoingMessage): SendResult | undefined {
    if (!channels().send.hasSubscribers) return this.#sending.trySendMessage(message);
    const send = () => this.#sending.trySendMessage(message);
    return publishedNow(channels().send, send, { socket: this, message }, asBytesSent);
  }

  /**
   * Sends a message of bytes alone if the kernel takes it at once: the same as {@link trySendmsg}, with less work for each message.
   * Returns false where that returns undefined. An address that is encoded already, by encodeAddress(), saves the most.
   *
   * @throws what {@link trySendmsg} throws; `ERR_INVALID_STATE` on a stream, which could take a part of the bytes.
   */
  trySendBytes(data: Uint8Array, address?: AddressInput | Uint8Array): boolean {
    if (!channels().send.hasSubscribers) return this.#sending.trySendBytes(data, address);
    return this.trySendmsg({ data, address }) !== undefined;
  }

  /**
   * Waits until no send is queued and the kernel would take a message: for programs that drop messages instead of queueing them.
   * `if (!socket.trySendmsg(message)) await socket.writable();`
   *
   * That is no promise: another caller can use the room first, and the kernel can refuse a long message. After a refused
   * {@link trySendmsg}, a socket that counts as writable all the same is tried again after a pause of 1 to 50 ms. A Unix datagram
   * socket that is not connected counts as writable although the receiver's queue is full.
   *
   * @throws `EPIPE` after shutdown("write"); AbortError; `ERR_SENDMSG_CLOSED`.
   * @see poll(2) POLLOUT
   */
  writable(options: { signal?: AbortSignal } = {}): Promise<void> {
    return withCallerStack(this.#sending.writable(options), this.writable);
  }

  /**
   * Receives one message. On a stream, receives the bytes that are there.
   *
   * The end of the stream is a message with `eof: true`. The library closes descriptors that you did not ask for (`maxFds`).
   *
   * @throws a system error (ECONNRESET, ECONNREFUSED on a datagram socket, …), AbortError or `ERR_SENDMSG_CLOSED`.
   * @see recvmsg(2), unix(7)
   */
  recvmsg(options: ReceiveOptions = NO_OPTIONS): Promise<Message<FileDescriptor, A>> {
    let receiving = this.#receiving.receive(options);
    if (channels().receive.hasSubscribers) {
      receiving = published(channels().receive, receiving, { socket: this }, asMessage);
    }
    return withCallerStack(receiving, this.recvmsg) as Promise<Message<FileDescriptor, A>>;
  }

  /**
   * Receives what is there at once. Returns undefined if nothing is there, or if other receives are waiting.
   *
   * In two cases a Unix socket returns undefined although it has a message. Near the limit of open files, a thread has to receive
   * the message. And the library receives nothing more while too many descriptors from this peer wait to be closed. In both cases,
   * try again after the event loop has run.
   */
  tryRecvmsg(options: ReceiveOptions = NO_OPTIONS): Message<FileDescriptor, A> | undefined {
    let message: Message | undefined;
    if (channels().receive.hasSubscribers) {
      const receive = () => this.#receiving.tryReceive(options);
      message = publishedNow(channels().receive, receive, { socket: this }, asMessage);
    } else {
      message = this.#receiving.tryReceive(options);
    }
    return message as Message<FileDescriptor, A> | undefined;
  }

  /**
   * Makes memory for many messages, which one system call sends or receives. Sockets of the same family and type can share it.
   *
   * @example
   * const batch = socket.createBatch({ slots: 64, size: 1500 });
   * for (const data of packets) batch.push({ data, address });
   * await socket.sendBatch(batch);
   * @throws `ERR_INVALID_STATE` on a stream, which has no messages.
   * @see sendmmsg(2), recvmmsg(2)
   */
  createBatch(options: BatchOptions = {}): MessageBatch<A> {
    const { slots = 64, size = 2048 } = checkObject("options", options, BATCH_KEYS);
    if (this.#facts.type === SOCK_STREAM) {
      throw codedError(
        "ERR_INVALID_STATE",
        "A stream has no messages to put into a batch: give sendmsg() a list of buffers as data",
      );
    }
    const count = checkInteger("options.slots", slots, 1, UIO_MAXIOV);
    const memory = new BatchSlots(
      this.#facts,
      count,
      checkInteger("options.size", size, 1, MOST_SLOT_BYTES),
      0,
    );
    return newBatch(memory, (message) => this.#sending.prepareForSlot(message)) as MessageBatch<A>;
  }

  /**
   * Sends the messages of a batch, in order, with as few system calls as possible. If there is no room, they wait their turn, as with
   * {@link sendmsg}. Until the promise settles, the batch can't be changed.
   *
   * If a message fails and others were sent before it, the call ends there and returns how many it has sent. The next call throws the
   * error, whose `index` is the message's position in the batch. To give that message up and send the rest, call
   * {@link MessageBatch.skip}. No message is sent twice: `batch.sent` counts those that were sent.
   *
   * @returns how many messages this call has sent. 0 if all were sent already.
   * @throws what {@link sendmsg} throws, without `bytesSent`, and with the property `index` if the kernel refused a message. On a
   *   connected socket, the error can be that of an earlier message (ECONNREFUSED, …): then send again before you skip anything.
   * @see sendmmsg(2)
   */
  sendBatch(batch: MessageBatch<A>, options: SendBatchOptions = NO_SEND_OPTIONS): Promise<number> {
    let sending: Promise<number>;
    try {
      sending = this.#sending.sendBatch(checkBatch(batch, this.#facts), options);
    } catch (error) {
      return rejectInTurn(error);
    }
    if (channels().send.hasSubscribers) {
      sending = published(channels().send, sending, { socket: this, batch }, asMessages);
    }
    return withCallerStack(sending, this.sendBatch);
  }

  /** Sends the messages for which there is room at once, and returns how many. Otherwise as {@link sendBatch}. */
  trySendBatch(batch: MessageBatch<A>, options: SendBatchOptions = NO_SEND_OPTIONS): number {
    const slots = checkBatch(batch, this.#facts);
    if (!channels().send.hasSubscribers) return this.#sending.trySendBatch(slots, options);
    const send = () => this.#sending.trySendBatch(slots, options) || undefined;
    return publishedNow(channels().send, send, { socket: this, batch }, asMessages) ?? 0;
  }

  /**
   * Receives as many messages as are there and as the batch has slots for. Waits for the first one. They replace what the batch held
   * before. The library closes descriptors that you did not ask for (`maxFds`).
   *
   * On Unix sockets, a batch also ends behind an empty message, and when the next message could bring more descriptors than the process
   * may open now.
   *
   * @returns how many messages came: at least 1, except at the end of a connection.
   * @throws `ERR_INVALID_STATE`: the batch has messages that were not sent; else what {@link recvmsg} throws.
   * @see recvmmsg(2)
   */
  recvBatch(batch: MessageBatch<A>, options: BatchReceiveOptions = NO_OPTIONS): Promise<number> {
    let receiving: Promise<number>;
    try {
      receiving = this.#receiving.receiveBatch(checkEmptied(checkBatch(batch, this.#facts)), options);
    } catch (error) {
      return rejectInTurn(error);
    }
    if (channels().receive.hasSubscribers) {
      receiving = published(channels().receive, receiving, { socket: this, batch }, asMessages);
    }
    return withCallerStack(receiving, this.recvBatch);
  }

  /** Receives what is there at once. Returns undefined where {@link tryRecvmsg} does. Otherwise as {@link recvBatch}. */
  tryRecvBatch(batch: MessageBatch<A>, options: BatchReceiveOptions = NO_OPTIONS): number | undefined {
    const slots = checkEmptied(checkBatch(batch, this.#facts));
    if (!channels().receive.hasSubscribers) return this.#receiving.tryReceiveBatch(slots, options);
    const receive = () => this.#receiving.tryReceiveBatch(slots, options);
    return publishedNow(channels().receive, receive, { socket: this, batch }, asMessages);
  }

  /**
   * Iterates over batches of received messages, until the end of the connection, or until the socket is closed. Each batch is the
   * same object, filled again: copy what you keep, with {@link MessageBatch.message}. When the loop ends, the library closes the
   * descriptors that you have not taken. Otherwise it is like {@link messages}.
   *
   * @example for await (const batch of socket.batches({ size: 1500 })) for (let i = 0; i < batch.length; i++) handle(batch.data(i));
   */
  batches(options: BatchIterationOptions = {}): AsyncGenerator<MessageBatch<A>, void, undefined> {
    return iterateBatches<MessageBatch<A>>(this, hasConnection(this.#facts), options, closeLeft);
  }

  /** How the socket sends messages with a `segmentSize`: an off switch, and counters. */
  get segmentation(): Segmentation {
    return this.#sending.segmentation;
  }

  /**
   * Waits for the next entry of the error queue: an ICMP report about a packet, a transmit timestamp, a zero-copy completion. Up to
   * 1024 unread entries are kept; see {@link errorsDropped}.
   *
   * @see recvmsg(2) MSG_ERRQUEUE, ip(7) IP_RECVERR
   */
  recvError(options: { signal?: AbortSignal } = {}): Promise<Message> {
    return withCallerStack(this.#receiving.receiveError(options), this.recvError);
  }

  /**
   * Iterates over the error queue's entries, decoded, until the socket is closed: packets that did not arrive, transmit timestamps,
   * zero-copy completions. Leaving the loop does not close the socket.
   *
   * @throws AbortError
   * @see recvmsg(2) MSG_ERRQUEUE
   */
  errors(options: { signal?: AbortSignal } = {}): AsyncGenerator<ErrorReport<A>, void, undefined> {
    return iterateErrors(this, options) as AsyncGenerator<ErrorReport<A>, void, undefined>;
  }

  /** How many entries of the error queue were dropped because too many were unread. */
  get errorsDropped(): number {
    return this.#receiving.errors.dropped;
  }

  /**
   * Iterates over the messages until the end of the stream, or until the socket is closed. Leaving the loop does not close the
   * socket.
   *
   * After an error that {@link IterationOptions.onError} lists, the iteration continues. Any other error is thrown.
   */
  messages(options: IterationOptions = {}): AsyncGenerator<Message<FileDescriptor, A>, void, undefined> {
    return iterate(this, hasConnection(this.#facts), options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Message<FileDescriptor, A>, void, undefined> {
    return this.messages();
  }

  /**
   * Ends one direction or both. "write" first waits until all queued messages are sent. If shutdown(2) fails, the socket can still
   * send as far as the kernel allows it. On an unconnected UDP socket, shutdown(2) fails with `ENOTCONN` but still shuts the socket
   * down.
   *
   * @see shutdown(2)
   */
  shutdown(how: "read" | "write" | "both"): Promise<void> {
    return this.#shutdown(how).catch(rejectInTurn);
  }

  async #shutdown(how: "read" | "write" | "both"): Promise<void> {
    const directions = checkDirections(how);
    this.#endpoint.open();
    if (directions.write) await this.#sending.queue.end();
    const result = binding().shutdown(this.#endpoint.open(), directions.how);
    if (result < 0) {
      if (directions.write) this.#sending.queue.resume();
      throw withReason(failure(result, "shutdown"), PEER, undefined);
    }
    if (directions.read) this.#receiving.readShutDown();
  }

  /** The address to which the socket is bound. @see getsockname(2) */
  getsockname(): A {
    return addressOf("getsockname", this.#endpoint.open()) as A;
  }

  /** The peer's address. @throws `ENOTCONN`. @see getpeername(2) */
  getpeername(): A {
    return addressOf("getpeername", this.#endpoint.open()) as A;
  }

  /** The same as `peer.credentials()`. @see unix(7) SO_PEERCRED */
  getPeerCredentials(): PeerCredentials {
    return this.peer.credentials();
  }

  /** The same as `peer.pidfd()`: returns a descriptor that the caller owns. @see pidfd_open(2), unix(7) SO_PEERPIDFD */
  getPeerPidfd(): FileDescriptor {
    return this.peer.pidfd();
  }

  /** Lets waits on this socket keep the process alive. This is the default. */
  ref(): this {
    this.#endpoint.setReferenced(true);
    return this;
  }

  /** Lets the process exit although calls wait on this socket. */
  unref(): this {
    this.#endpoint.setReferenced(false);
    return this;
  }

  /**
   * Turns the socket into a net.Socket. After that, this object is closed.
   *
   * @throws `ERR_INVALID_STATE` if it is not a Unix or TCP stream, and whenever {@link detach} throws it.
   */
  toNet(): NetSocket {
    this.#checkIdle();
    if (this.#facts.type !== SOCK_STREAM) {
      throw codedError("ERR_INVALID_STATE", "Only a stream can become a net.Socket");
    }
    if (!NET_FAMILIES.has(this.#facts.family)) {
      throw codedError("ERR_INVALID_STATE", "Only a Unix or TCP stream can become a net.Socket");
    }
    const descriptor = this.#giveUp();
    try {
      return descriptor.handOver(toNetSocket);
    } catch (error) {
      descriptor.close();
      throw error;
    }
  }

  /**
   * Gives up the descriptor. After that, this object is closed. The descriptor is non-blocking, as most sockets of this library are:
   * see {@link DetachOptions.blocking}.
   *
   * @throws `ERR_INVALID_STATE` while a send, receive, connect or {@link writable} waits, while a thread is receiving, and while the
   *   socket holds
   *   bytes that the kernel no longer has. It holds such bytes if Node had read them before {@link from}, or if a thread received
   *   them for a receive that was then aborted.
   */
  detach(options: DetachOptions = {}): FileDescriptor {
    const blocking = checkDetachOptions(options);
    this.#checkIdle();
    if (blocking) setBlocking(this.fd);
    return moveOut(this.#giveUp());
  }

  #checkIdle(): void {
    this.#endpoint.open();
    if (this.#receiving.isAwaited || this.#sending.queue.isAwaited || this.#connecting.isBusy) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The socket is in use: abort its sends, receives, connect() and writable(), or wait for them first",
      );
    }
    if (this.#receiving.hasUnreadData) {
      throw codedError(
        "ERR_INVALID_STATE",
        "The socket has bytes that the kernel no longer has: receive them first",
      );
    }
  }

  #giveUp(): FileDescriptor {
    this.#own.switchOff(this.#endpoint.open());
    this.#boundPath?.leave();
    const { fd } = this;
    const descriptor = this.#endpoint.release();
    if (channels().close.hasSubscribers) channels().close.publish({ socket: this, fd });
    return descriptor;
  }

  /**
   * Closes the socket at once: waits and queued sends reject with `ERR_SENDMSG_CLOSED`. The socket first removes the path that it
   * bound, unless it was sent to another process, or a message with it still waits to be sent.
   *
   * A second call does nothing. The promise never rejects. It settles when close(2) has returned, or after a quarter of a second. A
   * thread calls close(2), because descriptors in the socket's queue can make it block.
   */
  close(): Promise<void> {
    if (!this.#endpoint.closed) {
      this.#receiving.serveSkipped();
      this.#boundPath?.remove();
      const { fd } = this;
      const closing = this.#endpoint.close();
      const error = () => this.#endpoint.closedError();
      this.#receiving.close(error);
      this.#sending.queue.close(error);
      this.#connecting.check();
      if (channels().close.hasSubscribers) channels().close.publish({ socket: this, fd });
      return closing;
    }
    return this.#endpoint.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * @internal Another process is about to get the socket, and may receive from it at once. So we restore the options that we
   *   changed.
   */
  [HANDING_OVER](): void {
    if (!this.closed && !this.#receiving.isAwaited) this.#own.switchOff(this.fd);
  }

  /** @internal Another process now has the socket, so its path is no longer ours to remove. */
  [HANDED_OVER](): void {
    this.#boundPath?.leave();
    this.#share();
  }

  #share(): void {
    this.#shared = true;
    this.#noteReachable();
    this.#useEdges();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "Socket", () => {
      const fd = this.#endpoint.fd;
      if (fd < 0) return { closed: true };
      return {
        fd,
        type: this.type,
        ...addressesOf(fd, this.#facts.family),
        maxFds: this.#receiving.maxFds || undefined,
        receive: this.#switches.names.size > 0 ? [...this.#switches.names] : undefined,
        waiting: waiting({
          receives: this.#receiving.waiting,
          sends: this.#sending.queue.length,
          writables: this.#sending.queue.writablesWaiting,
          errors: this.#receiving.errors.waiting,
          connects: this.#connecting.isAwaited ? 1 : 0,
        }),
      };
    });
  }

  /** @internal */
  get [HAS_UNREAD_DATA](): boolean {
    return this.#receiving.hasUnreadData;
  }

  #onReady(events: number): void {
    try {
      // libuv reports an error only once, and then stops watching the socket.
      if (events & EPOLLERR) this.#endpoint.useEdges();
      // Sends and receives may wait for the connection too. No other edge would come for them.
      if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) this.#connecting.check();
      if (events & EPOLLERR) this.#receiving.errors.drain();
      if (events & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        this.#endpoint.adaptWatch(EPOLLIN, this.#receiving.pump());
      }
      if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        const outcome = this.#sending.queue.pump();
        this.#endpoint.adaptWatch(EPOLLOUT, this.#connecting.isAwaited ? "in vain" : outcome);
      }
    } catch (error) {
      this.#failWaits(error as Error);
    }
  }

  /**
   * Watches for edges. If the error queue can have entries, we must read them even while no call waits: they use up the receive
   * buffer.
   */
  #useEdges(): void {
    try {
      this.#endpoint.useEdges();
    } catch (error) {
      this.#failWaits(error as Error);
    }
  }

  /** Fails all waits, because the event loop can't watch the socket: no memory, or too many watches (epoll(7)). */
  #failWaits(error: Error): void {
    this.#connecting.fail(error);
    this.#receiving.fail(() => error);
    this.#sending.queue.fail(() => error);
  }
}

/** Options of SOL_SOCKET with which the kernel gives a name to a Unix socket that has none, when it connects or sends. */
const GIVES_NAME: ReadonlySet<number> = new Set([SO_PASSCRED, SO_PASSPIDFD]);
const BATCH_KEYS = /* @__PURE__ */ keysOf<BatchOptions>({ slots: true, size: true });
/** The longest message of a Unix socket fits. */
const MOST_SLOT_BYTES = 1 << 24;

/** Throws if the batch holds messages that were not sent. */
function checkEmptied(slots: BatchSlots): BatchSlots {
  const left = slots.received ? 0 : slots.length - slots.sent;
  if (left === 0) return slots;
  throw codedError(
    "ERR_INVALID_STATE",
    `The batch holds ${left} messages that were not sent: send them, or call clear()`,
  );
}

/** The families of streams that libuv recognises: uv_guess_handle(), src/unix/tty.c. */
const NET_FAMILIES: ReadonlySet<number> = new Set([AF_UNIX, AF_INET, AF_INET6]);
