import { checkObject, unpolluted } from "../arguments.js";
import { MSG_OOB, MSG_PEEK } from "../constants/message-flags.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EAGAIN, EINVAL } from "../errno.js";
import type { Message } from "../message.js";
import { OFF_LOOP, THROTTLED } from "../native/binding.js";
import { checkNotAborted, SIGNAL_KEYS } from "./abort.js";
import { Backoff } from "./backoff.js";
import { BatchReceiveCall } from "./batch-receive-call.js";
import type { BatchSlots } from "./batch-slots.js";
import { checkBuffersUnchanged } from "./caller-buffers.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { Endpoint } from "./endpoint.js";
import { ErrorQueue } from "./error-queue.js";
import { rejectInTurn } from "./fairness.js";
import { MessageReceiveCall } from "./message-receive-call.js";
import { Misses } from "./misses.js";
import { endOfOutOfBand } from "./out-of-band.js";
import type { OwnSettings } from "./own-settings.js";
import { EPOLLIN, turnOfEvents } from "./readiness.js";
import {
  type BatchReceiveOptions,
  type CheckedMaxFds,
  checkBatchRequest,
  checkReceiveRequest,
  NO_OPTIONS,
  type ReceiveOptions,
  type ReceiveRequest,
  type ReceivingSocket,
} from "./receive-request.js";
import { takeUnread } from "./unread-message.js";
import { type Outcome, WaitQueue } from "./wait-queue.js";

/** What a receive returns: a message, or the slots that it has filled. */
type Received = Message | BatchSlots;

/** The receiving half of a socket: the calls that wait, and messages that are no longer in the kernel. */
export class Receiving {
  readonly #endpoint: Endpoint;
  readonly #socket: ReceivingSocket;
  readonly #own: OwnSettings;
  readonly #call: MessageReceiveCall;
  readonly #batchCall: BatchReceiveCall;
  readonly errors: ErrorQueue;
  /** The request of a receive without options. */
  readonly #plain: ReceiveRequest;
  readonly #attempt = (request: ReceiveRequest, isNew: boolean): Received | undefined => {
    if ((request.flags & MSG_OOB) === 0) this.#skipped = false;
    const message = this.#try(request);
    if (isNew) this.#misses.note(message !== undefined);
    return message;
  };
  readonly #queue: WaitQueue<ReceiveRequest, Received>;
  /** Receives that wait for out-of-band data. It can come before or after other data. */
  readonly #outOfBand: WaitQueue<ReceiveRequest, Received>;
  /** The turn of the event loop in which a stream returned all that it had. */
  #emptyIn: number | undefined;
  /** The first call that waits has not asked the kernel. */
  #skipped = false;
  /** Counts the receives that found nothing when they began. */
  readonly #misses = new Misses();
  /** A message or an error that the kernel no longer has, and that no call has received yet. */
  #unread: Message | undefined;
  #pendingError: Error | undefined;
  /** A thread is receiving. */
  #inThread = false;
  /** The socket became ready while the thread was receiving. */
  #readyMeanwhile = false;
  #backoff: Backoff | undefined;

  constructor(endpoint: Endpoint, socket: ReceivingSocket, switches: ControlSwitchboard, own: OwnSettings) {
    this.#endpoint = endpoint;
    this.#socket = socket;
    this.#own = own;
    this.#call = new MessageReceiveCall(endpoint, socket, switches);
    this.#batchCall = new BatchReceiveCall(endpoint, socket, switches, this.#call);
    this.errors = new ErrorQueue(endpoint, this.#call, switches, socket.family);
    this.#plain = checkReceiveRequest(NO_OPTIONS, socket);
    this.#queue = new WaitQueue(endpoint, EPOLLIN, this.#attempt);
    this.#outOfBand = new WaitQueue(endpoint, EPOLLIN, this.#attempt);
  }

  get isAwaited(): boolean {
    return !this.#queue.isEmpty() || !this.#outOfBand.isEmpty() || this.errors.isAwaited || this.#inThread;
  }

  /** How many descriptors a message may bring, as the program said where the socket was made. */
  get maxFds(): CheckedMaxFds {
    return this.#socket.maxFds;
  }

  /** How many receives wait for a message. */
  get waiting(): number {
    return this.#queue.length + this.#outOfBand.length;
  }

  /** Puts a message before all messages that the kernel has. */
  prepend(message: Message): void {
    this.#unread = message;
  }

  /** Whether there are bytes that the kernel no longer has, or soon will not have, because a thread is receiving. */
  get hasUnreadData(): boolean {
    return this.#unread !== undefined || this.#inThread;
  }

  /** The program has shut down reading. */
  readShutDown(): void {
    this.#call.readShutDown = true;
    this.pump();
  }

  receive(options: ReceiveOptions): Promise<Message> {
    try {
      this.#endpoint.checkOpen();
      let request = this.#plain;
      let signal: AbortSignal | undefined;
      if (options !== NO_OPTIONS) {
        request = checkReceiveRequest(options, this.#socket);
        signal = checkNotAborted(unpolluted(options).signal);
      }
      if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
      if (request.flags & MSG_OOB) this.#endpoint.useEdges();
      return this.#take(request, signal) as Promise<Message>;
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #take(request: ReceiveRequest, signal: AbortSignal | undefined): Promise<Received> {
    const queue = this.#queueOf(request);
    if (!queue.isEmpty()) return queue.wait(request, signal);
    // Until an attempt asks the kernel.
    this.#skipped = true;
    // A call that does not ask the kernel is no part of a burst.
    return this.#isQuiet() ? queue.wait(request, signal) : queue.take(request, signal);
  }

  /** Receives into the slots of a batch. Returns how many messages came. */
  receiveBatch(slots: BatchSlots, options: BatchReceiveOptions): Promise<number> {
    try {
      this.#endpoint.checkOpen();
      const request = checkBatchRequest(slots, options, this.#socket);
      const signal = options === NO_OPTIONS ? undefined : checkNotAborted(unpolluted(options).signal);
      if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
      // The getters of the options are the caller's code, which can use the batch.
      slots.checkIdle();
      const taking = this.#take(request, signal);
      slots.lock("recvBatch()");
      const unlocked = (): number => {
        slots.unlock();
        return slots.length;
      };
      return taking.then(unlocked, (error) => {
        slots.unlock();
        throw error;
      });
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  /** The same for what is there at once. Undefined: nothing is. */
  tryReceiveBatch(slots: BatchSlots, options: BatchReceiveOptions): number | undefined {
    this.#endpoint.checkOpen();
    const request = checkBatchRequest(slots, options, this.#socket);
    if (options !== NO_OPTIONS) checkNotAborted(unpolluted(options).signal);
    if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
    if (!this.#queue.isEmpty() || this.#try(request) === undefined) return undefined;
    return slots.length;
  }

  /**
   * Whether the socket probably has nothing. Then a call waits without asking the kernel, and the event loop soon reports if there
   * is something. If a stream returned less than a receive asked for, it has nothing more in this turn of the event loop. On
   * any socket, if the last receives found nothing when they began, we ask the kernel only now and then.
   */
  #isQuiet(): boolean {
    if (!this.#endpoint.willReport(EPOLLIN) || this.#hasUnread()) return false;
    if (this.#emptyIn !== undefined && this.#emptyIn === turnOfEvents()) return true;
    return !this.#misses.mayAsk();
  }

  /** The socket is about to close. A call that waits and has not asked the kernel gets what is there. */
  serveSkipped(): void {
    const request = this.#queue.firstRequest();
    if (!this.#skipped || request === undefined) return;
    try {
      const message = this.#try(request);
      if (message !== undefined) this.#queue.give(message);
    } catch {
      // The waiting call fails with the error of closing instead.
    }
  }

  tryReceive(options: ReceiveOptions): Message | undefined {
    this.#endpoint.open();
    const request = checkReceiveRequest(options, this.#socket);
    checkNotAborted(unpolluted(options).signal);
    if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
    return this.#queueOf(request).isEmpty() ? (this.#try(request) as Message | undefined) : undefined;
  }

  /** Waits for the next entry of the error queue. */
  receiveError(options: { signal?: AbortSignal }): Promise<Message> {
    try {
      this.#endpoint.open();
      return this.errors.take(checkNotAborted(checkObject("options", options, SIGNAL_KEYS).signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #queueOf(request: ReceiveRequest): WaitQueue<ReceiveRequest, Received> {
    return request.flags & MSG_OOB ? this.#outOfBand : this.#queue;
  }

  /** The socket became readable. */
  pump(): Outcome {
    this.#readyMeanwhile = this.#inThread;
    // Out-of-band receives come first: if the connection failed, they take its error and keep it for the others. See
    // endOfOutOfBand().
    this.#outOfBand.pump();
    return this.#queue.pump();
  }

  /** The event loop can no longer report that there is something to receive. */
  fail(error: () => Error): void {
    this.#queue.failAll(error);
    this.#outOfBand.failAll(error);
    this.errors.fail(error);
  }

  close(error: () => Error): void {
    this.fail(error);
    this.errors.close(error);
    this.#unread?.[Symbol.dispose]();
    this.#unread = undefined;
    this.#backoff?.cancel();
  }

  /** Undefined: there is nothing yet. */
  #try(request: ReceiveRequest): Received | undefined {
    if (request.slots !== undefined) return this.#tryBatch(request, request.slots);
    // An unread message has no out-of-band data. The kernel still has those.
    if (!(request.flags & MSG_OOB) && this.#hasUnread()) return this.#takeUnread(request);
    if (this.#inThread) return undefined;
    const result = this.#call.make(request);
    if (typeof result === "number") return this.#nothing(result, request);
    this.#backoff?.reset();
    this.#emptyIn =
      this.#socket.type === SOCK_STREAM && result.data.length < request.size ? turnOfEvents() : undefined;
    return result;
  }

  #tryBatch(request: ReceiveRequest, slots: BatchSlots): BatchSlots | undefined {
    if (this.#hasUnread()) {
      slots.clear();
      slots.hold(this.#takeUnread(request));
      return slots;
    }
    if (this.#inThread) return undefined;
    const count = this.#batchCall.make(request, slots);
    if (count < 0) return this.#nothing(count, request) as BatchSlots | undefined;
    this.#backoff?.reset();
    this.#pendingError ??= this.#batchCall.errorBehindBatch();
    return slots;
  }

  /** Decides what to do if the call returned no message. */
  #nothing(result: number, request: ReceiveRequest): Received | undefined {
    if (result === -EAGAIN) return undefined;
    if (result === THROTTLED) return this.#throttle();
    if (result === OFF_LOOP) return this.#receiveInThread(request);
    if (result === -EINVAL && request.flags & MSG_OOB) {
      return endOfOutOfBand(this.#endpoint.open(), (error) => {
        this.#pendingError ??= error;
      });
    }
    // With RECVERR on, the error may be an earlier packet's: it is reported here once, and in full on the error queue. So try
    // again.
    if (this.errors.drain() > 0) return this.#try(request);
    throw this.#call.failure(result);
  }

  /**
   * Too many descriptors from this peer wait to be closed. We receive nothing more from it until fewer wait. No event says when
   * that is so, and therefore a timer tries again.
   */
  #throttle(): undefined {
    this.#backoff ??= new Backoff();
    this.#backoff.wait(() => this.pump());
  }

  #receiveInThread(request: ReceiveRequest): undefined {
    this.#call.makeInThread(
      request,
      () => this.#queue.firstRequest() === request,
      (message, error) => this.#arrived(message, error, request),
    );
    this.#inThread = true;
  }

  #arrived(message: Message | undefined, error: Error | undefined, request: ReceiveRequest): void {
    this.#inThread = false;
    if (this.#endpoint.closed) {
      message?.[Symbol.dispose]();
      return;
    }
    if (error) this.#pendingError = error;
    // Undefined: another process has received the message. If a new one came while the thread ran, no further event will come: so
    // try again.
    else if (message === undefined) {
      if (!this.#readyMeanwhile) return;
    } else if (request.flags & MSG_PEEK) this.#givePeeked(message, request);
    else this.#unread = message;
    this.pump();
  }

  /** Gives a peeked message to its receive. The next receive must not get it, because the kernel still has the message. */
  #givePeeked(message: Message, request: ReceiveRequest): void {
    if (this.#queue.firstRequest() !== request) {
      message[Symbol.dispose]();
      return;
    }
    const whole = { ...request, flags: request.flags & ~MSG_PEEK };
    try {
      checkBuffersUnchanged(request);
      this.#queue.give(takeUnread(message, whole, this.#socket.type === SOCK_STREAM).message);
    } catch (error) {
      message[Symbol.dispose]();
      this.#queue.fail(error);
    }
  }

  #hasUnread(): boolean {
    return this.#unread !== undefined || this.#pendingError !== undefined;
  }

  #takeUnread(request: ReceiveRequest): Message {
    const error = this.#pendingError;
    if (error) {
      this.#pendingError = undefined;
      throw error;
    }
    checkBuffersUnchanged(request);
    const unread = this.#unread!;
    this.#unread = undefined;
    try {
      const { message, rest } = takeUnread(unread, request, this.#socket.type === SOCK_STREAM);
      this.#unread = rest;
      return message;
    } catch (error) {
      // There is no memory for the message, so it is lost, and we close its descriptors. A peeked message is not lost: we still
      // hold it.
      if (request.flags & MSG_PEEK) this.#unread = unread;
      else unread[Symbol.dispose]();
      throw error;
    }
  }
}
