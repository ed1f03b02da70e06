import { checkBigint, checkInt32, checkInteger, checkUint32 } from "../arguments.js";
import {
  readI32,
  readI64,
  readU16,
  readU16Be,
  readU32,
  readU32Be,
  readU64,
  write32,
  write32Be,
  write64,
  writeU16,
  writeU16Be,
} from "./bytes.js";
import { both, WORD } from "./layout.js";
import type { Payload } from "./payload.js";

export const u8: Payload<number> = {
  ctype: "__u8",
  size: both(1),
  align: both(1),
  read: (bytes, at) => bytes[at]!,
  write(bytes, at, value, _encoding, argument) {
    bytes[at] = checkInteger(argument, value, 0, 0xff);
  },
};

export const u16: Payload<number> = {
  ctype: "__u16",
  size: both(2),
  align: both(2),
  read: readU16,
  write(bytes, at, value, _encoding, argument) {
    writeU16(bytes, at, checkInteger(argument, value, 0, 0xffff));
  },
};

/** In network byte order. */
export const u16Be: Payload<number> = {
  ctype: "__be16",
  size: both(2),
  align: both(2),
  read: readU16Be,
  write(bytes, at, value, _encoding, argument) {
    writeU16Be(bytes, at, checkInteger(argument, value, 0, 0xffff));
  },
};

export const u32: Payload<number> = {
  ctype: "__u32",
  size: both(4),
  align: both(4),
  read: readU32,
  write(bytes, at, value, _encoding, argument) {
    write32(bytes, at, checkUint32(argument, value));
  },
};

/** In network byte order. */
export const u32Be: Payload<number> = {
  ctype: "__be32",
  size: both(4),
  align: both(4),
  read: readU32Be,
  write(bytes, at, value, _encoding, argument) {
    write32Be(bytes, at, checkUint32(argument, value));
  },
};

export const i32: Payload<number> = {
  ctype: "int",
  size: both(4),
  align: both(4),
  read: readI32,
  write(bytes, at, value, _encoding, argument) {
    write32(bytes, at, checkInt32(argument, value));
  },
};

export const MAX_U32 = 0xffffffffn;
export const MAX_U64 = 0xffffffffffffffffn;
const MIN_I64 = -0x8000000000000000n;
const MAX_I64 = 0x7fffffffffffffffn;
const MIN_I32 = -0x80000000n;
const MAX_I32 = 0x7fffffffn;

// The i386 ABI aligns 64-bit integers to 4 bytes in structures.
const align64 = { "64": 8, "32": 4 } as const;

export const u64: Payload<bigint> = {
  ctype: "__u64",
  size: both(8),
  align: align64,
  read: readU64,
  write(bytes, at, value, _encoding, argument) {
    write64(bytes, at, checkBigint(argument, value, 0n, MAX_U64));
  },
};

export const i64: Payload<bigint> = {
  ctype: "__s64",
  size: both(8),
  align: align64,
  read: readI64,
  write(bytes, at, value, _encoding, argument) {
    write64(bytes, at, checkBigint(argument, value, MIN_I64, MAX_I64));
  },
};

/** `unsigned long`: 32 bits wide in the 32-bit layout, a bigint in both. */
export const ulong: Payload<bigint> = {
  ctype: "unsigned long",
  size: WORD,
  align: WORD,
  read: (bytes, at, _length, layout) => (layout === "64" ? readU64(bytes, at) : BigInt(readU32(bytes, at))),
  write(bytes, at, value, encoding, argument) {
    if (encoding.layout === "64") write64(bytes, at, checkBigint(argument, value, 0n, MAX_U64));
    else write32(bytes, at, Number(checkBigint(argument, value, 0n, MAX_U32)));
  },
};

/** `long`: 32 bits wide in the 32-bit layout, a bigint in both. */
export const long: Payload<bigint> = {
  ctype: "long",
  size: WORD,
  align: WORD,
  read: (bytes, at, _length, layout) => (layout === "64" ? readI64(bytes, at) : BigInt(readI32(bytes, at))),
  write(bytes, at, value, encoding, argument) {
    if (encoding.layout === "64") write64(bytes, at, checkBigint(argument, value, MIN_I64, MAX_I64));
    else write32(bytes, at, Number(checkBigint(argument, value, MIN_I32, MAX_I32)));
  },
};
