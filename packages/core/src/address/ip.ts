import type { AddressCodec } from "./codec.js";
import { type Ipv4Address, ipv4 } from "./ipv4.js";
import { type Ipv6Address, ipv6 } from "./ipv6.js";

type IpCodec = AddressCodec<Ipv4Address> | AddressCodec<Ipv6Address>;

/** The codec for an IP address that is given as text. */
export const ipCodecOf = (text: string): IpCodec => (text.includes(":") ? ipv6 : ipv4);

/**
 * The codec for a family as Node's own modules name it. Undefined if it is no such name. As a number, it is one only beside an
 * address that is text, because 4 and 6 are also the kernel's numbers of AF_IPX and AF_NETROM.
 */
export function nodeIpCodec(family: string | number, address: unknown): IpCodec | undefined {
  if (typeof family === "number" && typeof address !== "string") return undefined;
  switch (family) {
    case "IPv4":
    case 4:
      return ipv4;
    case "IPv6":
    case 6:
      return ipv6;
    default:
      return undefined;
  }
}
