import { target } from "./target.js";

/** Whether the processor is emulated, which is some 20 times slower. */
export const slow = target().startsWith("arm64-") || target().endsWith("-kernel");

/** Whether to leave nothing out: SENDMSG_THOROUGH=1, as every night. Otherwise tests that take long do less. */
export const thorough = process.env.SENDMSG_THOROUGH === "1";

/** Whether other test runs share the machine, as tools/ci.mjs says. Then they may cause a delay of some milliseconds. */
export const shared = Boolean(process.env.SENDMSG_FORKS);

/** Reduces a large count: to a twentieth on a slow processor, otherwise to a tenth, unless nothing is left out. */
export const scaled = (count: number): number => Math.ceil(count / (slow ? 20 : thorough ? 1 : 10));
