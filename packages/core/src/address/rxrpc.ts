import { checkInteger, unpolluted } from "../arguments.js";
import { AF_INET, AF_INET6, AF_RXRPC } from "../constants/address-families.js";
import { SOCK_DGRAM } from "../constants/socket-types.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { checkKeys, keysOf } from "../known-keys.js";
import { readU16, writeU16 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";
import { ipCodecOf, nodeIpCodec } from "./ip.js";
import { type Ipv4Address, ipv4 } from "./ipv4.js";
import { type Ipv6Address, ipv6 } from "./ipv6.js";

/** An RxRPC service and its place in the network: Documentation/networking/rxrpc.rst. */
export interface RxrpcAddress {
  family: "rxrpc";
  service: number;
  /** The destination of the UDP packets. */
  transport: Ipv4Address | Ipv6Address;
  /** Absent: SOCK_DGRAM, which is the only possible value. */
  transportType?: number;
}

const KEYS = /* @__PURE__ */ keysOf<RxrpcAddress>({
  family: true,
  service: true,
  transport: true,
  transportType: true,
});

/** struct sockaddr_rxrpc, include/uapi/linux/rxrpc.h. */
const SIZE = 36;
const SERVICE = 2;
const TRANSPORT_TYPE = 4;
const TRANSPORT_LENGTH = 6;
const TRANSPORT = 8;

const nameOf = ({ family }: { family: number }): string => (family === AF_INET6 ? "ipv6" : "ipv4");

export const rxrpc: AddressCodec<RxrpcAddress> = {
  family: AF_RXRPC,
  keys: KEYS,

  encode({ service, transport, transportType = SOCK_DGRAM }, argument, interfaceIndex) {
    const bytes = new Uint8Array(SIZE);
    writeU16(bytes, SERVICE, checkInteger(`${argument}.service`, service, 0, 0xffff));
    writeU16(bytes, TRANSPORT_TYPE, checkInteger(`${argument}.transportType`, transportType, 0, 0xffff));
    const where = `${argument}.transport`;
    if (transport === null || typeof transport !== "object") {
      throw invalidArgType(where, "an IPv4 or IPv6 address: an object", transport);
    }
    const given = unpolluted(transport);
    if (typeof given.address !== "string") {
      throw invalidArgType(`${where}.address`, "of type string", given.address);
    }
    const codec = ipCodecOf(given.address);
    const { family } = given;
    if (family !== undefined && family !== nameOf(codec) && nodeIpCodec(family, given.address) !== codec) {
      throw invalidArgValue(`${where}.family`, "is not the family of its address");
    }
    checkKeys(where, transport, codec.keys);
    const inner = codec.encode(given as never, where, interfaceIndex);
    writeU16(bytes, TRANSPORT_LENGTH, inner.length);
    bytes.set(inner, TRANSPORT);
    writeU16(bytes, TRANSPORT, codec.family);
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < TRANSPORT + 2) return undefined;
    const length = readU16(bytes, TRANSPORT_LENGTH);
    const inner = bytes.subarray(TRANSPORT, TRANSPORT + length);
    if (length < 2 || inner.length < length) return undefined;
    const family = readU16(inner, 0);
    const transport =
      family === AF_INET ? ipv4.decode(inner) : family === AF_INET6 ? ipv6.decode(inner) : undefined;
    if (transport === undefined) return undefined;
    return {
      family: "rxrpc",
      service: readU16(bytes, SERVICE),
      transport,
      transportType: readU16(bytes, TRANSPORT_TYPE),
    };
  },

  format: ({ service, transport: { address, port } }) => ({ address: `rxrpc ${service} ${address}`, port }),
};
