import { checkBoolean, checkInt32, checkObject } from "../arguments.js";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "../constants/socket-types.js";
import { keysOf } from "../known-keys.js";
import { RESULT_FDS } from "../native/binding.js";
import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";
import { ownedByCaller } from "./owned-by-caller.js";

export interface SocketOptions {
  /**
   * Makes a descriptor without O_NONBLOCK. A call that waits on it stops the whole thread: no signal handler, timer or other
   * callback runs, and `worker.terminate()` and `process.exit()` wait too. So give such calls a `timeout`.
   */
  blocking?: boolean;
}

/** @internal The bits of `type` that the options stand for. Their keys are checked. */
export function typeFlags({ blocking = false }: SocketOptions): number {
  return SOCK_CLOEXEC | (checkBoolean("options.blocking", blocking) ? 0 : SOCK_NONBLOCK);
}

const KEYS = /* @__PURE__ */ keysOf<SocketOptions>({ blocking: true });

const optionFlags = (options: SocketOptions): number => typeFlags(checkObject("options", options, KEYS));

/**
 * Makes a socket: `socket(AF_UNIX, SOCK_STREAM)`. It is close-on-exec, and non-blocking unless you ask for a blocking one.
 *
 * @returns the descriptor, which the caller owns.
 * @throws a system error: EAFNOSUPPORT, EPROTONOSUPPORT, EMFILE, ENFILE, EACCES, …
 * @see socket(2)
 */
export function socket(domain: number, type: number, protocol = 0, options: SocketOptions = {}): number {
  checkInt32("domain", domain);
  checkInt32("type", type);
  checkInt32("protocol", protocol);
  return ownedByCaller(binding().socket(domain, type | optionFlags(options), protocol), "socket");
}

/**
 * Makes two sockets that are connected to each other. Both are close-on-exec, and non-blocking unless you ask for blocking ones.
 *
 * @returns the two descriptors, which the caller owns.
 * @throws a system error: EOPNOTSUPP, EMFILE, …
 * @see socketpair(2)
 */
export function socketpair(
  domain: number,
  type: number,
  protocol = 0,
  options: SocketOptions = {},
): [number, number] {
  checkInt32("domain", domain);
  checkInt32("type", type);
  checkInt32("protocol", protocol);
  const native = binding();
  succeeded(native.socketpair(domain, type | optionFlags(options), protocol), "socketpair");
  const { result } = native;
  const [first, second] = [result[RESULT_FDS]!, result[RESULT_FDS + 2]!];
  native.detach(first, result[RESULT_FDS + 1]!);
  native.detach(second, result[RESULT_FDS + 3]!);
  return [first, second];
}
