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

/** The size of the datagrams that the kernel has joined (UDP_GRO). Undefined: the control data do not say. */
export function segmentSizeIn(control: Uint8Array): number | undefined {
  for (let at = 0; at < control.length; ) {
    at = readItem(control, at, machineLayout, item);
    if (at < 0) return undefined;
    if (item.level === SOL_UDP && item.type === UDP_GRO && item.length >= SIZE_OF_INT) {
      return readI32(control, item.start);
    }
  }
  return undefined;
}
