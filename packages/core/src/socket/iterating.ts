import { checkObject } from "../arguments.js";
import { Backoff } from "./backoff.js";
import { rejectInTurn } from "./fairness.js";
import type { ReceiveOptions } from "./receiving.js";
import { isGivenUp, isLoss, isTransient, needsPause } from "./transient.js";

/** How {@link Socket.messages} goes on. */
export interface IterationOptions extends ReceiveOptions {
  /**
   * Told of errors that do not end the iteration: an ICMP report on a datagram socket; no descriptor, memory or watch left for
   * now; messages that the kernel has dropped because the receive buffer was full (netlink). Without `onError`, the first two are
   * passed over, and a loss is thrown.
   */
  onError?: (error: Error) => void;
}

/** Errors that may follow one another at once: reports of several packets. What goes on failing is tried again after a pause. */
const MOST_FAILURES = 16;

/** Decides after which errors an iteration goes on. */
class Persistence {
  readonly #passesOver: (error: unknown) => boolean;
  readonly #onError: ((error: Error) => void) | undefined;
  readonly #backoff = new Backoff();
  #failures = 0;

  constructor(passesOver: (error: unknown) => boolean, onError: ((error: Error) => void) | undefined) {
    this.#passesOver = passesOver;
    this.#onError = onError;
  }

  succeeded(): void {
    this.#backoff.reset();
    this.#failures = 0;
  }

  /** Resolves when the next try is due. Rejects with the error, if it ends the iteration. */
  async failed(error: unknown): Promise<void> {
    const isShortage = needsPause(error);
    if (!isShortage && !this.#passesOver(error)) throw error;
    this.#onError?.(error as Error);
    if (isShortage || ++this.#failures > MOST_FAILURES) await this.#backoff.pause();
  }
}

/** The messages that a socket receives, until the end of the stream or until the socket is closed. */
export async function* iterate<M extends { readonly eof: boolean }>(
  socket: { readonly closed: boolean; recvmsg(options: ReceiveOptions): Promise<M> },
  isStream: boolean,
  given: IterationOptions,
): AsyncGenerator<M, void, undefined> {
  let options: IterationOptions;
  try {
    options = checkObject("options", given);
  } catch (error) {
    return rejectInTurn(error);
  }
  const { onError, ...receiveOptions } = options;
  const persistence = new Persistence(
    (error) => (isLoss(error) ? onError !== undefined : !isStream && isTransient(error)),
    onError,
  );
  for (;;) {
    let message: M;
    try {
      message = await socket.recvmsg(receiveOptions);
      persistence.succeeded();
    } catch (error) {
      // Closing the socket is how its loop is ended from elsewhere.
      if (socket.closed) return;
      await persistence.failed(error);
      continue;
    }
    if (message.eof) return;
    yield message;
  }
}

/** The connections that `accept` gives, until the listener is closed. */
export async function* iterateConnections<S>(
  listener: { readonly closed: boolean },
  accept: (signal: AbortSignal | undefined, onError: ((error: Error) => void) | undefined) => Promise<S>,
  given: Pick<IterationOptions, "signal" | "onError">,
): AsyncGenerator<S, void, undefined> {
  let options: typeof given;
  try {
    options = checkObject("options", given);
  } catch (error) {
    return rejectInTurn(error);
  }
  const { signal, onError } = options;
  const persistence = new Persistence(isGivenUp, onError);
  for (;;) {
    let socket: S;
    try {
      socket = await accept(signal, onError);
      persistence.succeeded();
    } catch (error) {
      // Closing the listener is how its loop is ended from elsewhere.
      if (listener.closed) return;
      await persistence.failed(error);
      continue;
    }
    yield socket;
  }
}
