import { checkInteger, checkUint32 } from "../arguments.js";
import { AF_INET6 } from "../constants/address-families.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readU16Be, readU32, readU32Be, write32, write32Be, writeU16Be } from "../wire/bytes.js";
import { checkInterface } from "../wire/interface.js";
import { readIpv6, writeIpv6 } from "../wire/ip-text.js";
import type { InterfaceLookup } from "../wire/payload.js";
import type { AddressCodec } from "./codec.js";
import { MAX_PORT } from "./ipv4.js";
import type { NodeAddress } from "./node-address.js";

/** An IPv6 address and port. You can also give a net.SocketAddress. */
export interface Ipv6Address {
  family?: "ipv6";
  /**
   * Any notation of RFC 4291, including `::ffff:192.0.2.1`. Decoded addresses use the notation of RFC 5952. A zone can follow: the
   * interface's name or number, as in `fe80::1%eth0`. Host names are not looked up.
   */
  address: string;
  /** 0 to 65535; with bind(2), 0 lets the kernel choose. */
  port: number;
  /** sin6_flowinfo in host byte order: the flow label in the lower 20 bits, the traffic class above it. Absent: 0. */
  flowlabel?: number;
  /** The index of the interface that a link-local address belongs to. Absent: 0, none. */
  scopeId?: number;
}

const KEYS = /* @__PURE__ */ keysOf<Ipv6Address | NodeAddress>({
  address: true,
  port: true,
  family: true,
  scopeId: true,
  flowlabel: true,
  size: true,
});

/** struct sockaddr_in6, include/uapi/linux/in6.h. */
const SIZE = 28;
const PORT = 2;
const FLOWINFO = 4;
const ADDRESS = 8;
const SCOPE_ID = 24;

function zoneIndex(zone: string, argument: string, interfaceIndex: InterfaceLookup): number {
  if (/^[0-9]+$/.test(zone)) return checkUint32(argument, Number(zone));
  return checkInterface(argument, zone, interfaceIndex);
}

export const ipv6: AddressCodec<Ipv6Address> = {
  family: AF_INET6,
  keys: KEYS,

  encode({ address, port, flowlabel, scopeId }, argument, interfaceIndex) {
    if (typeof address !== "string") throw invalidArgType(`${argument}.address`, "of type string", address);
    const bytes = new Uint8Array(SIZE);
    writeU16Be(bytes, PORT, checkInteger(`${argument}.port`, port, 0, MAX_PORT));
    const percent = address.indexOf("%");
    if (!writeIpv6(percent < 0 ? address : address.slice(0, percent), bytes, ADDRESS)) {
      throw invalidArgValue(
        `${argument}.address`,
        `must be an IPv6 address (names are not looked up). Received ${JSON.stringify(address)}`,
      );
    }
    if (flowlabel !== undefined) write32Be(bytes, FLOWINFO, checkUint32(`${argument}.flowlabel`, flowlabel));
    let scope = scopeId === undefined ? 0 : checkUint32(`${argument}.scopeId`, scopeId);
    if (percent >= 0) {
      const zone = zoneIndex(address.slice(percent + 1), `${argument}.address`, interfaceIndex);
      if (scope !== 0 && scope !== zone) {
        throw invalidArgValue(`${argument}.scopeId`, `is ${scope}, but the address's zone is ${zone}`);
      }
      scope = zone;
    }
    write32(bytes, SCOPE_ID, scope);
    return bytes;
  },

  decode(bytes) {
    // In RFC 2133, sockaddr_in6 ends before the scope id. The kernel still accepts that: SIN6_LEN_RFC2133.
    if (bytes.length < SCOPE_ID) return undefined;
    const decoded: Ipv6Address = {
      family: "ipv6",
      address: readIpv6(bytes, ADDRESS),
      port: readU16Be(bytes, PORT),
    };
    const flowlabel = readU32Be(bytes, FLOWINFO);
    if (flowlabel !== 0) decoded.flowlabel = flowlabel;
    const scopeId = bytes.length < SIZE ? 0 : readU32(bytes, SCOPE_ID);
    if (scopeId !== 0) decoded.scopeId = scopeId;
    return decoded;
  },

  format({ address, port, scopeId }) {
    const zone = scopeId && !address.includes("%") ? `%${scopeId}` : "";
    return { address: `${address}${zone}`, port };
  },
};
