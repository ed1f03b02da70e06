import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { SOL_SOCKET } from "../constants/levels.js";
import { SO_REUSEADDR } from "../constants/socket.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "../constants/socket-types.js";
import { type FileDescriptor, holdUncollected } from "../descriptor.js";
import { RESULT_FDS, RESULT_GENERATION } from "../native/binding.js";
import { binding } from "../native/load.js";
import { CREATE } from "../reasons/create.js";
import { withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import { setInt } from "../syscalls/int-option.js";
import type { SocketFacts } from "./facts.js";

/** Creates a non-blocking, close-on-exec socket, in custody. */
export function createSocket(facts: SocketFacts): FileDescriptor {
  const { family, type, protocol } = facts;
  const native = binding();
  const fd = native.socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) throw withReason(failure(fd, "socket"), CREATE, facts);
  return holdUncollected(fd, native.result[RESULT_GENERATION]!);
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
