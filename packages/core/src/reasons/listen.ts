import { familyName } from "../address/family.js";
import { socketTypeName } from "../control/socket-type.js";
import { EADDRINUSE, EOPNOTSUPP } from "../errno.js";
import { BIND, type Place } from "./bind.js";
import type { Kind } from "./create.js";
import type { Reasons } from "./reasons.js";

/** Why listen(2) fails. */
export const LISTEN: Reasons<Place & Kind> = {
  // With SO_REUSEADDR, bind(2) of a port may succeed although another socket already listens there.
  [EADDRINUSE]: BIND[EADDRINUSE]!,
  [EOPNOTSUPP]: ({ family, type }) =>
    `${familyName(family) ?? family} sockets of type "${socketTypeName(type)}" have no connections. ` +
    "To receive messages, use Socket.bind() instead",
};
