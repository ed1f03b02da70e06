import { setTimeout as pause } from "node:timers/promises";
import { checkObject } from "../arguments.js";
import type { ReceiveOptions } from "./receiving.js";
import { isTransient, needsPause } from "./transient.js";

/** How {@link Socket.messages} goes on. */
export interface IterationOptions extends ReceiveOptions {
  /**
   * Told of errors that do not end the iteration: an ICMP report on a datagram socket, no descriptor or memory left for now.
   */
  onError?: (error: Error) => void;
}

/** The messages that a socket receives, until the end of the stream or until the socket is closed. */
export async function* iterate<M extends { readonly eof: boolean }>(
  socket: { readonly closed: boolean; recvmsg(options: ReceiveOptions): Promise<M> },
  isStream: boolean,
  given: IterationOptions,
): AsyncGenerator<M, void, undefined> {
  const { onError, ...options } = checkObject("options", given);
  let delay = 1;
  for (;;) {
    let message: M;
    try {
      message = await socket.recvmsg(options);
      delay = 1;
    } catch (error) {
      // Closing the socket is how its loop is ended from elsewhere.
      if (socket.closed) return;
      if (needsPause(error)) {
        onError?.(error as Error);
        await pause(delay);
        delay = Math.min(delay * 2, 50);
        continue;
      }
      if (isStream || !isTransient(error)) throw error;
      onError?.(error as Error);
      continue;
    }
    if (message.eof) return;
    yield message;
  }
}
