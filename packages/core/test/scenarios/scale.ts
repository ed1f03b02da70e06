import { target } from "../target.js";

/** Whether the processor is emulated: some 20 times slower than the machine. */
export const slow = target().startsWith("arm64-") || target().endsWith("-kernel");

/** How many of a large number of things to do here. */
export const scaled = (count: number): number => (slow ? Math.ceil(count / 20) : count);
