import type { OutgoingMessage } from "../message.js";
import type { Socket } from "../socket.js";
import type { Numbering } from "./numbering.js";
import type { PendingSend, PendingSends } from "./pending-sends.js";
import type { TransmitEvent } from "./transmit-timestamps.js";

/** The kernel's own counter begins at 0. We take the upper half, so that its numbers are not taken for ours. */
const FIRST = 0x80000000;

/**
 * Each message gets a number of ours (SCM_TS_OPT_ID). Since Linux 6.13, for all sockets but TCP: __sock_cmsg_send(),
 * net/core/sock.c.
 */
export class GivenIds implements Numbering {
  readonly #socket: Socket;
  readonly #pending: PendingSends;
  #last = 0;

  constructor(socket: Socket, pending: PendingSends) {
    this.#socket = socket;
    this.#pending = pending;
  }

  send(message: OutgoingMessage, send: PendingSend, signal: AbortSignal | undefined): void {
    const id = FIRST + this.#last;
    this.#last = (this.#last + 1) % FIRST;
    // The report can come before the promise settles.
    this.#pending.identify(send, id);
    const control = [...message.control!, { name: "tsOptId", value: id } as const];
    this.#socket.sendmsg({ ...message, control }, signal ? { signal } : {}).then(
      ({ bytes }) => this.#pending.noteSent(send, bytes, signal),
      (error) => this.#pending.fail(send, error),
    );
  }

  report(id: number, event: TransmitEvent, time: bigint): boolean {
    // If nobody waits any more, the report is still not the program's.
    return this.#pending.note(id, event, time) || id >= FIRST;
  }

  noteUndelivered(): void {}
}
