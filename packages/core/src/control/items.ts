import { readI32, readU32 } from "../wire/bytes.js";
import { alignTo, inLayout, type Layout, machineLayout, WORD } from "../wire/layout.js";
import { HEADER } from "./cmsg.js";

/** One item of a control buffer, and its position there. */
export interface ControlItem {
  level: number;
  type: number;
  /** Where the payload begins. */
  start: number;
  /** How many bytes of payload the buffer has. */
  length: number;
  /** How many bytes of payload the header states: more than `length` if the buffer ends too early. */
  stated: number;
}

const HIGH = 2 ** 32;

/** The `cmsg_len` at `at`, but at most Number.MAX_SAFE_INTEGER. */
function readLength(bytes: Uint8Array, at: number, layout: Layout): number {
  const low = readU32(bytes, at);
  if (layout === "32") return low;
  const high = readU32(bytes, at + 4);
  return high === 0 ? low : Math.min(high * HIGH + low, Number.MAX_SAFE_INTEGER);
}

/**
 * Reads the item at `at`, as CMSG_FIRSTHDR and CMSG_NXTHDR do, and writes it to `item`. Returns where the next item begins. Returns
 * -1 if there is no item at `at`: too few bytes for a header, or a `cmsg_len` that is shorter than a header.
 */
export function readItem(bytes: Uint8Array, at: number, layout: Layout, item: ControlItem): number {
  const header = inLayout(HEADER, layout);
  const start = at + header;
  if (start > bytes.length) return -1;
  const total = readLength(bytes, at, layout);
  if (total < header) return -1;
  item.level = readI32(bytes, start - 8);
  item.type = readI32(bytes, start - 4);
  item.start = start;
  item.stated = total - header;
  item.length = Math.min(item.stated, bytes.length - start);
  return at + alignTo(total, inLayout(WORD, layout));
}

export const newItem = (): ControlItem => ({ level: 0, type: 0, start: 0, length: 0, stated: 0 });

/** The items of a control buffer in order, uninterpreted. Never throws, and never reads past the end. */
export function* controlItems(bytes: Uint8Array, layout: Layout = machineLayout): Generator<ControlItem> {
  for (let at = 0; at < bytes.length; ) {
    const item = newItem();
    at = readItem(bytes, at, layout, item);
    if (at < 0) return;
    yield item;
  }
}
