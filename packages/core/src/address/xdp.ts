import { checkUint32 } from "../arguments.js";
import { AF_XDP } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readU16, readU32, write32, writeU16 } from "../wire/bytes.js";
import { checkInterface } from "../wire/interface.js";
import type { AddressCodec } from "./codec.js";
import { optionalU16, optionalU32 } from "./fields.js";

/** A queue of a network interface: Documentation/networking/af_xdp.rst. */
export interface XdpAddress {
  family: "xdp";
  /** The interface's index or name. */
  interface: number | string;
  queueId: number;
  /** XDP_SHARED_UMEM, XDP_COPY… Absent: 0. */
  flags?: number;
  /** The socket whose memory this one shares. Absent: 0. */
  sharedUmemFd?: number;
}

const KEYS = /* @__PURE__ */ keysOf<XdpAddress>({
  family: true,
  interface: true,
  queueId: true,
  flags: true,
  sharedUmemFd: true,
});

/** struct sockaddr_xdp, include/uapi/linux/if_xdp.h. */
const SIZE = 16;
const FLAGS = 2;
const INTERFACE = 4;
const QUEUE_ID = 8;
const SHARED_UMEM_FD = 12;

/** The largest interface index, which is an int. */
const MAX_INDEX = 0x7fffffff;

export const xdp: AddressCodec<XdpAddress> = {
  family: AF_XDP,
  keys: KEYS,

  encode(given, argument, interfaceIndex) {
    const bytes = new Uint8Array(SIZE);
    writeU16(bytes, FLAGS, optionalU16(`${argument}.flags`, given.flags));
    write32(bytes, INTERFACE, checkInterface(`${argument}.interface`, given.interface, interfaceIndex));
    write32(bytes, QUEUE_ID, checkUint32(`${argument}.queueId`, given.queueId));
    write32(bytes, SHARED_UMEM_FD, optionalU32(`${argument}.sharedUmemFd`, given.sharedUmemFd));
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    const index = readU32(bytes, INTERFACE);
    if (index > MAX_INDEX) return undefined;
    return {
      family: "xdp",
      interface: index,
      queueId: readU32(bytes, QUEUE_ID),
      flags: readU16(bytes, FLAGS),
      sharedUmemFd: readU32(bytes, SHARED_UMEM_FD),
    };
  },

  format: ({ interface: name, queueId }) => ({ address: `xdp ${name} queue ${queueId}` }),
};
