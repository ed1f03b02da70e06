import type { AddressInput } from "./address/index.js";
import { codecOf } from "./address/table.js";
import { checkArray, checkBoolean, checkInteger, checkObject, checkString } from "./arguments.js";
import { AF_INET, AF_INET6 } from "./constants/address-families.js";
import type { ControlMessage, ControlName } from "./control/index.js";
import { invalidArgType, invalidArgValue, printed } from "./errors.js";
import { ANY_KEYS, checkKeys, keysOf } from "./known-keys.js";
import { IPV4_BYTES, IPV6_BYTES, readIpv6, writeIpv4, writeIpv6 } from "./wire/ip-text.js";

// IPv4 and IPv6 report the same facts in different control messages. This file gives both the same names. An AF_INET6 socket also
// receives IPv4 packets, and sends them to v4-mapped addresses. For these packets the kernel uses the messages of SOL_IP, and
// silently ignores those of SOL_IPV6.

/** Explicit congestion notification (RFC 3168), the lower two bits of the traffic class. */
export const ECN = {
  /** The transport does not use ECN. */
  notEct: 0,
  ect1: 1,
  ect0: 2,
  /** The packet met congestion on its way. */
  ce: 3,
} as const;

/** What the headers of a received packet say. A fact is present only if its control message was switched on. */
export interface PacketInfo {
  /** One of {@link ECN}. */
  ecn?: number;
  /** The differentiated services code point, 0 to 63. */
  dscp?: number;
  /** IPv4's time to live, IPv6's hop limit. */
  hopLimit?: number;
  /** The address to which the packet was sent. A v4-mapped address is given as the IPv4 address in it. */
  destination?: string;
  /**
   * The address of this host from which to answer. It is the destination, unless that was a multicast or broadcast address. It is
   * absent for IPv6 multicast: then give `interfaceIndex` alone, and the kernel chooses an address.
   */
  local?: string;
  /** The interface on which the packet arrived. */
  interfaceIndex?: number;
  /** The data contain several datagrams of this size (UDP_GRO). The last one may be shorter. */
  segmentSize?: number;
}

/** What the headers of a packet should say. If a property is missing or undefined, the kernel uses the socket's own setting. */
export interface PacketSettings {
  /** One of {@link ECN}. If you give it without `dscp`, the packet's DSCP is 0. */
  ecn?: number | undefined;
  /** The differentiated services code point, 0 to 63. If you give it without `ecn`, the packet does not use ECN. */
  dscp?: number | undefined;
  /** IPv4's time to live, IPv6's hop limit: 1 to 255. */
  hopLimit?: number | undefined;
  /** The address of this host to send from. To answer a packet, give its {@link PacketInfo.local}. */
  source?: string | undefined;
  /** The interface on which to send. */
  interfaceIndex?: number | undefined;
}

/** The version of IP that a socket uses. */
export type IpFamily = "ipv4" | "ipv6";

const ECN_BITS = 2;
const MAX_ECN = 0x3;
const MAX_DSCP = 0x3f;
const MAX_HOP_LIMIT = 0xff;
const ANY: Record<IpFamily, string> = { ipv4: "0.0.0.0", ipv6: "::" };

const NAMES_OPTIONS = /* @__PURE__ */ keysOf<{ segments?: boolean }>({ segments: true });

const SETTINGS = /* @__PURE__ */ keysOf<PacketSettings>({
  ecn: true,
  dscp: true,
  hopLimit: true,
  source: true,
  interfaceIndex: true,
});

/** What a packet's headers can say. `ecn` includes the DSCP. `destination` includes `local` and the interface. */
export type PacketFact = "ecn" | "hopLimit" | "destination";

/** The control message that brings a fact, for each version of IP. */
const FACTS: Readonly<Record<PacketFact, Readonly<Record<IpFamily, ControlName>>>> = {
  ecn: { ipv4: "ipTos", ipv6: "ipv6Tclass" },
  hopLimit: { ipv4: "ipTtl", ipv6: "ipv6HopLimit" },
  destination: { ipv4: "ipPktInfo", ipv6: "ipv6PktInfo" },
};

/** The control messages that bring a fact on a socket of this family. IPv6 sockets receive IPv4 packets too. */
export const namesOfFact = (fact: PacketFact, family: IpFamily): ControlName[] =>
  family === "ipv4" ? [FACTS[fact].ipv4] : [FACTS[fact].ipv4, FACTS[fact].ipv6];

/**
 * Returns the names of the control messages that {@link readPacketInfo} reads. Switch them on with
 * `receive: packetInfoNames("ipv6")`.
 *
 * For "ipv6" the names for IPv4 are included, because an IPv6 socket can receive IPv4 packets. `segments` adds `udpGro`: then the
 * kernel may join several UDP datagrams, and the caller has to cut them apart by `segmentSize`.
 */
export function packetInfoNames(family: IpFamily, options: { segments?: boolean } = {}): ControlName[] {
  const { segments = false } = checkObject("options", options, NAMES_OPTIONS);
  checkBoolean("options.segments", segments);
  checkIpFamily("family", family);
  const versions: IpFamily[] = family === "ipv4" ? ["ipv4"] : ["ipv4", "ipv6"];
  const names = versions.flatMap((version) => Object.values(FACTS).map((fact) => fact[version]));
  if (segments) names.push("udpGro");
  return names;
}

const valueAt = (i: number): string => `message.control[${i}].value`;

function numberOf(value: number, i: number): number {
  if (typeof value !== "number") throw invalidArgType(valueAt(i), "of type number", value);
  return value;
}

function packetInfoOf<V extends { address: string }>(value: V, i: number): V {
  if (typeof checkObject(valueAt(i), value, ANY_KEYS).address !== "string") {
    throw invalidArgType(`${valueAt(i)}.address`, "of type string", value.address);
  }
  return value;
}

/** Reads what a packet's headers said. The packet can be IPv4, IPv6, or IPv4 on an IPv6 socket. */
export function readPacketInfo(message: { readonly control: readonly ControlMessage[] }): PacketInfo {
  const control = checkArray<ControlMessage | undefined>(
    "message.control",
    checkObject("message", message, ANY_KEYS).control,
  );
  const info: PacketInfo = {};
  for (let i = 0; i < control.length; i++) {
    const item = control[i];
    switch (item?.name) {
      case "ipTos":
      case "ipv6Tclass": {
        const value = numberOf(item.value, i);
        info.ecn = value & MAX_ECN;
        info.dscp = value >> ECN_BITS;
        break;
      }
      case "ipTtl":
      case "ipv6HopLimit":
      case "ipv6HopLimit2292":
        info.hopLimit = numberOf(item.value, i);
        break;
      case "ipPktInfo": {
        const { address, specificDestination, interfaceIndex } = packetInfoOf(item.value, i);
        info.destination = address;
        if (specificDestination !== ANY.ipv4) info.local = specificDestination;
        info.interfaceIndex = interfaceIndex;
        break;
      }
      case "ipv6PktInfo":
      case "ipv6PktInfo2292": {
        const { address, interfaceIndex } = packetInfoOf(item.value, i);
        info.destination = withoutMapping(address);
        // For an IPv4 packet the message of SOL_IP says more. It may have come before this one, so don't overwrite `local`.
        if (info.destination === address && !isMulticast(address)) info.local = address;
        info.interfaceIndex = interfaceIndex;
        break;
      }
      case "udpGro":
        info.segmentSize = numberOf(item.value, i);
        break;
    }
  }
  return info;
}

/**
 * Returns the control messages that set a packet's headers, for a packet to the address `to`:
 * `socket.sendmsg({ data, address: to, control: packetControl({ ecn: ECN.ect0 }, to) })`. On a connected socket, give the peer's
 * address.
 *
 * The address decides whether the packet is IPv4 or IPv6, not the socket. Instead of an address, you can give "ipv4" or "ipv6".
 *
 * @throws TypeError, RangeError: a setting is out of range; `source` is of the other IP version; `to` is not an IP address.
 * @see ip(7), ipv6(7), udp(7)
 */
export function packetControl(settings: PacketSettings, to: AddressInput | IpFamily): ControlMessage[] {
  const given = checkObject("settings", settings, SETTINGS);
  const family = typeof to === "string" ? checkIpFamily("to", to) : ipFamilyOf(to, "to");
  return packetControlOf(given, family, "settings");
}

/** Does what {@link packetControl} does, for settings that have only known keys. `argument` is their name in errors. */
export function packetControlOf(
  { ecn, dscp, hopLimit, source, interfaceIndex }: PacketSettings,
  family: IpFamily,
  argument: string,
): ControlMessage[] {
  const control: ControlMessage[] = [];
  if (ecn !== undefined || dscp !== undefined) {
    const low = ecn === undefined ? ECN.notEct : checkInteger(`${argument}.ecn`, ecn, 0, MAX_ECN);
    const high = dscp === undefined ? 0 : checkInteger(`${argument}.dscp`, dscp, 0, MAX_DSCP);
    const value = (high << ECN_BITS) | low;
    control.push({ name: family === "ipv4" ? "ipTos" : "ipv6Tclass", value });
  }
  if (hopLimit !== undefined) {
    const value = checkInteger(`${argument}.hopLimit`, hopLimit, 1, MAX_HOP_LIMIT);
    control.push({ name: family === "ipv4" ? "ipTtl" : "ipv6HopLimit", value });
  }
  if (source !== undefined || interfaceIndex !== undefined) {
    const address = source === undefined ? ANY[family] : checkSource(`${argument}.source`, source, family);
    const index =
      interfaceIndex === undefined
        ? 0
        : checkInteger(`${argument}.interfaceIndex`, interfaceIndex, 0, 0x7fffffff);
    control.push(
      family === "ipv4"
        ? {
            name: "ipPktInfo",
            value: { interfaceIndex: index, specificDestination: address, address: ANY.ipv4 },
          }
        : { name: "ipv6PktInfo", value: { address, interfaceIndex: index } },
    );
  }
  return control;
}

function checkIpFamily(argument: string, family: unknown): IpFamily {
  if (family === "ipv4" || family === "ipv6") return family;
  throw invalidArgValue(argument, `must be "ipv4" or "ipv6". Received ${printed(family)}`);
}

/** The version of IP in which a packet to this address is sent. */
export function ipFamilyOf(to: AddressInput, argument: string): IpFamily {
  if (socketFamilyOf(to, argument) === "ipv4") return "ipv4";
  const { address } = to as { address: unknown };
  return withoutMapping(checkString(`${argument}.address`, address)).includes(":") ? "ipv6" : "ipv4";
}

/** The version of IP of a socket that can be bound or connected to this address. A v4-mapped address needs an IPv6 socket. */
export function socketFamilyOf(address: AddressInput, argument: string): IpFamily {
  const { family, keys } = codecOf(address, argument);
  checkKeys(argument, address, keys);
  if (family === AF_INET) return "ipv4";
  if (family !== AF_INET6) throw invalidArgValue(argument, "must be an IPv4 or IPv6 address");
  return "ipv6";
}

const isMulticast = (address: string): boolean => /^ff/i.test(address);

const MAPPED = "::ffff:";

/** Turns a v4-mapped address, in any notation, into its IPv4 address. Returns any other address unchanged. */
function withoutMapping(address: string): string {
  if (typeof address !== "string" || !address.includes(":")) return address;
  const bytes = new Uint8Array(IPV6_BYTES);
  if (!writeIpv6(address, bytes, 0)) return address;
  const canonical = readIpv6(bytes, 0);
  return canonical.startsWith(MAPPED) && canonical.includes(".") ? canonical.slice(MAPPED.length) : address;
}

function checkSource(argument: string, source: unknown, family: IpFamily): string {
  const plain = withoutMapping(checkString(argument, source));
  const isOfFamily =
    family === "ipv4"
      ? writeIpv4(plain, new Uint8Array(IPV4_BYTES), 0)
      : writeIpv6(plain, new Uint8Array(IPV6_BYTES), 0);
  if (!isOfFamily) {
    throw invalidArgValue(
      argument,
      `must be an ${family === "ipv4" ? "IPv4" : "IPv6"} address, as the packet is. Received ${JSON.stringify(source)}`,
    );
  }
  return plain;
}
