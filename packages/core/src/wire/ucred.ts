import { readI32, readU32 } from "./bytes.js";
import { i32, u32 } from "./integers.js";
import { struct } from "./struct.js";

/**
 * The credentials of a sender or peer. Every message may have some. So this reads the fields without a loop, which takes half the
 * time.
 */
export const ucred = {
  ...struct("ucred", { pid: i32, uid: u32, gid: u32 }),
  read: (bytes: Uint8Array, at: number) => ({
    pid: readI32(bytes, at),
    uid: readU32(bytes, at + 4),
    gid: readU32(bytes, at + 8),
  }),
};
