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
import { type ControlEntry, type ControlName, controlMessages } from "../control/index.js";
import { entryOf } from "../control/table.js";
import { EOPNOTSUPP } from "../errno.js";
import { explain, systemError } from "../errors.js";
import { kernelIsOlderThan } from "../kernel-version.js";
import { optionNumbered } from "../options/table.js";
import { presentValue } from "./control-settings.js";
import type { SocketFacts } from "./facts.js";
import { nameOf } from "./option-access.js";

// What puts entries on a socket's error queue: ICMP's reports, transmit timestamps, zero-copy completions. recvmsg(2), MSG_ERRQUEUE.

/** Sockets of these families have always had an error queue. */
const ALWAYS: ReadonlySet<number> = new Set([AF_INET, AF_INET6, AF_PACKET]);

/** Sockets of these families have one since some version of Linux. In older kernels, MSG_ERRQUEUE gives an ordinary message. */
const LATER: ReadonlySet<number> = new Set([AF_CAN, AF_VSOCK, AF_BLUETOOTH]);

/** The message that comes on the error queue of a family of {@link LATER}. */
function errorMessageOf(fd: number, { family, type }: SocketFacts): ControlName | undefined {
  switch (family) {
    case AF_CAN:
      // SO_PROTOCOL is 0 on all of them. CAN_RAW is the only one of its type; the others don't know J1939's options.
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

/** Whether an option of any level may change the answer of {@link hasErrorQueue}. */
export const dependsOnOptions = (family: number): boolean => LATER.has(family);

/**
 * Whether the error queue may be read. Where nothing is on that comes there, kernels of the {@link LATER} families ignore MSG_ERRQUEUE
 * and would give an ordinary message; AF_UNIX always does.
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

/** Whether an option, once it is on, can bring entries to the error queue. */
export function bringsErrors({ level, option }: { level: number; option: number }): boolean {
  if (optionNumbered(level, option)?.errorQueue) return true;
  return Object.values<ControlEntry>(controlMessages).some(
    ({ direction, enable }) =>
      direction === "errorQueue" && enable?.level === level && enable.option === option,
  );
}

/** Whether such an option switches one of these control messages on. */
export function includeErrors(names: Iterable<ControlName>): boolean {
  for (const name of names) if (bringsErrors(entryOf(name).enable!)) return true;
  return false;
}

/** The error of a wait for the error queue that would never end. */
export function noErrorQueue(family: number): Error {
  const error = systemError(EOPNOTSUPP, "recvmsg");
  const reason = LATER.has(family)
    ? "nothing is switched on that comes on this socket's error queue: transmit timestamps, zero-copy completions"
    : `${nameOf(family)} sockets have no error queue`;
  explain(error, `${error.message}: ${reason}`);
  return error;
}
