import { AF_PACKET } from "../constants/address-families.js";
import { invalidArgType } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readI32, readU16, readU16Be, write32, writeU16, writeU16Be } from "../wire/bytes.js";
import { checkInterface } from "../wire/interface.js";
import { invalidMac, parseMac, readMac } from "../wire/mac.js";
import type { AddressCodec } from "./codec.js";
import { optionalU8, optionalU16 } from "./fields.js";

/** A network interface and a protocol: packet(7). */
export interface PacketAddress {
  family: "packet";
  /** The interface's index or name. With bind(2), 0 means all interfaces. */
  interface: number | string;
  /** ETH_P_*, include/uapi/linux/if_ether.h. Absent: 0. */
  protocol?: number;
  /** ARPHRD_*, include/uapi/linux/if_arp.h. Absent: 0. Only received. */
  hatype?: number;
  /** PACKET_HOST, PACKET_OUTGOING… Absent: 0. Only received. */
  packetType?: number;
  /** The device's address, as `aa:bb:cc:dd:ee:ff`. Absent: none. */
  address?: string;
}

const KEYS = /* @__PURE__ */ keysOf<PacketAddress>({
  family: true,
  interface: true,
  protocol: true,
  hatype: true,
  packetType: true,
  address: true,
});

/** struct sockaddr_ll, include/uapi/linux/if_packet.h. Its address field can be longer than the header declares. */
const SIZE = 20;
const PROTOCOL = 2;
const INTERFACE = 4;
const HATYPE = 8;
const PACKET_TYPE = 10;
const LENGTH = 11;
const ADDRESS = 12;
/** MAX_ADDR_LEN, include/linux/netdevice.h. */
const MAX_ADDRESS = 32;

export const packet: AddressCodec<PacketAddress> = {
  family: AF_PACKET,
  keys: KEYS,

  encode(given, argument, interfaceIndex) {
    const text: unknown = given.address;
    if (text !== undefined && typeof text !== "string") {
      throw invalidArgType(`${argument}.address`, "of type string", text);
    }
    const address = text === undefined ? new Uint8Array(0) : parseMac(text);
    if (address === undefined || address.length > MAX_ADDRESS) {
      throw invalidMac(`${argument}.address`);
    }
    const bytes = new Uint8Array(Math.max(SIZE, ADDRESS + address.length));
    writeU16Be(bytes, PROTOCOL, optionalU16(`${argument}.protocol`, given.protocol));
    write32(bytes, INTERFACE, checkInterface(`${argument}.interface`, given.interface, interfaceIndex));
    writeU16(bytes, HATYPE, optionalU16(`${argument}.hatype`, given.hatype));
    bytes[PACKET_TYPE] = optionalU8(`${argument}.packetType`, given.packetType);
    bytes[LENGTH] = address.length;
    bytes.set(address, ADDRESS);
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < ADDRESS || bytes.length < ADDRESS + bytes[LENGTH]!) return undefined;
    const decoded: PacketAddress = {
      family: "packet",
      interface: readI32(bytes, INTERFACE),
      protocol: readU16Be(bytes, PROTOCOL),
      hatype: readU16(bytes, HATYPE),
      packetType: bytes[PACKET_TYPE]!,
    };
    const length = bytes[LENGTH]!;
    if (length > MAX_ADDRESS || (decoded.interface as number) < 0) return undefined;
    if (length > 0) decoded.address = readMac(bytes, ADDRESS, length);
    return decoded;
  },

  format: ({ address = "", interface: name }) => ({ address: `packet ${address}%${name}` }),
};
