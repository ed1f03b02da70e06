import { endianness } from "node:os";
import { AF_INET, AF_UNIX } from "../../src/constants/index.js";

// sockaddrs made by hand: unix(7), ip(7).

function family(number: number): Buffer {
  const bytes = Buffer.alloc(2);
  if (endianness() === "LE") bytes.writeUInt16LE(number);
  else bytes.writeUInt16BE(number);
  return bytes;
}

/** A path, or an abstract name if it begins with NUL. */
export function unixAddress(path: string): Buffer {
  return Buffer.concat([family(AF_UNIX), Buffer.from(path.startsWith("\0") ? path : `${path}\0`)]);
}

/** A port of 127.0.0.1. 0: any port. */
export function loopback(port = 0): Buffer {
  const bytes = Buffer.alloc(16);
  family(AF_INET).copy(bytes);
  bytes.writeUInt16BE(port, 2);
  bytes.set([127, 0, 0, 1], 4);
  return bytes;
}

/** An abstract name that belongs to this process. */
export const abstractAddress = (name: string): Buffer => unixAddress(`\0sendmsg-test-${process.pid}-${name}`);
