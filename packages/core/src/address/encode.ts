import { checkFunction, checkString, unpolluted } from "../arguments.js";
import { checkKeys } from "../known-keys.js";
import { writeU16 } from "../wire/bytes.js";
import { systemInterfaceIndex } from "../wire/interface.js";
import type { InterfaceLookup } from "../wire/payload.js";
import type { AddressDetails } from "./codec.js";
import { type RawAddress, raw } from "./raw.js";
import { type AddressInput, codecOf } from "./table.js";

/**
 * Encodes an address into the bytes of its sockaddr, for bind(2), connect(2) and sendmsg(2).
 *
 * Errors name `argument`, as in `address.port`. `interfaceIndex` finds the index of an interface that the address names. By
 * default, it is read from sysfs, which shows the network namespace in which sysfs was mounted. Sockets ask the kernel instead.
 *
 * @throws TypeError, RangeError ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 * @throws Error ENAMETOOLONG: a path of more than 108 bytes, an abstract name of more than 107
 * @see unix(7), ip(7), ipv6(7)
 */
export function encodeAddress(
  address: AddressInput,
  argument = "address",
  interfaceIndex: InterfaceLookup = systemInterfaceIndex,
): Uint8Array {
  checkString("argument", argument);
  checkFunction("interfaceIndex", interfaceIndex);
  const given = unpolluted(address);
  const codec = codecOf(given, argument);
  checkKeys(argument, address, codec.keys);
  const bytes = codec.encode(given, argument, interfaceIndex);
  writeU16(bytes, 0, familyOf(given, codec));
  return bytes;
}

/** The address's family as a number: AF_UNIX, AF_INET… */
export function addressFamily(address: AddressInput, argument = "address"): number {
  checkString("argument", argument);
  const given = unpolluted(address);
  return familyOf(given, codecOf(given, argument));
}

/** The codec of raw addresses serves all families. So there the address itself gives the number. */
const familyOf = (address: AddressInput, codec: { readonly family: number }): number =>
  codec === raw ? (address as RawAddress).family : codec.family;

/** How an error names an address that is already checked. */
export const detailsOf = (address: AddressInput): AddressDetails => {
  const given = unpolluted(address);
  return codecOf(given, "address").format(given);
};

/**
 * Returns the properties with which an error names the address: `{ path }` for a Unix socket, `{ address, port }` for an IP
 * address, otherwise `{ address }`.
 *
 * @throws TypeError, RangeError: it is not an address.
 */
export function formatAddress(address: AddressInput): AddressDetails {
  // Only to check the address. The interfaces that it names need not exist on this machine.
  encodeAddress(address, "address", () => 0);
  return detailsOf(address);
}
