import { invalidArgValue } from "../errors.js";

/**
 * How a structure lies in memory: as 64-bit or as 32-bit programs have it. The kernel converts for a 32-bit program. So the
 * process decides, and not the kernel.
 */
export type Layout = "64" | "32";

const ARCHITECTURES_OF_32_BITS: readonly string[] = ["ia32", "arm", "mips", "mipsel", "ppc", "s390"];

/** The layout of this process. */
export const machineLayout: Layout = ARCHITECTURES_OF_32_BITS.includes(process.arch) ? "32" : "64";

/** A number that depends on the layout, as sizes do. */
export type PerLayout = Readonly<Record<Layout, number>>;

/** The same number in both layouts. */
export const both = (size: number): PerLayout => ({ "64": size, "32": size });

/** What holds in a layout. With a key that varies, V8 would turn its text into a number each time. */
export const inLayout = <T>(each: Readonly<Record<Layout, T>>, layout: Layout): T =>
  layout === "64" ? each["64"] : each["32"];

/** A number computed for each layout. */
export const perLayout = (compute: (layout: Layout) => number): PerLayout => ({
  "64": compute("64"),
  "32": compute("32"),
});

/** sizeof(long), and what cmsghdrs are aligned to. */
export const WORD: PerLayout = { "64": 8, "32": 4 };

/** Rounds up to a power of two. */
export const alignTo = (length: number, alignment: number): number => length + (-length & (alignment - 1));

export function checkLayout(layout: unknown, argument = "options.layout"): Layout {
  if (layout !== "64" && layout !== "32") throw invalidArgValue(argument, 'must be "64" or "32"');
  return layout;
}
