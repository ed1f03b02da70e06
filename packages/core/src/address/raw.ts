import { checkBytes, checkInteger } from "../arguments.js";
import { AF_UNSPEC } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { copyBytes, readU16 } from "../wire/bytes.js";

import { type AddressCodec, FAMILY_BYTES } from "./codec.js";

/** An address as bytes. The library does not know its family, or the address is too short to decode. */
export interface RawAddress {
  /** AF_* */
  family: number;
  /** The sockaddr without the two bytes of its family. */
  data: Uint8Array;
}

const KEYS = /* @__PURE__ */ keysOf<RawAddress>({ family: true, data: true });

export const raw: AddressCodec<RawAddress> = {
  family: AF_UNSPEC,

  keys: KEYS,
  encode({ family, data }, argument) {
    checkInteger(`${argument}.family`, family, 0, 0xffff);
    const rest = checkBytes(`${argument}.data`, data);
    const bytes = new Uint8Array(FAMILY_BYTES + rest.length);
    bytes.set(rest, FAMILY_BYTES);
    return bytes;
  },

  decode: (bytes) =>
    bytes.length < FAMILY_BYTES
      ? { family: AF_UNSPEC, data: copyBytes(bytes, 0, bytes.length) }
      : { family: readU16(bytes, 0), data: copyBytes(bytes, FAMILY_BYTES, bytes.length) },

  format: ({ family, data }) => ({ address: `family ${family}: ${Buffer.from(data).toString("hex")}` }),
};
