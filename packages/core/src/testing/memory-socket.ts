import { checkInteger, checkObject, unpolluted } from "../arguments.js";
import { asBytesSent, asMessage, channels, published, publishedNow } from "../channels.js";
import { AF_UNIX } from "../constants/address-families.js";
import { MSG_PEEK, MSG_TRUNC } from "../constants/message-flags.js";
import { CONSTRUCT, checkConstruct } from "../construct.js";
import { SOCKET_TYPES } from "../control/socket-type.js";
import { invalidArgValue } from "../errors.js";
import { type InspectArguments, inspected, waiting } from "../inspecting.js";
import { keysOf } from "../known-keys.js";
import { Message, type OutgoingMessage } from "../message.js";
import { checkNotAborted } from "../socket/abort.js";
import { checkBuffersUnchanged, fill } from "../socket/caller-buffers.js";
import { checkType } from "../socket/creation-options.js";
import { warnOfDropped } from "../socket/dropped-descriptors.js";
import { rejectInTurn } from "../socket/fairness.js";
import { type IterationOptions, iterate } from "../socket/iterating.js";
import {
  type CheckedMaxFds,
  checkReceiveRequest,
  checkSocketMaxFds,
  type MaxFds,
  type ReceiveOptions,
  type ReceiveRequest,
  type ReceivingSocket,
} from "../socket/receive-request.js";
import { NO_SEND_OPTIONS, type SendOptions } from "../socket/send-options.js";
import type { SendResult } from "../socket/send-queue.js";
import { checkDirections } from "../socket/shutdown.js";
import { WaitQueue } from "../socket/wait-queue.js";
import type { MessageSocket } from "../socket.js";
import { unshared } from "../unshared.js";
import { Channel, type MemorySocketType } from "./channel.js";
import { arrived, type FakeDescriptor } from "./fake-descriptor.js";
import { Faults } from "./faults.js";
import { MemoryEndpoint } from "./memory-endpoint.js";
import { MemorySending } from "./sending.js";

export interface MemorySocketOptions {
  /**
   * How many descriptors a message may bring: at most 253, which `"all"` means, too. `"refuse"`: a peer's send with descriptors
   * fails with `EPERM`. Default: 0.
   */
  maxFds?: MaxFds;
  /** How many unread bytes one direction may hold. A longer message fails with EMSGSIZE, except on a stream. Default: 212,992. */
  capacity?: number;
}

const SOCKET_KEYS = /* @__PURE__ */ keysOf<MemorySocketOptions>({ maxFds: true, capacity: true });
const FAULT_KEYS = /* @__PURE__ */ keysOf<{ bytesSent?: number }>({ bytesSent: true });

/** net.core.wmem_default, see socket(7). */
const DEFAULT_CAPACITY = 212_992;
const TYPES = ["stream", "seqpacket", "dgram"] as const satisfies readonly MemorySocketType[];
const UNNAMED = { family: "unix" } as const;

/** A receive's request, and the place where the program called the receive. */
interface PlacedRequest extends ReceiveRequest {
  readonly site: Error;
}

/** Makes two sockets that are connected to each other. For this module and MemoryListener. */
export let pairOf: (
  type: MemorySocketType,
  options: [MemorySocketOptions, MemorySocketOptions],
) => [MemorySocket, MemorySocket];

/**
 * A socket in memory. It follows the contract of {@link MessageSocket}, as Socket does on AF_UNIX. A test can make it fail or wait.
 *
 * Messages arrive in the next turn of the event loop, as from the kernel. A wait does not keep the process alive.
 */
export class MemorySocket implements MessageSocket<FakeDescriptor> {
  readonly type: MemorySocketType;
  readonly #incoming: Channel;
  readonly #outgoing: Channel;
  readonly #receiver: ReceivingSocket;
  readonly #endpoint = new MemoryEndpoint("socket", () => {
    this.#queue.pump();
    this.#sending.queue.pump();
  });
  readonly #faults = new Faults({ sendmsg: "sendmsg", recvmsg: "recvmsg" }, this.#endpoint);
  readonly #sending: MemorySending;
  readonly #queue = new WaitQueue<PlacedRequest, Message<FakeDescriptor>>(this.#endpoint, 0, (request) =>
    this.#receive(request),
  );

  static {
    pairOf = (type, options) => {
      const [first, second] = options.map(unpolluted).map(({ maxFds, capacity = DEFAULT_CAPACITY }) => ({
        maxFds: maxFds === undefined ? undefined : checkSocketMaxFds("options.maxFds", maxFds),
        outgoing: new Channel(type, checkInteger("options.capacity", capacity, 1, Number.MAX_SAFE_INTEGER)),
      }));
      return [
        new MemorySocket(CONSTRUCT, type, first!.maxFds, second!.outgoing, first!.outgoing),
        new MemorySocket(CONSTRUCT, type, second!.maxFds, first!.outgoing, second!.outgoing),
      ];
    };
  }

  private constructor(
    key: typeof CONSTRUCT,
    type: MemorySocketType,
    maxFds: CheckedMaxFds,
    incoming: Channel,
    outgoing: Channel,
  ) {
    checkConstruct(key, "MemorySocket", "memorySocketpair()");
    this.type = type;
    this.#receiver = {
      family: AF_UNIX,
      protocol: 0,
      maxFds,
      type: SOCKET_TYPES[checkType("type", type, TYPES)],
    };
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#sending = new MemorySending(outgoing, this.#receiver, this.#faults, this.#endpoint);
    incoming.attachReader({ refusesFiles: maxFds === "refuse", onReadable: () => this.#endpoint.schedule() });
    outgoing.attachWriter({ onWritable: () => this.#endpoint.schedule() });
  }

  get closed(): boolean {
    return this.#endpoint.closed;
  }

  sendmsg(message: OutgoingMessage, options: SendOptions = NO_SEND_OPTIONS): Promise<SendResult> {
    const sending = this.#sending.sendMessage(message, options);
    if (!channels().send.hasSubscribers) return sending;
    return published(channels().send, sending, { socket: this, message }, asBytesSent);
  }

  trySendmsg(message: OutgoingMessage): SendResult | undefined {
    const send = () => this.#sending.trySendMessage(message);
    return publishedNow(channels().send, send, { socket: this, message }, asBytesSent);
  }

  writable(options: { signal?: AbortSignal } = {}): Promise<void> {
    return this.#sending.writable(options).catch(rejectInTurn);
  }

  recvmsg(options: ReceiveOptions = {}): Promise<Message<FakeDescriptor>> {
    const receiving = this.#recvmsg(options);
    if (!channels().receive.hasSubscribers) return receiving;
    return published(channels().receive, receiving, { socket: this }, asMessage);
  }

  #recvmsg(options: ReceiveOptions): Promise<Message<FakeDescriptor>> {
    try {
      this.#endpoint.open();
      const request = checkReceiveRequest(options, this.#receiver);
      const signal = checkNotAborted(unpolluted(options).signal);
      return this.#queue.take({ ...request, site: new Error() }, signal);
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  tryRecvmsg(options: ReceiveOptions = {}): Message<FakeDescriptor> | undefined {
    return publishedNow(channels().receive, () => this.#tryRecvmsg(options), { socket: this }, asMessage);
  }

  #tryRecvmsg(options: ReceiveOptions): Message<FakeDescriptor> | undefined {
    this.#endpoint.open();
    const request = checkReceiveRequest(options, this.#receiver);
    checkNotAborted(unpolluted(options).signal);
    return this.#queue.isEmpty() ? this.#receive({ ...request, site: new Error() }) : undefined;
  }

  /** Undefined: the receive would block. */
  #receive(request: PlacedRequest): Message<FakeDescriptor> | undefined {
    checkBuffersUnchanged(request);
    const { maxFds, hasDefaultMaxFds, buffers, flags, site } = request;
    const error = this.#faults.due("recvmsg");
    if (error) throw error;
    if (this.#faults.isBlocked("recvmsg")) return undefined;
    const takesWhole = this.type !== "stream" && request.hasDefaultSize;
    const arrival = this.#incoming.read(
      takesWhole ? Number.POSITIVE_INFINITY : request.size,
      (flags & MSG_PEEK) !== 0,
    );
    if (arrival === undefined) return undefined;
    if (arrival === null) return Message.from<FakeDescriptor>({ eof: true });
    const { data, files, control, address, fullLength } = arrival;
    if (files.length > maxFds && hasDefaultMaxFds) warnOfDropped();
    return Message.from({
      data: buffers ? fill(buffers, data) : unshared(data),
      fds: files.slice(0, maxFds).map((file) => arrived(file, site)),
      droppedFds: Math.max(files.length - maxFds, 0),
      control,
      address: this.type === "dgram" ? (address ?? UNNAMED) : undefined,
      flags: fullLength > data.length ? MSG_TRUNC : 0,
      fullLength,
    });
  }

  messages(options: IterationOptions = {}): AsyncGenerator<Message<FakeDescriptor>, void, undefined> {
    return iterate(this, this.type !== "dgram", options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Message<FakeDescriptor>, void, undefined> {
    return this.messages();
  }

  shutdown(how: "read" | "write" | "both"): Promise<void> {
    return this.#shutdown(how).catch(rejectInTurn);
  }

  async #shutdown(how: "read" | "write" | "both"): Promise<void> {
    const { read, write } = checkDirections(how);
    this.#endpoint.open();
    if (write) await this.#sending.queue.end();
    this.#endpoint.open();
    if (write) this.#outgoing.shutDownWriting();
    if (read) this.#incoming.shutDownReading();
  }

  /**
   * Makes the next call fail, even one that already waits. If you plan several errors, the calls meet them in order.
   *
   * @param error A system error's code ("ECONNRESET"), or the error itself.
   * @param options `bytesSent`, for "sendmsg" on a stream: this many bytes and the descriptors are sent before the call fails.
   */
  failNext(call: "sendmsg" | "recvmsg", error: string | Error, options: { bytesSent?: number } = {}): void {
    const { bytesSent = 0 } = checkObject("options", options, FAULT_KEYS);
    if (bytesSent !== 0 && (call !== "sendmsg" || this.type !== "stream")) {
      throw invalidArgValue(
        "options.bytesSent",
        'is only for "sendmsg" on a stream: other sockets send a message whole or not at all',
      );
    }
    this.#faults.plan(call, error, bytesSent);
  }

  /** Makes calls wait, as if the kernel had no room or nothing to read, until you call the returned function. */
  block(call: "sendmsg" | "recvmsg"): () => void {
    return this.#faults.block(call);
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "MemorySocket", () => {
      if (this.#endpoint.closed) return { closed: true };
      const counts = { receives: this.#queue.length, sends: this.#sending.queue.length };
      return { type: this.type, waiting: waiting(counts) };
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#endpoint.closed = true;
    const error = () => this.#endpoint.closedError();
    this.#queue.failAll(error);
    this.#sending.queue.close(error);
    this.#outgoing.closeWriting(this.#incoming.closeReading());
    channels().close.publish({ socket: this });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes two sockets in memory that are connected to each other, as socketpair() does, on any platform.
 *
 * @see socketpair(2), unix(7)
 */
export function memorySocketpair(
  type: MemorySocketType = "stream",
  options: MemorySocketOptions = {},
): [MemorySocket, MemorySocket] {
  const given = checkObject("options", options, SOCKET_KEYS);
  return pairOf(type, [given, given]);
}
