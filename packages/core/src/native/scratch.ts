import { lengthOf } from "../arguments.js";
import {
  ADDRESS_SPACE,
  type Binding,
  CALL_ADDRESS,
  CALL_CONTROL,
  CALL_SIZE,
  IN_ARGUMENT,
  type Iov,
  SCRATCH_CONTROL,
  SCRATCH_DATA,
} from "./binding.js";
import { binding } from "./load.js";

const CONTROL_AT = ADDRESS_SPACE;
const DATA_AT = CONTROL_AT + SCRATCH_CONTROL;

/**
 * Puts a part of a message where the next call finds it. A small part is copied to the scratch memory, because that is faster than
 * passing a view. Otherwise returns the part, which must be an argument of the call.
 */
function place<T extends Iov>(
  native: Binding,
  field: number,
  part: T | null,
  at: number,
  space: number,
): T | undefined {
  if (part === null) {
    native.call[field] = 0;
    return undefined;
  }
  const length = part instanceof Uint8Array ? lengthOf(part) : Number.POSITIVE_INFINITY;
  if (length > space) {
    native.call[field] = IN_ARGUMENT;
    return part;
  }
  // While an empty view waited, its buffer may have been detached. Then set() would throw.
  if (length > 0) native.scratch.set(part as Uint8Array, at);
  native.call[field] = length;
  return undefined;
}

/** Places the data to send. */
export const placeData = (native: Binding, data: Iov): Iov | undefined =>
  place(native, CALL_SIZE, data, DATA_AT, SCRATCH_DATA);

/** Places control data to send. */
export const placeControl = (native: Binding, control: Uint8Array | null): Uint8Array | undefined =>
  place(native, CALL_CONTROL, control, CONTROL_AT, SCRATCH_CONTROL);

/** Places the address to send to. */
export const placeAddress = (native: Binding, address: Uint8Array | null): Uint8Array | undefined =>
  place(native, CALL_ADDRESS, address, 0, ADDRESS_SPACE);

/** The address that the last call has returned. */
export function addressOfCall(length: number): Uint8Array {
  return binding().scratch.slice(0, Math.min(length, ADDRESS_SPACE));
}

/** Whether the last call has returned these `length` bytes as its address. */
export function isAddressOfCall(address: Uint8Array, length: number): boolean {
  if (address.length !== length) return false;
  const { scratch } = binding();
  for (let i = 0; i < length; i++) if (scratch[i] !== address[i]) return false;
  return true;
}
