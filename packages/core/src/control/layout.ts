import { checkInteger } from "../arguments.js";
import { invalidArgValue } from "../errors.js";

/**
 * How control data lies in memory: as 64-bit or as 32-bit programs have it. The kernel converts for a 32-bit
 * program, so it is the process that counts, not the kernel.
 */
export type Layout = "64" | "32";

const ARCHITECTURES_OF_32_BITS: readonly string[] = ["ia32", "arm", "mips", "mipsel", "ppc", "s390"];

/** The layout of this process. */
export const machineLayout: Layout = ARCHITECTURES_OF_32_BITS.includes(process.arch) ? "32" : "64";

/** A number that depends on the layout, as sizes do. */
export type PerLayout = Readonly<Record<Layout, number>>;

/** What holds in a layout. With a key that varies, V8 would turn its text into a number each time. */
export const inLayout = <T>(each: Readonly<Record<Layout, T>>, layout: Layout): T =>
  layout === "64" ? each["64"] : each["32"];

/** sizeof(long), and what cmsghdrs are aligned to. */
export const WORD: PerLayout = { "64": 8, "32": 4 };

/** sizeof(struct cmsghdr): a size_t and two ints. */
export const HEADER: PerLayout = { "64": 16, "32": 12 };

/** Rounds up to a power of two. */
export const alignTo = (length: number, alignment: number): number => length + (-length & (alignment - 1));

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
 * The `cmsg_len` of a control message whose payload has `length` bytes: header and payload, without the padding behind.
 *
 * @see cmsg(3)
 */
export function CMSG_LEN(length: number, layout: Layout = machineLayout): number {
  return inLayout(HEADER, checked(layout)) + checkLength(length);
}

/**
 * The bytes that a control message takes up in a control buffer: header, payload and the padding behind it.
 *
 * @see cmsg(3)
 */
export function CMSG_SPACE(length: number, layout: Layout = machineLayout): number {
  return spaceOf(checkLength(length), checked(layout));
}

export function checkLayout(layout: unknown, argument = "options.layout"): Layout {
  if (layout !== "64" && layout !== "32") throw invalidArgValue(argument, 'must be "64" or "32"');
  return layout;
}
