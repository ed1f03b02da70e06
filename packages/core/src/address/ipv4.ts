import { checkInteger } from "../arguments.js";
import { AF_INET } from "../constants/address-families.js";
import { invalidArgType, invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readU16Be, writeU16Be } from "../wire/bytes.js";
import { readIpv4, writeIpv4 } from "../wire/ip-text.js";
import type { AddressCodec } from "./codec.js";
import type { NodeAddress } from "./node-address.js";

/** An IPv4 address and port. You can also give a net.SocketAddress. */
export interface Ipv4Address {
  family?: "ipv4";
  /** Four decimal numbers, as in `192.0.2.1`. Host names are not looked up. */
  address: string;
  /** 0 to 65535; with bind(2), 0 lets the kernel choose. */
  port: number;
}

const KEYS = /* @__PURE__ */ keysOf<Ipv4Address | NodeAddress>({
  address: true,
  port: true,
  family: true,
  size: true,
  flowlabel: true,
});

/** struct sockaddr_in, include/uapi/linux/in.h. */
const SIZE = 16;
const PORT = 2;
const ADDRESS = 4;
/** Behind the address there is only padding. In some calls the kernel accepts an address without it. */
const SIZE_WITHOUT_PADDING = 8;

export const MAX_PORT = 0xffff;

export const ipv4: AddressCodec<Ipv4Address> = {
  family: AF_INET,
  keys: KEYS,

  encode({ address, port }, argument) {
    if (typeof address !== "string") throw invalidArgType(`${argument}.address`, "of type string", address);
    const bytes = new Uint8Array(SIZE);
    writeU16Be(bytes, PORT, checkInteger(`${argument}.port`, port, 0, MAX_PORT));
    if (!writeIpv4(address, bytes, ADDRESS)) {
      throw invalidArgValue(
        `${argument}.address`,
        `must be an IPv4 address (names are not looked up). Received ${JSON.stringify(address)}`,
      );
    }
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE_WITHOUT_PADDING) return undefined;
    return { family: "ipv4", address: readIpv4(bytes, ADDRESS), port: readU16Be(bytes, PORT) };
  },

  format: ({ address, port }) => ({ address, port }),
};
