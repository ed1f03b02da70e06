import { AF_NETLINK } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readU32, write32 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";
import { optionalU32 } from "./fields.js";

/** A netlink socket's address: netlink(7). */
export interface NetlinkAddress {
  family: "netlink";
  /**
   * The port. A socket's port is often its process's number; the kernel's is 0. With bind(2), 0 lets the kernel choose. Absent: 0.
   */
  port?: number;
  /** Multicast groups, one bit each. Absent: 0, none. */
  groups?: number;
}

const KEYS = /* @__PURE__ */ keysOf<NetlinkAddress>({ family: true, port: true, groups: true });

/** struct sockaddr_nl, include/uapi/linux/netlink.h. */
const SIZE = 12;
const PORT = 4;
const GROUPS = 8;

export const netlink: AddressCodec<NetlinkAddress> = {
  family: AF_NETLINK,
  keys: KEYS,

  encode({ port, groups }, argument) {
    const bytes = new Uint8Array(SIZE);
    write32(bytes, PORT, optionalU32(`${argument}.port`, port));
    write32(bytes, GROUPS, optionalU32(`${argument}.groups`, groups));
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    return { family: "netlink", port: readU32(bytes, PORT), groups: readU32(bytes, GROUPS) };
  },

  format: ({ port = 0, groups = 0 }) => ({ address: `netlink port ${port} groups 0x${groups.toString(16)}` }),
};
