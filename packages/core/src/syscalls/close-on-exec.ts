import { AF_UNIX } from "../constants/address-families.js";
import { EINVAL } from "../errno.js";
import { familyOfSocket } from "./int-option.js";

/**
 * @internal Whether a receive failed because the socket's family does not know MSG_CMSG_CLOEXEC. AF_PACKET, AF_KEY, J1939 and
 *   ISO-TP refuse flags that they don't know (packet_recvmsg(), net/packet/af_packet.c). Only Unix sockets carry descriptors, and
 *   they know the flag.
 */
export function refusesCloseOnExec(result: number, fd: number): boolean {
  if (result !== -EINVAL) return false;
  const family = familyOfSocket(fd);
  return family !== undefined && family !== AF_UNIX;
}
