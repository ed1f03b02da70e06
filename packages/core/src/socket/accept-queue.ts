import { checkObject } from "../arguments.js";
import { checkNotAborted } from "./abort.js";
import { Backoff } from "./backoff.js";
import { rejectInTurn } from "./fairness.js";
import { needsPause } from "./temporary-errors.js";
import { WaitQueue, type Waits } from "./wait-queue.js";

/** Called with an error if descriptors or memory are short. */
type OnShortage = ((error: Error) => void) | undefined;

/** The listener to which a queue belongs. */
interface Owner extends Waits {
  /** Throws if the listener is closed. */
  open(): unknown;
}

/** The calls of accept() that wait for a connection. If descriptors or memory are short, they pause and try again. */
export class AcceptQueue<S> extends WaitQueue<OnShortage, S> {
  readonly #owner: Owner;
  readonly #accept: () => S | Error | undefined;
  readonly #backoff: Backoff;

  /**
   * @param accept Returns a connection; the error of accept4(2); undefined if no connection is waiting.
   * @param keepsAlive Whether a pause keeps the process alive by itself.
   */
  constructor(owner: Owner, accept: () => S | Error | undefined, keepsAlive = false) {
    super(owner, 0, (onShortage) => this.#acceptOrPause(onShortage));
    this.#owner = owner;
    this.#accept = accept;
    this.#backoff = new Backoff(keepsAlive);
  }

  accept(options: { signal?: AbortSignal | undefined }, onShortage?: OnShortage): Promise<S> {
    try {
      const { signal } = checkObject("options", options);
      this.#owner.open();
      return this.take(onShortage, checkNotAborted(signal));
    } catch (error) {
      return rejectInTurn(error);
    }
  }

  tryAccept(): S | undefined {
    this.#owner.open();
    if (!this.isEmpty()) return undefined;
    const accepted = this.#acceptNow();
    if (accepted instanceof Error) throw accepted;
    return accepted;
  }

  /** Rejects all calls that wait, except the first `kept`, and ends the pause. */
  close(error: () => Error, kept: number): void {
    this.#backoff.cancel();
    this.failAll(error, kept);
  }

  #acceptNow(): S | Error | undefined {
    const accepted = this.#accept();
    if (accepted !== undefined && !(accepted instanceof Error)) this.#backoff.reset();
    return accepted;
  }

  /**
   * While descriptors are short, the listener stays readable, so without a pause accepting would spin. No new edge comes: the timer
   * retries.
   */
  #acceptOrPause(onShortage: OnShortage): S | undefined {
    const accepted = this.#acceptNow();
    if (!(accepted instanceof Error)) return accepted;
    if (!needsPause(accepted)) throw accepted;
    onShortage?.(accepted);
    this.#backoff.wait(() => void this.pump());
    return undefined;
  }
}
