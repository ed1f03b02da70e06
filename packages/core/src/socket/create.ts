import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { IPV6_V6ONLY } from "../constants/ipv6.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { IPPROTO_IPV6 } from "../constants/protocols.js";
import { SO_REUSEADDR, SO_REUSEPORT } from "../constants/socket.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "../constants/socket-types.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { RESULT_FDS, RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { CREATE } from "../reasons/create.js";
import { withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import { setInt } from "../syscalls/int-option.js";
import type { CheckedOptions } from "./creation-options.js";
import type { SocketFacts } from "./facts.js";
import { checkRefusable, refuseDescriptors } from "./refusing-descriptors.js";

/** Creates a non-blocking, close-on-exec socket, in custody. */
export function createSocket(facts: SocketFacts, options: CheckedOptions): FileDescriptor {
  const { family, type, protocol } = facts;
  checkRefusable(family, options.maxFds);
  const native = binding();
  const fd = native.socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) throw withReason(failure(fd, "socket"), CREATE, facts);
  const descriptor = holdUncollected(fd, native.result[RESULT_GENERATION]!);
  try {
    if (options.ipv6Only !== undefined && family === AF_INET6) {
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

/** Creates two connected, close-on-exec Unix sockets, in custody. `flags`: SOCK_NONBLOCK or 0. */
export function createPair(facts: SocketFacts, flags: number): [FileDescriptor, FileDescriptor] {
  const native = binding();
  const result = native.socketpair(facts.family, facts.type | SOCK_CLOEXEC | flags, facts.protocol);
  if (result < 0) throw withReason(failure(result, "socketpair"), CREATE, facts);
  const numbers = native.result;
  return [
    holdUncollected(numbers[RESULT_FDS]!, numbers[RESULT_FDS + 1]!),
    holdUncollected(numbers[RESULT_FDS + 2]!, numbers[RESULT_FDS + 3]!),
  ];
}

/** As libuv does for servers: so a restarted server need not wait until the TIME_WAIT of old connections is over. */
export function allowRebinding(fd: number, family: number): void {
  if (family === AF_INET || family === AF_INET6) setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1);
}
