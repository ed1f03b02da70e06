import { endianness } from "node:os";
import { SCM_RIGHTS, SOL_SOCKET } from "../../src/constants/index.js";

// Control data made by hand, so that the tests of the system calls need only struct cmsghdr (include/linux/socket.h):
// size_t cmsg_len, int cmsg_level, int cmsg_type.

const WORD = process.arch === "ia32" || process.arch === "arm" ? 4 : 8;
const LITTLE = endianness() === "LE";

export const HEADER = WORD + 8;
export const INT = 4;

export const space = (length: number) => HEADER + Math.ceil(length / WORD) * WORD;

export interface Cmsg {
  level: number;
  type: number;
  data: Buffer;
}

/** One encoded control message. `length` overrides cmsg_len. */
export function cmsg(level: number, type: number, data: Uint8Array, length = HEADER + data.length): Buffer {
  const bytes = Buffer.alloc(space(data.length));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (WORD === 8) view.setBigUint64(0, BigInt(length), LITTLE);
  else view.setUint32(0, length, LITTLE);
  view.setInt32(WORD, level, LITTLE);
  view.setInt32(WORD + 4, type, LITTLE);
  bytes.set(data, HEADER);
  return bytes;
}

export function ints(...values: number[]): Buffer {
  return Buffer.from(Int32Array.from(values).buffer);
}

export function rights(...fds: number[]): Buffer {
  return cmsg(SOL_SOCKET, SCM_RIGHTS, ints(...fds));
}

/** The control messages in the first `length` bytes of a received control buffer. */
export function parse(control: Uint8Array, length: number): Cmsg[] {
  const view = new DataView(control.buffer, control.byteOffset, length);
  const messages: Cmsg[] = [];
  for (let at = 0; at + HEADER <= length; ) {
    const size = WORD === 8 ? Number(view.getBigUint64(at, LITTLE)) : view.getUint32(at, LITTLE);
    const data = Buffer.from(control.subarray(at + HEADER, Math.min(at + size, length)));
    messages.push({
      level: view.getInt32(at + WORD, LITTLE),
      type: view.getInt32(at + WORD + 4, LITTLE),
      data,
    });
    at += Math.ceil(size / WORD) * WORD;
  }
  return messages;
}

/** The ints of a control message's payload. */
export function intsOf({ data }: Cmsg): number[] {
  return Array.from({ length: Math.floor(data.length / INT) }, (_, i) =>
    LITTLE ? data.readInt32LE(i * INT) : data.readInt32BE(i * INT),
  );
}

/** The descriptors in a received control buffer's SCM_RIGHTS. */
export function fdsIn(control: Uint8Array, length: number): number[] {
  return parse(control, length)
    .filter(({ level, type }) => level === SOL_SOCKET && type === SCM_RIGHTS)
    .flatMap(intsOf);
}
