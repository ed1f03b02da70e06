import { target } from "./target.js";

/** Whether the processor is emulated: some 20 times slower than the machine. */
export const slow = target().startsWith("arm64-") || target().endsWith("-kernel");

/** Whether to do all there is to do: SENDMSG_THOROUGH=1, as every night. Otherwise, less of what takes long. */
export const thorough = process.env.SENDMSG_THOROUGH === "1";

/** Whether other test runs share the machine: then a delay of some milliseconds is as likely theirs. tools/ci.mjs says so. */
export const shared = Boolean(process.env.SENDMSG_FORKS);

/** How many of a large number of things to do here. */
export const scaled = (count: number): number => Math.ceil(count / (slow ? 20 : thorough ? 1 : 10));
