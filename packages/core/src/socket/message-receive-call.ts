import type { FileDescriptor } from "../descriptor.js";
import { arrived, type Message, RawParts } from "../message.js";
import { addressOfCall } from "../native/scratch.js";
import { addressOfUnnamed } from "./arrival.js";
import type { ControlSwitchboard } from "./control-switches.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { ReceiveCall } from "./receive-call.js";

/** Receives a {@link Message}. */
export class MessageReceiveCall extends ReceiveCall<Message> {
  readonly #socket: SocketFacts;
  readonly #switches: ControlSwitchboard;

  constructor(endpoint: Endpoint, facts: SocketFacts, switches: ControlSwitchboard) {
    super(endpoint, facts);
    this.#socket = facts;
    this.#switches = switches;
  }

  protected override messageOf(
    data: Buffer,
    fds: readonly FileDescriptor[],
    pidfd: FileDescriptor | undefined,
    flags: number,
    eof: boolean,
    fullLength: number,
    droppedFds: number,
    control: Uint8Array | undefined,
    addressLength: number,
  ): Message {
    const address =
      addressLength > 0 ? addressOfCall(addressLength) : addressOfUnnamed(this.#socket, this.readShutDown);
    const raw =
      control === undefined && address === undefined
        ? undefined
        : new RawParts(control, address, this.#socket.family, this.#switches.isUnrequested);
    return arrived(data, fds, pidfd, flags, eof, fullLength, droppedFds, raw);
  }
}
