import { SOL_UDP } from "../constants/levels.js";
import { UDP_GRO } from "../constants/udp.js";
import { readI32, writeU16 } from "../wire/bytes.js";
import { inLayout, machineLayout } from "../wire/layout.js";
import { HEADER } from "./cmsg.js";
import { encodeControl } from "./encode.js";
import { newItem, readItem } from "./items.js";

// The two control messages of UDP's offloads. Programs that use them send and receive one with nearly every message, so here they take
// no objects and no table.

/** The control data of UDP_SEGMENT. Only the size changes. */
let encoded: Uint8Array | undefined;

/** The control data that makes the kernel cut a message into datagrams of this size. Valid until the next call. */
export function encodeSegmentSize(size: number): Uint8Array {
  encoded ??= encodeControl([{ name: "udpSegment", value: 0 }]);
  writeU16(encoded, inLayout(HEADER, machineLayout), size);
  return encoded;
}

const item = newItem();
const SIZE_OF_INT = 4;

/**
 * The size of the datagrams that the kernel has joined (UDP_GRO). Undefined: the control data from `start` to `end` do not say.
 */
export function segmentSizeIn(bytes: Uint8Array, start: number, end: number): number | undefined {
  for (let at = start; at < end; ) {
    at = readItem(bytes, at, machineLayout, item);
    if (at < 0) return undefined;
    const { level, type, start: payload } = item;
    if (level === SOL_UDP && type === UDP_GRO && payload + SIZE_OF_INT <= end) return readI32(bytes, payload);
  }
  return undefined;
}
