import { invalidArgValue } from "../errors.js";

/**
 * How structures are laid out: as in 64-bit or in 32-bit programs. The kernel converts structures for 32-bit programs, so this
 * process's architecture decides, and not the kernel's.
 */
export type Layout = "64" | "32";

const ARCHITECTURES_OF_32_BITS: readonly string[] = ["ia32", "arm", "mips", "mipsel", "ppc", "s390"];

/** The layout of this process. */
export const machineLayout: Layout = ARCHITECTURES_OF_32_BITS.includes(process.arch) ? "32" : "64";

/** A number that depends on the layout, such as a size. */
export type PerLayout = Readonly<Record<Layout, number>>;

/** The same number in both layouts. */
export const both = (size: number): PerLayout => ({ "64": size, "32": size });

/** The value for a layout. With a variable key (each[layout]), V8 would convert the text to a number each time. */
export const inLayout = <T>(each: Readonly<Record<Layout, T>>, layout: Layout): T =>
  layout === "64" ? each["64"] : each["32"];

/** Computes a number for each layout. */
export const perLayout = (compute: (layout: Layout) => number): PerLayout => ({
  "64": compute("64"),
  "32": compute("32"),
});

/** sizeof(long). cmsghdrs are aligned to it. */
export const WORD: PerLayout = { "64": 8, "32": 4 };

/** Rounds up to a multiple of `alignment`, which is a power of two. */
export const alignTo = (length: number, alignment: number): number => length + (-length & (alignment - 1));

export function checkLayout(layout: unknown, argument = "options.layout"): Layout {
  if (layout !== "64" && layout !== "32") throw invalidArgValue(argument, 'must be "64" or "32"');
  return layout;
}
