import { checkInteger } from "../arguments.js";
import {
  alignTo,
  checkLayout,
  inLayout,
  type Layout,
  machineLayout,
  type PerLayout,
  WORD,
} from "../wire/layout.js";

// Where the kernel puts the parts of a control message: a cmsghdr, the payload, padding. include/linux/socket.h.

/** sizeof(struct cmsghdr): a size_t and two ints. */
export const HEADER: PerLayout = { "64": 16, "32": 12 };

export const spaceOf = (length: number, layout: Layout): number =>
  inLayout(HEADER, layout) + alignTo(length, inLayout(WORD, layout));

const checkLength = (length: number): number => checkInteger("length", length, 0, 0x7fffffff);
const checked = (layout: Layout): Layout => checkLayout(layout, "layout");

/**
 * Rounds a length up to the alignment of control messages: 8 bytes, or 4 in the 32-bit layout.
 *
 * @see cmsg(3)
 */
export function CMSG_ALIGN(length: number, layout: Layout = machineLayout): number {
  return alignTo(checkLength(length), inLayout(WORD, checked(layout)));
}

/**
 * The `cmsg_len` of a control message whose payload has `length` bytes: header and payload, without the padding after it.
 *
 * @see cmsg(3)
 */
export function CMSG_LEN(length: number, layout: Layout = machineLayout): number {
  return inLayout(HEADER, checked(layout)) + checkLength(length);
}

/**
 * The bytes that a control message takes up in a control buffer: header, payload and the padding after it.
 *
 * @see cmsg(3)
 */
export function CMSG_SPACE(length: number, layout: Layout = machineLayout): number {
  return spaceOf(checkLength(length), checked(layout));
}
