import { setImmediate } from "node:timers";
import { checkObject } from "../arguments.js";
import { ECONNREFUSED } from "../errno.js";
import { closedError, systemError } from "../errors.js";
import type { AcceptOptions, MessageListener } from "../listener.js";
import { checkNotAborted } from "../socket/abort.js";
import { Backoff } from "../socket/backoff.js";
import { rejectInTurn } from "../socket/fairness.js";
import { iterateConnections } from "../socket/iterating.js";
import { needsPause } from "../socket/transient.js";
import { WaitQueue } from "../socket/wait-queue.js";
import { Faults } from "./faults.js";
import { checkType, type MemorySocket, type MemorySocketOptions, pairOf } from "./memory-socket.js";
import { MemoryWaits } from "./memory-waits.js";

export interface MemoryListenerOptions extends MemorySocketOptions {
  /** Default: "stream". */
  type?: "stream" | "seqpacket";
}

/**
 * A listener in memory. {@link accept} returns the connections that {@link connect} makes. Accepted sockets get `maxFds` and
 * `capacity`.
 */
export class MemoryListener implements MessageListener<MemorySocket> {
  readonly #type: "stream" | "seqpacket";
  readonly #options: MemorySocketOptions;
  readonly #faults = new Faults({ accept: "accept4" });
  readonly #backlog: { near: MemorySocket; far: MemorySocket }[] = [];
  readonly #waits = new MemoryWaits();
  readonly #queue = new WaitQueue<AcceptOptions["onError"], MemorySocket>(this.#waits, 0, (onShortage) =>
    this.#tryOrPause(onShortage),
  );
  readonly #backoff = new Backoff(true);
  #scheduled = false;

  constructor(options: MemoryListenerOptions = {}) {
    const { type = "stream", ...socketOptions } = checkObject("options", options);
    this.#type = checkType(type, ["stream", "seqpacket"]);
    this.#options = socketOptions;
    // Only to check the options now, so that a wrong one does not fail at the first connection.
    pairOf(this.#type, [socketOptions, socketOptions]);
  }

  get closed(): boolean {
    return this.#waits.closed;
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
    checkNotAborted(checkObject("options", options).signal);
    if (this.closed) throw systemError(ECONNREFUSED, "connect");
    const [near, far] = pairOf(this.#type, [options, this.#options]);
    this.#backlog.push({ near, far });
    this.#schedule();
    return near;
  }

  accept(options: { signal?: AbortSignal } = {}): Promise<MemorySocket> {
    try {
      return this.#accept(checkObject("options", options).signal, undefined);
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #accept(signal: AbortSignal | undefined, onShortage: AcceptOptions["onError"]): Promise<MemorySocket> {
    try {
      if (this.closed) throw closedError("listener");
      return this.#queue.take(onShortage, checkNotAborted(signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  tryAccept(): MemorySocket | undefined {
    if (this.closed) throw closedError("listener");
    return this.#queue.isEmpty() ? this.#try() : undefined;
  }

  /** Undefined: no connection is waiting, or no descriptor is free for it and a pause has begun. */
  #tryOrPause(onShortage: AcceptOptions["onError"]): MemorySocket | undefined {
    try {
      const socket = this.#try();
      this.#backoff.reset();
      return socket;
    } catch (error) {
      if (!needsPause(error)) throw error;
      onShortage?.(error as Error);
      this.#backoff.wait(() => this.#queue.pump());
      return undefined;
    }
  }

  /** Undefined: no connection is waiting. */
  #try(): MemorySocket | undefined {
    this.#faults.check("accept");
    return this.#faults.isBlocked("accept") ? undefined : this.#backlog.shift()?.far;
  }

  connections(options: AcceptOptions = {}): AsyncGenerator<MemorySocket, void, undefined> {
    return iterateConnections(this, (...wait) => this.#accept(...wait), options);
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
    this.#schedule();
  }

  /** Makes accept wait, even if there are connections, until you call the returned function. */
  block(call: "accept"): () => void {
    return this.#faults.block(call, () => this.#schedule());
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#queue.pump();
    });
  }

  /** Closes the listener: waits reject with `ERR_SENDMSG_CLOSED`. Connections that were not accepted are reset. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#waits.closed = true;
    this.#backoff.cancel();
    this.#queue.failAll(() => closedError("listener"));
    for (const { near, far } of this.#backlog.splice(0)) {
      if (!near.closed) near.failNext("recvmsg", "ECONNRESET");
      far.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
