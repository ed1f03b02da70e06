import { binding } from "../native/load.js";
import { succeeded } from "../syscalls/failure.js";
import { SIZEOF_INT } from "../syscalls/int-option.js";
import { readI32 } from "../wire/bytes.js";

/** tcp(7); include/uapi/asm-generic/ioctls.h calls it TIOCOUTQ. */
const SIOCOUTQ = 0x5411;

/** How many bytes a TCP socket holds that the peer has not acknowledged, sent or not. */
export function unacknowledgedBytes(fd: number): number {
  const bytes = new Uint8Array(SIZEOF_INT);
  succeeded(binding().ioctl(fd, SIOCOUTQ, bytes), "ioctl");
  return readI32(bytes, 0);
}
