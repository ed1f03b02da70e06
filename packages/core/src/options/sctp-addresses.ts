import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import { checkArray, checkInt32, checkObject } from "../arguments.js";
import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { readI32, readU16, readU32, write32 } from "../wire/bytes.js";
import { both } from "../wire/layout.js";
import type { Payload } from "../wire/payload.js";

/** Room for 146 addresses; SCTP says ENOMEM if it is too little. */
const ROOM = 4096;

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

/** IP addresses of either family, their sockaddrs without gaps. */
export const addressList: Payload<Address[]> = {
  ctype: "struct sockaddr[]",
  size: both(0),
  align: both(4),
  room: both(ROOM),
  read: (bytes, at, length) => decodeAll(bytes, at, at + length, Number.POSITIVE_INFINITY),
  measure: (value, _encoding, argument) => lengthOf(encodeAll(value, argument)),
  write: (bytes, at, value, _encoding, argument) => writeAll(bytes, at, encodeAll(value, argument)),
};

/** struct sctp_getaddrs, include/uapi/linux/sctp.h. */
const COUNT = 4;
const ADDRESSES = 8;

/** The addresses of one end of an association. */
export const associationAddresses: Payload<{ association: number; addresses: Address[] }> = {
  ctype: "struct sctp_getaddrs",
  size: both(ADDRESSES),
  align: both(4),
  room: both(ADDRESSES + ROOM),
  read(bytes, at, length) {
    const addresses = decodeAll(bytes, at + ADDRESSES, at + length, readU32(bytes, at + COUNT));
    return addresses && { association: readI32(bytes, at), addresses };
  },
  measure: (value, _encoding, argument) =>
    ADDRESSES + lengthOf(encodeAll(checkObject(argument, value).addresses, `${argument}.addresses`)),
  write(bytes, at, value, _encoding, argument) {
    const addresses = encodeAll(value.addresses, `${argument}.addresses`);
    write32(bytes, at, checkInt32(`${argument}.association`, value.association));
    write32(bytes, at + COUNT, addresses.length);
    writeAll(bytes, at + ADDRESSES, addresses);
  },
};
