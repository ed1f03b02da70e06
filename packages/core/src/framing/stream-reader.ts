import { checkInteger, checkObject } from "../arguments.js";
import { SCM_MAX_FD } from "../constants/socket.js";
import type { ControlMessage } from "../control/table.js";
import type { Descriptor, FileDescriptor } from "../descriptor.js";
import { closedError, codedError, invalidArgType, invalidArgValue, outOfRange } from "../errors.js";
import { type InspectArguments, inspected, waiting } from "../inspecting.js";
import { keysOf } from "../known-keys.js";
import type { Message } from "../message.js";
import { checkNotAborted, listenForAbort, SIGNAL_KEYS } from "../socket/abort.js";
import { Backoff } from "../socket/backoff.js";
import { mayTry, nextTurn, rejectInTurn } from "../socket/fairness.js";
import { checkMaxFds, type ReceiveOptions } from "../socket/receive-request.js";
import { needsPause } from "../socket/temporary-errors.js";
import type { MessageSocket } from "../socket.js";
import { ByteQueue } from "./byte-queue.js";

export interface StreamReaderOptions {
  /** How many bytes may wait to be taken, and so how many {@link StreamReader.need} accepts. Default: 1 MiB. */
  maxLength?: number;
  /**
   * How many descriptors may wait to be taken: at most 253. `"all"` means 253. If a peer sends more, the reader fails. Default:
   * what the socket accepts.
   */
  maxFds?: number | "all";
}

const READER_KEYS = /* @__PURE__ */ keysOf<StreamReaderOptions>({ maxLength: true, maxFds: true });

/** The error with which {@link StreamReader.need} rejects if the stream ends too early. */
export interface StreamEndedError extends Error {
  code: "ERR_SENDMSG_STREAM_ENDED";
  /** How many bytes there were. They can still be taken. */
  bytesAvailable: number;
  bytesNeeded: number;
}

export const DEFAULT_MAX_LENGTH = 1 << 20;

/** How much one receive asks for: what the library receives without allocating memory for it. */
const RECEIVE_SIZE = 65_536;

const NO_OPTIONS: { signal?: AbortSignal } = Object.freeze({});
const NO_CONTROL: readonly ControlMessage[] = Object.freeze([]);

/** "1 descriptor", "2 descriptors", "1 byte". */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

export function tooManyFds(what: string): Error {
  return codedError("ERR_SENDMSG_TOO_MANY_FDS", what);
}

export function tooLong(what: string, maxLength: number): Error {
  return codedError("ERR_SENDMSG_TOO_LONG", `${what}, and maxLength is ${maxLength}`);
}

/**
 * Reads a stream in pieces of the size that the program asks for. Bytes and descriptors that have arrived wait in two queues. The
 * program takes from both, first in, first out.
 *
 * The reader must be the only one that receives from the socket. It does not close the socket.
 *
 * @example
 * const reader = new StreamReader(socket, { maxFds: 1 });
 * while (await reader.need(8)) {
 *   const header = reader.take(8);
 *   const [file] = reader.takeFds(header.readUInt32BE(4));
 *   …
 * }
 * @see unix(7), recvmsg(2)
 */
export class StreamReader<D extends Descriptor = FileDescriptor> implements Disposable {
  readonly #socket: MessageSocket<D>;
  readonly #maxLength: number;
  readonly #maxFds: number | undefined;
  readonly #bytes = new ByteQueue();
  #fds: D[] = [];
  #control: readonly ControlMessage[] = NO_CONTROL;
  /** Ends the receive that waits. */
  #stop = new AbortController();
  /** A need() waits. */
  #pending = false;
  /** The signal of the need() that waits has aborted. */
  #aborted: Error | undefined;
  #ended = false;
  #failure: Error | undefined;
  #closed = false;
  readonly #backoff = new Backoff();

  /** @throws `ERR_INVALID_ARG_VALUE` if the socket is no stream: other sockets keep the boundaries of messages. */
  constructor(socket: MessageSocket<D>, options: StreamReaderOptions = {}) {
    if (typeof (socket as MessageSocket<D> | null | undefined)?.recvmsg !== "function") {
      throw invalidArgType("socket", "a Socket, or an object that behaves like one", socket);
    }
    const { type = "stream" } = socket as { type?: unknown };
    if (type !== "stream") {
      throw invalidArgValue(
        "socket",
        "must be a stream. Other sockets keep the boundaries of messages, so recvmsg() returns one message at a time",
      );
    }
    const { maxLength, maxFds } = checkObject("options", options, READER_KEYS);
    this.#socket = socket;
    this.#maxLength =
      maxLength === undefined
        ? DEFAULT_MAX_LENGTH
        : checkInteger("options.maxLength", maxLength, 1, 0x7fffffff);
    this.#maxFds = maxFds === undefined ? undefined : checkMaxFds("options.maxFds", maxFds);
  }

  /** How many bytes wait to be taken. */
  get length(): number {
    return this.#bytes.length;
  }

  /** How many descriptors wait to be taken. */
  get fdCount(): number {
    return this.#fds.length;
  }

  /**
   * The control messages, other than descriptors, of the last receive: `credentials` is who sent the last bytes. A receive ends where
   * the sender changes.
   */
  get control(): readonly ControlMessage[] {
    return this.#control;
  }

  /** True after `close()` or `detach()`. */
  get closed(): boolean {
    return this.#closed;
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "StreamReader", () =>
      this.#closed
        ? { closed: true }
        : {
            length: this.#bytes.length,
            fdCount: this.#fds.length,
            ended: this.#ended || undefined,
            failure: this.#failure,
            waiting: waiting({ needs: this.#pending ? 1 : 0 }),
            socket: this.#socket,
          },
    );
  }

  /**
   * Waits until at least `count` bytes can be taken. Then it resolves with true. It resolves with false if the stream has ended, and no
   * byte is left. Only one call may wait at a time.
   *
   * An aborted call loses nothing: what has arrived still waits to be taken.
   *
   * @throws `ERR_SENDMSG_STREAM_ENDED` if the stream has ended, and fewer than `count` bytes are left ({@link StreamEndedError});
   *   `ERR_SENDMSG_TOO_LONG` if `count` is above `maxLength`; `ERR_SENDMSG_TOO_MANY_FDS` if the peer sent more descriptors than may
   *   wait; `ERR_SENDMSG_LOST_FDS` if the kernel dropped some; `ERR_INVALID_STATE` if another call waits; `ERR_SENDMSG_CLOSED`;
   *   AbortError; the system error of the receive. The reader closes the descriptors that wait if the stream fails or ends.
   */
  async need(count: number, options: { signal?: AbortSignal } = NO_OPTIONS): Promise<boolean> {
    try {
      checkInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
      const signal =
        options === NO_OPTIONS
          ? undefined
          : checkNotAborted(checkObject("options", options, SIGNAL_KEYS).signal);
      this.#checkOpen();
      this.#checkIdle();
      if (count > this.#maxLength) throw tooLong(`${counted(count, "byte")} are needed`, this.#maxLength);
      // The calls that find their bytes are a burst, too: the event loop must get a turn now and then.
      return count <= this.#bytes.length && mayTry() ? true : await this.#wait(count, signal);
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  async #wait(count: number, signal: AbortSignal | undefined): Promise<boolean> {
    this.#pending = true;
    const ignoreSignal = listenForAbort(signal, (error) => {
      this.#aborted = error;
      this.#interrupt();
    });
    try {
      if (count <= this.#bytes.length) await nextTurn();
      for (;;) {
        this.#checkOpen();
        if (count <= this.#bytes.length) return true;
        if (this.#failure) throw this.#failure;
        if (this.#ended) return this.#endOfStream(count);
        if (this.#aborted) throw this.#aborted;
        await this.#receive(count);
      }
    } finally {
      ignoreSignal?.();
      this.#aborted = undefined;
      this.#pending = false;
    }
  }

  /** Makes the receive that waits reject. A signal aborts once, so later receives get another one. */
  #interrupt(): void {
    const stop = this.#stop;
    this.#stop = new AbortController();
    stop.abort();
  }

  async #receive(count: number): Promise<void> {
    // A receive can bring the rest of a frame and the descriptors of the next one. So while descriptors wait, ask for no byte too many:
    // otherwise a peer that keeps the limit could seem to exceed it.
    const wanted = this.#fds.length > 0 ? count : this.#maxLength;
    const options: ReceiveOptions = {
      size: Math.min(wanted - this.#bytes.length, RECEIVE_SIZE),
      signal: this.#stop.signal,
    };
    if (this.#maxFds !== undefined) options.maxFds = this.#maxFds - this.#fds.length;
    let message: Message<D>;
    try {
      message = await this.#socket.recvmsg(options);
    } catch (error) {
      // need() throws the error that says what ended the wait.
      if ((this.#closed || this.#aborted) && (error as Error).name === "AbortError") return;
      if (needsPause(error)) await this.#backoff.pause();
      else this.#fail(error as Error);
      return;
    }
    this.#backoff.reset();
    this.#add(message);
  }

  #add(message: Message<D>): void {
    try {
      if (this.#closed) return;
      if (message.eof) {
        this.#ended = true;
        this.#closeFds();
        return;
      }
      this.#bytes.push(message.data);
      this.#control = message.control;
      const { controlTruncated, droppedFds } = message;
      this.#fds.push(...message.takeFds());
      if (controlTruncated) this.#loseFds();
      else if (droppedFds > 0 || this.#fds.length > (this.#maxFds ?? SCM_MAX_FD)) this.#exceedFds(droppedFds);
    } finally {
      // Closes the pidfd, and what nobody has taken.
      message[Symbol.dispose]();
    }
  }

  #exceedFds(dropped: number): void {
    const limit = this.#maxFds ?? SCM_MAX_FD;
    const sent = `The peer has sent ${counted(this.#fds.length + dropped, "descriptor")} that nobody has taken`;
    this.#bytes.clear();
    this.#fail(
      tooManyFds(
        this.#maxFds === undefined && dropped > 0
          ? `${sent}, and the socket accepts fewer. Give maxFds to the reader, or where the socket is made`
          : `${sent}, and maxFds is ${limit}`,
      ),
    );
  }

  #loseFds(): void {
    this.#bytes.clear();
    this.#fail(
      codedError(
        "ERR_SENDMSG_LOST_FDS",
        "The kernel dropped descriptors (MSG_CTRUNC): the process is at its limit of open files (RLIMIT_NOFILE), or a security " +
          "module forbids them. Those that follow can't be matched with their bytes: close the socket",
      ),
    );
  }

  #endOfStream(count: number): boolean {
    const available = this.#bytes.length;
    if (available === 0) return false;
    const error = codedError(
      "ERR_SENDMSG_STREAM_ENDED",
      `The stream ended after ${available} of ${counted(count, "byte")}`,
    );
    throw Object.assign(error, { bytesAvailable: available, bytesNeeded: count });
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#closeFds();
  }

  #closeFds(): void {
    const fds = this.#fds;
    this.#fds = [];
    for (const fd of fds) fd.close();
  }

  /**
   * Returns the next `count` bytes, and removes them from the reader. They must have arrived: see {@link need}.
   *
   * The bytes are a view of the memory in which they arrived, if they lie there in one piece. So `count` bytes can keep up to 128 KiB
   * in memory, and other bytes of this stream are in the same ArrayBuffer. To keep them for long, or to transfer them to another
   * thread, copy them: `Buffer.from(bytes)`.
   *
   * @throws `ERR_OUT_OF_RANGE` if fewer have arrived.
   */
  take(count: number): Buffer {
    return this.#bytes.take(this.#checkArrived(count));
  }

  /** Returns the next `count` bytes, as {@link take} does, but leaves them in the reader. */
  peek(count: number): Buffer {
    return this.#bytes.peek(this.#checkArrived(count));
  }

  #checkArrived(count: number): number {
    this.#checkOpen();
    const { length } = this.#bytes;
    checkInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
    if (count > length) throw outOfRange("count", `<= ${length}, the length of the reader`, count);
    return count;
  }

  /**
   * Returns the next `count` descriptors, which the caller then owns. They have arrived with, or before, the first byte of their send.
   *
   * @throws `ERR_SENDMSG_MISSING_FDS` if fewer have arrived. Then they stay in the reader.
   */
  takeFds(count: number): D[] {
    this.#checkOpen();
    checkInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
    if (count > this.#fds.length) {
      throw codedError(
        "ERR_SENDMSG_MISSING_FDS",
        `${counted(count, "descriptor")} ${count === 1 ? "is" : "are"} needed, and the peer has sent ${this.#fds.length}`,
      );
    }
    return count === 0 ? [] : this.#fds.splice(0, count);
  }

  /**
   * Closes the reader, and returns the bytes and descriptors that nobody has taken. The caller then owns them. The socket has the bytes
   * that come after them.
   *
   * @example
   * const { data } = reader.detach();
   * const stream = socket.toNet();
   * stream.unshift(data);
   * @throws `ERR_INVALID_STATE` if a need() waits.
   */
  detach(): { data: Buffer; fds: D[] } {
    this.#checkOpen();
    this.#checkIdle();
    const data = this.#bytes.take(this.#bytes.length);
    const fds = this.#fds;
    this.#fds = [];
    this.#closed = true;
    return { data, fds };
  }

  /** Closes the descriptors that nobody has taken. A need() that waits rejects with `ERR_SENDMSG_CLOSED`. The socket stays open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closeFds();
    this.#bytes.clear();
    this.#interrupt();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError("reader");
  }

  #checkIdle(): void {
    if (!this.#pending) return;
    throw codedError(
      "ERR_INVALID_STATE",
      "A need() of this reader waits already. One consumer at a time can take from a reader",
    );
  }
}
