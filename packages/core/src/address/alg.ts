import { checkString } from "../arguments.js";
import { AF_ALG } from "../constants/address-families.js";
import { invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readU32, write32 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";
import { optionalU32 } from "./fields.js";

/** An algorithm that the kernel provides: Documentation/crypto/userspace-if.rst. */
export interface AlgAddress {
  family: "alg";
  /** `hash`, `skcipher`, `aead`, `rng`, `akcipher` */
  type: string;
  /** `sha256`, `cbc(aes)`… */
  name: string;
  /** Absent: 0. */
  features?: number;
  /** Absent: 0. */
  mask?: number;
}

const KEYS = /* @__PURE__ */ keysOf<AlgAddress>({
  family: true,
  type: true,
  name: true,
  features: true,
  mask: true,
});

/** struct sockaddr_alg, include/uapi/linux/if_alg.h. With a longer name, it is longer. */
const SIZE = 88;
const TYPE = 2;
const FEATURES = 16;
const MASK = 20;
const NAME = 24;
/** The last byte of both fields is a null byte, which the kernel sets. */
const TYPE_BYTES = 14 - 1;
/** CRYPTO_MAX_ALG_NAME, include/linux/crypto.h. */
const NAME_BYTES = 128 - 1;

function asciiBytes(argument: string, value: unknown, limit: number): Buffer {
  const text = checkString(argument, value);
  if (!/^[!-~]+$/.test(text) || text.length > limit) {
    throw invalidArgValue(argument, `must be 1 to ${limit} characters of ASCII without spaces`);
  }
  return Buffer.from(text, "latin1");
}

/** Reads the text up to the null byte. Returns undefined if it can't be encoded again. */
function ascii(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  const text = String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
  return /^[!-~]+$/.test(text) ? text : undefined;
}

export const alg: AddressCodec<AlgAddress> = {
  family: AF_ALG,
  keys: KEYS,

  encode({ type, name, features, mask }, argument) {
    const nameBytes = asciiBytes(`${argument}.name`, name, NAME_BYTES);
    const bytes = new Uint8Array(Math.max(SIZE, NAME + nameBytes.length + 1));
    bytes.set(asciiBytes(`${argument}.type`, type, TYPE_BYTES), TYPE);
    write32(bytes, FEATURES, optionalU32(`${argument}.features`, features));
    write32(bytes, MASK, optionalU32(`${argument}.mask`, mask));
    bytes.set(nameBytes, NAME);
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE || bytes.length > NAME + NAME_BYTES + 1) return undefined;
    const type = ascii(bytes.subarray(TYPE, TYPE + TYPE_BYTES));
    const name = ascii(bytes.subarray(NAME, Math.min(bytes.length, NAME + NAME_BYTES)));
    if (type === undefined || name === undefined) return undefined;
    return { family: "alg", type, name, features: readU32(bytes, FEATURES), mask: readU32(bytes, MASK) };
  },

  format: ({ type, name }) => ({ address: `alg ${type} ${name}` }),
};
