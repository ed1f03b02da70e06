import { checkBytes } from "../arguments.js";
import { AF_UNIX } from "../constants/address-families.js";
import { ENAMETOOLONG } from "../errno.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { copyBytes, readUtf8 } from "../wire/bytes.js";
import { type AddressCodec, FAMILY_BYTES } from "./codec.js";

/** A Unix socket with a file. */
export interface UnixPathAddress {
  family?: "unix";
  /** The file's path, as text or as bytes. At most 108 bytes. */
  path: string | Uint8Array;
  abstract?: never;
}

/** A name in Linux's abstract namespace. It has no file, and disappears with the socket. */
export interface UnixAbstractAddress {
  family?: "unix";
  /**
   * The name without its leading NUL, which the library adds. As text or as bytes, at most 107, which may contain NUL. A name that
   * begins with another NUL has to be bytes.
   */
  abstract: string | Uint8Array;
  path?: never;
}

/** A socket without a name. With bind(2), it lets the kernel choose a free abstract name. */
export interface UnixUnnamedAddress {
  family: "unix";
  path?: never;
  abstract?: never;
}

/** An address of AF_UNIX. @see unix(7) */
export type UnixAddress = UnixPathAddress | UnixAbstractAddress | UnixUnnamedAddress;

const KEYS = /* @__PURE__ */ keysOf<UnixAddress>({ path: true, family: true, abstract: true });

/** sizeof(sun_path), include/uapi/linux/un.h. The kernel accepts a path that fills it, without a NUL at the end. */
export const UNIX_PATH_MAX = 108;

function nameBytes(argument: string, value: unknown): Uint8Array {
  if (typeof value === "string") return Buffer.from(value, "utf8");
  if (ArrayBuffer.isView(value)) return checkBytes(argument, value);
  throw invalidArgType(argument, "of type string or an instance of Uint8Array", value);
}

function tooLong(
  argument: string,
  name: string | Uint8Array,
  length: number,
  limit: number,
  fix: string,
): Error {
  const error = new Error(
    `ENAMETOOLONG: the "${argument}" argument has ${length} bytes, and a Unix socket's address has room for ${limit}. ` +
      fix,
  );
  return Object.assign(error, { errno: -ENAMETOOLONG, code: "ENAMETOOLONG", argument, path: asText(name) });
}

function sockaddr(name: Uint8Array, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(FAMILY_BYTES + length);
  bytes[0] = AF_UNIX;
  bytes.set(name, at);
  return bytes;
}

/** The bytes as text if they are valid UTF-8. Paths and names need not be. */
const textOrBytes = (bytes: Uint8Array): string | Uint8Array =>
  readUtf8(bytes) ?? copyBytes(bytes, 0, bytes.length);

/** As text, a name that begins with NUL is refused: mostly it has the NUL that we add. */
const abstractName = (bytes: Uint8Array): string | Uint8Array =>
  bytes[0] === 0 ? copyBytes(bytes, 0, bytes.length) : textOrBytes(bytes);

const asText = (name: string | Uint8Array): string =>
  typeof name === "string" ? name : Buffer.from(name.buffer, name.byteOffset, name.byteLength).toString();

export const unix: AddressCodec<UnixAddress> = {
  family: AF_UNIX,
  keys: KEYS,

  encode(address, argument) {
    const { path, abstract } = address;
    if (path !== undefined && abstract !== undefined) {
      throw invalidArgValue(argument, "must have a path or an abstract name, not both");
    }
    if (path !== undefined) {
      const name = nameBytes(`${argument}.path`, path);
      if (name.length === 0) throw invalidArgValue(`${argument}.path`, "must not be empty");
      if (name[0] === 0) {
        throw invalidArgValue(
          `${argument}.path`,
          "must not begin with a NUL byte: give an abstract name as { abstract }, without its leading NUL",
        );
      }
      if (name.includes(0)) throw invalidArgValue(`${argument}.path`, "must not contain a NUL byte");
      if (name.length > UNIX_PATH_MAX) {
        const fix = "Use a shorter path, or one relative to the working directory";
        throw tooLong(`${argument}.path`, path, name.length, UNIX_PATH_MAX, fix);
      }
      return sockaddr(name, FAMILY_BYTES, name.length);
    }
    if (abstract !== undefined) {
      if (typeof abstract === "string" && abstract.startsWith("\0")) {
        throw invalidArgValue(
          `${argument}.abstract`,
          "must not begin with a NUL character: the library adds the leading NUL. If there really is a second NUL, give bytes",
        );
      }
      const name = nameBytes(`${argument}.abstract`, abstract);
      const limit = UNIX_PATH_MAX - 1;
      if (name.length > limit) {
        throw tooLong(`${argument}.abstract`, abstract, name.length, limit, "Use a shorter name");
      }
      return sockaddr(name, FAMILY_BYTES + 1, name.length + 1);
    }
    return sockaddr(new Uint8Array(0), FAMILY_BYTES, 0);
  },

  decode(bytes) {
    const name = bytes.subarray(FAMILY_BYTES, FAMILY_BYTES + UNIX_PATH_MAX);
    if (name.length === 0) return { family: "unix" };
    if (name[0] === 0) return { family: "unix", abstract: abstractName(name.subarray(1)) };
    const end = name.indexOf(0);
    return { family: "unix", path: textOrBytes(end < 0 ? name : name.subarray(0, end)) };
  },

  // Node prints abstract names in the same way.
  format({ path, abstract }) {
    if (path !== undefined) return { path: asText(path) };
    return abstract === undefined ? {} : { path: `\0${asText(abstract)}` };
  },
};
