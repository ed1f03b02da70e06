import type { AddressCodec } from "../address/codec.js";
import { systemInterfaceIndex } from "../address/interface.js";
import { IPV4_BYTES, IPV6_BYTES, readIpv4, readIpv6, writeIpv4, writeIpv6 } from "../address/ip-text.js";
import { type Ipv4Address, ipv4 } from "../address/ipv4.js";
import { type Ipv6Address, ipv6 } from "../address/ipv6.js";
import { MAC_BYTES, readMac, writeMac } from "../address/mac.js";
import { checkObject } from "../arguments.js";
import { readU16, writeU16 } from "../bytes.js";
import { invalidArgValue } from "../errors.js";
import { both, type Payload } from "./payload.js";

function ipText(
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
    write(bytes, at, value, _layout, argument) {
      if (typeof value !== "string" || !write(value, bytes, at)) {
        throw invalidArgValue(argument, `must be an ${kind} address`);
      }
    },
  };
}

/** An IPv4 address as text. */
export const ipv4Text = ipText("struct in_addr", "IPv4", IPV4_BYTES, 4, readIpv4, writeIpv4);
/** An IPv6 address as text. */
export const ipv6Text = ipText("struct in6_addr", "IPv6", IPV6_BYTES, 4, readIpv6, writeIpv6);
/** A device's address, `aa:bb:cc:dd:ee:ff`. */
export const mac = ipText(
  "unsigned char[6]",
  "Ethernet",
  MAC_BYTES,
  1,
  (bytes, at) => readMac(bytes, at),
  writeMac,
);

/** A sockaddr of one family. */
function sockaddr<A extends object>(ctype: string, codec: AddressCodec<A>, size: number): Payload<A> {
  return {
    ctype,
    size: both(size),
    align: both(4),
    read: (bytes, at) =>
      readU16(bytes, at) === codec.family ? codec.decode(bytes.subarray(at, at + size)) : undefined,
    write(bytes, at, value, _layout, argument) {
      bytes.set(codec.encode(checkObject(argument, value), argument, systemInterfaceIndex), at);
      writeU16(bytes, at, codec.family);
    },
  };
}

export const sockaddrIn: Payload<Ipv4Address> = sockaddr("struct sockaddr_in", ipv4, 16);
export const sockaddrIn6: Payload<Ipv6Address> = sockaddr("struct sockaddr_in6", ipv6, 28);
