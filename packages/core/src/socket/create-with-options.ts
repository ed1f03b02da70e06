import { AF_INET6 } from "../constants/address-families.js";
import { IPV6_V6ONLY } from "../constants/ipv6.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { IPPROTO_IPV6 } from "../constants/protocols.js";
import { SO_REUSEPORT } from "../constants/socket.js";
import type { FileDescriptor } from "../descriptor.js";
import { setInt } from "../syscalls/int-option.js";
import { createSocket } from "./create.js";
import type { CheckedOptions } from "./creation-options.js";
import type { SocketFacts } from "./facts.js";
import { checkRefusable, refuseDescriptors } from "./refusing-descriptors.js";

/** Creates a socket and sets its options. */
export function createWithOptions(facts: SocketFacts, options: CheckedOptions): FileDescriptor {
  checkRefusable(facts.family, options.maxFds);
  const descriptor = createSocket(facts);
  const { fd } = descriptor;
  try {
    if (options.ipv6Only !== undefined && facts.family === AF_INET6) {
      setInt(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only ? 1 : 0);
    }
    if (options.reusePort) setInt(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    refuseDescriptors(fd, options.maxFds);
    return descriptor;
  } catch (error) {
    descriptor.close();
    throw error;
  }
}
