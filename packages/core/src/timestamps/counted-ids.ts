import { AbortError, invalidArgValue } from "../errors.js";
import type { OutgoingMessage } from "../message.js";
import type { Socket } from "../socket.js";
import type { Numbering } from "./numbering.js";
import type { PendingSend, PendingSends } from "./pending-sends.js";
import type { TransmitEvent } from "./transmit-timestamps.js";

/**
 * Before Linux 6.13, the kernel counts the packets for which it makes timestamps: __ip_append_data(), net/ipv4/ip_output.c. It may also
 * count a send that fails later in the same function: because the socket has no room, or because of the error of an earlier packet.
 * Which failures count depends on the kernel. So after a failure we send one message at a time, until a report says where the counter
 * is.
 */
export class CountedIds implements Numbering {
  readonly #socket: Socket;
  readonly #pending: PendingSends;
  /** The number of the next message. If we are in doubt, it may also be a later one. */
  #next = 0;
  #isInDoubt = false;
  /** The send whose number is `#next` or a later one. No send is after it. */
  #unsure: PendingSend | undefined;
  /** Sends that wait for their turn. */
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(socket: Socket, pending: PendingSends) {
    this.#socket = socket;
    this.#pending = pending;
  }

  send(message: OutgoingMessage, send: PendingSend, signal: AbortSignal | undefined): void {
    if (message.segmentSize !== undefined) {
      throw invalidArgValue(
        "message.segmentSize",
        "needs Linux 6.13 here: the kernel may number the parts of the message, and nobody knows how many there are",
      );
    }
    if (this.#waiting === 0 && this.#mayTry()) {
      try {
        if (this.#try(message, send, signal)) return;
      } catch (error) {
        this.#pending.fail(send, error as Error);
        return;
      }
    }
    this.#waiting++;
    this.#turn = this.#turn
      .then(() => this.#sendInTurn(message, send, signal))
      .catch((error) => this.#pending.fail(send, error))
      .finally(() => this.#waiting--);
  }

  async #sendInTurn(
    message: OutgoingMessage,
    send: PendingSend,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (;;) {
      if (!this.#mayTry()) await this.#pending.idle();
      if (signal?.aborted) throw new AbortError(signal);
      if (this.#try(message, send, signal)) return;
      await this.#socket.writable(signal ? { signal } : {});
    }
  }

  #mayTry(): boolean {
    return !this.#isInDoubt || this.#pending.size === 0;
  }

  /** Returns false if the kernel has no room. */
  #try(message: OutgoingMessage, send: PendingSend, signal: AbortSignal | undefined): boolean {
    let result: { bytes: number } | undefined;
    try {
      result = this.#socket.trySendmsg(message);
    } catch (error) {
      this.#isInDoubt = true;
      throw error;
    }
    if (result === undefined) {
      this.#isInDoubt = true;
      return false;
    }
    // Look at the doubt only now: noteUndelivered() may have been called meanwhile.
    if (this.#isInDoubt) this.#unsure = send;
    else {
      this.#pending.identify(send, this.#next);
      this.#next = (this.#next + 1) >>> 0;
    }
    this.#pending.noteSent(send, result.bytes, signal);
    return true;
  }

  report(id: number, event: TransmitEvent, time: bigint): boolean {
    if (this.#pending.note(id, event, time)) return true;
    if (this.#isBehind(id)) return true;
    if (this.#unsure === undefined || this.#unsure.isSettled) return false;
    this.#pending.identify(this.#unsure, id);
    this.#unsure = undefined;
    this.#next = (id + 1) >>> 0;
    this.#isInDoubt = false;
    return this.#pending.note(id, event, time);
  }

  /** Whether the number is before the next one. */
  #isBehind(id: number): boolean {
    return (this.#next - 1 - id) >>> 0 < 0x80000000;
  }

  /** The error of an earlier packet fails the next send within the kernel. The socket then sends again by itself. */
  noteUndelivered(): void {
    this.#isInDoubt = true;
  }
}
