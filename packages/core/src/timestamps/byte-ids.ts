import { checkData } from "../arguments.js";
import { MSG_EOR } from "../constants/message-flags.js";
import type { OutgoingMessage } from "../message.js";
import type { Socket } from "../socket.js";
import type { Numbering } from "./numbering.js";
import type { PendingSend, PendingSends } from "./pending-sends.js";
import type { TransmitEvent } from "./transmit-timestamps.js";

interface Sending {
  readonly send: PendingSend;
  readonly signal: AbortSignal | undefined;
  /** How many bytes have gone. Undefined while the promise has not settled. */
  bytes: number | undefined;
}

interface Early {
  readonly id: number;
  readonly event: TransmitEvent;
  readonly time: bigint;
}

/** How many reports we keep whose sends have not settled yet. */
const MOST_EARLY = 1024;

/**
 * On TCP, a message's number is the position of its last byte. The kernel counts all bytes that the socket sends: tcp_tx_timestamp(),
 * net/ipv4/tcp.c, and __skb_complete_tx_timestamp(), net/core/skbuff.c.
 */
export class ByteIds implements Numbering {
  readonly #socket: Socket;
  readonly #pending: PendingSends;
  /** The position of the next byte. */
  #position: number;
  /** The sends that have not settled, in the order in which their bytes go. Their promises can settle in another one. */
  readonly #order: Sending[] = [];
  /** Reports that came while sends had not settled: their own, or those of a part of one. */
  #early: Early[] = [];

  /** `position`: what the kernel had counted before the first send. */
  constructor(socket: Socket, pending: PendingSends, position: number) {
    this.#socket = socket;
    this.#pending = pending;
    this.#position = position;
  }

  send(message: OutgoingMessage, send: PendingSend, signal: AbortSignal | undefined): void {
    const data = checkData("message.data", message.data ?? "");
    // Without MSG_EOR, the kernel can append a later message to the same packet, and then reports only the later one.
    const flags = (message.flags ?? 0) | MSG_EOR;
    const sending: Sending = { send, signal, bytes: undefined };
    this.#order.push(sending);
    this.#socket.sendmsg({ ...message, data, flags }, signal ? { signal } : {}).then(
      ({ bytes }) => this.#settled(sending, bytes),
      (error) => {
        this.#pending.fail(send, error);
        this.#settled(sending, error.bytesSent);
      },
    );
  }

  #settled(settled: Sending, sent: number): void {
    settled.bytes = sent;
    for (let first = this.#order[0]; first?.bytes !== undefined; first = this.#order[0]) {
      const { send, signal, bytes } = first;
      this.#order.shift();
      this.#position = (this.#position + bytes) >>> 0;
      if (send.isSettled) continue;
      if (bytes === 0) {
        this.#pending.noteEmpty(send);
        continue;
      }
      const last = (this.#position - 1) >>> 0;
      this.#pending.identify(send, last);
      for (const { id, event, time } of this.#early) if (id === last) this.#pending.note(id, event, time);
      this.#pending.noteSent(send, bytes, signal);
    }
    if (this.#order.length === 0) this.#early = [];
  }

  report(id: number, event: TransmitEvent, time: bigint): boolean {
    if (this.#pending.note(id, event, time)) return true;
    if (this.#order.length > 0) {
      if (this.#early.length < MOST_EARLY) this.#early.push({ id, event, time });
      return true;
    }
    // Of a part of a message, or of a send that nobody waits for any more.
    return (this.#position - 1 - id) >>> 0 < 0x80000000;
  }

  noteUndelivered(): void {}
}
