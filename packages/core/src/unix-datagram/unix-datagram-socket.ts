import { AsyncResource } from "node:async_hooks";
import { detailsOf } from "../address/encode.js";
import { type AddressInput, encodeAddress } from "../address/index.js";
import { checkBytes, lengthOf } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import { encodeRights } from "../control/rights.js";
import { EAGAIN } from "../errno.js";
import { explain } from "../errors.js";
import { borrowFdAt, markHandedOver, markHandingOver, type Sendable } from "../interop/sendable.js";
import { OFF_LOOP } from "../native/binding.js";
import { binding } from "../native/load.js";
import { PLAIN_SEND } from "../reasons/plain-send.js";
import { Backoff } from "../socket/backoff.js";
import { bindSync } from "../socket/bind-sync.js";
import { Connecting } from "../socket/connecting.js";
import { createSocket } from "../socket/create.js";
import { Endpoint } from "../socket/endpoint.js";
import type { SocketFacts } from "../socket/facts.js";
import { afterTurn } from "../socket/fairness.js";
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT } from "../socket/readiness.js";
import { SendCall } from "../socket/send-call.js";
import { checkSendables } from "../socket/sendables.js";
import type { Outcome } from "../socket/wait-queue.js";
import { failure } from "../syscalls/failure.js";
import { getsockname } from "../syscalls/names.js";
import { type DatagramListeners, DatagramReceiving } from "./datagram-receiving.js";

const FACTS: SocketFacts = { family: AF_UNIX, type: SOCK_DGRAM, protocol: 0 };
/** A Unix socket has no error queue. */
const NO_REPORTS = { drain: () => 0 };
const NO_SENDABLES: readonly never[] = [];

/**
 * A Unix datagram socket. It receives from the beginning until it is closed, and that keeps the process alive. Addresses of messages are
 * encoded.
 */
export class UnixDatagramSocket {
  readonly #endpoint: Endpoint;
  readonly #listeners: DatagramListeners;
  /** Listeners run in the asynchronous context in which the socket was made, as those of Node's own sockets do. */
  readonly #context = new AsyncResource("SENDMSG_UNIX_DATAGRAM");
  readonly #sendCall: SendCall;
  readonly #receiving: DatagramReceiving;
  readonly #connecting: Connecting;
  #isBound = false;
  #isConnected = false;
  /** A send to the peer has found no room. An event says when there is. */
  #awaitsPeer = false;
  /** Runs after a send to an address that found no room: the kernel reports only the queue of the peer. */
  #backoff: Backoff | undefined;

  /** @throws a system error: EMFILE, … */
  constructor(maxFds: number, listeners: DatagramListeners) {
    const descriptor = createSocket(FACTS);
    try {
      const onReady = (events: number) => this.#onReady(events);
      this.#endpoint = new Endpoint(
        descriptor,
        "socket",
        (events) => this.#context.runInAsyncScope(onReady, undefined, events),
        true,
      );
    } catch (error) {
      descriptor.close();
      throw error;
    }
    this.#listeners = listeners;
    this.#sendCall = new SendCall(this.#endpoint, FACTS, PLAIN_SEND, NO_REPORTS);
    this.#receiving = new DatagramReceiving(
      this.#endpoint,
      FACTS,
      maxFds,
      listeners,
      (run) => this.#inContext(run),
      () => this.#checkRoom(),
    );
    this.#connecting = new Connecting(this.#endpoint, FACTS, () => {
      this.#isConnected = true;
      this.#notePurges();
    });
    try {
      this.#endpoint.beginWait(EPOLLIN);
    } catch (error) {
      this.#endpoint.close();
      throw error;
    }
  }

  get fd(): number {
    return this.#endpoint.fd;
  }

  /** Does only what bind(2) does: it replaces no file, and the socket's own file stays when the socket is closed. */
  bind(at: AddressInput): void {
    bindSync(this.#endpoint.open(), at);
    this.#isBound = true;
    this.#notePurges();
  }

  /**
   * @throws a system error: ENOENT, ECONNREFUSED, EACCES, …; EAGAIN if the kernel would drop messages that have not been received, and
   *   that can't be received now.
   */
  connect(to: AddressInput): void {
    const address = encodeAddress(to, "to");
    const connect = () => this.#connecting.tryConnect(address, detailsOf(to), this.#sendCall.purges);
    if (!connect() && !this.#receiveFirst(false, connect)) {
      const error = failure(-EAGAIN, "connect", detailsOf(to));
      explain(error, "the socket has messages that it can't receive yet. Connect again when they have come");
      throw error;
    }
  }

  /** Only a socket that others can reach has messages, and only a connected one can drop them. */
  #notePurges(): void {
    this.#sendCall.purges = this.#isBound && this.#isConnected;
  }

  /**
   * Receives the messages that the kernel would drop, and repeats the call that was `refused` because of them. Returns `refused` if
   * they can't be received now.
   */
  #receiveFirst<Result>(refused: Result, call: () => Result): Result {
    try {
      for (;;) {
        const early = this.#receiving.receiveEarly();
        if (early === "not all") return refused;
        // The socket is readable without a message: it was shut down for reading. So no message comes any more that could be dropped.
        if (early === "none") this.#sendCall.purges = false;
        const result = call();
        if (result !== refused) return result;
      }
    } finally {
      this.#notePurges();
    }
  }

  /** Sends a message to an encoded address, or to the peer. Returns false if the receiver's queue is full: then `onRoom` follows. */
  send(data: Uint8Array, to: Uint8Array | null): boolean {
    // An empty view can be one whose memory was transferred.
    if (lengthOf(data) === 0) checkBytes("data", data);
    return this.#send(data, to, null, NO_SENDABLES, NO_SENDABLES);
  }

  /** The same with descriptors, which stay open here. Errors name `argument`. */
  sendWithFds(data: Uint8Array, to: Uint8Array | null, argument: string, fds: readonly Sendable[]): boolean {
    const sendables = checkSendables(argument, fds);
    const files = sendables.map((sendable, i) => borrowFdAt(argument, i, sendable));
    for (const sendable of sendables) markHandingOver(sendable);
    const control = files.length > 0 ? encodeRights(files) : null;
    const isSent = this.#send(checkBytes("data", data), to, control, files, sendables);
    if (isSent) for (const sendable of sendables) markHandedOver(sendable);
    return isSent;
  }

  #send(
    data: Uint8Array,
    to: Uint8Array | null,
    control: Uint8Array | null,
    fds: readonly number[],
    sendables: readonly unknown[],
  ): boolean {
    const call = this.#sendCall;
    let result = call.sendmsg(data, control, to, call.alwaysSet);
    // If the peer has gone, the kernel would drop the messages that we have not received: see SendCall.purges.
    if (result === OFF_LOOP) {
      result = this.#receiveFirst(OFF_LOOP, () => call.sendmsg(data, control, to, call.alwaysSet));
    }
    if (result >= 0) {
      this.#backoff?.reset();
      return true;
    }
    if (result !== -EAGAIN && result !== OFF_LOOP) {
      throw call.failure(result, {
        address: to,
        fds,
        sendables,
        control: null,
        flags: call.alwaysSet,
        total: lengthOf(data),
      });
    }
    this.#awaitRoom(to === null);
    return false;
  }

  #awaitRoom(isToPeer: boolean): void {
    if (!isToPeer) {
      this.#backoff ??= new Backoff();
      this.#backoff.wait(() => this.#inContext(() => this.#tellRoom()));
      return;
    }
    if (this.#awaitsPeer) return;
    this.#awaitsPeer = true;
    this.#changeWatch(() => this.#endpoint.watch(EPOLLOUT));
    // No edge comes if there was room again before we watched.
    if (!this.#knowsRoom() && this.#hasRoom()) afterTurn(() => this.#inContext(() => void this.#checkRoom()));
  }

  /** Whether an event says for certain that there is room, and comes at once if there is. */
  #knowsRoom(): boolean {
    return this.#endpoint.willReport(EPOLLOUT) && !this.#sendCall.purges;
  }

  /**
   * A connected Unix datagram socket is writable if its peer's queue has room: unix_dgram_poll(), net/unix/af_unix.c. If the call fails,
   * the next send meets the error.
   */
  #hasRoom(): boolean {
    const events = binding().poll(this.#endpoint.fd, this.#sendCall.purges ? EPOLLIN | EPOLLOUT : EPOLLOUT);
    return (
      events < 0 || (events & (EPOLLIN | EPOLLOUT)) === EPOLLOUT || (events & (EPOLLERR | EPOLLHUP)) !== 0
    );
  }

  #checkRoom(): Outcome {
    if (!this.#awaitsPeer || this.#endpoint.closed) return "idle";
    if (!this.#hasRoom()) {
      this.#endpoint.watch(EPOLLOUT);
      return "in vain";
    }
    this.#endAwaitingPeer();
    return "served";
  }

  #inContext(run: () => void): void {
    this.#context.runInAsyncScope(run);
  }

  #endAwaitingPeer(): void {
    this.#awaitsPeer = false;
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (!this.#endpoint.closed) this.#listeners.onRoom();
  }

  #onReady(events: number): void {
    // libuv reports an error only once, and then stops watching the socket.
    if (events & EPOLLERR) this.#changeWatch(() => this.#endpoint.useEdges());
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
      const outcome = this.#receiving.receive();
      if (outcome !== "served") this.#changeWatch(() => this.#endpoint.adaptWatch(EPOLLIN, outcome));
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
      if (this.#awaitsPeer && this.#knowsRoom()) this.#endAwaitingPeer();
      else this.#changeWatch(() => this.#endpoint.adaptWatch(EPOLLOUT, this.#checkRoom()));
    }
  }

  /** If it fails, nothing is watched any more: no memory, or too many watches (epoll(7)). */
  #changeWatch(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#receiving.fail(error as Error);
    }
  }

  /** The socket's own address, encoded. */
  getsockname(): Uint8Array {
    return getsockname(this.#endpoint.open());
  }

  setReferenced(isReferenced: boolean): void {
    this.#endpoint.setReferenced(isReferenced);
  }

  /** Resolves when the kernel has closed the socket. */
  close(): Promise<void> {
    if (!this.#endpoint.closed) {
      this.#endpoint.endWait();
      this.#backoff?.cancel();
      this.#receiving.close();
    }
    return this.#endpoint.close();
  }
}
