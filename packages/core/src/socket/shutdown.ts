import { SHUT_RD, SHUT_RDWR, SHUT_WR } from "../constants/shutdown.js";
import { invalidArgValue, printed } from "../errors.js";

/** Which directions of a socket to shut down. */
export interface Directions {
  /** SHUT_* */
  readonly how: number;
  readonly read: boolean;
  readonly write: boolean;
}

const DIRECTIONS: Readonly<Record<"read" | "write" | "both", Directions>> = {
  read: { how: SHUT_RD, read: true, write: false },
  write: { how: SHUT_WR, read: false, write: true },
  both: { how: SHUT_RDWR, read: true, write: true },
};

/** Checks the argument of `shutdown()`. */
export function checkDirections(how: unknown): Directions {
  if (how === "read" || how === "write" || how === "both") return DIRECTIONS[how];
  throw invalidArgValue("how", `must be "read", "write" or "both". Received ${printed(how)}`);
}
