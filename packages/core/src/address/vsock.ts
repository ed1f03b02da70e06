import { checkUint32 } from "../arguments.js";
import { AF_VSOCK } from "../constants/address-families.js";
import { keysOf } from "../known-keys.js";
import { readU32, write32 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";
import { optionalU8 } from "./fields.js";

/** A virtual machine or its host, and a port there: vsock(7). */
export interface VsockAddress {
  family: "vsock";
  /** The machine's context id: VMADDR_CID_* */
  cid: number;
  /** The port. With bind(2), VMADDR_PORT_ANY lets the kernel choose. */
  port: number;
  /** 0 or VMADDR_FLAG_TO_HOST. Absent: 0. */
  flags?: number;
}

const KEYS = /* @__PURE__ */ keysOf<VsockAddress>({ family: true, cid: true, port: true, flags: true });

/** struct sockaddr_vm, include/uapi/linux/vm_sockets.h. */
const SIZE = 16;
const PORT = 4;
const CID = 8;
const FLAGS = 12;

export const vsock: AddressCodec<VsockAddress> = {
  family: AF_VSOCK,
  keys: KEYS,

  encode({ cid, port, flags }, argument) {
    const bytes = new Uint8Array(SIZE);
    write32(bytes, PORT, checkUint32(`${argument}.port`, port));
    write32(bytes, CID, checkUint32(`${argument}.cid`, cid));
    bytes[FLAGS] = optionalU8(`${argument}.flags`, flags);
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    const decoded: VsockAddress = { family: "vsock", cid: readU32(bytes, CID), port: readU32(bytes, PORT) };
    const flags = bytes[FLAGS]!;
    if (flags !== 0) decoded.flags = flags;
    return decoded;
  },

  format: ({ cid, port }) => ({ address: `vsock ${cid}`, port }),
};
