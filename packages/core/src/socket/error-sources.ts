import {
  AF_BLUETOOTH,
  AF_CAN,
  AF_INET,
  AF_INET6,
  AF_PACKET,
  AF_VSOCK,
} from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_TIMESTAMPING_NEW } from "../constants/socket.js";
import { SOCK_RAW } from "../constants/socket-types.js";
import { type ControlName, entryOf, namedEntries } from "../control/table.js";
import { EOPNOTSUPP } from "../errno.js";
import { explain, systemError } from "../errors.js";
import { kernelIsOlderThan } from "../kernel-version.js";
import { optionNumbered } from "../options/table.js";
import { presentValue } from "./control-settings.js";
import type { SocketFacts } from "./facts.js";
import { nameOf } from "./option-access.js";

// Finds out what puts entries on a socket's error queue: ICMP reports, transmit timestamps, zero-copy completions. See recvmsg(2),
// MSG_ERRQUEUE.

/** In every kernel, sockets of these families have an error queue. */
const ALWAYS: ReadonlySet<number> = new Set([AF_INET, AF_INET6, AF_PACKET]);

/** Only newer kernels give sockets of these families an error queue. In older ones, MSG_ERRQUEUE returns an ordinary message. */
const LATER: ReadonlySet<number> = new Set([AF_CAN, AF_VSOCK, AF_BLUETOOTH]);

/** The control message that comes on the error queue of a {@link LATER} family. */
function errorMessageOf(fd: number, { family, type }: SocketFacts): ControlName | undefined {
  switch (family) {
    case AF_CAN:
      // SO_PROTOCOL is 0 on all CAN sockets. Only CAN_RAW has the type SOCK_RAW, and only J1939 knows the options of J1939.
      if (type === SOCK_RAW) return "canRawErrQueue";
      return presentValue(fd, entryOf("j1939ErrQueue").enable!) === undefined ? undefined : "j1939ErrQueue";
    case AF_VSOCK:
      return "vsockRecvErr";
    case AF_BLUETOOTH:
      return "btError";
    default:
      return undefined;
  }
}

/** Whether options of any level can change the result of {@link hasErrorQueue} for this family. */
export const dependsOnOptions = (family: number): boolean => LATER.has(family);

/**
 * Whether we may read the error queue. AF_UNIX ignores MSG_ERRQUEUE and would return an ordinary message. Old kernels do the same
 * in the families of {@link LATER}. So on such sockets, we read the queue only if an option is on that puts entries there.
 */
export function hasErrorQueue(fd: number, facts: SocketFacts, names: Iterable<ControlName>): boolean {
  if (ALWAYS.has(facts.family)) return true;
  for (const name of names) if (entryOf(name).direction === "errorQueue") return true;
  const message = errorMessageOf(fd, facts);
  if (message === undefined || kernelIsOlderThan(entryOf(message).since)) return false;
  const { level, option } = entryOf(message).enable!;
  return (
    (presentValue(fd, { level, option }) ?? 0) !== 0 ||
    (presentValue(fd, { level: SOL_SOCKET, option: SO_TIMESTAMPING_NEW }) ?? 0) !== 0
  );
}

/** Whether an option can bring entries to the error queue once it is on. */
export function bringsErrors({ level, option }: { level: number; option: number }): boolean {
  if (optionNumbered(level, option)?.errorQueue) return true;
  for (const { entry } of namedEntries()) {
    const { direction, enable } = entry;
    if (direction === "errorQueue" && enable?.level === level && enable.option === option) return true;
  }
  return false;
}

/** Whether one of these control messages is switched on by such an option. */
export function includeErrors(names: Iterable<ControlName>): boolean {
  for (const name of names) if (bringsErrors(entryOf(name).enable!)) return true;
  return false;
}

/** The error of reading an error queue to which nothing can ever come. */
export function noErrorQueue(family: number): Error {
  const error = systemError(EOPNOTSUPP, "recvmsg");
  const reason = LATER.has(family)
    ? "nothing comes on this socket's error queue: switch on transmit timestamps or zero-copy completions first"
    : `${nameOf(family)} sockets have no error queue`;
  explain(error, reason);
  return error;
}
