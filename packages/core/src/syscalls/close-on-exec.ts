import { AF_UNIX } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_DOMAIN } from "../constants/socket.js";
import { EINVAL } from "../errno.js";
import { binding } from "../native/load.js";

/**
 * @internal Whether a receive failed because the socket's family does not know MSG_CMSG_CLOEXEC. AF_PACKET, AF_KEY, J1939 and
 *   ISO-TP refuse flags that they don't know (packet_recvmsg(), net/packet/af_packet.c). Only Unix sockets carry descriptors, and
 *   they know the flag.
 */
export function refusesCloseOnExec(result: number, fd: number): boolean {
  if (result !== -EINVAL) return false;
  const domain = new Int32Array(1);
  const length = binding().getsockopt(fd, SOL_SOCKET, SO_DOMAIN, new Uint8Array(domain.buffer), false);
  return length > 0 && domain[0] !== AF_UNIX;
}
