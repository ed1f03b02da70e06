import { checkBytes } from "../arguments.js";
import { ALG_SET_AEAD_ASSOCLEN, ALG_SET_IV, ALG_SET_OP } from "../constants/alg.js";
import { SOL_ALG } from "../constants/levels.js";
import { copyBytes, readU32, write32 } from "../wire/bytes.js";
import { u32 } from "../wire/integers.js";
import { both, inLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import { level } from "./level.js";

/** struct af_alg_iv: its length, then as many bytes. */
const initializationVector: Payload<Uint8Array> = {
  ctype: "struct af_alg_iv",
  size: u32.size,
  align: u32.align,
  // Twice the longest initialization vector of any cipher in the kernel.
  reserve: both(u32.size["64"] + 64),
  read(bytes, at, length, layout) {
    const start = at + inLayout(u32.size, layout);
    return readU32(bytes, at) === at + length - start ? copyBytes(bytes, start, at + length) : undefined;
  },
  measure(value, encoding, argument) {
    return inLayout(u32.size, encoding.layout) + checkBytes(argument, value).length;
  },
  write(bytes, at, value, encoding, argument, length) {
    const size = inLayout(u32.size, encoding.layout);
    write32(bytes, at, length - size);
    bytes.set(checkBytes(argument, value).subarray(0, length - size), at + size);
  },
};

const { send } = level(
  { SOL_ALG },
  {
    source: "Documentation/crypto/userspace-if.rst",
    families: ["alg"],
  },
);

/** The control messages of SOL_ALG. */
export const algMessages = () => ({
  /** The initialization vector.
   * ALG_SET_IV (2) of SOL_ALG: struct af_alg_iv, sent. Since Linux 2.6.38. Source: Documentation/crypto/userspace-if.rst. */
  algSetIv: send({ ALG_SET_IV }, "2.6.38", initializationVector),
  /** ALG_OP_ENCRYPT or ALG_OP_DECRYPT.
   * ALG_SET_OP (3) of SOL_ALG: __u32, sent. Since Linux 2.6.38. Source: Documentation/crypto/userspace-if.rst. */
  algSetOp: send({ ALG_SET_OP }, "2.6.38", u32),
  /** How many bytes at the beginning are authenticated, but not encrypted.
   * ALG_SET_AEAD_ASSOCLEN (4) of SOL_ALG: __u32, sent. Since Linux 4.0. Source: Documentation/crypto/userspace-if.rst. */
  algSetAeadAssocLen: send({ ALG_SET_AEAD_ASSOCLEN }, "4.0", u32),
});
