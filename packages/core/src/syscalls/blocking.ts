import { binding } from "../native/load.js";
import { succeeded } from "./failure.js";
import { SIZEOF_INT } from "./int-option.js";

/** include/uapi/asm-generic/ioctls.h. The number is the same on all architectures that have a binary. */
const FIONBIO = 0x5421;

/** Clears O_NONBLOCK. One ioctl(2) does it: fcntl(2) would have to read the other flags first. See ioctl(2), FIONBIO. */
export function setBlocking(fd: number): void {
  succeeded(binding().ioctl(fd, FIONBIO, new Uint8Array(SIZEOF_INT)), "ioctl");
}
