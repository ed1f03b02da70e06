import { readI32, readU32 } from "./bytes.js";
import { i32, u32 } from "./integers.js";
import { struct } from "./struct.js";

/** Who sent a message, or is at the other end. Every message may bring one: it is read without a loop over fields, in half the time. */
export const ucred = {
  ...struct("ucred", { pid: i32, uid: u32, gid: u32 }),
  read: (bytes: Uint8Array, at: number) => ({
    pid: readI32(bytes, at),
    uid: readU32(bytes, at + 4),
    gid: readU32(bytes, at + 8),
  }),
};
