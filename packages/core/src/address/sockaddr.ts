import { checkObject } from "../arguments.js";
import { readU16, writeU16 } from "../wire/bytes.js";
import { both, type PerLayout } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";
import type { AddressCodec } from "./codec.js";
import { decodeAddress } from "./decode.js";
import { encodeAddress } from "./encode.js";
import { type Ipv4Address, ipv4 } from "./ipv4.js";
import { type Ipv6Address, ipv6 } from "./ipv6.js";
import type { Address } from "./table.js";

// Addresses inside control messages and socket options.

/** A sockaddr of one family. */
function sockaddr<A extends object>(ctype: string, codec: AddressCodec<A>, size: number): Payload<A> {
  return {
    ctype,
    size: both(size),
    align: both(4),
    read: (bytes, at) =>
      readU16(bytes, at) === codec.family ? codec.decode(bytes.subarray(at, at + size)) : undefined,
    write(bytes, at, value, encoding, argument) {
      bytes.set(
        codec.encode(checkObject(argument, value, codec.keys), argument, encoding.interfaceIndex),
        at,
      );
      writeU16(bytes, at, codec.family);
    },
  };
}

export const sockaddrIn: Payload<Ipv4Address> = sockaddr("struct sockaddr_in", ipv4, 16);
export const sockaddrIn6: Payload<Ipv6Address> = sockaddr("struct sockaddr_in6", ipv6, 28);

/** sizeof(struct sockaddr_storage). */
const SIZE = 128;

function storage(align: PerLayout): Payload<Address> {
  return {
    ctype: "struct sockaddr_storage",
    size: both(SIZE),
    align,
    read: (bytes, at) => decodeAddress(bytes.subarray(at, at + SIZE)),
    write(bytes, at, value, encoding, argument) {
      bytes.set(encodeAddress(value, argument, encoding.interfaceIndex), at);
    },
  };
}

/** struct sockaddr_storage: an address of any family, aligned like a pointer. */
export const addressStorage = storage({ "64": 8, "32": 4 });

/** The same in SCTP's packed structures, where it is aligned only to 4 bytes. */
export const packedAddressStorage = storage(both(4));
