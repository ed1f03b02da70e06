import { checkObject } from "../arguments.js";
import { asSocket, channels, published, publishedNow } from "../channels.js";
import { ECONNREFUSED } from "../errno.js";
import { invalidArgValue, systemError } from "../errors.js";
import { type InspectArguments, inspected, waiting } from "../inspecting.js";
import { keysOf } from "../known-keys.js";
import type { AcceptOptions, MessageListener } from "../listener.js";
import { checkNotAborted } from "../socket/abort.js";
import { type Accepted, AcceptQueue } from "../socket/accept-queue.js";
import { checkType } from "../socket/creation-options.js";
import { rejectInTurn } from "../socket/fairness.js";
import { iterateConnections } from "../socket/iterating.js";
import { Faults } from "./faults.js";
import { MemoryEndpoint } from "./memory-endpoint.js";
import { type MemorySocket, type MemorySocketOptions, pairOf } from "./memory-socket.js";

export interface MemoryListenerOptions extends MemorySocketOptions {
  /** Default: "stream". */
  type?: "stream" | "seqpacket";
}

const LISTENER_KEYS = /* @__PURE__ */ keysOf<MemoryListenerOptions & { allow?: unknown }>({
  // The constructor says why it refuses this one.
  allow: true,
  type: true,
  maxFds: true,
  capacity: true,
});

const CONNECT_KEYS = /* @__PURE__ */ keysOf<MemorySocketOptions & { signal?: AbortSignal }>({
  maxFds: true,
  capacity: true,
  signal: true,
});

/**
 * A listener in memory. {@link accept} returns the connections that {@link connect} makes. Accepted sockets get `maxFds` and
 * `capacity`.
 */
export class MemoryListener implements MessageListener<MemorySocket> {
  readonly #type: "stream" | "seqpacket";
  readonly #options: MemorySocketOptions;
  readonly #endpoint = new MemoryEndpoint("listener", () => this.#queue.pump());
  readonly #faults = new Faults({ accept: "accept4" }, this.#endpoint);
  readonly #backlog: { near: MemorySocket; far: MemorySocket }[] = [];
  readonly #queue = new AcceptQueue(this.#endpoint, () => this.#try(), true);

  constructor(options: MemoryListenerOptions = {}) {
    const { type = "stream", ...socketOptions } = checkObject("options", options, LISTENER_KEYS);
    if ("allow" in socketOptions) {
      throw invalidArgValue(
        "options.allow",
        "is not for sockets in memory: no process is at their other end",
      );
    }
    checkType("type", type, ["stream", "seqpacket"]);
    this.#type = type;
    this.#options = socketOptions;
    // Only to check the options now, so that a wrong one does not fail at the first connection.
    pairOf(this.#type, [socketOptions, socketOptions]);
  }

  get closed(): boolean {
    return this.#endpoint.closed;
  }

  /**
   * Connects to the listener, as `Socket.connect` does. No call of {@link accept} needs to be waiting.
   *
   * @throws `ECONNREFUSED` if the listener is closed; AbortError.
   */
  connect(options: MemorySocketOptions & { signal?: AbortSignal } = {}): Promise<MemorySocket> {
    return this.#connect(options).catch(rejectInTurn);
  }

  async #connect(options: MemorySocketOptions & { signal?: AbortSignal }): Promise<MemorySocket> {
    const given = checkObject("options", options, CONNECT_KEYS);
    checkNotAborted(given.signal);
    if (this.closed) throw systemError(ECONNREFUSED, "connect");
    const [near, far] = pairOf(this.#type, [given, this.#options]);
    this.#backlog.push({ near, far });
    this.#endpoint.schedule();
    return near;
  }

  accept(options: { signal?: AbortSignal } = {}): Promise<MemorySocket> {
    return this.#accept(options);
  }

  readonly #accept: AcceptQueue<MemorySocket>["accept"] = (options, onShortage) => {
    const accepting = this.#queue.accept(options, onShortage);
    if (!channels().accept.hasSubscribers) return accepting;
    return published(channels().accept, accepting, { listener: this }, asSocket);
  };

  tryAccept(): MemorySocket | undefined {
    return publishedNow(channels().accept, () => this.#queue.tryAccept(), { listener: this }, asSocket);
  }

  #try(): Accepted<MemorySocket> {
    const error = this.#faults.due("accept");
    if (error) return error;
    return this.#faults.isBlocked("accept") ? undefined : this.#backlog.shift()?.far;
  }

  connections(options: AcceptOptions = {}): AsyncGenerator<MemorySocket, void, undefined> {
    return iterateConnections(this, this.#accept, options);
  }

  [Symbol.asyncIterator](): AsyncGenerator<MemorySocket, void, undefined> {
    return this.connections();
  }

  /**
   * Makes the next accept fail, even one that already waits. After "EMFILE" and similar errors, accept pauses and retries, as
   * Listener does.
   */
  failNext(call: "accept", error: string | Error): void {
    this.#faults.plan(call, error);
  }

  /** Makes accept wait, even if there are connections, until you call the returned function. */
  block(call: "accept"): () => void {
    return this.#faults.block(call);
  }

  /** Closes the listener: waits reject with `ERR_SENDMSG_CLOSED`. Connections that were not accepted are reset. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#endpoint.closed = true;
    this.#queue.close(() => this.#endpoint.closedError(), 0);
    for (const { near, far } of this.#backlog.splice(0)) {
      if (!near.closed) near.failNext("recvmsg", "ECONNRESET");
      far.close();
    }
    channels().close.publish({ listener: this });
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    return inspected(this, args, "MemoryListener", () => {
      if (this.#endpoint.closed) return { closed: true };
      const counts = { accepts: this.#queue.length, connections: this.#backlog.length };
      return { type: this.#type, waiting: waiting(counts) };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
