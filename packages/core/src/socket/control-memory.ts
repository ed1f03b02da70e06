import { LARGEST_CONTROL_SPACE } from "../control/largest-space.js";
import { binding } from "../native/load.js";

/** Extra room for control messages that newer kernels may add. */
const SPARE_CONTROL_SPACE = 4096;
let buffer: Uint8Array | undefined;

/**
 * A buffer with room for all control messages that a message of any family can bring, no matter who switched them on. Descriptors
 * are not counted. The kernel writes to it, and we read it before the next call.
 */
export function controlBuffer(): Uint8Array {
  if (buffer === undefined) {
    buffer = new Uint8Array(LARGEST_CONTROL_SPACE + SPARE_CONTROL_SPACE);
    binding().controlBuffer(buffer);
  }
  return buffer;
}
