import { detailsOf } from "../address/encode.js";
import { type AddressInput, encodeAddress } from "../address/index.js";
import { binding } from "../native/load.js";
import { BIND } from "../reasons/bind.js";
import { withReason } from "../reasons/reasons.js";
import { failure } from "../syscalls/failure.js";
import { interfacesOf } from "../syscalls/kernel-interfaces.js";

/** Makes one call of bind(2). */
export function bindSync(fd: number, at: AddressInput): void {
  const result = binding().bind(fd, encodeAddress(at, "at", interfacesOf(fd)));
  if (result < 0) throw withReason(failure(result, "bind", detailsOf(at)), BIND, { fd, address: at });
}
