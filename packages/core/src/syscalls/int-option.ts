import { SOL_SOCKET } from "../constants/levels.js";
import { SO_DOMAIN } from "../constants/socket.js";
import { binding } from "../native/load.js";
import { readI32, write32 } from "../wire/bytes.js";
import { succeeded } from "./failure.js";

export const SIZEOF_INT = 4;

/** Reads an option that is an int, by its numbers. */
export function getInt(fd: number, level: number, option: number): number {
  const bytes = new Uint8Array(SIZEOF_INT);
  succeeded(binding().getsockopt(fd, level, option, bytes), "getsockopt");
  return readI32(bytes, 0);
}

/** AF_* of a socket. Undefined: the descriptor is not a socket. */
export function familyOfSocket(fd: number): number | undefined {
  const bytes = new Uint8Array(SIZEOF_INT);
  const result = binding().getsockopt(fd, SOL_SOCKET, SO_DOMAIN, bytes);
  return result < 0 ? undefined : readI32(bytes, 0);
}

/** Sets an option to an int. Returns the system call's result: 0 or a negative errno. */
export function trySetInt(fd: number, level: number, option: number, value: number): number {
  const bytes = new Uint8Array(SIZEOF_INT);
  write32(bytes, 0, value);
  return binding().setsockopt(fd, level, option, bytes);
}

/** Like {@link trySetInt}, but throws. */
export function setInt(fd: number, level: number, option: number, value: number): void {
  succeeded(trySetInt(fd, level, option, value), "setsockopt");
}
