import { encodeControl } from "./encode.js";
import type { ControlMessage } from "./table.js";

/**
 * A list of control messages that was checked and encoded when it was made. Encoding takes a microsecond or two, and many packets
 * have the same list. It has no descriptors. Don't change it, because the bytes would stay.
 */
export class EncodedControl extends Array<ControlMessage> {
  readonly bytes: Uint8Array | null;

  /** `family`: AF_* of the socket that will send the list. */
  constructor(messages: readonly ControlMessage[], family: number) {
    super(...(messages as ControlMessage[]));
    this.bytes = messages.length === 0 ? null : encodeControl(messages, { family });
  }

  /** What map() and filter() return is a plain array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}
