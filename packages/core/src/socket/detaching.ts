import { checkBoolean, checkObject } from "../arguments.js";
import { keysOf } from "../known-keys.js";

export interface DetachOptions {
  /**
   * Clears O_NONBLOCK, for a program that expects a socket to block: cat, Python, Ruby, Perl, Go and most others. The flag belongs to
   * the open file description, so it changes for everybody who shares the socket. Default: false, O_NONBLOCK stays as it is.
   *
   * @see fcntl(2) O_NONBLOCK
   */
  blocking?: boolean;
}

const KEYS = /* @__PURE__ */ keysOf<DetachOptions>({ blocking: true });

/** Returns whether the descriptor is to become blocking. */
export function checkDetachOptions(options: DetachOptions): boolean {
  const { blocking = false } = checkObject("options", options, KEYS);
  return checkBoolean("options.blocking", blocking);
}
