import { ADDRESS_SPACE, SCRATCH_CONTROL } from "./binding.js";
import { binding } from "./load.js";

/** Control data as the next call is to be given it: copied, if that is quicker than to hand it over. */
export function controlForCall(control: Uint8Array | null): Uint8Array | number | null {
  if (control === null || control.byteLength > SCRATCH_CONTROL) return control;
  binding().scratch.set(control, ADDRESS_SPACE);
  return control.byteLength;
}

/** The address that the last call has left. */
export function addressOfCall(length: number): Uint8Array {
  return binding().scratch.slice(0, Math.min(length, ADDRESS_SPACE));
}
