import { AF_UNIX } from "../constants/address-families.js";
import { MSG_EOR, MSG_ERRQUEUE } from "../constants/message-flags.js";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";
import type { SocketFacts } from "./facts.js";

/** sockaddr_un of an unnamed socket. It consists of the family alone. */
const UNNAMED = new Uint8Array([AF_UNIX, 0]);

/**
 * The sender's address if the kernel has returned none. It returns none for a Unix datagram from an unbound socket: we report an unnamed
 * address.
 */
export const addressOfUnnamed = (
  { family, type }: SocketFacts,
  readShutDown: boolean,
): Uint8Array | undefined =>
  family === AF_UNIX && type === SOCK_DGRAM && !readShutDown ? UNNAMED : undefined;

/** Whether 0 bytes mean the end of the stream, and not an empty message. `flags`: those of the call. */
export function isEnd(
  { family, type }: SocketFacts,
  readShutDown: boolean,
  flags: number,
  msgFlags: number,
  controlLength: number,
  addressLength: number,
): boolean {
  if (flags & MSG_ERRQUEUE) return false;
  if (type === SOCK_STREAM) return true;
  // Both have 0 bytes. Only a message has the control message that we switched on for this: see OwnSettings.
  if (type === SOCK_SEQPACKET) return family === AF_UNIX ? controlLength === 0 : (msgFlags & MSG_EOR) === 0;
  return readShutDown && addressLength === 0;
}
