import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { Socket as CoreSocket } from "sendmsg";
import { encodeAddress, type UnixAddress } from "sendmsg/address";
import { MSG_DONTWAIT, MSG_PEEK } from "sendmsg/constants";
import { recvmsg } from "sendmsg/syscalls";
import { addressOf, pathOf } from "./address.js";
import { checkKeys, checkSize } from "./arguments.js";
import type { FileDescriptor, Sendable } from "./descriptors.js";
import {
  closed,
  congestion,
  invalidArgument,
  named,
  notReached,
  outOfRange,
  type Syscall,
  type SystemError,
} from "./errors.js";

/** Where a message came from. */
export interface RemoteInfo {
  /** How many bytes the message has. */
  size: number;
  /** Always empty: see `path`. */
  address: object;
  /** The sender's path. An abstract name begins with a NUL byte. null: the sender is not bound. */
  path: string | null;
  /** The descriptors that came with the message, at most `maxFds`. They are yours: close them. */
  fds: FileDescriptor[];
}

export type MessageListener = (message: Buffer, info: RemoteInfo) => void;

/** Options of createSocket(). */
export interface SocketOptions {
  type: "unix_dgram";
  /** How many descriptors a message may bring: 0 to 253. More are closed. Default: 0. */
  maxFds?: number;
}

/** Options of send(). */
export interface SendOptions {
  /** Descriptors to send with the message: numbers, FileDescriptor objects, sockets, … They stay open here. */
  fds?: readonly Sendable[];
}

/** Without an error, the message was sent. */
export type SendCallback = (error?: SystemError) => void;

/** The errors after which a connected socket connects again: its peer has gone, and a new server can be at the same path. */
const PEER_GONE: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTCONN", "ECONNRESET"]);

/** How many milliseconds pass between a failed receive and the next one. Without a pause, an error that lasts would use a whole processor. */
const PAUSE_AFTER_ERROR = 100;

/** The outcome of a send that waits: it will be reported later. */
const WAITS = Symbol("waits");
/** How many messages of a socket may wait. */
const MOST_WAITING = 1000;

/** The events of a socket, and what their listeners get. */
export interface SocketEvents {
  /** bind() has succeeded. */
  listening: [];
  /** connect() has succeeded. */
  connect: [];
  message: [message: Buffer, info: RemoteInfo];
  error: [error: SystemError];
  /** send() without a callback met a full queue. The message was not sent. */
  congestion: [data: Uint8Array];
  /** After congestion: there is room in the queue, or the next send() reports another error. */
  writable: [];
  close: [];
}

type Listen<This> = {
  <Event extends keyof SocketEvents>(event: Event, listener: (...args: SocketEvents[Event]) => void): This;
  // biome-ignore lint/suspicious/noExplicitAny: as EventEmitter declares it.
  (event: string | symbol, listener: (...args: any[]) => void): This;
};

/** EventEmitter has these methods. They get the types of our events. */
export interface Socket {
  on: Listen<this>;
  once: Listen<this>;
  off: Listen<this>;
  addListener: Listen<this>;
  removeListener: Listen<this>;
  prependListener: Listen<this>;
  prependOnceListener: Listen<this>;
}

/** A Unix datagram socket. createSocket() makes it. Its events and callbacks come within the calls, as those of the original do. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the interface adds only types to methods that exist.
export class Socket extends EventEmitter {
  /** The number of the descriptor. -1: the socket is closed. */
  fd: number;
  readonly type = "unix_dgram";
  /** Whether connect() has succeeded. */
  connected = false;
  readonly #core: CoreSocket;
  #peer: UnixAddress | undefined;
  /** The path to which the last message went, and its address. Most programs send to one path. */
  #path: string | undefined;
  #address: Uint8Array | undefined;
  #awaitsWritable = false;
  #isReferenced = true;
  #isBound = false;
  /** How many messages wait. See {@link Socket.#sendLater}. */
  #waiting = 0;
  #closeWasEmitted = false;

  constructor(options: Omit<SocketOptions, "type"> = {}, listener?: MessageListener) {
    super();
    const { maxFds = 0 } = checkKeys("options", options, ["type", "maxFds"]);
    try {
      this.#core = CoreSocket.open({ family: "unix", type: "dgram", maxFds });
    } catch (error) {
      throw named(error, "socket") ?? error;
    }
    this.fd = this.#core.fd;
    if (typeof listener === "function") this.on("message", listener);
    this.#receive();
  }

  /**
   * Gives the socket a path, where others can reach it. The file stays when the socket is closed. The event "listening" or "error" comes
   * within the call.
   *
   * @see bind(2)
   */
  bind(path: string): void {
    const address = addressOf(path);
    const error = this.#try("bind", () => this.#core.bindSync(address));
    if (error !== undefined) {
      this.emit("error", error);
      return;
    }
    this.#isBound = true;
    this.emit("listening");
  }

  /**
   * Sets the peer of send(). If that peer has gone when a message is to be sent, send() connects to the path again, because a new
   * server may have been bound there.
   *
   * The event "connect" or "error" comes within the call. It comes later if the socket is bound and connected already, and has messages
   * that it has not received yet.
   *
   * @see connect(2)
   */
  connect(path: string): void {
    const peer = addressOf(path);
    let isConnected = false;
    const error = this.#try("connect", () => {
      isConnected = this.#core.tryConnect(peer);
    });
    if (error !== undefined) this.emit("error", error);
    else if (isConnected) this.#noteConnected(peer);
    else this.#connectLater(peer);
  }

  /** Connecting to another peer makes the kernel drop the messages in the socket's queue, which can take long. So a thread does it. */
  #connectLater(peer: UnixAddress): void {
    const report = (error: unknown) => {
      if (this.fd >= 0) this.emit("error", named(error, "connect") ?? error);
    };
    this.#core.connect(peer).then(
      () => throwLater(() => this.fd >= 0 && this.#noteConnected(peer)),
      (error) => throwLater(() => report(error)),
    );
  }

  #noteConnected(peer: UnixAddress): void {
    this.#peer = peer;
    this.connected = true;
    this.emit("connect");
  }

  /** Makes a system call, and returns its error. */
  #try(syscall: Syscall, call: () => void): SystemError | undefined {
    if (this.fd < 0) return closed(syscall);
    try {
      call();
      return undefined;
    } catch (thrown) {
      const error = named(thrown, syscall);
      if (error === undefined) throw thrown;
      return error;
    }
  }

  /** To the connected peer. */
  send(data: Uint8Array, callback?: SendCallback): void;
  send(data: Uint8Array, options: SendOptions, callback?: SendCallback): void;
  /** To a path. Sends `length` bytes from `offset` on. */
  send(data: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void;
  send(
    data: Uint8Array,
    offset: number,
    length: number,
    path: string,
    options: SendOptions,
    callback?: SendCallback,
  ): void;
  /**
   * The message was sent when the call returns, or there is an error. Without a callback, the error is the event "error".
   *
   * If the peer's queue is full, the error is "congestion": the message was not sent. Send it again after the event "writable". On a
   * connected socket without a callback, the event "congestion" says so.
   */
  send(
    data: Uint8Array,
    second?: number | SendOptions | SendCallback,
    third?: number | SendCallback,
    path?: string,
    fifth?: SendOptions | SendCallback,
    sixth?: SendCallback,
  ): void {
    if (!(data instanceof Uint8Array)) throw invalidArgument("data", "a Buffer or Uint8Array", data);
    const isPart = path !== undefined || typeof second === "number";
    const options = isPart ? fifth : second;
    const last = typeof options === "function" ? options : isPart ? sixth : third;
    const callback = typeof last === "function" ? last : undefined;
    const bytes = isPart ? partOf(data, second, third) : data;
    const fds =
      typeof options === "object" && options !== null
        ? checkKeys("options", options, ["fds"]).fds
        : undefined;
    const error = this.#send(bytes, fds, isPart ? path : undefined);
    if (error === WAITS)
      this.#sendLater(bytes, fds).then((outcome) => this.#report(outcome, data, path, callback));
    else if (error === undefined) callback?.();
    else this.#tell(error, data, path, callback);
  }

  #tell(
    error: SystemError,
    data: Uint8Array,
    path: string | undefined,
    callback: SendCallback | undefined,
  ): void {
    if (callback !== undefined) callback(error);
    else if (error.message === "congestion" && path === undefined) this.emit("congestion", data);
    else this.emit("error", error);
  }

  /** The same as send() to a path. */
  sendto(
    data: Uint8Array,
    offset: number,
    length: number,
    path: string,
    ...rest: [SendCallback?] | [SendOptions, SendCallback?]
  ): void {
    this.send(data, offset, length, path, ...(rest as [SendOptions, SendCallback?]));
  }

  /** Sends a message, and connects again if the peer has gone. Returns the error. */
  #send(
    data: Uint8Array,
    fds: readonly Sendable[] | undefined,
    path: string | undefined,
  ): SystemError | typeof WAITS | undefined {
    if (this.fd < 0) return closed("send");
    try {
      return this.#attempt(data, fds, path === undefined ? undefined : this.#addressOf(path));
    } catch (thrown) {
      const error = named(thrown, "send");
      if (error === undefined) throw thrown;
      if (path !== undefined || this.#peer === undefined || !PEER_GONE.has(error.code)) return error;
      try {
        return this.#core.tryConnect(this.#peer) ? this.#attempt(data, fds, undefined) : WAITS;
      } catch (reason) {
        // What has happened to the message is what the caller wants to know.
        return notReached(error, reason as Error, pathOf(this.#peer)!);
      }
    }
  }

  #addressOf(path: string): Uint8Array {
    if (path === this.#path) return this.#address!;
    this.#address = encodeAddress(addressOf(path));
    this.#path = path;
    return this.#address;
  }

  #attempt(
    data: Uint8Array,
    fds: readonly Sendable[] | undefined,
    address: Uint8Array | undefined,
  ): SystemError | typeof WAITS | undefined {
    const isSent =
      fds === undefined
        ? this.#core.trySendBytes(data, address)
        : this.#core.trySendmsg({ data, address, fds }) !== undefined;
    if (isSent) return undefined;
    return address === undefined && this.#mustWait() ? WAITS : this.#congested();
  }

  /**
   * Whether the core has refused a message to the peer because a thread has to send it, and not because the peer's queue is full. That is so
   * while a socket with a path has messages that it has not received yet: see Socket.trySendmsg() of the core.
   */
  #mustWait(): boolean {
    if (!this.#isBound || this.#waiting >= MOST_WAITING) return false;
    return this.#waiting > 0 || hasUnread(this.fd);
  }

  /** Sends a message in a thread, and connects again if the peer has gone. Returns the error. */
  async #sendLater(data: Uint8Array, fds: readonly Sendable[] | undefined): Promise<SystemError | undefined> {
    // The program may change the data as soon as send() has returned.
    const copy = Buffer.from(data);
    const message = fds === undefined ? { data: copy } : { data: copy, fds };
    this.#waiting++;
    try {
      await this.#core.sendmsg(message);
      return undefined;
    } catch (thrown) {
      const error = named(thrown, "send") ?? closed("send");
      if (this.#peer === undefined || !PEER_GONE.has(error.code)) return error;
      try {
        await this.#core.connect(this.#peer);
        await this.#core.sendmsg(message);
        return undefined;
      } catch (reason) {
        return notReached(error, reason as Error, pathOf(this.#peer)!);
      }
    } finally {
      this.#waiting--;
    }
  }

  /** Reports how a message that has waited fared. */
  #report(
    error: SystemError | undefined,
    data: Uint8Array,
    path: string | undefined,
    callback: SendCallback | undefined,
  ): void {
    throwLater(() => {
      if (error === undefined) callback?.();
      // Nobody expects events of a closed socket.
      else if (callback !== undefined || this.fd >= 0) this.#tell(error, data, path, callback);
    });
  }

  #congested(): SystemError {
    if (!this.#awaitsWritable) {
      this.#awaitsWritable = true;
      const end = () => {
        this.#awaitsWritable = false;
        // Also after an error: the next send meets it, and reports it.
        if (this.fd >= 0) throwLater(() => this.emit("writable"));
      };
      this.#core.writable().then(end, end);
    }
    return congestion();
  }

  /** Receives until the socket is closed. */
  async #receive(): Promise<void> {
    while (this.fd >= 0) {
      try {
        const message = await this.#core.recvmsg();
        const fds = message.takeFds();
        const isHeard = this.fd >= 0 && this.listenerCount("message") > 0;
        if (!isHeard) for (const descriptor of fds) descriptor.close();
        if (this.fd < 0) return;
        const { data, address } = message;
        const info = { size: data.length, address: {}, path: pathOf(address), fds };
        throwLater(() => this.emit("message", data, info));
      } catch (thrown) {
        if (this.fd < 0) return;
        const error = named(thrown, "recv") ?? thrown;
        throwLater(() => this.emit("error", error));
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_AFTER_ERROR);
      if (!this.#isReferenced) timer.unref();
    });
  }

  /** Closes the socket. When the kernel has closed it, the event "close" comes. The file of a bound socket stays. */
  close(): void {
    if (this.fd < 0) return;
    this.fd = -1;
    this.connected = false;
    this.#core.close().then(() => {
      if (!this.#closeWasEmitted) throwLater(() => this.emit("close"));
    });
  }

  /** hot-shots emits "close" itself, because the original does not. It must not come twice. */
  override emit(event: string | symbol, ...given: unknown[]): boolean {
    if (event === "close") this.#closeWasEmitted = true;
    return super.emit(event, ...given);
  }

  /** Keeps the process running while the socket is open. That is the default. */
  ref(): this {
    this.#isReferenced = true;
    this.#core.ref();
    return this;
  }

  /** Lets the process end although the socket is open. */
  unref(): this {
    this.#isReferenced = false;
    this.#core.unref();
    return this;
  }

  /** The socket's own path. An abstract name begins with a NUL byte. "": it is not bound. */
  address(): { address: string } {
    if (this.fd < 0) throw closed("getsockname");
    return { address: pathOf(this.#core.getsockname()) ?? "" };
  }
}

/** The methods of node:dgram that Unix sockets have no use for. They throw, as the original's do. */
for (const name of [
  "setTTL",
  "setBroadcast",
  "setMulticastTTL",
  "setMulticastLoopback",
  "addMembership",
  "dropMembership",
]) {
  Object.defineProperty(Socket.prototype, name, {
    configurable: true,
    writable: true,
    value: () => {
      throw new Error("not implemented");
    },
  });
}

/** The original converts strings to numbers. */
function partOf(data: Uint8Array, offset: unknown, length: unknown): Uint8Array {
  const [from, size] = [checkSize("offset", offset), checkSize("length", length)];
  if (from + size > data.length)
    throw outOfRange(`offset + length is ${from + size}, but data has ${data.length} bytes`);
  // Programs mostly send all of it. Making a view of it takes longer than this question.
  if (size === data.length) return data;
  return data.subarray(from, from + size);
}

/** Whether the kernel has messages that the socket has not received yet. */
function hasUnread(fd: number): boolean {
  try {
    recvmsg(fd, PEEKED, { flags: MSG_PEEK | MSG_DONTWAIT });
    return true;
  } catch {
    // EAGAIN. After another error, the next receive and the next send report it.
    return false;
  }
}

const PEEKED = new Uint8Array(1);

/** Throws an exception of a listener later: then it ends the process, as from any other event, unless something catches it. */
function throwLater(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
