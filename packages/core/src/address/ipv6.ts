import { checkInteger, checkUint32 } from "../arguments.js";
import { AF_INET6 } from "../constants/address-families.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { readU16Be, readU32, readU32Be, write32, write32Be, writeU16Be } from "../wire/bytes.js";
import { checkInterface } from "../wire/interface.js";
import { readIpv6, writeIpv6 } from "../wire/ip-text.js";
import type { InterfaceIndex } from "../wire/payload.js";
import type { AddressCodec } from "./codec.js";
import { MAX_PORT } from "./ipv4.js";

/** An IPv6 address and port. A net.SocketAddress is one. */
export interface Ipv6Address {
  family?: "ipv6";
  /**
   * As RFC 4291 writes it, `::ffff:192.0.2.1` included; printed as RFC 5952 has it. A zone can follow, by the interface's
   * name or number: `fe80::1%eth0`. Host names are not looked up.
   */
  address: string;
  /** 0 to 65535; with bind(2), 0 lets the kernel choose. */
  port: number;
  /** sin6_flowinfo in the host's order: the flow label, and above its 20 bits the traffic class. Absent: 0. */
  flowlabel?: number;
  /** The index of the interface that a link-local address belongs to. Absent: 0, none. */
  scopeId?: number;
}

/** struct sockaddr_in6, include/uapi/linux/in6.h. */
const SIZE = 28;
const PORT = 2;
const FLOWINFO = 4;
const ADDRESS = 8;
const SCOPE_ID = 24;

function zoneIndex(zone: string, argument: string, interfaceIndex: InterfaceIndex): number {
  if (/^[0-9]+$/.test(zone)) return checkUint32(argument, Number(zone));
  return checkInterface(argument, zone, interfaceIndex);
}

export const ipv6: AddressCodec<Ipv6Address> = {
  family: AF_INET6,

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
    // RFC 2133's sockaddr_in6 ended before the scope id, and the kernel still takes it: SIN6_LEN_RFC2133.
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
