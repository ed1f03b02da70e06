import type { FileDescriptor } from "../descriptor.js";
import type { BoundPath } from "../socket-file/bound-path.js";

/**
 * Our own duplicates of the descriptors of a message that waits to be sent. The files of bound sockets among them stay meanwhile.
 *
 * It refers to no object of the program's, because such an object may refer to the message's batch. Then the garbage collector
 * could not find a batch that the program has dropped: see the registry in batch-slots.ts.
 */
export class Duplicates {
  readonly #descriptors: readonly FileDescriptor[];
  readonly #boundPaths: readonly BoundPath[];

  constructor(descriptors: readonly FileDescriptor[], boundPaths: readonly BoundPath[]) {
    this.#descriptors = descriptors;
    this.#boundPaths = boundPaths;
    for (const path of boundPaths) path.wait();
  }

  /** The message was sent, or will not be sent. Call this once. */
  close(): void {
    for (const descriptor of this.#descriptors) descriptor.close();
    for (const path of this.#boundPaths) path.endWait();
  }
}
