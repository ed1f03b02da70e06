import { checkUint32 } from "../arguments.js";
import { AF_QIPCRTR } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readU32, write32 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";

/** A processor of a Qualcomm system, and a port on it. */
export interface QrtrAddress {
  family: "qrtr";
  node: number;
  port: number;
}

const KEYS = /* @__PURE__ */ keysOf<QrtrAddress>({ family: true, node: true, port: true });

/** struct sockaddr_qrtr, include/uapi/linux/qrtr.h. */
const SIZE = 12;
const NODE = 4;
const PORT = 8;

export const qrtr: AddressCodec<QrtrAddress> = {
  family: AF_QIPCRTR,
  keys: KEYS,

  encode({ node, port }, argument) {
    const bytes = new Uint8Array(SIZE);
    write32(bytes, NODE, checkUint32(`${argument}.node`, node));
    write32(bytes, PORT, checkUint32(`${argument}.port`, port));
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    return { family: "qrtr", node: readU32(bytes, NODE), port: readU32(bytes, PORT) };
  },

  format: ({ node, port }) => ({ address: `qrtr ${node}`, port }),
};
