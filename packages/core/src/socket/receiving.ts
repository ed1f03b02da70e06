import { checkObject, own } from "../arguments.js";
import { MSG_OOB, MSG_PEEK } from "../constants/message-flags.js";
import { SOCK_STREAM } from "../constants/socket-types.js";
import { EAGAIN, EINVAL } from "../errno.js";
import type { Message } from "../message.js";
import { HELD_BACK, OFF_LOOP } from "../native/binding.js";
import { checkNotAborted } from "./abort.js";
import { Backoff } from "./backoff.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { Endpoint } from "./endpoint.js";
import { ErrorQueue } from "./error-queue.js";
import { rejectInTurn } from "./fairness.js";
import { takeHeld } from "./held-message.js";
import { endOfOutOfBand } from "./out-of-band.js";
import type { OwnSettings } from "./own-settings.js";
import { EPOLLIN, turnOfEvents } from "./readiness.js";
import { ReceiveCall } from "./receive-call.js";
import {
  checkReceiveRequest,
  NO_OPTIONS,
  type ReceiveOptions,
  type ReceiveRequest,
  type ReceivingSocket,
  roomOf,
} from "./receive-request.js";
import { type Outcome, WaitQueue } from "./wait-queue.js";

/** After so many receives that have found nothing, the next ones wait at once: all but one of so many. */
const MOST_MISSES = 2;
const UNASKED = 16;

/** The receiving half of a socket: who waits, and what the kernel no longer has. */
export class Receiving {
  readonly #endpoint: Endpoint;
  readonly #socket: ReceivingSocket;
  readonly #own: OwnSettings;
  readonly #call: ReceiveCall;
  readonly errors: ErrorQueue;
  /** What a receive without options asks for. */
  readonly #plain: ReceiveRequest;
  readonly #attempt = (request: ReceiveRequest, isNew: boolean): Message | undefined => {
    this.#owed = false;
    const message = this.#try(request);
    if (isNew) this.#misses = message === undefined ? this.#misses + 1 : 0;
    return message;
  };
  readonly #queue: WaitQueue<ReceiveRequest, Message>;
  /** Those who wait for what is out of band. It comes when it comes, before or after other data. */
  readonly #outOfBand: WaitQueue<ReceiveRequest, Message>;
  /** The turn of the event loop in which a stream has given all that it had. */
  #emptyIn: number | undefined;
  /** Somebody waits without having asked the kernel. */
  #owed = false;
  /** Receives in succession that have found nothing when they began. */
  #misses = 0;
  /** Receives that have not asked the kernel. */
  #unasked = 0;
  /** A message, or an error, that the kernel no longer has and that nobody has been given yet. */
  #held: Message | undefined;
  #heldError: Error | undefined;
  /** A thread is receiving. */
  #inThread = false;
  /** The socket became ready while the thread was receiving. */
  #readyMeanwhile = false;
  #backoff: Backoff | undefined;

  constructor(endpoint: Endpoint, socket: ReceivingSocket, switches: ControlSwitchboard, own: OwnSettings) {
    this.#endpoint = endpoint;
    this.#socket = socket;
    this.#own = own;
    this.#call = new ReceiveCall(endpoint, socket, switches);
    this.errors = new ErrorQueue(endpoint, this.#call, switches, socket.family);
    this.#plain = checkReceiveRequest(NO_OPTIONS, socket);
    this.#queue = new WaitQueue(endpoint, EPOLLIN, this.#attempt);
    this.#outOfBand = new WaitQueue(endpoint, EPOLLIN, this.#attempt);
  }

  get isAwaited(): boolean {
    return !this.#queue.isEmpty() || !this.#outOfBand.isEmpty() || this.errors.isAwaited || this.#inThread;
  }

  /** A message that comes before everything the kernel has. */
  prepend(message: Message): void {
    this.#held = message;
  }

  /** Whether bytes are held here that the kernel no longer has, or will be, because a thread is receiving. */
  get holdsData(): boolean {
    return this.#held !== undefined || this.#inThread;
  }

  /** Reading was shut down on this side. */
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
        signal = checkNotAborted(own(options).signal);
      }
      if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
      if (request.flags & MSG_OOB) this.#endpoint.useEdges();
      const queue = this.#queueOf(request);
      if (!queue.isEmpty() || !this.#isQuiet()) return queue.take(request, signal);
      this.#owed = true;
      return queue.wait(request, signal);
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  /**
   * Whether nothing is likely to be there: then the event loop tells soon enough if something is. A stream has nothing more in a turn of
   * the loop after a receive that it did not fill. Otherwise we ask the kernel only now and then, if the receives before have found
   * nothing when they began.
   */
  #isQuiet(): boolean {
    if (this.#holdsResult() || !this.#endpoint.isToldOf(EPOLLIN)) return false;
    if (this.#emptyIn !== undefined && this.#emptyIn === turnOfEvents()) return true;
    return this.#misses >= MOST_MISSES && ++this.#unasked % UNASKED !== 0;
  }

  /** The socket is about to be closed: who waits without having asked the kernel gets what is there. */
  serveUnasked(): void {
    const request = this.#queue.firstRequest();
    if (!this.#owed || request === undefined) return;
    try {
      const message = this.#try(request);
      if (message !== undefined) this.#queue.give(message);
    } catch {
      // Closing it is what the waiter is told of.
    }
  }

  tryReceive(options: ReceiveOptions): Message | undefined {
    this.#endpoint.open();
    const request = checkReceiveRequest(options, this.#socket);
    checkNotAborted(own(options).signal);
    if (!this.#own.on) this.#own.switchOn(this.#endpoint.open());
    return this.#queueOf(request).isEmpty() ? this.#try(request) : undefined;
  }

  /** The next entry of the error queue. */
  receiveError(options: { signal?: AbortSignal }): Promise<Message> {
    try {
      this.#endpoint.open();
      return this.errors.take(checkNotAborted(checkObject("options", options).signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  #queueOf(request: ReceiveRequest): WaitQueue<ReceiveRequest, Message> {
    return request.flags & MSG_OOB ? this.#outOfBand : this.#queue;
  }

  /** The socket became readable. */
  pump(): Outcome {
    this.#readyMeanwhile = this.#inThread;
    // These come first: if the connection has failed, they take the error and keep it for the others. See endOfOutOfBand().
    this.#outOfBand.pump();
    return this.#queue.pump();
  }

  /** Nothing tells any more when there is something to receive. */
  fail(error: () => Error): void {
    this.#queue.failAll(error);
    this.#outOfBand.failAll(error);
    this.errors.fail(error);
  }

  close(error: () => Error): void {
    this.fail(error);
    this.errors.close(error);
    this.#held?.[Symbol.dispose]();
    this.#held = undefined;
    this.#backoff?.cancel();
  }

  /** Undefined: nothing is there yet. */
  #try(request: ReceiveRequest): Message | undefined {
    // What is out of band is still in the kernel.
    if (!(request.flags & MSG_OOB) && this.#holdsResult()) return this.#takeHeld(request);
    if (this.#inThread) return undefined;
    const result = this.#call.make(request);
    if (typeof result === "number") return this.#nothing(result, request);
    this.#backoff?.reset();
    this.#emptyIn =
      this.#socket.type === SOCK_STREAM && result.data.length < roomOf(request) ? turnOfEvents() : undefined;
    return result;
  }

  /** What to do where the call has brought no message. */
  #nothing(result: number, request: ReceiveRequest): Message | undefined {
    if (result === -EAGAIN) return undefined;
    if (result === HELD_BACK) return this.#holdBack();
    if (result === OFF_LOOP) return this.#receiveInThread(request);
    if (result === -EINVAL && request.flags & MSG_OOB) {
      return endOfOutOfBand(this.#endpoint.open(), (error) => {
        this.#heldError ??= error;
      });
    }
    // With RECVERR on, an earlier packet's error is reported here once, and in full on the error queue.
    if (this.errors.drain() > 0) return this.#try(request);
    throw this.#call.failure(result);
  }

  /**
   * Too many descriptors that the peer has sent wait to be closed: it may send no more until some are. Readiness does not tell when
   * there are fewer, so a timer tries again.
   */
  #holdBack(): undefined {
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
    if (error) this.#heldError = error;
    // Undefined: somebody else has received it. The event of the next one has come already, or is to come.
    else if (message === undefined) {
      if (!this.#readyMeanwhile) return;
    } else if (request.flags & MSG_PEEK) this.#givePeeked(message, request);
    else this.#held = message;
    this.pump();
  }

  /** The kernel still has the message: it must not be held for the next receive. */
  #givePeeked(message: Message, request: ReceiveRequest): void {
    if (this.#queue.firstRequest() !== request) {
      message[Symbol.dispose]();
      return;
    }
    const whole = { ...request, flags: request.flags & ~MSG_PEEK };
    try {
      this.#queue.give(takeHeld(message, whole, this.#socket.type === SOCK_STREAM).message);
    } catch (error) {
      message[Symbol.dispose]();
      this.#queue.fail(error);
    }
  }

  #holdsResult(): boolean {
    return this.#held !== undefined || this.#heldError !== undefined;
  }

  #takeHeld(request: ReceiveRequest): Message {
    const error = this.#heldError;
    if (error) {
      this.#heldError = undefined;
      throw error;
    }
    const held = this.#held!;
    this.#held = undefined;
    try {
      const { message, rest } = takeHeld(held, request, this.#socket.type === SOCK_STREAM);
      this.#held = rest;
      return message;
    } catch (error) {
      // No memory for it: the message is lost, its descriptors must not be. Peeking has taken nothing, and leaves it.
      if (request.flags & MSG_PEEK) this.#held = held;
      else held[Symbol.dispose]();
      throw error;
    }
  }
}
