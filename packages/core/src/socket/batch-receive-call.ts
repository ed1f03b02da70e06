import { AF_UNIX } from "../constants/address-families.js";
import { MSG_CTRUNC } from "../constants/message-flags.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import type { ControlName } from "../control/index.js";
import { controlSpace } from "../control/space.js";
import { EAGAIN, EFAULT } from "../errno.js";
import {
  CALL_FD,
  CALL_FLAGS,
  CALL_GENERATION,
  CALL_MAX_FDS,
  GONE,
  OFF_LOOP,
  RESULT_STOPPED,
  THROTTLED,
} from "../native/binding.js";
import { binding } from "../native/load.js";
import { addressOfUnnamed, isEnd } from "./arrival.js";
import type { BatchSlots } from "./batch-slots.js";
import { controlBuffer } from "./control-memory.js";
import type { ControlSwitchboard } from "./control-switches.js";
import { warnOfDropped } from "./dropped-descriptors.js";
import type { Endpoint } from "./endpoint.js";
import type { SocketFacts } from "./facts.js";
import { countArrived, countBatch } from "./fairness.js";
import type { ReceiveCall } from "./receive-call.js";
import type { ReceiveRequest } from "./receive-request.js";

/** Extra room for control messages in each slot. It also has room for what the library itself switches on. */
const SPARE_SLOT_SPACE = 128;

/** One receive of a socket into the slots of a batch. */
export class BatchReceiveCall {
  readonly #native = binding();
  readonly #endpoint: Endpoint;
  readonly #facts: SocketFacts;
  readonly #switches: ControlSwitchboard;
  /** The call for single messages. Both have the same flags and errors. */
  readonly #call: ReceiveCall<unknown>;
  /** The room for control data in a slot of a batch, and the messages for which it was measured. */
  #space = 0;
  #spacedFor: ReadonlySet<ControlName> | undefined;
  #mostSpace = 0;

  constructor(
    endpoint: Endpoint,
    facts: SocketFacts,
    switches: ControlSwitchboard,
    call: ReceiveCall<unknown>,
  ) {
    this.#endpoint = endpoint;
    this.#facts = facts;
    this.#switches = switches;
    this.#call = call;
  }

  /**
   * Receives messages into the slots of a batch. Returns how many: 0 at the end of the connection. A negative result says why there is
   * none, as for {@link ReceiveCall.make}.
   */
  make(request: ReceiveRequest, slots: BatchSlots): number {
    this.#endpoint.checkOpen();
    const native = this.#native;
    const { call } = native;
    const flags = request.flags | this.#call.alwaysSet;
    slots.clear();
    slots.reserveControl(this.#spaceOfSlot());
    call[CALL_FD] = this.#endpoint.number;
    call[CALL_GENERATION] = this.#endpoint.generation;
    call[CALL_FLAGS] = flags;
    call[CALL_MAX_FDS] = request.maxFds;
    const result = slots.receiveSlots(native, request.maxFds);
    if (result >= 0) return this.#received(result, flags, request, slots);
    if (result === GONE) this.#endpoint.open();
    if (result === -EFAULT) slots.checkMemory();
    return result === -EAGAIN && this.#call.readShutDown ? 0 : result;
  }

  #received(count: number, flags: number, request: ReceiveRequest, slots: BatchSlots): number {
    const { family, type } = this.#facts;
    slots.noteReceived(count);
    slots.isUnrequested = this.#switches.isUnrequested;
    slots.unnamed = addressOfUnnamed(this.#facts, this.#call.readShutDown);
    countBatch(count);
    if (family === AF_UNIX) {
      const { kept, dropped } = slots.takeDescriptors();
      countArrived(kept + dropped);
      if (dropped > 0 && request.hasDefaultMaxFds) warnOfDropped();
    }
    if (type !== SOCK_DGRAM || this.#call.readShutDown) {
      const ends = (msgFlags: number, controlLength: number, addressLength: number) =>
        isEnd(this.#facts, this.#call.readShutDown, flags, msgFlags, controlLength, addressLength);
      slots.length = slots.firstEnd(ends);
    }
    slots.countReceived();
    // Somebody else switched on control messages that we do not know of. The next receive has room for all that there are.
    if (slots.isAnyFlagged(MSG_CTRUNC)) this.#mostSpace = controlBuffer().length;
    return slots.length;
  }

  /** The error that ended the last batch on a Unix socket after it had received messages. Undefined: there is none. */
  errorBehindBatch(): Error | undefined {
    if (this.#facts.family !== AF_UNIX) return undefined;
    const result = this.#native.result[RESULT_STOPPED]!;
    const isError = result !== -EAGAIN && result !== THROTTLED && result !== OFF_LOOP;
    return isError ? this.#call.failure(result) : undefined;
  }

  /** Room for the control messages that are on for the socket. */
  #spaceOfSlot(): number {
    const { names } = this.#switches;
    if (this.#spacedFor !== names) {
      this.#spacedFor = names;
      this.#space = controlSpace([...names], this.#facts.family) + SPARE_SLOT_SPACE;
    }
    return Math.max(this.#space, this.#mostSpace);
  }
}
