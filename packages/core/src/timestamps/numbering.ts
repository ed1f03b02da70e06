import type { OutgoingMessage } from "../message.js";
import type { PendingSend } from "./pending-sends.js";
import type { TransmitEvent } from "./transmit-timestamps.js";

/** How the kernel numbers the messages of a socket, so that its reports can be matched with the sends. */
export interface Numbering {
  /** Sends the message. Fails `send`, or identifies it and notes that it was sent. */
  send(message: OutgoingMessage, send: PendingSend, signal: AbortSignal | undefined): void;
  /** Returns whether the report belongs to one of the sends. */
  report(id: number, event: TransmitEvent, time: bigint): boolean;
  /** An error of an earlier packet was on the error queue. */
  noteUndelivered(): void;
}
