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
 * A view as the next call is to be given it. It is copied to the scratch memory if that is quicker than to hand it over; then this is its
 * length.
 */
function forCall(view: Uint8Array, at: number, space: number): Uint8Array | number {
  const length = lengthOf(view);
  if (length > space) return view;
  // An empty one may have lost its memory while it waited.
  if (length > 0) binding().scratch.set(view, at);
  return length;
}

/** Control data for the next call: a view, or how many bytes of it are in the scratch memory. */
export const controlForCall = (control: Uint8Array | null): Uint8Array | number | null =>
  control === null ? null : forCall(control, ADDRESS_SPACE, SCRATCH_CONTROL);

/** An address, in the same way. */
export const addressForCall = (address: Uint8Array | null): Uint8Array | number | null =>
  address === null ? null : forCall(address, 0, ADDRESS_SPACE);

/** What is to be sent, in the same way. */
const dataForCall = (iov: Iov): Iov | number =>
  iov instanceof Uint8Array ? forCall(iov, ADDRESS_SPACE + SCRATCH_CONTROL, SCRATCH_DATA) : iov;

/** The argument that the place in `call` stands for: undefined, if it is a number. */
function argument<T>(call: Int32Array, place: number, part: T | number): T | undefined {
  call[place] = typeof part === "number" ? part : IN_ARGUMENT;
  return typeof part === "number" ? undefined : part;
}

/** Makes the call that {@link Binding.call} describes, with these parts. */
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

/** The address that the last call has left. */
export function addressOfCall(length: number): Uint8Array {
  return binding().scratch.slice(0, Math.min(length, ADDRESS_SPACE));
}
