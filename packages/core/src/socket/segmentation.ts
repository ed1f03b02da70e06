import { Buffer } from "node:buffer";
import { byteLength, checkBoolean, lengthOf, partOf } from "../arguments.js";
import { encodeSegmentSize } from "../control/udp-segment.js";
import { EINVAL, EIO, EMSGSIZE } from "../errno.js";
import { type InspectArguments, inspected } from "../inspecting.js";

/** UDP_MAX_SEGMENTS: 128 since Linux 6.9, 64 before. include/linux/udp.h */
const MOST_SEGMENTS = 128;
const FEWEST_SEGMENTS = 64;
/** The longest UDP datagram of IPv4. The kernel applies this limit also to data that it will cut. */
const MOST_BYTES = 65_507;
/** So many datagrams one call of {@link SegmentCalls.sendSegments} sends at most. */
const MOST_TOGETHER = 64;
/** We remember so many destinations for which the kernel refuses. Then we forget the oldest. */
const MOST_REFUSED = 1024;
/** The kernel refuses data of any size for this destination. */
const ANY_SIZE = 0;

/** How many datagrams the kernel cuts one message into at most. Until it refuses, we believe that it takes as many as any kernel. */
let most = MOST_SEGMENTS;

/** How a UDP socket sends messages with a `segmentSize`, and what has become of them. */
export interface Segmentation {
  /**
   * Whether the kernel may cut the data (UDP_SEGMENT). You can set it at any time. If it is false, the library always cuts. Default:
   * true.
   */
  enabled: boolean;
  /** How many datagrams the kernel has cut. */
  readonly offloaded: number;
  /** How many datagrams the library has cut: `enabled` was false, or the kernel refused. */
  readonly plain: number;
  /**
   * How many system calls the kernel has refused. After each, the library has sent the same data in single datagrams, within the
   * same send. It remembers the destination and the size until connect() is called again. From then on it cuts data for this
   * destination itself, if the segments have at least that size. If the route has no offload (EIO), it cuts all data for this
   * destination.
   */
  readonly refusals: number;
}

/** A message that is sent as several datagrams. */
export interface SegmentedMessage {
  readonly iov: Uint8Array | Uint8Array[];
  readonly total: number;
  readonly control: Uint8Array | null;
  readonly address: Uint8Array | null;
  readonly flags: number;
  readonly segmentSize: number;
}

/** The system calls. Each returns how many bytes were sent, or a negative errno. */
export interface SegmentCalls {
  sendmsg(
    data: Uint8Array | Uint8Array[],
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number;
  /** Sends datagrams of `size` bytes, as many as one call takes. */
  sendSegments(
    data: Uint8Array,
    size: number,
    control: Uint8Array | null,
    address: Uint8Array | null,
    flags: number,
  ): number;
}

/** Whether the kernel can't cut the data for this destination. udp_send_skb(), net/ipv4/udp.c; ip_output(), net/ipv4/ip_output.c */
export const isRefusal = (result: number): boolean =>
  result === -EIO || result === -EINVAL || result === -EMSGSIZE;

export class SegmentedSending implements Segmentation {
  readonly #calls: SegmentCalls;
  #enabled = true;
  #offloaded = 0;
  #plain = 0;
  #refusals = 0;
  /** The destinations for which the kernel refuses, and the size of segments from which on it does. */
  readonly #refused = new Map<string, number>();

  static {
    // Programs know this class by the name of its interface.
    Object.defineProperty(SegmentedSending, "name", { value: "Segmentation" });
  }

  constructor(calls: SegmentCalls) {
    this.#calls = calls;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  set enabled(enabled: boolean) {
    this.#enabled = checkBoolean("enabled", enabled);
  }

  get offloaded(): number {
    return this.#offloaded;
  }

  get plain(): number {
    return this.#plain;
  }

  get refusals(): number {
    return this.#refusals;
  }

  /** The socket has another peer, and with it another route. */
  forget(): void {
    this.#refused.clear();
  }

  /** Whether some messages must not be given to the kernel as a whole. */
  get isRestricted(): boolean {
    return !this.#enabled || this.#refused.size > 0 || most < MOST_SEGMENTS;
  }

  /** Whether the kernel cuts a message as a whole, as far as we know. */
  mayOffloadAll({ address, total, segmentSize }: SegmentedMessage): boolean {
    return Math.ceil(total / segmentSize) <= most && this.#mayOffload(address, segmentSize);
  }

  #mayOffload(address: Uint8Array | null, size: number): boolean {
    if (!this.#enabled) return false;
    if (this.#refused.size === 0) return true;
    const from = this.#refused.get(destinationOf(address));
    return from === undefined || size < from;
  }

  /** The kernel has cut a message that the caller sent itself. */
  noteOffloaded(bytes: number, size: number): void {
    this.#offloaded += Math.ceil(bytes / size);
  }

  /**
   * Sends the message from byte `at` on. Returns how many bytes were sent: one call's worth. Otherwise a negative errno. What the
   * kernel does not cut goes out in datagrams within this call.
   */
  send(message: SegmentedMessage, at: number): number {
    const { iov, total, control, address, flags, segmentSize } = message;
    const left = total - at;
    const count = Math.min(most, Math.floor(MOST_BYTES / segmentSize), Math.ceil(left / segmentSize));
    if (count < 2 || !this.#mayOffload(address, segmentSize)) return this.#sendPlain(message, at);
    const also = encodeSegmentSize(segmentSize);
    const all = control === null ? also : Buffer.concat([control, also]);
    const sendOffloaded = (segments: number): number => {
      const data = slice(iov, at, Math.min(total, at + segments * segmentSize));
      const result = this.#calls.sendmsg(data, all, address, flags);
      if (result >= 0) this.noteOffloaded(result, segmentSize);
      else if (isRefusal(result)) this.#refusals++;
      return result;
    };
    const result = sendOffloaded(count);
    if (!isRefusal(result)) return result;
    if (result === -EINVAL && count > FEWEST_SEGMENTS) {
      const fewer = sendOffloaded(FEWEST_SEGMENTS);
      if (fewer >= 0) most = FEWEST_SEGMENTS;
      if (!isRefusal(fewer)) return fewer;
    }
    const plain = this.#sendPlain(message, at);
    // If the datagrams are refused too, something else is wrong. EINVAL, and EMSGSIZE on newer kernels, can mean that the segments are
    // longer than the path's MTU. Then the kernel cuts into shorter ones.
    if (plain >= 0) this.#remember(address, result === -EIO ? ANY_SIZE : segmentSize);
    return plain;
  }

  #sendPlain(message: SegmentedMessage, at: number): number {
    const { iov, total, control, address, flags, segmentSize } = message;
    const part = slice(iov, at, Math.min(total, at + MOST_TOGETHER * segmentSize));
    const data = Array.isArray(part) ? Buffer.concat(part) : part;
    const result = this.#calls.sendSegments(data, segmentSize, control, address, flags);
    if (result >= 0) this.#plain += Math.ceil(result / segmentSize);
    return result;
  }

  #remember(address: Uint8Array | null, size: number): void {
    const destination = destinationOf(address);
    this.#refused.delete(destination);
    this.#refused.set(destination, size);
    if (this.#refused.size <= MOST_REFUSED) return;
    for (const oldest of this.#refused.keys()) {
      this.#refused.delete(oldest);
      return;
    }
  }

  [Symbol.for("nodejs.util.inspect.custom")](...args: InspectArguments): string {
    const { enabled, offloaded, plain, refusals } = this;
    return inspected(this, args, "Segmentation", () => ({ enabled, offloaded, plain, refusals }));
  }
}

/** Family and port come first in a sockaddr_in and in a sockaddr_in6. No route depends on them. */
const PORT_END = 4;

/** A key for the destination: two addresses that differ only in the port have the same route. */
const destinationOf = (address: Uint8Array | null): string =>
  address === null ? "" : Buffer.from(address.subarray(PORT_END)).toString("latin1");

/** The bytes from `start` to `end`. */
function slice(iov: Uint8Array | Uint8Array[], start: number, end: number): Uint8Array | Uint8Array[] {
  if (!Array.isArray(iov)) {
    return start === 0 && end === lengthOf(iov) ? iov : partOf(iov, start, end - start);
  }
  if (start === 0 && end === byteLength(iov)) return iov;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const view of iov) {
    const length = lengthOf(view);
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, length);
    if (from < to) parts.push(partOf(view, from, to - from));
    at += length;
  }
  return parts;
}
