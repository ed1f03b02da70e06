import { AF_UNIX } from "../constants/address-families.js";
import { SOCK_CLOEXEC, SOCK_DGRAM } from "../constants/socket-types.js";
import { ENODEV } from "../errno.js";
import { binding } from "../native/load.js";
import { IFNAMSIZ } from "../wire/interface.js";
import type { InterfaceLookup } from "../wire/payload.js";
import { failure, succeeded } from "./failure.js";

/** include/uapi/linux/sockios.h */
const SIOCGIFINDEX = 0x8933;
/** struct ifreq, include/uapi/linux/if.h: a name with a null byte, and a union. In 32-bit programs the union is smaller. */
const IFREQ_BYTES = 40;

/** Returns an index, or a negative errno. */
function ask(fd: number, name: string): number {
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(name, 0, IFNAMSIZ, "utf8");
  const result = binding().ioctl(fd, SIOCGIFINDEX, request);
  return result < 0 ? result : request.readInt32LE(IFNAMSIZ);
}

function askAnother(name: string): number {
  const fd = succeeded(binding().socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  try {
    return ask(fd, name);
  } finally {
    binding().close(fd);
  }
}

/**
 * Asks the kernel for the index of an interface, in the socket's network namespace. If there is no socket yet, or its family does
 * not answer (AF_ALG), asks in this process's namespace. Returns undefined if no interface has that name.
 *
 * @see netdevice(7)
 */
export function kernelInterfaceIndex(fd: number | undefined, name: string): number | undefined {
  if (Buffer.byteLength(name) >= IFNAMSIZ) return undefined;
  let index = fd === undefined ? -1 : ask(fd, name);
  if (index < 0 && index !== -ENODEV) index = askAnother(name);
  if (index === -ENODEV) return undefined;
  if (index < 0) throw failure(index, "ioctl");
  return index;
}

/** Looks up interfaces in the socket's network namespace: see {@link kernelInterfaceIndex}. */
export const interfacesOf =
  (fd: number | undefined): InterfaceLookup =>
  (name) =>
    kernelInterfaceIndex(fd, name);
