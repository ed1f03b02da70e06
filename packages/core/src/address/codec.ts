import type { InterfaceIndex } from "../wire/payload.js";

/** One family's addresses: how the bytes of its sockaddr become a value, and back. */
export interface AddressCodec<A> {
  /** AF_* */
  readonly family: number;
  /** Checks the address: errors name `argument`. Returns the sockaddr's bytes, whose family is not filled in yet. */
  encode(address: A, argument: string, interfaceIndex: InterfaceIndex): Uint8Array;
  /** Returns undefined for bytes that no value stands for. */
  decode(bytes: Uint8Array): A | undefined;
  /** For errors and logs. */
  format(address: A): AddressDetails;
}

/** How an error names an address, as Node's own errors do. */
export interface AddressDetails {
  path?: string;
  address?: string;
  port?: number;
}

/** sizeof(sa_family_t): every sockaddr begins with it. */
export const FAMILY_BYTES = 2;
