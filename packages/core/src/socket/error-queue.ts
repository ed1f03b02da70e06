import type { Message } from "../message.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { Endpoint } from "./endpoint.js";
import { noErrorQueue } from "./error-sources.js";
import type { MessageReceiveCall } from "./message-receive-call.js";
import { ERROR_QUEUE_REQUEST } from "./receive-request.js";
import { WaitQueue } from "./wait-queue.js";

/** How many unread entries we keep. */
const MAX_ENTRIES = 1024;

/** Takes entries of the error queue that belong to its own sends. The program's calls get the others. */
export interface EntryTaker {
  /** Whether something waits for entries. */
  isAwaited(): boolean;
  /** Returns whether it has taken the entry. */
  take(entry: Message): boolean;
  /** No more entries will come. */
  fail(error: () => Error): void;
}

/**
 * A socket's error queue: ICMP reports about packets, transmit timestamps, zero-copy completions. We move the kernel's entries into
 * a list, because they use up the socket's receive buffer. See recvmsg(2), MSG_ERRQUEUE.
 */
export class ErrorQueue {
  readonly #endpoint: Endpoint;
  readonly #call: MessageReceiveCall;
  readonly #switches: ControlSwitchboard;
  readonly #family: number;
  readonly #entries: Message[] = [];
  readonly #queue: WaitQueue<undefined, Message>;
  /** Gets each entry before the program does. */
  taker: EntryTaker | undefined;
  /** How many entries were dropped because too many were unread. */
  dropped = 0;

  constructor(endpoint: Endpoint, call: MessageReceiveCall, switches: ControlSwitchboard, family: number) {
    this.#endpoint = endpoint;
    this.#call = call;
    this.#switches = switches;
    this.#family = family;
    this.#queue = new WaitQueue<undefined, Message>(endpoint, 0, () => {
      if (this.#entries.length === 0) this.#fill();
      return this.#entries.shift();
    });
  }

  get isAwaited(): boolean {
    return !this.#queue.isEmpty() || this.taker?.isAwaited() === true;
  }

  /** The taker begins to wait. This keeps the process alive. */
  beginTaking(): void {
    this.#endpoint.useEdges();
    this.#endpoint.beginWait(0);
  }

  endTaking(): void {
    this.#endpoint.endWait();
  }

  /** How many calls wait for an entry. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Moves the kernel's entries into our list, and gives the oldest to calls that wait. Returns how many entries the kernel had. */
  drain(): number {
    const count = this.#fill();
    while (this.#entries.length > 0 && this.#queue.give(this.#entries[0]!)) this.#entries.shift();
    return count;
  }

  #fill(): number {
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
      if (this.taker?.take(entry)) continue;
      if (this.#entries.length < MAX_ENTRIES) this.#entries.push(entry.copy());
      else this.dropped++;
    }
    return count;
  }

  /** Waits for the next entry. @throws `EOPNOTSUPP`: this socket has no error queue. */
  take(signal: AbortSignal | undefined): Promise<Message> {
    if (!this.#switches.hasErrorQueue) throw noErrorQueue(this.#family);
    // libuv stops watching a descriptor when it has an error, so it would report only the first one. With edges we get each error.
    this.#endpoint.useEdges();
    this.#endpoint.watch(0);
    const entry = this.#queue.isEmpty() ? this.#entries.shift() : undefined;
    return entry === undefined ? this.#queue.take(undefined, signal) : Promise.resolve(entry);
  }

  /** Rejects all calls that wait. */
  fail(error: () => Error): void {
    this.taker?.fail(error);
    this.#queue.failAll(error);
  }

  close(error: () => Error): void {
    this.fail(error);
    for (const entry of this.#entries.splice(0)) entry[Symbol.dispose]();
  }
}
