import { checkList, checkObject, checkView, isFilledBytes, UIO_MAXIOV } from "../arguments.js";
import { invalidArgType, outOfRange } from "../errors.js";
import type { KnownKeys } from "../known-keys.js";
import { MMSG_ADDRESS, MMSG_CONTROL, MMSG_NUMBERS, MMSG_PARTS } from "../native/binding.js";

// A receive offers memory for more messages than usually arrive. So what one message costs here matters more than anywhere else: for
// good arguments, this makes no texts and no objects of its own.

/** The messages of a batch in the form that the native layer needs. It is valid until the next batch is read. */
export interface Batch {
  readonly count: number;
  /** As in {@link Binding.recvmmsg}. */
  readonly numbers: Int32Array;
  readonly parts: readonly (Uint8Array | readonly Uint8Array[])[];
  /** For each message the caller's memory for the address, or undefined. */
  readonly addresses: readonly (Uint8Array | undefined)[];
}

/** For the largest batch so far. The memory of a small new array would cost 250 ns: V8 first moves it off its heap. */
let numbers = new Int32Array(0);

/** `messages[0]`, `messages[1]`, …: for errors. */
const names: string[] = [];

const roomFor = (count: number): Int32Array => {
  while (names.length < count) names.push(`messages[${names.length}]`);
  if (numbers.length < count * MMSG_NUMBERS) numbers = new Int32Array(count * MMSG_NUMBERS);
  return numbers;
};

/**
 * Reads and checks the messages of a batch. Reads each property exactly once, and the whole batch before anything is checked:
 * getters are the caller's code, and a later getter could transfer the memory of an earlier message.
 *
 * @param check Checks the data or the buffers, unless they are a filled Uint8Array.
 */
export function readBatch(
  list: unknown,
  property: "data" | "buffers",
  keys: KnownKeys,
  check: (argument: string, value: unknown) => Uint8Array | Uint8Array[],
): Batch {
  if (!Array.isArray(list)) throw invalidArgType("messages", "an Array", list);
  const { length } = list;
  // The kernel would silently use only the first 1024 (UIO_MAXIOV, net/socket.c).
  if (length > UIO_MAXIOV) throw outOfRange("messages.length", `<= ${UIO_MAXIOV} (UIO_MAXIOV)`, length);
  const shapes = roomFor(length);
  const data: unknown[] = [];
  const controls: unknown[] = [];
  const given: unknown[] = [];
  for (let i = 0; i < length; i++) {
    const message = checkObject<Record<string, unknown>>(names[i]!, list[i], keys, FIX[property]);
    const each = message[property];
    data.push(Array.isArray(each) ? checkList(`${names[i]}.${property}`, each) : each);
    controls.push(message.control);
    given.push(message.address);
  }
  const parts: Uint8Array[] = [];
  const addresses: (Uint8Array | undefined)[] = [];
  for (let i = 0; i < length; i++) {
    const each = data[i];
    const control = controls[i];
    let address: Uint8Array | undefined;
    let shape = 1;
    if (given[i] !== undefined) {
      address = checkView(`${names[i]}.address`, given[i]);
      parts.push(address);
      shape |= MMSG_ADDRESS;
    }
    addresses.push(address);
    if (control !== undefined) {
      parts.push(checkView(`${names[i]}.control`, control));
      shape |= MMSG_CONTROL;
    }
    const iov = isFilledBytes(each) ? each : check(`${names[i]}.${property}`, each);
    if (Array.isArray(iov)) {
      for (const view of iov) parts.push(view);
      shape += iov.length - 1;
    } else {
      parts.push(iov);
    }
    shapes[i * MMSG_NUMBERS] = shape;
  }
  return { count: length, numbers: shapes, parts: parts.length > MMSG_PARTS ? [parts] : parts, addresses };
}

const FIX = { data: "Write { data: … }", buffers: "Write { buffers: … }" } as const;
