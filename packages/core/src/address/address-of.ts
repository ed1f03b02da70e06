import type { AddressFamilyName } from "./family.js";
import type { Ipv4Address } from "./ipv4.js";
import type { Ipv6Address } from "./ipv6.js";
import type { Address } from "./table.js";
import type { UnixAddress } from "./unix.js";

/** The addresses of a family, by its name. If the library has no type for them, any address. */
export type FamilyAddress<Family> = [Extract<Address, { family?: Family }>] extends [never]
  ? Address
  : Extract<Address, { family?: Family }>;

/** The addresses of the family that an address gives, also as Node's own modules name it. */
type OfFamily<Family, Given> = Family extends "IPv4"
  ? Ipv4Address
  : Family extends "IPv6"
    ? Ipv6Address
    : Family extends AddressFamilyName
      ? FamilyAddress<Family>
      : Given extends { data: unknown }
        ? Address
        : Family extends 4
          ? Ipv4Address
          : Family extends 6
            ? Ipv6Address
            : Ipv4Address | Ipv6Address;

/**
 * The addresses of a socket that was bound or connected to an address of type `Given`: those of the same family. If `Given` does not
 * say the version of IP, both are possible.
 */
export type AddressOf<Given> = Given extends unknown
  ? "family" extends keyof Given
    ? OfFamily<NonNullable<Given["family"]>, Given>
    : Given extends { address: unknown }
      ? Ipv4Address | Ipv6Address
      : UnixAddress
  : never;
