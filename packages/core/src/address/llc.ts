import { checkInteger } from "../arguments.js";
import { AF_LLC } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readU16, writeU16 } from "../wire/bytes.js";
import { invalidMac, readMac, writeMac } from "../wire/mac.js";
import type { AddressCodec } from "./codec.js";
import { optionalU8, optionalU16 } from "./fields.js";

/** A station of IEEE 802.2, and a service access point there. */
export interface LlcAddress {
  family: "llc";
  /** The service access point. */
  sap: number;
  /** The device's address, as `aa:bb:cc:dd:ee:ff`. */
  address: string;
  /** ARPHRD_ETHER is 1. Absent: 0. */
  arphrd?: number;
  /** 1: send a TEST. Absent: 0. */
  test?: number;
  /** 1: send an XID. Absent: 0. */
  xid?: number;
  /** 1: unnumbered acknowledge data. Absent: 0. */
  ua?: number;
}

const KEYS = /* @__PURE__ */ keysOf<LlcAddress>({
  family: true,
  sap: true,
  address: true,
  arphrd: true,
  test: true,
  xid: true,
  ua: true,
});

/** struct sockaddr_llc, include/uapi/linux/llc.h. */
const SIZE = 16;
const ARPHRD = 2;
const TEST = 4;
const XID = 5;
const UA = 6;
const SAP = 7;
const MAC = 8;

export const llc: AddressCodec<LlcAddress> = {
  family: AF_LLC,
  keys: KEYS,

  encode(given, argument) {
    const bytes = new Uint8Array(SIZE);
    writeU16(bytes, ARPHRD, optionalU16(`${argument}.arphrd`, given.arphrd));
    bytes[TEST] = optionalU8(`${argument}.test`, given.test);
    bytes[XID] = optionalU8(`${argument}.xid`, given.xid);
    bytes[UA] = optionalU8(`${argument}.ua`, given.ua);
    bytes[SAP] = checkInteger(`${argument}.sap`, given.sap, 0, 0xff);
    if (typeof given.address !== "string" || !writeMac(given.address, bytes, MAC)) {
      throw invalidMac(`${argument}.address`);
    }
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    return {
      family: "llc",
      sap: bytes[SAP]!,
      address: readMac(bytes, MAC),
      arphrd: readU16(bytes, ARPHRD),
      test: bytes[TEST]!,
      xid: bytes[XID]!,
      ua: bytes[UA]!,
    };
  },

  format: ({ address, sap }) => ({ address: `llc ${address} sap ${sap}` }),
};
