import type { AddressInput } from "../address/index.js";
import { checkObject } from "../arguments.js";
import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { IPPROTO_UDP } from "../constants/protocols.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import { CONSTRUCT, checkConstruct } from "../construct.js";
import { ENOTCONN } from "../errno.js";
import { codedError, invalidArgType, invalidArgValue, type SystemError } from "../errors.js";
import { type InspectArguments, ifPossible, inspected } from "../inspecting.js";
import { type IpFamily, ipFamilyOf, socketFamilyOf } from "../ip-packet.js";
import { keysOf } from "../known-keys.js";
import type { Message, OutgoingMessage } from "../message.js";
import { SIGNAL_KEYS } from "../socket/abort.js";
import { addressesOf } from "../socket/address-of.js";
import { withCallerStack } from "../socket/caller-stack.js";
import { checkAddress } from "../socket/creation-options.js";
import { rejectInTurn } from "../socket/fairness.js";
import { iterate, iterateBatches } from "../socket/iterating.js";
import type { BatchMessage, MessageBatch } from "../socket/message-batch.js";
import type { ReceiveOptions } from "../socket/receive-request.js";
import type { Segmentation } from "../socket/segmentation.js";
import { NO_SEND_OPTIONS, type SendOptions } from "../socket/send-options.js";
import type { SendResult } from "../socket/send-queue.js";
import { Socket } from "../socket.js";
import { readU16 } from "../wire/bytes.js";
import { capabilitiesOf, type UdpCapabilities } from "./capabilities.js";
import { checkUdpMessage, HeaderControl, type UdpMessage } from "./outgoing-packet.js";
import type { UdpAddress, UdpPacket } from "./packet.js";
import { packetOfMessage } from "./packet-decoding.js";
import {
  checkPathMtuDiscovery,
  getPathMtuDiscovery,
  type PathMtuDiscovery,
  setPathMtuDiscovery,
} from "./path-mtu.js";
import {
  batchOf,
  messagesIn,
  type UdpBatch,
  type UdpBatchMessage,
  type UdpBatchOptions,
} from "./udp-batch.js";
import {
  checkUdpFacts,
  checkUdpOptions,
  prepareSocket,
  switchFacts,
  type UdpConnectOptions,
  type UdpFacts,
  type UdpOptions,
} from "./udp-options.js";

/** Options of {@link UdpSocket.packets}. */
export interface UdpIterationOptions {
  signal?: AbortSignal;
  /**
   * Called with each error that does not end the iteration: an ICMP report, a temporary lack of memory. Without it, the iteration
   * ignores them.
   */
  onError?: (error: SystemError) => void;
}

const ITERATION_KEYS = /* @__PURE__ */ keysOf<UdpIterationOptions>({ signal: true, onError: true });

/** Options of {@link UdpSocket.batches}. */
export interface UdpBatchIterationOptions extends UdpIterationOptions, UdpBatchOptions {}

const UDP_BATCH_KEYS = /* @__PURE__ */ keysOf<UdpBatchOptions>({ slots: true, size: true });
const BATCH_ITERATION_KEYS = /* @__PURE__ */ keysOf<UdpBatchIterationOptions>({
  slots: true,
  size: true,
  signal: true,
  onError: true,
});

const LONGEST_PACKET = 65_536;
/** Longer than the packets of nearly all networks, whose MTU is 1500. */
const USUAL_PACKET = 2048;

const NO_OPTIONS: { signal?: AbortSignal } = Object.freeze({});

/**
 * A UDP socket whose packets have all that their headers say. It has the same names for IPv4 and IPv6, and for a socket of both.
 *
 * It is built on a {@link Socket}, which is its property `socket`. Close one of the two when done: `await using udp = …`, or
 * `close()` in a `finally`.
 *
 * @see udp(7), ip(7), ipv6(7)
 */
export class UdpSocket implements AsyncIterable<UdpPacket>, AsyncDisposable {
  /** The socket below: for its options, its error queue, and control messages that have no name here. */
  readonly socket: Socket<UdpAddress>;
  readonly #family: IpFamily;
  readonly #headers: HeaderControl;
  /** The version of IP in which packets to the connected peer are sent. Undefined: it is not known yet. */
  #peerFamily: IpFamily | undefined;
  /** The text of the last destination, and its version of IP. */
  #lastText: string | undefined;
  #lastFamily: IpFamily = "ipv4";

  private constructor(key: typeof CONSTRUCT, socket: Socket<UdpAddress>, family: IpFamily) {
    checkConstruct(
      key,
      "UdpSocket",
      "await UdpSocket.bind(at), await UdpSocket.connect(to) or UdpSocket.from(socket)",
    );
    this.socket = socket;
    this.#family = family;
    this.#headers = new HeaderControl(family);
  }

  /**
   * Makes a UDP socket and binds it to an address. An IPv6 socket that is bound to "::" also receives IPv4 packets, unless
   * `ipv6Only` is set.
   *
   * @throws a system error: EADDRINUSE, EACCES, EADDRNOTAVAIL, …; AbortError
   * @see bind(2)
   */
  static bind(at: AddressInput, options: UdpOptions = {}): Promise<UdpSocket> {
    const bound = UdpSocket.#made("bind", at, options).catch(rejectInTurn);
    return withCallerStack(bound, UdpSocket.bind);
  }

  /**
   * Makes a UDP socket that sends to one peer and receives from it alone.
   *
   * @throws a system error: ENETUNREACH, …; AbortError
   * @see connect(2)
   */
  static connect(to: AddressInput, options: UdpConnectOptions = {}): Promise<UdpSocket> {
    const connected = UdpSocket.#made("connect", to, options).catch(rejectInTurn);
    return withCallerStack(connected, UdpSocket.connect);
  }

  static async #made(
    call: "bind" | "connect",
    address: AddressInput,
    options: UdpOptions,
  ): Promise<UdpSocket> {
    const { signal, ipv6Only, reusePort, ...settings } = checkUdpOptions(options, call);
    const argument = call === "bind" ? "at" : "to";
    const family = socketFamilyOf(address, argument);
    checkAddress(argument, address);
    const socket = Socket.open({
      family,
      type: "dgram",
      ...(ipv6Only !== undefined && { ipv6Only }),
      ...(reusePort !== undefined && { reusePort }),
    });
    try {
      prepareSocket(socket, family, settings);
      await socket[call](address, signal ? { signal } : {});
      return new UdpSocket(CONSTRUCT, socket, family);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  /**
   * Makes a UdpSocket of a Socket: one that you have bound yourself, or got from another process. It switches on the facts that
   * `options` names. Closing one of the two closes the other.
   *
   * @throws TypeError: it is no Socket, or no UDP socket
   */
  static from(socket: Socket, options: UdpFacts = {}): UdpSocket {
    if (!(socket instanceof Socket)) {
      throw invalidArgType("socket", "an instance of Socket", socket, "Write UdpSocket.from(Socket.from(…))");
    }
    const facts = checkUdpFacts(options);
    const [domain, type, protocol] = (["domain", "type", "protocol"] as const).map((name) =>
      socket.options.get(name),
    );
    if ((domain !== AF_INET && domain !== AF_INET6) || type !== SOCK_DGRAM || protocol !== IPPROTO_UDP) {
      throw invalidArgValue("socket", "must be a UDP socket");
    }
    const family = domain === AF_INET ? "ipv4" : "ipv6";
    switchFacts(socket, family, facts);
    return new UdpSocket(CONSTRUCT, socket as Socket<UdpAddress>, family);
  }

  get closed(): boolean {
    return this.socket.closed;
  }

  /** What the kernel can do for this socket. The kernel is asked once for each version of IP, without sending anything. */
  get capabilities(): UdpCapabilities {
    return capabilitiesOf(this.#family);
  }

  /**
   * What the kernel does with packets that are longer than the path's MTU. Setting it on an IPv6 socket also sets it for IPv4
   * packets. Undefined: the kernel has a value without a name here.
   *
   * @see ip(7) IP_MTU_DISCOVER
   */
  get pathMtuDiscovery(): PathMtuDiscovery | undefined {
    return getPathMtuDiscovery(this.socket, this.#family);
  }

  set pathMtuDiscovery(name: PathMtuDiscovery) {
    setPathMtuDiscovery(this.socket, this.#family, checkPathMtuDiscovery("pathMtuDiscovery", name));
  }

  /**
   * The MTU of the path to the connected peer, in bytes, as the kernel knows it now. It includes the headers: `data` may have 28
   * bytes less on IPv4, and 48 bytes less on IPv6.
   *
   * @throws `ENOTCONN`: the socket is not connected.
   * @see ip(7) IP_MTU
   */
  get pathMtu(): number {
    // An IPv6 socket answers for the version of IP of its peer only.
    return this.socket.options.get(this.#familyOfPeer() === "ipv4" ? "ipMtu" : "ipv6Mtu");
  }

  /**
   * Connects the socket: it then sends to this peer, and receives from it alone.
   *
   * @see connect(2)
   */
  connect(to: AddressInput, options: { signal?: AbortSignal } = {}): Promise<void> {
    const connecting = this.socket.connect(to, options).finally(() => {
      this.#peerFamily = undefined;
    });
    return withCallerStack(connecting, this.connect);
  }

  /**
   * Sends a packet. The first attempt happens within the call. If the kernel has no room, the packet waits its turn. The bytes stay
   * borrowed until the promise settles: don't change them before.
   *
   * @throws TypeError, RangeError: a property of `message` is wrong; a system error (EMSGSIZE, EINVAL: `source` is no address of
   *   this host, …); AbortError; `ERR_SENDMSG_CLOSED`. Each has `bytesSent`.
   * @see sendmsg(2)
   */
  send(message: UdpMessage, options: SendOptions = NO_SEND_OPTIONS): Promise<SendResult> {
    let outgoing: OutgoingMessage;
    try {
      outgoing = this.#outgoing(message, "send");
    } catch (error) {
      return rejectInTurn(Object.assign(error as Error, { bytesSent: 0 }));
    }
    return withCallerStack(this.socket.sendmsg(outgoing, options), this.send);
  }

  /** Sends a packet at once. Returns undefined if the kernel has no room now, or if other sends are waiting. */
  trySend(message: UdpMessage): SendResult | undefined {
    let outgoing: OutgoingMessage;
    try {
      outgoing = this.#outgoing(message, "trySend");
    } catch (error) {
      throw Object.assign(error as Error, { bytesSent: 0 });
    }
    return this.socket.trySendmsg(outgoing);
  }

  /** The address may be encoded only if the packet is for a batch. */
  #outgoing(message: UdpBatchMessage, method: "send" | "trySend" | "push"): OutgoingMessage {
    const checked = checkUdpMessage(message as UdpMessage, method);
    const { data = "", address, segmentSize } = checked;
    const control = this.#headers.of(checked, () => this.#familyOf(address));
    const outgoing: OutgoingMessage = { data };
    if (address !== undefined) outgoing.address = address;
    if (control !== undefined) outgoing.control = control;
    if (segmentSize !== undefined) outgoing.segmentSize = segmentSize;
    return outgoing;
  }

  /** The version of IP of a packet to this address, or to the peer. */
  #familyOf(address: AddressInput | undefined): IpFamily {
    if (this.#family === "ipv4") return "ipv4";
    if (address === undefined) return this.#familyOfPeer();
    if (ArrayBuffer.isView(address)) return familyOfBytes(address as unknown as Uint8Array);
    const { address: text } = address as { address: unknown };
    if (typeof text === "string" && text === this.#lastText) return this.#lastFamily;
    const family = ipFamilyOf(address, "message.address");
    this.#lastText = text as string;
    this.#lastFamily = family;
    return family;
  }

  #familyOfPeer(): IpFamily {
    if (this.#family === "ipv4") return "ipv4";
    try {
      this.#peerFamily ??= ipFamilyOf(this.socket.getpeername(), "address");
    } catch (error) {
      // Without a peer, the call for which the version is needed fails, and says why.
      if ((error as SystemError).errno !== -ENOTCONN) throw error;
    }
    return this.#peerFamily ?? "ipv6";
  }

  /**
   * Waits until no send is queued and the kernel would take a packet. See {@link Socket.writable}.
   *
   * @see poll(2) POLLOUT
   */
  writable(options: { signal?: AbortSignal } = {}): Promise<void> {
    return withCallerStack(this.socket.writable(options), this.writable);
  }

  /**
   * Receives a packet. With GRO, its data can be several datagrams: see {@link UdpPacket.segments}.
   *
   * @throws a system error: ECONNREFUSED and others on a connected socket; AbortError; `ERR_SENDMSG_CLOSED`
   * @see recvmsg(2)
   */
  receive(options: { signal?: AbortSignal } = NO_OPTIONS): Promise<UdpPacket> {
    const receiving = (options === NO_OPTIONS ? this.socket.recvmsg() : this.#receive(options)).then(
      packetOrEnd,
    );
    return withCallerStack(receiving, this.receive);
  }

  #receive(options: { signal?: AbortSignal }): Promise<Message> {
    try {
      const { signal } = checkObject("options", options, SIGNAL_KEYS);
      return this.socket.recvmsg(signal === undefined ? {} : { signal });
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  /** Receives a packet if one is there. Returns undefined if none is, or if other receives are waiting. */
  tryReceive(): UdpPacket | undefined {
    const message = this.socket.tryRecvmsg();
    return message === undefined ? undefined : packetOrEnd(message);
  }

  /**
   * Iterates over the packets until the socket is closed. Leaving the loop does not close it. ICMP reports don't end the iteration:
   * see {@link UdpIterationOptions.onError}.
   */
  packets(options: UdpIterationOptions = {}): AsyncGenerator<UdpPacket, void, undefined> {
    const { socket } = this;
    const source = {
      get closed() {
        return socket.closed;
      },
      recvmsg: (given: ReceiveOptions) => socket.recvmsg(given).then(packetUnlessEnd),
    };
    return iterate<UdpPacket | Message>(source, false, options, ITERATION_KEYS) as AsyncGenerator<
      UdpPacket,
      void,
      undefined
    >;
  }

  [Symbol.asyncIterator](): AsyncGenerator<UdpPacket, void, undefined> {
    return this.packets();
  }

  /**
   * Makes memory for many packets, which one system call sends or receives. UDP sockets of the same version of IP can share it.
   *
   * @see sendmmsg(2), recvmmsg(2)
   */
  createBatch(options: UdpBatchOptions = {}): UdpBatch {
    const { slots, size = this.#usualSize() } = checkObject("options", options, UDP_BATCH_KEYS);
    const messages = this.socket.createBatch(slots === undefined ? { size } : { slots, size });
    return batchOf(messages, (message) => this.#outgoing(message, "push") as BatchMessage);
  }

  /** The kernel joins datagrams up to the length of the longest IP packet. */
  #usualSize(): number {
    return this.#joins ? LONGEST_PACKET : USUAL_PACKET;
  }

  get #joins(): boolean {
    return ifPossible(() => this.socket.options.get("udpGro")) ?? false;
  }

  /**
   * Sends the packets of a batch, in order, with as few system calls as possible. If there is no room, they wait their turn. Until
   * the promise settles, the batch can't be changed.
   *
   * If a packet fails and others were sent before it, the call ends there and returns how many it has sent. The next call throws the
   * error, whose `index` is the packet's position in the batch. To give that packet up and send the rest, call
   * {@link UdpBatch.skip}. No packet is sent twice: `batch.sent` counts those that were sent.
   *
   * @returns how many packets this call has sent. 0 if all were sent already.
   * @throws what {@link send} throws, without `bytesSent`, and with the property `index` if the kernel refused a packet. On a
   *   connected socket, the error can be that of an earlier packet (ECONNREFUSED, …): then send again before you skip anything.
   * @see sendmmsg(2)
   */
  sendBatch(batch: UdpBatch, options: SendOptions = NO_SEND_OPTIONS): Promise<number> {
    let messages: MessageBatch<UdpAddress>;
    try {
      messages = messagesIn(batch);
    } catch (error) {
      return rejectInTurn(error);
    }
    return withCallerStack(this.socket.sendBatch(messages, options), this.sendBatch);
  }

  /** Sends the packets for which there is room at once, and returns how many. Otherwise as {@link sendBatch}. */
  trySendBatch(batch: UdpBatch): number {
    return this.socket.trySendBatch(messagesIn(batch));
  }

  /**
   * Receives as many packets as are there and as the batch has slots for. Waits for the first one. They replace what the batch held
   * before.
   *
   * @returns how many packets came: at least 1.
   * @throws `ERR_INVALID_STATE`: the batch has packets that were not sent; else what {@link receive} throws.
   * @see recvmmsg(2)
   */
  recvBatch(batch: UdpBatch, options: { signal?: AbortSignal } = NO_OPTIONS): Promise<number> {
    let receiving: Promise<number>;
    try {
      const messages = messagesIn(batch);
      const { signal } = checkObject("options", options, SIGNAL_KEYS);
      receiving = this.socket.recvBatch(messages, signal === undefined ? {} : { signal });
    } catch (error) {
      return rejectInTurn(error);
    }
    return withCallerStack(receiving, this.recvBatch);
  }

  /** Receives what is there at once. Returns undefined if nothing is, or if other receives are waiting. */
  tryRecvBatch(batch: UdpBatch): number | undefined {
    return this.socket.tryRecvBatch(messagesIn(batch));
  }

  /**
   * Iterates over batches of received packets until the socket is closed. Each is the same object, filled anew: what you keep, copy
   * with {@link UdpBatch.copy}. Otherwise as {@link packets}.
   *
   * @example for await (const batch of socket.batches()) for (let i = 0; i < batch.length; i++) handle(batch.packet(i));
   */
  batches(options: UdpBatchIterationOptions = {}): AsyncGenerator<UdpBatch, void, undefined> {
    return iterateBatches<UdpBatch>(this, false, options, undefined, BATCH_ITERATION_KEYS);
  }

  /** How the socket sends packets with a `segmentSize`: an off switch, and counters. */
  get segmentation(): Segmentation {
    return this.socket.segmentation;
  }

  /** The address to which the socket is bound. @see getsockname(2) */
  getsockname(): UdpAddress {
    return this.socket.getsockname();
  }

  /** The address of the connected peer. @throws `ENOTCONN`. @see getpeername(2) */
  getpeername(): UdpAddress {
    return this.socket.getpeername();
  }

  /** Lets waits on this socket keep the process alive. This is the default. */
  ref(): this {
    this.socket.ref();
    return this;
  }

  /** Lets the process exit although calls wait on this socket. */
  unref(): this {
    this.socket.unref();
    return this;
  }

  /** Closes the socket at once: waits and queued sends reject with `ERR_SENDMSG_CLOSED`. See {@link Socket.close}. */
  close(): Promise<void> {
    return this.socket.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "UdpSocket", () => {
      const { fd } = this.socket;
      if (fd < 0) return { closed: true };
      const { pathMtuDiscovery } = this;
      return { fd, ...addressesOf(fd, this.#family === "ipv4" ? AF_INET : AF_INET6), pathMtuDiscovery };
    });
  }
}

/** sin6_addr begins here: struct sockaddr_in6, include/uapi/linux/in6.h. */
const ADDRESS_AT = 8;
/** What a v4-mapped address begins with. */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** The version of IP of a packet to an encoded address. */
function familyOfBytes(bytes: Uint8Array): IpFamily {
  const isIpv6 = bytes.length >= 2 && readU16(bytes, 0) === AF_INET6;
  return isIpv6 && !MAPPED.every((byte, i) => bytes[ADDRESS_AT + i] === byte) ? "ipv6" : "ipv4";
}

/** The end comes only after somebody called `shutdown("read")` on the socket below. An iteration ends there. */
const packetUnlessEnd = (message: Message): UdpPacket | Message =>
  message.eof ? message : packetOfMessage(message);

/** The end can come only after somebody called `shutdown("read")` on the socket below. */
function packetOrEnd(message: Message): UdpPacket {
  if (message.eof) throw codedError("ERR_INVALID_STATE", "The socket was shut down for reading");
  return packetOfMessage(message);
}
