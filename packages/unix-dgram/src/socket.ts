import type { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { isUint8Array } from "node:util/types";
import {
  checkInteger,
  checkObject,
  decodeAddress,
  encodeAddress,
  invalidArgType,
  keysOf,
  SCM_MAX_FD,
  type UnixAddress,
  UnixDatagramSocket,
} from "sendmsg/unix-datagram";
import { addressOf, pathOf } from "./address.js";
import { partOf } from "./arguments.js";
import type { FileDescriptor, Sendable } from "./descriptors.js";
import { closed, congestion, named, notReached, type Syscall, type SystemError } from "./errors.js";

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

const SOCKET_KEYS = keysOf<SocketOptions>({ type: true, maxFds: true });
const SEND_KEYS = keysOf<SendOptions>({ fds: true });

/** Without an error, the message was sent. */
export type SendCallback = (error?: SystemError) => void;

/** The errors after which a connected socket connects again: its peer has gone, and a new server can be at the same path. */
const PEER_GONE: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTCONN", "ECONNRESET"]);

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
  readonly #core: UnixDatagramSocket;
  #peer: UnixAddress | undefined;
  /** The path to which the last message went, and its address. Most programs send to one path. */
  #path: string | undefined;
  #address: Uint8Array | undefined;
  /** The address of the last sender, and its path. */
  #from: Uint8Array | undefined;
  #sender: string | null = null;
  #closeWasEmitted = false;

  constructor(options: Omit<SocketOptions, "type"> = {}, listener?: MessageListener) {
    super();
    const { maxFds = 0 } = checkObject("options", options, SOCKET_KEYS);
    const most = checkInteger("options.maxFds", maxFds, 0, SCM_MAX_FD);
    try {
      this.#core = new UnixDatagramSocket(most, {
        onMessage: (data, from, fds) => this.#onMessage(data, from, fds),
        onError: (error) => throwLater(() => this.emit("error", named(error, "recv") ?? error)),
        onRoom: () => throwLater(() => this.emit("writable")),
      });
    } catch (error) {
      throw named(error, "socket") ?? error;
    }
    this.fd = this.#core.fd;
    if (typeof listener === "function") this.on("message", listener);
  }

  /**
   * Gives the socket a path, where others can reach it. The file stays when the socket is closed. The event "listening" or "error" comes
   * within the call.
   *
   * @see bind(2)
   */
  bind(path: string): void {
    const address = addressOf(path);
    const error = this.#try("bind", () => this.#core.bind(address));
    if (error === undefined) this.emit("listening");
    else this.emit("error", error);
  }

  /**
   * Sets the peer of send(). If that peer has gone when a message is to be sent, send() connects to the path again, because a new
   * server may have been bound there.
   *
   * The event "connect" or "error" comes within the call.
   *
   * @see connect(2)
   */
  connect(path: string): void {
    const peer = addressOf(path);
    const error = this.#try("connect", () => this.#core.connect(peer));
    if (error !== undefined) {
      this.emit("error", error);
      return;
    }
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
    if (!isUint8Array(data)) throw invalidArgType("data", "a Buffer or Uint8Array", data);
    const isPart = path !== undefined || typeof second === "number";
    const options = isPart ? fifth : second;
    const last = typeof options === "function" ? options : isPart ? sixth : third;
    const callback = typeof last === "function" ? last : undefined;
    const bytes = isPart ? partOf(data, second, third) : data;
    const fds =
      typeof options === "object" && options !== null
        ? checkObject("options", options, SEND_KEYS).fds
        : undefined;
    const error = this.#send(bytes, fds, isPart ? path : undefined);
    if (error === undefined) callback?.();
    else if (callback !== undefined) callback(error);
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
  ): SystemError | undefined {
    if (this.fd < 0) return closed("send");
    try {
      return this.#attempt(data, fds, path === undefined ? null : this.#addressOf(path));
    } catch (thrown) {
      const error = named(thrown, "send");
      if (error === undefined) throw thrown;
      if (path !== undefined || this.#peer === undefined || !PEER_GONE.has(error.code)) return error;
      try {
        this.#core.connect(this.#peer);
        return this.#attempt(data, fds, null);
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
    to: Uint8Array | null,
  ): SystemError | undefined {
    const isSent =
      fds === undefined ? this.#core.send(data, to) : this.#core.sendWithFds(data, to, "options.fds", fds);
    return isSent ? undefined : congestion();
  }

  #onMessage(data: Buffer, from: Uint8Array | undefined, fds: readonly FileDescriptor[]): boolean {
    if (this.listenerCount("message") === 0) for (const descriptor of fds) descriptor.close();
    const info = {
      size: data.length,
      address: {},
      path: this.#senderOf(from),
      fds: fds.length === 0 ? [] : [...fds],
    };
    // A call of throwLater() would make a function for each message.
    try {
      this.emit("message", data, info);
      return true;
    } catch (error) {
      throwInTurn(error);
      return false;
    }
  }

  #senderOf(from: Uint8Array | undefined): string | null {
    if (from === undefined) return null;
    if (from !== this.#from) {
      this.#sender = pathOf(decodeAddress(from));
      this.#from = from;
    }
    return this.#sender;
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
    this.#core.setReferenced(true);
    return this;
  }

  /** Lets the process end although the socket is open. */
  unref(): this {
    this.#core.setReferenced(false);
    return this;
  }

  /** The socket's own path. An abstract name begins with a NUL byte. "": it is not bound. */
  address(): { address: string } {
    if (this.fd < 0) throw closed("getsockname");
    return { address: pathOf(decodeAddress(this.#core.getsockname())) ?? "" };
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

/** Throws an exception of a listener later: then it ends the process, as from any other event, unless something catches it. */
function throwLater(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    throwInTurn(error);
  }
}

function throwInTurn(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
