import { ENOTCONN } from "../errno.js";
import type { Reasons } from "./reasons.js";

/** Why getpeername(2) and shutdown(2) fail. */
export const PEER: Reasons<undefined> = {
  [ENOTCONN]: () => "this socket is not connected, or its peer has gone",
};
