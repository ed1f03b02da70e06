import { checkInteger, outOfRange } from "sendmsg/unix-datagram";

/** A number of bytes. A string counts as the number that it is, as in the original. */
const checkSize = (argument: string, value: unknown): number =>
  checkInteger(
    argument,
    typeof value === "string" && value !== "" ? Number(value) : value,
    0,
    Number.MAX_SAFE_INTEGER,
  );

/** The part of the data that is to be sent. */
export function partOf(data: Uint8Array, offset: unknown, length: unknown): Uint8Array {
  const from = checkSize("offset", offset);
  const size = checkSize("length", length);
  if (from > data.length) throw outOfRange("offset", `<= ${data.length}`, from);
  if (size > data.length - from) throw outOfRange("length", `<= ${data.length - from}`, size);
  // Programs mostly send all of it. Making a view of it takes longer than this question.
  return size === data.length ? data : data.subarray(from, from + size);
}
