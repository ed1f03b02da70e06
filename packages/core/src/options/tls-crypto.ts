import { checkBytes, checkInteger, checkObject } from "../arguments.js";
import {
  TLS_CIPHER_AES_CCM_128,
  TLS_CIPHER_AES_GCM_128,
  TLS_CIPHER_AES_GCM_256,
  TLS_CIPHER_ARIA_GCM_128,
  TLS_CIPHER_ARIA_GCM_256,
  TLS_CIPHER_CHACHA20_POLY1305,
  TLS_CIPHER_SM4_CCM,
  TLS_CIPHER_SM4_GCM,
} from "../constants/tls.js";
import { invalidArgValue, outOfRange } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { copyBytes, readU16, writeU16 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

/** The keys of one direction of a TLS connection, after the handshake. */
export interface TlsCrypto {
  /** TLS_1_2_VERSION or TLS_1_3_VERSION. */
  version: number;
  /** TLS_CIPHER_*. */
  cipher: number;
  iv: Uint8Array;
  key: Uint8Array;
  salt: Uint8Array;
  /** The number of the next record, 8 bytes in network order. */
  recordSequence: Uint8Array;
}

const KEYS = /* @__PURE__ */ keysOf<TlsCrypto>({
  version: true,
  cipher: true,
  key: true,
  iv: true,
  salt: true,
  recordSequence: true,
});

const PARTS = ["iv", "key", "salt", "recordSequence"] as const;

/** The lengths of the parts of struct tls12_crypto_info_*: include/uapi/linux/tls.h. */
const LENGTHS: ReadonlyMap<number, readonly [iv: number, key: number, salt: number, sequence: number]> =
  new Map([
    [TLS_CIPHER_AES_GCM_128, [8, 16, 4, 8]],
    [TLS_CIPHER_AES_GCM_256, [8, 32, 4, 8]],
    [TLS_CIPHER_AES_CCM_128, [8, 16, 4, 8]],
    [TLS_CIPHER_CHACHA20_POLY1305, [12, 32, 0, 8]],
    [TLS_CIPHER_SM4_GCM, [8, 16, 4, 8]],
    [TLS_CIPHER_SM4_CCM, [8, 16, 4, 8]],
    [TLS_CIPHER_ARIA_GCM_128, [8, 16, 4, 8]],
    [TLS_CIPHER_ARIA_GCM_256, [8, 32, 4, 8]],
  ]);

/** struct tls_crypto_info: the version and the cipher. */
const HEADER = 4;

const sum = (lengths: readonly number[]): number => lengths.reduce((a, b) => a + b, HEADER);

function lengthsOf(cipher: unknown, argument: string): readonly number[] {
  const lengths = LENGTHS.get(checkInteger(argument, cipher, 0, 0xffff));
  if (lengths === undefined)
    throw invalidArgValue(argument, `must be one of TLS_CIPHER_*. Received ${cipher}`);
  return lengths;
}

/** The length of the whole struct, from its header. */
export const tlsCryptoLength = (header: Uint8Array): number => sum(LENGTHS.get(readU16(header, 2)) ?? []);

export const tlsCrypto: Payload<TlsCrypto> = {
  ctype: "struct tls_crypto_info",
  size: both(HEADER),
  align: both(2),
  reserve: both(Math.max(...[...LENGTHS.values()].map(sum))),
  read(bytes, at, length) {
    const cipher = readU16(bytes, at + 2);
    const lengths = LENGTHS.get(cipher);
    if (lengths === undefined || length < sum(lengths)) return undefined;
    const value: Record<string, Uint8Array | number> = { version: readU16(bytes, at), cipher };
    let from = at + HEADER;
    PARTS.forEach((part, i) => {
      value[part] = copyBytes(bytes, from, from + lengths[i]!);
      from += lengths[i]!;
    });
    return value as unknown as TlsCrypto;
  },
  measure: (value, _encoding, argument) =>
    sum(lengthsOf(checkObject(argument, value, KEYS).cipher, `${argument}.cipher`)),
  write(bytes, at, value, _encoding, argument) {
    const lengths = lengthsOf(value.cipher, `${argument}.cipher`);
    writeU16(bytes, at, checkInteger(`${argument}.version`, value.version, 0, 0xffff));
    writeU16(bytes, at + 2, value.cipher);
    let to = at + HEADER;
    PARTS.forEach((part, i) => {
      const given = checkBytes(`${argument}.${part}`, value[part]);
      if (given.length !== lengths[i])
        throw outOfRange(`${argument}.${part}.length`, `${lengths[i]}`, given.length);
      bytes.set(given, to);
      to += lengths[i]!;
    });
  },
};
