import { checkBigint, checkInteger, checkUint32 } from "../arguments.js";
import { AF_CAN } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readI32, readU32, readU64, write32, write64 } from "../wire/bytes.js";
import { MAX_U64 } from "../wire/integers.js";
import { checkInterface } from "../wire/interface.js";
import type { AddressCodec } from "./codec.js";

/** A CAN interface, and the fields that the socket's protocol adds: Documentation/networking/can.rst. */
export type CanAddress = CanRawAddress | CanIsotpAddress | CanJ1939Address;

/** For CAN_RAW and CAN_BCM. */
export interface CanRawAddress {
  family: "can";
  /** The interface's index or name. 0: all interfaces. */
  interface: number | string;
}

/** For CAN_ISOTP. */
export interface CanIsotpAddress extends CanRawAddress {
  /** The CAN identifier to receive, including its flags. */
  rxId: number;
  /** The CAN identifier to send. */
  txId: number;
}

/** For CAN_J1939. */
export interface CanJ1939Address extends CanRawAddress {
  /** The 64-bit name. J1939_NO_NAME (0n): no name. */
  name: bigint;
  /** The parameter group number. J1939_NO_PGN: none. */
  pgn: number;
  /** The address. J1939_NO_ADDR: none. */
  address: number;
}

const KEYS = /* @__PURE__ */ keysOf<CanAddress>({
  family: true,
  interface: true,
  rxId: true,
  txId: true,
  name: true,
  pgn: true,
  address: true,
});

/**
 * struct sockaddr_can, include/uapi/linux/can.h. We recognise the protocol by the length, as the kernel does with its
 * *_MIN_NAMELEN.
 */
const RAW_SIZE = 8;
const ISOTP_SIZE = 16;
const J1939_SIZE = 24;
const INTERFACE = 4;
const RX_ID = 8;
const TX_ID = 12;
const NAME = 8;
const PGN = 16;
const ADDRESS = 20;

export const can: AddressCodec<CanAddress> = {
  family: AF_CAN,
  keys: KEYS,

  encode(given, argument, interfaceIndex) {
    const index = checkInterface(`${argument}.interface`, given.interface, interfaceIndex);
    const bytes = new Uint8Array("pgn" in given ? J1939_SIZE : "rxId" in given ? ISOTP_SIZE : RAW_SIZE);
    write32(bytes, INTERFACE, index);
    if ("pgn" in given) {
      write64(bytes, NAME, checkBigint(`${argument}.name`, given.name, 0n, MAX_U64));
      write32(bytes, PGN, checkUint32(`${argument}.pgn`, given.pgn));
      bytes[ADDRESS] = checkInteger(`${argument}.address`, given.address, 0, 0xff);
    } else if ("rxId" in given) {
      write32(bytes, RX_ID, checkUint32(`${argument}.rxId`, given.rxId));
      write32(bytes, TX_ID, checkUint32(`${argument}.txId`, given.txId));
    }
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < RAW_SIZE) return undefined;
    const decoded: CanRawAddress = { family: "can", interface: readI32(bytes, INTERFACE) };
    if ((decoded.interface as number) < 0) return undefined;
    if (bytes.length >= J1939_SIZE) {
      return { ...decoded, name: readU64(bytes, NAME), pgn: readU32(bytes, PGN), address: bytes[ADDRESS]! };
    }
    if (bytes.length >= ISOTP_SIZE) {
      return { ...decoded, rxId: readU32(bytes, RX_ID), txId: readU32(bytes, TX_ID) };
    }
    return decoded;
  },

  format: ({ interface: name }) => ({ address: `can ${name}` }),
};
