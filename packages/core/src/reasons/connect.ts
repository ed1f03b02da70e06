import { EISCONN } from "../errno.js";
import { DESTINATION, type Destination } from "./destination.js";
import type { Reasons } from "./reasons.js";

/** Why connect(2) fails. */
export const CONNECT: Reasons<Destination> = {
  ...DESTINATION,
  [EISCONN]: () => "the socket is connected already. Make another one with Socket.connect()",
};
