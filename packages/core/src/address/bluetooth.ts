import { checkInteger } from "../arguments.js";
import { AF_BLUETOOTH } from "../constants/address-families.js";
import { invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readU16, writeU16 } from "../wire/bytes.js";
import { MAC_BYTES, parseMac, readMac } from "../wire/mac.js";
import type { AddressCodec } from "./codec.js";
import { optionalU8, optionalU16 } from "./fields.js";

/** A Bluetooth socket's address. Its form depends on the protocol. */
export type BluetoothAddress = HciAddress | L2capAddress | RfcommAddress | ScoAddress;

export interface HciAddress {
  family: "bluetooth";
  protocol: "hci";
  /** The adapter's number. HCI_DEV_NONE: no adapter. */
  device: number;
  /** HCI_CHANNEL_*: 0 raw, 1 user, 2 monitor, 3 control. Absent: 0. */
  channel?: number;
}

export interface L2capAddress {
  family: "bluetooth";
  protocol: "l2cap";
  /** The device's address as it is usually printed: `AA:BB:CC:DD:EE:FF`. */
  address: string;
  /** Protocol and service multiplexer. Absent: 0. */
  psm?: number;
  /** Channel id. Absent: 0. */
  cid?: number;
  /** BDADDR_*. Absent: BDADDR_BREDR. */
  addressType?: number;
}

export interface RfcommAddress {
  family: "bluetooth";
  protocol: "rfcomm";
  address: string;
  /** 1 to 30. With bind(2), 0 lets the kernel choose. */
  channel: number;
}

export interface ScoAddress {
  family: "bluetooth";
  protocol: "sco";
  address: string;
}

const KEYS = /* @__PURE__ */ keysOf<BluetoothAddress>({
  family: true,
  protocol: true,
  address: true,
  device: true,
  channel: true,
  psm: true,
  cid: true,
  addressType: true,
});

// struct sockaddr_hci, _sco, _rc, _l2, include/net/bluetooth/*.h. Each has another length, by which we recognise the protocol.
const HCI_SIZE = 6;
const SCO_SIZE = 8;
const RFCOMM_SIZE = 10;
const L2CAP_SIZE = 14;
/** The first two fields behind the family. In sockaddr_l2, the PSM comes before the device's address. */
const FIRST = 2;
const SECOND = 4;
const RFCOMM_CHANNEL = 8;
const L2CAP_CID = 10;
const L2CAP_TYPE = 12;

/** A bdaddr_t has its bytes in reverse order. */
function writeDevice(bytes: Uint8Array, at: number, address: unknown, argument: string): void {
  const device = typeof address === "string" ? parseMac(address) : undefined;
  if (device?.length !== MAC_BYTES) {
    throw invalidArgValue(argument, 'must be a Bluetooth address, as "AA:BB:CC:DD:EE:FF"');
  }
  bytes.set(device.reverse(), at);
}

const readDevice = (bytes: Uint8Array, at: number): string =>
  readMac(bytes.slice(at, at + MAC_BYTES).reverse(), 0).toUpperCase();

function encode(given: BluetoothAddress, argument: string): Uint8Array {
  switch (given.protocol) {
    case "hci": {
      const bytes = new Uint8Array(HCI_SIZE);
      writeU16(bytes, FIRST, checkInteger(`${argument}.device`, given.device, 0, 0xffff));
      writeU16(bytes, SECOND, optionalU16(`${argument}.channel`, given.channel));
      return bytes;
    }
    case "sco": {
      const bytes = new Uint8Array(SCO_SIZE);
      writeDevice(bytes, FIRST, given.address, `${argument}.address`);
      return bytes;
    }
    case "rfcomm": {
      const bytes = new Uint8Array(RFCOMM_SIZE);
      writeDevice(bytes, FIRST, given.address, `${argument}.address`);
      bytes[RFCOMM_CHANNEL] = checkInteger(`${argument}.channel`, given.channel, 0, 0xff);
      return bytes;
    }
    case "l2cap": {
      const bytes = new Uint8Array(L2CAP_SIZE);
      writeU16(bytes, FIRST, optionalU16(`${argument}.psm`, given.psm));
      writeDevice(bytes, SECOND, given.address, `${argument}.address`);
      writeU16(bytes, L2CAP_CID, optionalU16(`${argument}.cid`, given.cid));
      bytes[L2CAP_TYPE] = optionalU8(`${argument}.addressType`, given.addressType);
      return bytes;
    }
    default:
      throw invalidArgValue(`${argument}.protocol`, 'must be "hci", "l2cap", "rfcomm" or "sco"');
  }
}

function decode(bytes: Uint8Array): BluetoothAddress | undefined {
  switch (bytes.length) {
    case HCI_SIZE:
      return {
        family: "bluetooth",
        protocol: "hci",
        device: readU16(bytes, FIRST),
        channel: readU16(bytes, SECOND),
      };
    case SCO_SIZE:
      return { family: "bluetooth", protocol: "sco", address: readDevice(bytes, FIRST) };
    case RFCOMM_SIZE:
      return {
        family: "bluetooth",
        protocol: "rfcomm",
        address: readDevice(bytes, FIRST),
        channel: bytes[RFCOMM_CHANNEL]!,
      };
    case L2CAP_SIZE:
      return {
        family: "bluetooth",
        protocol: "l2cap",
        address: readDevice(bytes, SECOND),
        psm: readU16(bytes, FIRST),
        cid: readU16(bytes, L2CAP_CID),
        addressType: bytes[L2CAP_TYPE]!,
      };
    default:
      return undefined;
  }
}

export const bluetooth: AddressCodec<BluetoothAddress> = {
  family: AF_BLUETOOTH,
  keys: KEYS,
  encode,
  decode,
  format: (given) => ({
    address: `${given.protocol} ${given.protocol === "hci" ? given.device : given.address}`,
  }),
};
