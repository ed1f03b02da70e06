import type { SocketAddress } from "node:net";
import { net } from "../builtins.js";
import { AF_INET, AF_INET6 } from "../constants/address-families.js";
import { invalidArgValue } from "../errors.js";
import { addressFamily, encodeAddress } from "./encode.js";
import type { Ipv4Address } from "./ipv4.js";
import type { Ipv6Address } from "./ipv6.js";
import type { NodeAddress } from "./node-address.js";

/** A flow label has 20 bits. In an Ipv6Address, the bits above them are the traffic class. */
const FLOW_LABEL = 0xfffff;

/**
 * Returns the address as Node's net.SocketAddress, which has no scope and no traffic class.
 *
 * @throws TypeError, RangeError: it is not an IP address.
 */
export function toSocketAddress(address: Ipv4Address | Ipv6Address | NodeAddress): SocketAddress {
  const family = addressFamily(address);
  if (family !== AF_INET && family !== AF_INET6) {
    throw invalidArgValue("address", "must be an IPv4 or IPv6 address");
  }
  encodeAddress(address, "address", () => 0);
  const isIpv6 = family === AF_INET6;
  return new (net().SocketAddress)({
    address: address.address.replace(/%.*/, ""),
    port: address.port,
    family: isIpv6 ? "ipv6" : "ipv4",
    ...(isIpv6 ? { flowlabel: ((address as Ipv6Address).flowlabel ?? 0) & FLOW_LABEL } : {}),
  });
}
