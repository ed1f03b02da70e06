/** Codes of refused arguments. */
export const TYPE = "ERR_INVALID_ARG_TYPE";
export const VALUE = "ERR_INVALID_ARG_VALUE";
export const RANGE = "ERR_OUT_OF_RANGE";

/** The class of the error that has this code. */
export const kindOf = (code: string) => (code === RANGE ? RangeError : TypeError);

/** Anything in place of an argument. */
export type Raw = Record<string, unknown>;

/** A buffer whose memory was transferred away. */
export function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}
