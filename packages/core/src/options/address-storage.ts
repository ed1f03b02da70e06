import { type Address, decodeAddress, encodeAddress } from "../address/index.js";
import type { PerLayout } from "../control/layout.js";
import { both, type Payload } from "../control/payload.js";

/** sizeof(struct sockaddr_storage). */
const SIZE = 128;

function storage(align: PerLayout): Payload<Address> {
  return {
    ctype: "struct sockaddr_storage",
    size: both(SIZE),
    align,
    read: (bytes, at) => decodeAddress(bytes.subarray(at, at + SIZE)),
    write(bytes, at, value, _layout, argument) {
      bytes.set(encodeAddress(value, argument), at);
    },
  };
}

/** struct sockaddr_storage, an address of any family, aligned as a pointer is. */
export const addressStorage = storage({ "64": 8, "32": 4 });

/** The same in the packed structures of SCTP, where it only follows what is aligned to 4 bytes. */
export const packedAddressStorage = storage(both(4));
