import { familyName } from "../address/family.js";
import { type Address, decodeAddress } from "../address/index.js";
import { ifPossible } from "../inspecting.js";
import { ADDRESS_SPACE } from "../native/binding.js";
import { binding } from "../native/load.js";
import { PEER } from "../reasons/peer.js";
import { withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";

/** Returns a socket's own address, or its peer's. */
export function addressOf(call: "getsockname" | "getpeername", fd: number): Address {
  const bytes = new Uint8Array(ADDRESS_SPACE);
  const length = binding()[call](fd, bytes);
  if (length < 0) throw withReason(failure(length, call), PEER, undefined);
  return decodeAddress(bytes.subarray(0, length));
}

/** The addresses that console.log() shows. Without an own address, which would say the family, the family. */
export function addressesOf(
  fd: number,
  family: number,
): { local?: Address | undefined; peer?: Address | undefined; family?: string | number | undefined } {
  const local = ifPossible(() => addressOf("getsockname", fd));
  const peer = ifPossible(() => addressOf("getpeername", fd));
  return { local, peer, family: local === undefined ? (familyName(family) ?? family) : undefined };
}
