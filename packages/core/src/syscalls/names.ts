import { checkFd } from "../arguments.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";

/**
 * Returns the address to which a socket is bound, as an encoded sockaddr. For an unnamed Unix socket it is two bytes: the family.
 *
 * @see getsockname(2)
 */
export function getsockname(fd: number): Uint8Array {
  checkFd("fd", fd);
  const address = new Uint8Array(ADDRESS_SPACE);
  return address.slice(0, succeeded(binding().getsockname(fd, address), "getsockname"));
}

/**
 * Returns the address of a socket's peer, as an encoded sockaddr.
 *
 * @throws a system error: ENOTCONN, …
 * @see getpeername(2)
 */
export function getpeername(fd: number): Uint8Array {
  checkFd("fd", fd);
  const address = new Uint8Array(ADDRESS_SPACE);
  return address.slice(0, succeeded(binding().getpeername(fd, address), "getpeername"));
}
