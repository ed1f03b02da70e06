import { Buffer } from "node:buffer";
import { type Address, invalidArgType, type UnixAddress } from "sendmsg/unix-datagram";

/** The address of a path. A path that begins with a NUL byte is an abstract name: unix(7). */
export function addressOf(path: string): UnixAddress {
  if (typeof path !== "string") throw invalidArgType("path", "a string", path);
  return path.startsWith("\0") ? { family: "unix", abstract: path.slice(1) } : { family: "unix", path };
}

/** The path of an address, or its abstract name after a NUL byte. null: the socket has neither, and nobody can answer it. */
export function pathOf(address: Address | undefined): string | null {
  if (address?.family !== "unix") return null;
  const { path, abstract } = address;
  if (path !== undefined) return textOf(path);
  return abstract === undefined ? null : `\0${textOf(abstract)}`;
}

/** A name that is no UTF-8 comes as bytes. The original, too, puts U+FFFD in the place of what it can't read. */
const textOf = (name: string | Uint8Array): string =>
  typeof name === "string" ? name : Buffer.from(name).toString();
