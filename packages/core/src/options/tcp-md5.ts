import type { Address } from "../address/index.js";
import { addressStorage } from "../address/sockaddr.js";
import { checkBytes, checkInteger, checkObject } from "../arguments.js";
import { TCP_MD5SIG_MAXKEYLEN } from "../constants/tcp.js";
import { keysOf } from "../known-keys.js";
import { copyBytes, readI32, readU16, write32, writeU16 } from "../wire/bytes.js";
import { interfaceIndex } from "../wire/interface.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

export interface Md5Signature {
  /** The peer whose segments are signed. */
  address: Address;
  /** At most 80 bytes. */
  key: Uint8Array;
  /** Which of the next two fields count: TCP_MD5SIG_FLAG_PREFIX, TCP_MD5SIG_FLAG_IFINDEX. Default: 0. */
  flags?: number;
  prefixLength?: number;
  interface?: number | string;
}

const KEYS = /* @__PURE__ */ keysOf<Md5Signature>({
  address: true,
  key: true,
  flags: true,
  prefixLength: true,
  interface: true,
});

/** The positions of the fields of struct tcp_md5sig: include/uapi/linux/tcp.h. */
const FLAGS = 128;
const PREFIX_LENGTH = 129;
const KEY_LENGTH = 130;
const INTERFACE = 132;
const KEY = 136;
const SIZE = KEY + TCP_MD5SIG_MAXKEYLEN;

export const md5Signature: Payload<Md5Signature> = {
  ctype: "struct tcp_md5sig",
  size: both(SIZE),
  align: addressStorage.align,
  read(bytes, at, _length, layout) {
    const length = readU16(bytes, at + KEY_LENGTH);
    const address = addressStorage.read(bytes, at, FLAGS, layout);
    if (address === undefined || length > TCP_MD5SIG_MAXKEYLEN) return undefined;
    return {
      address,
      key: copyBytes(bytes, at + KEY, at + KEY + length),
      flags: bytes[at + FLAGS]!,
      prefixLength: bytes[at + PREFIX_LENGTH]!,
      interface: readI32(bytes, at + INTERFACE),
    };
  },
  write(bytes, at, value, encoding, argument) {
    const {
      address,
      key,
      flags = 0,
      prefixLength = 0,
      interface: device = 0,
    } = checkObject(argument, value, KEYS);
    const secret = checkBytes(`${argument}.key`, key);
    checkInteger(`${argument}.key.length`, secret.length, 0, TCP_MD5SIG_MAXKEYLEN);
    addressStorage.write(bytes, at, address, encoding, `${argument}.address`, FLAGS);
    bytes[at + FLAGS] = checkInteger(`${argument}.flags`, flags, 0, 0xff);
    bytes[at + PREFIX_LENGTH] = checkInteger(`${argument}.prefixLength`, prefixLength, 0, 0xff);
    writeU16(bytes, at + KEY_LENGTH, secret.length);
    write32(bytes, at + INTERFACE, 0);
    interfaceIndex.write(bytes, at + INTERFACE, device, encoding, `${argument}.interface`, 4);
    bytes.set(secret, at + KEY);
  },
};
