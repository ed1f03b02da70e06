import { checkObject } from "../arguments.js";
import { checkNotAborted, SIGNAL_KEYS } from "./abort.js";
import { isRefusal } from "./allow.js";
import { Backoff } from "./backoff.js";
import { afterTurn, mayTry, rejectInTurn } from "./fairness.js";
import { needsPause } from "./temporary-errors.js";
import { WaitQueue, type Waits } from "./wait-queue.js";

/** Called with each error that does not end the wait: descriptors or memory are short, or a peer was refused. */
type OnError = ((error: Error) => void) | undefined;

/** The listener to which a queue belongs. */
interface Owner extends Waits {
  /** Throws if the listener is closed. */
  open(): unknown;
}

/** Accepting has to pause, because too many refused connections wait to be closed. */
export const LATER: unique symbol = Symbol("later");

/** A connection; the error of accept4(2), or a refusal; {@link LATER}; undefined if no connection is waiting. */
export type Accepted<S> = S | Error | typeof LATER | undefined;

/** The calls of accept() that wait for a connection. If descriptors or memory are short, they pause and try again. */
export class AcceptQueue<S extends { close(): unknown }> extends WaitQueue<OnError, S> {
  readonly #owner: Owner;
  readonly #accept: () => Accepted<S>;
  readonly #backoff: Backoff;
  readonly #pumpLater = () => void this.pump();
  /** The caller's code runs within {@link #accept}, and can call accept() and tryAccept(). */
  #isAccepting = false;
  #wasAskedMeanwhile = false;
  /** A connection whose call ended while it was being accepted. The next call gets it. */
  #unclaimed: S | undefined;

  /**
   * @param accept See {@link Accepted}. What it throws ends the call, and the connection is lost.
   * @param keepsAlive Whether a pause keeps the process alive by itself.
   */
  constructor(owner: Owner, accept: () => Accepted<S>, keepsAlive = false) {
    super(owner, 0, (onError) => this.#acceptOrPause(onError));
    this.#owner = owner;
    this.#accept = accept;
    this.#backoff = new Backoff(keepsAlive);
  }

  /** Whether a connection was accepted that no call has got. */
  get hasUnclaimed(): boolean {
    return this.#unclaimed !== undefined;
  }

  accept(options: { signal?: AbortSignal | undefined }, onError?: OnError): Promise<S> {
    try {
      const { signal } = checkObject("options", options, SIGNAL_KEYS);
      this.#owner.open();
      return this.take(onError, checkNotAborted(signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  tryAccept(): S | undefined {
    this.#owner.open();
    if (!this.isEmpty()) return undefined;
    do {
      const accepted = this.#acceptNow();
      if (accepted === LATER) return undefined;
      if (!(accepted instanceof Error)) return accepted;
      if (!isRefusal(accepted)) throw accepted;
    } while (mayTry());
    return undefined;
  }

  /** Rejects all calls that wait, except the first `kept`, and ends the pause. */
  close(error: () => Error, kept: number): void {
    this.#backoff.cancel();
    this.#unclaimed?.close();
    this.#unclaimed = undefined;
    this.failAll(error, kept);
  }

  protected override unclaimed(connection: S): void {
    if (this.#owner.closed) connection.close();
    else if (!this.give(connection)) this.#unclaimed = connection;
  }

  #acceptNow(): Accepted<S> {
    if (this.#isAccepting) {
      this.#wasAskedMeanwhile = true;
      return undefined;
    }
    const unclaimed = this.#unclaimed;
    this.#unclaimed = undefined;
    if (unclaimed !== undefined) return unclaimed;
    this.#isAccepting = true;
    let accepted: Accepted<S>;
    try {
      accepted = this.#accept();
    } finally {
      this.#isAccepting = false;
      // No event need come for a call that began meanwhile.
      if (this.#wasAskedMeanwhile) afterTurn(this.#pumpLater);
      this.#wasAskedMeanwhile = false;
    }
    const isShort = accepted instanceof Error && !isRefusal(accepted);
    if (accepted !== undefined && accepted !== LATER && !isShort) this.#backoff.reset();
    return accepted;
  }

  /**
   * While descriptors are short, the listener stays readable, so without a pause accepting would spin. No new edge comes: the timer
   * retries. Refused peers count like accepted ones. So however many of them come, the event loop gets its turn.
   */
  #acceptOrPause(onError: OnError): S | undefined {
    do {
      const accepted = this.#acceptNow();
      if (accepted === LATER) {
        this.#backoff.wait(this.#pumpLater);
        return undefined;
      }
      if (!(accepted instanceof Error)) return accepted;
      const isRefused = isRefusal(accepted);
      if (!isRefused && !needsPause(accepted)) throw accepted;
      onError?.(accepted);
      if (!isRefused) {
        this.#backoff.wait(this.#pumpLater);
        return undefined;
      }
      // `allow` or `onError` can have closed the listener.
      this.#owner.open();
    } while (mayTry());
    afterTurn(this.#pumpLater);
    return undefined;
  }
}
