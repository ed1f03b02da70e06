import { invalidArgValue } from "../errors.js";
import { IPV4_BYTES, IPV6_BYTES, readIpv4, readIpv6, writeIpv4, writeIpv6 } from "./ip-text.js";
import { both } from "./layout.js";
import { MAC_BYTES, readMac, writeMac } from "./mac.js";
import type { Payload } from "./payload.js";

function addressText(
  ctype: string,
  kind: string,
  size: number,
  align: number,
  read: (bytes: Uint8Array, at: number) => string,
  write: (text: string, bytes: Uint8Array, at: number) => boolean,
): Payload<string> {
  return {
    ctype,
    size: both(size),
    align: both(align),
    read,
    write(bytes, at, value, _encoding, argument) {
      if (typeof value !== "string" || !write(value, bytes, at)) {
        throw invalidArgValue(argument, `must be an ${kind} address`);
      }
    },
  };
}

/** An IPv4 address as text. */
export const ipv4Text = addressText("struct in_addr", "IPv4", IPV4_BYTES, 4, readIpv4, writeIpv4);
/** An IPv6 address as text. */
export const ipv6Text = addressText("struct in6_addr", "IPv6", IPV6_BYTES, 4, readIpv6, writeIpv6);
/** A device's address, `aa:bb:cc:dd:ee:ff`. */
export const mac = addressText(
  "unsigned char[6]",
  "Ethernet",
  MAC_BYTES,
  1,
  (bytes, at) => readMac(bytes, at),
  writeMac,
);
