import type { Message } from "../message.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { Endpoint } from "./endpoint.js";
import { noErrorQueue } from "./error-sources.js";
import type { ReceiveCall } from "./receive-call.js";
import { ERROR_QUEUE_REQUEST } from "./receive-request.js";
import { WaitQueue } from "./wait-queue.js";

/** Entries that wait for somebody to read them. */
const MAX_ENTRIES = 1024;

/**
 * A socket's error queue: what ICMP said about a packet, a transmit timestamp, a zero-copy completion. We empty the kernel's queue into a
 * list, because its entries count against the socket's receive buffer. See recvmsg(2), MSG_ERRQUEUE.
 */
export class ErrorQueue {
  readonly #endpoint: Endpoint;
  readonly #call: ReceiveCall;
  readonly #switches: ControlSwitchboard;
  readonly #family: number;
  readonly #entries: Message[] = [];
  readonly #queue: WaitQueue<undefined, Message>;
  /** Entries that were thrown away because too many waited to be read. */
  dropped = 0;

  constructor(endpoint: Endpoint, call: ReceiveCall, switches: ControlSwitchboard, family: number) {
    this.#endpoint = endpoint;
    this.#call = call;
    this.#switches = switches;
    this.#family = family;
    this.#queue = new WaitQueue<undefined, Message>(endpoint, 0, () => {
      if (this.#entries.length === 0) this.drain();
      return this.#entries.shift();
    });
  }

  get isAwaited(): boolean {
    return !this.#queue.isEmpty();
  }

  /** Moves what the kernel has into our list. Returns how many entries came. */
  drain(): number {
    if (!this.#switches.hasErrorQueue) return 0;
    let count = 0;
    for (; count < MAX_ENTRIES && !this.#endpoint.closed; count++) {
      let entry: Message | number;
      try {
        entry = this.#call.make(ERROR_QUEUE_REQUEST);
      } catch {
        break;
      }
      if (typeof entry === "number") break;
      // Who waits for the turn of the event loop gets the oldest entry, and not this one.
      if (this.#entries.length === 0 && this.#queue.give(entry)) continue;
      if (this.#entries.length < MAX_ENTRIES) this.#entries.push(entry.copy());
      else this.dropped++;
    }
    return count;
  }

  /** The next entry. @throws `EOPNOTSUPP`: this socket has no error queue. */
  take(signal: AbortSignal | undefined): Promise<Message> {
    if (!this.#switches.hasErrorQueue) throw noErrorQueue(this.#family);
    // A watch that is level-triggered does not tell of errors more than once.
    this.#endpoint.useEdges();
    this.#endpoint.watch(0);
    return this.#queue.take(undefined, signal);
  }

  /** Those who wait are told an error. */
  fail(error: () => Error): void {
    this.#queue.failAll(error);
  }

  close(error: () => Error): void {
    this.fail(error);
    for (const entry of this.#entries.splice(0)) entry[Symbol.dispose]();
  }
}
