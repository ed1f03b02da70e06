import type { Message } from "../message.js";

let resolveNew: (message: Message) => void;
let rejectNew: (error: Error) => void;
/** One function for all promises: another one for each would have to be made. */
const capture = (resolve: (message: Message) => void, reject: (error: Error) => void): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** A program can replace the global one later by a class whose constructor makes another waiter. */
const NativePromise = Promise;

/**
 * Somebody who waits for a message.
 *
 * It is a class, and no object literal. If many objects of a literal live long, as those of idle sockets do, V8 makes all later ones in its
 * old memory, and each then keeps its message until the whole heap is collected (allocation site pretenuring).
 */
export class Waiter<R> {
  readonly promise: Promise<Message>;
  readonly request: R;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
  stopListening: (() => void) | undefined = undefined;

  constructor(request: R) {
    this.promise = new NativePromise(capture);
    this.request = request;
    this.resolve = resolveNew;
    this.reject = rejectNew;
  }
}
