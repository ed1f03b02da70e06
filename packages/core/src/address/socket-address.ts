import { SocketAddress } from "node:net";
import type { Ipv4Address } from "./ipv4.js";
import type { Ipv6Address } from "./ipv6.js";

/** A flow label has 20 bits; what an Ipv6Address has above them is the traffic class. */
const FLOW_LABEL = 0xfffff;

/** The same address as Node's own class has it, which has no scope and no traffic class. */
export function toSocketAddress(address: Ipv4Address | Ipv6Address): SocketAddress {
  const isIpv6 = address.address.includes(":");
  return new SocketAddress({
    address: address.address.replace(/%.*/, ""),
    port: address.port,
    family: isIpv6 ? "ipv6" : "ipv4",
    ...(isIpv6 ? { flowlabel: ((address as Ipv6Address).flowlabel ?? 0) & FLOW_LABEL } : {}),
  });
}
