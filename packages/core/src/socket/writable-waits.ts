import { Backoff } from "./backoff.js";
import { WaitQueue, type Waits } from "./wait-queue.js";

/** What the waits must know about the sends of the socket. */
export interface Room {
  /** Whether a message would be taken now. If not, the event loop will report it, or a queued send will end. */
  isWritable(): boolean;
  /** Whether the last attempt was refused. Then {@link isWritable} may be wrong. */
  wasRefused(): boolean;
  forget(): void;
}

/** The calls that wait until the socket would take a message again. */
export class WritableWaits extends WaitQueue<undefined, true> {
  readonly #room: Room;
  readonly #backoff = new Backoff();

  constructor(owner: Waits, room: Room) {
    // No events: a socket can be writable while its peer is full. libuv would report such a socket in each turn of the event loop.
    super(owner, 0, () => this.#attempt());
    this.#room = room;
  }

  /** A message was taken, so the next pause is short again. */
  reset(): void {
    this.#backoff.reset();
  }

  /** A pause is running, and events say nothing: a refused datagram makes its own sender writable. */
  get isPausing(): boolean {
    return this.#backoff.waiting;
  }

  close(error: () => Error): void {
    this.#backoff.cancel();
    this.failAll(error);
  }

  #attempt(): true | undefined {
    if (this.isPausing) return undefined;
    if (!this.#room.isWritable()) {
      // The kernel agrees with its refusal, and an event will say when there is room.
      this.#room.forget();
      return undefined;
    }
    if (!this.#room.wasRefused()) return true;
    // The kernel has refused a message, and calls the socket writable all the same. No event will come.
    this.#backoff.wait(() => {
      this.#room.forget();
      this.pump();
    });
    return undefined;
  }
}
