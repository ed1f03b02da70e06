import type { UnixAddress } from "./address/index.js";
import { AF_UNIX } from "./constants/address-families.js";
import { SOCK_NONBLOCK } from "./constants/socket-types.js";
import type { SocketType } from "./control/socket-type.js";
import { type FileDescriptor, moveOut } from "./descriptor.js";
import { binding } from "./native/load.js";
import { ControlSwitchboard } from "./socket/control-switches.js";
import { createPair } from "./socket/create.js";
import {
  type CheckedOptions,
  CREATION_OPTIONS,
  checkOptions,
  checkType,
  refuseOptions,
  type SocketOptions,
} from "./socket/creation-options.js";
import type { SocketFacts } from "./socket/facts.js";
import { checkFamilyType } from "./socket/family-types.js";
import { refuseDescriptors } from "./socket/refusing-descriptors.js";
import { type Socket, socketOf } from "./socket.js";
import { succeeded } from "./syscalls/failure.js";

/** The options of a socket that is one of a pair. */
export type PairOptions = Pick<SocketOptions, "protocol" | "receive" | "maxFds">;

const REFUSED = CREATION_OPTIONS.filter((name) => name !== "protocol");

function checkPair(type: SocketType, options: PairOptions): { facts: SocketFacts; checked: CheckedOptions } {
  const typeNumber = checkFamilyType("type", AF_UNIX, checkType("type", type));
  const checked = checkOptions(options);
  refuseOptions(options, REFUSED);
  return { facts: { family: AF_UNIX, type: typeNumber, protocol: checked.protocol ?? 0 }, checked };
}

function makeSocket(
  descriptor: FileDescriptor,
  facts: SocketFacts,
  checked: CheckedOptions,
): Socket<UnixAddress> {
  refuseDescriptors(descriptor.fd, checked.maxFds);
  const switches = ControlSwitchboard.of(descriptor.fd, facts, checked.receive);
  return socketOf(descriptor, facts, { maxFds: checked.maxFds, switches }) as Socket<UnixAddress>;
}

/**
 * Makes two Unix sockets that are connected to each other, for this process. If a child process gets one of them, use
 * {@link socketpairForChild}.
 *
 * @see socketpair(2)
 */
export function socketpair(
  type: SocketType = "stream",
  options: PairOptions = {},
): [Socket<UnixAddress>, Socket<UnixAddress>] {
  const { facts, checked } = checkPair(type, options);
  const [first, second] = createPair(facts, SOCK_NONBLOCK);
  try {
    return [makeSocket(first, facts, checked), makeSocket(second, facts, checked)];
  } catch (error) {
    first.close();
    second.close();
    throw error;
  }
}

/**
 * Makes a Unix socket and the end of it that a child process gets: `spawn(command, args, { stdio: [0, 1, 2, end.fd] })`. The child
 * finds it as its descriptor 3.
 *
 * The end blocks, because most programs expect that: on a non-blocking one, cat(1), Python and many others fail with EAGAIN. The
 * options apply to our socket only. Close the end after `spawn()`, also if it fails: while this process has it, the socket does not
 * notice that the child has ended.
 *
 * @example
 * const [socket, end] = socketpairForChild("stream", { maxFds: 1 });
 * const child = spawn("worker", { stdio: ["inherit", "inherit", "inherit", end.fd] });
 * end.close();
 * @see socketpair(2)
 */
export function socketpairForChild(
  type: SocketType = "stream",
  options: PairOptions = {},
): [socket: Socket<UnixAddress>, end: FileDescriptor] {
  const { facts, checked } = checkPair(type, options);
  // SOCK_NONBLOCK would make both ends non-blocking.
  const [ours, theirs] = createPair(facts, 0);
  try {
    succeeded(binding().setNonBlocking(ours.fd), "fcntl");
    return [makeSocket(ours, facts, checked), moveOut(theirs)];
  } catch (error) {
    ours.close();
    theirs.close();
    throw error;
  }
}
