import { checkList, checkObject, UIO_MAXIOV } from "../arguments.js";
import { invalidArgType, outOfRange } from "../errors.js";
import type { KnownKeys } from "../known-keys.js";

/** The messages of a batch in the form that the native layer needs: for each its address, its control data, then its views. */
export interface Flattened {
  parts: (Uint8Array | null)[];
  counts: Int32Array;
}

/** A message as the caller wrote it. Each property was read exactly once. */
export interface RawMessage {
  data: unknown;
  control: unknown;
  address: unknown;
}

/**
 * Reads the whole batch before anything is checked. Getters are the caller's code, and a later getter could transfer the memory of
 * an earlier message.
 */
export function readMessages(list: unknown, property: "data" | "buffers", keys: KnownKeys): RawMessage[] {
  if (!Array.isArray(list)) throw invalidArgType("messages", "an Array", list);
  const { length } = list;
  // The kernel would silently use only the first 1024 (UIO_MAXIOV, net/socket.c).
  if (length > UIO_MAXIOV) throw outOfRange("messages.length", `<= ${UIO_MAXIOV} (UIO_MAXIOV)`, length);
  const messages: RawMessage[] = [];
  for (let i = 0; i < length; i++) {
    const message = checkObject<Record<string, unknown>>(
      `messages[${i}]`,
      list[i],
      keys,
      `Write { ${property}: … }`,
    );
    const data = message[property];
    messages.push({
      data: Array.isArray(data) ? checkList(`messages[${i}].${property}`, data) : data,
      control: message.control,
      address: message.address,
    });
  }
  return messages;
}

/** Appends one message. */
export function append(
  flattened: Flattened,
  index: number,
  address: Uint8Array | null,
  control: Uint8Array | null,
  iov: Uint8Array | Uint8Array[],
): void {
  flattened.parts.push(address, control);
  if (iov instanceof Uint8Array) {
    flattened.parts.push(iov);
    flattened.counts[index] = 1;
  } else {
    for (const view of iov) flattened.parts.push(view);
    flattened.counts[index] = iov.length;
  }
}
