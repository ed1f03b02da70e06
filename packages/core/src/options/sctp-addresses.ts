import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import { checkArray } from "../arguments.js";
import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { readU16 } from "../wire/bytes.js";
import type { Counted } from "../wire/counted.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

/** Room for 146 addresses. If they need more, the kernel fails with ENOMEM. */
const RESERVE = 4096;

/** sizeof(struct sockaddr_in), sizeof(struct sockaddr_in6). */
const SIZES: ReadonlyMap<number, number> = new Map([
  [AF_INET, 16],
  [AF_INET6, 28],
]);

function encodeAll(addresses: unknown, argument: string): Uint8Array[] {
  return checkArray<Address>(argument, addresses).map((address, i) =>
    encodeAddress(address, `${argument}[${i}]`),
  );
}

function decodeAll(bytes: Uint8Array, at: number, end: number, max: number): Address[] | undefined {
  const addresses: Address[] = [];
  while (at < end && addresses.length < max) {
    const size = end - at >= 2 ? SIZES.get(readU16(bytes, at)) : undefined;
    if (size === undefined || at + size > end) return undefined;
    addresses.push(decodeAddress(bytes.subarray(at, at + size)));
    at += size;
  }
  return addresses;
}

const lengthOf = (list: readonly Uint8Array[]): number => list.reduce((sum, { length }) => sum + length, 0);

function writeAll(bytes: Uint8Array, at: number, list: readonly Uint8Array[]): void {
  for (const each of list) {
    bytes.set(each, at);
    at += each.length;
  }
}

/** IPv4 and IPv6 addresses: their sockaddrs, without gaps between them. */
export const addressList: Payload<Address[]> = {
  ctype: "struct sockaddr[]",
  size: both(0),
  align: both(4),
  reserve: both(RESERVE),
  read: (bytes, at, length) => decodeAll(bytes, at, at + length, Number.POSITIVE_INFINITY),
  measure: (value, _encoding, argument) => lengthOf(encodeAll(value, argument)),
  write: (bytes, at, value, _encoding, argument) => writeAll(bytes, at, encodeAll(value, argument)),
};

/** The same list behind its count, in struct sctp_getaddrs: include/uapi/linux/sctp.h. */
export const countedAddresses: Counted<Address[]> = {
  reserve: RESERVE,
  read: (bytes, at, end, count) => decodeAll(bytes, at, end, count),
  measure: (value, _encoding, argument) => lengthOf(encodeAll(value, argument)),
  write(bytes, at, value, _encoding, argument) {
    const addresses = encodeAll(value, argument);
    writeAll(bytes, at, addresses);
    return addresses.length;
  },
};
