import { lengthOf } from "../arguments.js";
import {
  ADDRESS_SPACE,
  CALL_ADDRESS,
  CALL_CONTROL,
  CALL_SIZE,
  IN_ARGUMENT,
  type Iov,
  SCRATCH_CONTROL,
  SCRATCH_DATA,
} from "./binding.js";
import { binding } from "./load.js";

/**
 * Prepares a view for the next call. If copying it to the scratch memory is faster than passing it, copies it and returns its
 * length.
 */
function forCall(view: Uint8Array, at: number, space: number): Uint8Array | number {
  const length = lengthOf(view);
  if (length > space) return view;
  // While an empty view waited, its buffer may have been detached. Then set() would throw.
  if (length > 0) binding().scratch.set(view, at);
  return length;
}

/** Control data for the next call: a view, or how many bytes of it are in the scratch memory. */
export const controlForCall = (control: Uint8Array | null): Uint8Array | number | null =>
  control === null ? null : forCall(control, ADDRESS_SPACE, SCRATCH_CONTROL);

/** An address for the next call, in the same form. */
export const addressForCall = (address: Uint8Array | null): Uint8Array | number | null =>
  address === null ? null : forCall(address, 0, ADDRESS_SPACE);

/** The data to send with the next call, in the same form. */
const dataForCall = (iov: Iov): Iov | number =>
  iov instanceof Uint8Array ? forCall(iov, ADDRESS_SPACE + SCRATCH_CONTROL, SCRATCH_DATA) : iov;

/** Writes a part's length to its place in `call`. If the part is a view, returns it as the argument and writes IN_ARGUMENT. */
function argument<T>(call: Int32Array, place: number, part: T | number): T | undefined {
  call[place] = typeof part === "number" ? part : IN_ARGUMENT;
  return typeof part === "number" ? undefined : part;
}

/** Sends the given parts. {@link Binding.call} already contains the rest. */
export function sendParts(iov: Iov, control: Uint8Array | null, address: Uint8Array | null): number {
  const native = binding();
  const { call } = native;
  const data = argument(call, CALL_SIZE, dataForCall(iov));
  if (control === null && address === null) {
    call[CALL_CONTROL] = 0;
    call[CALL_ADDRESS] = 0;
    return data === undefined ? native.send() : native.send(data);
  }
  return native.send(
    data,
    argument(call, CALL_CONTROL, controlForCall(control) ?? 0),
    argument(call, CALL_ADDRESS, addressForCall(address) ?? 0),
  );
}

/** The address that the last call has returned. */
export function addressOfCall(length: number): Uint8Array {
  return binding().scratch.slice(0, Math.min(length, ADDRESS_SPACE));
}
