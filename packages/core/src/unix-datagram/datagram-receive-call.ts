import type { FileDescriptor } from "../descriptor.js";
import { addressOfCall, isAddressOfCall } from "../native/scratch.js";
import { ReceiveCall } from "../socket/receive-call.js";

/** A message that has arrived. */
export interface Datagram {
  readonly data: Buffer;
  /** The sender's encoded address. Undefined: the sender has none. */
  readonly from: Uint8Array | undefined;
  readonly fds: readonly FileDescriptor[];
}

/** Receives a {@link Datagram}. */
export class DatagramReceiveCall extends ReceiveCall<Datagram> {
  /** The last sender that has an address. */
  #sender: Uint8Array = new Uint8Array(0);

  protected override messageOf(
    data: Buffer,
    fds: readonly FileDescriptor[],
    _pidfd: FileDescriptor | undefined,
    _flags: number,
    _eof: boolean,
    _fullLength: number,
    _droppedFds: number,
    _control: Uint8Array | undefined,
    addressLength: number,
  ): Datagram {
    return { data, from: addressLength === 0 ? undefined : this.#senderOf(addressLength), fds };
  }

  /** Most messages come from the same sender as the one before. */
  #senderOf(length: number): Uint8Array {
    if (!isAddressOfCall(this.#sender, length)) this.#sender = addressOfCall(length);
    return this.#sender;
  }
}
