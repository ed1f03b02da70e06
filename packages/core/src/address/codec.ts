import type { KnownKeys } from "../known-keys.js";
import type { InterfaceLookup } from "../wire/payload.js";

/** Encodes and decodes the addresses of one family. */
export interface AddressCodec<A> {
  /** AF_* */
  readonly family: number;
  /** The keys that an address of the family may have. */
  readonly keys: KnownKeys;
  /** Checks the address and returns its sockaddr, in which the family is not filled in yet. Errors name `argument`. */
  encode(address: A, argument: string, interfaceIndex: InterfaceLookup): Uint8Array;
  /** Returns undefined if the bytes are not a valid address. */
  decode(bytes: Uint8Array): A | undefined;
  /** The address as errors and logs show it. */
  format(address: A): AddressDetails;
}

/** How an error names an address. Node's own errors have the same properties. */
export interface AddressDetails {
  path?: string;
  address?: string;
  port?: number;
}

/** sizeof(sa_family_t): every sockaddr begins with it. */
export const FAMILY_BYTES = 2;
