import { checkInteger, checkUint32 } from "../arguments.js";
import { AF_TIPC } from "../constants/address-families.js";
import { TIPC_SERVICE_ADDR, TIPC_SERVICE_RANGE, TIPC_SOCKET_ADDR } from "../constants/tipc.js";
import { invalidArgValue } from "../errors.js";
import { keysOf } from "../known-keys.js";
import { readU32, write32 } from "../wire/bytes.js";
import type { AddressCodec } from "./codec.js";
import { optionalU32 } from "./fields.js";

/** A TIPC socket, a service, or a range of services. */
export type TipcAddress = TipcSocketAddress | TipcServiceAddress | TipcServiceRange;

interface TipcScope {
  family: "tipc";
  /** 2 is TIPC_CLUSTER_SCOPE, 3 is TIPC_NODE_SCOPE. With bind(2), a negative scope unbinds. Absent: 0. */
  scope?: number;
}

export interface TipcSocketAddress extends TipcScope {
  kind: "socket";
  ref: number;
  node: number;
}

export interface TipcServiceAddress extends TipcScope {
  kind: "service";
  type: number;
  instance: number;
  /** The node on which to look the service up. Absent: 0, all nodes. */
  domain?: number;
}

export interface TipcServiceRange extends TipcScope {
  kind: "range";
  type: number;
  lower: number;
  upper: number;
}

const KEYS = /* @__PURE__ */ keysOf<TipcAddress>({
  family: true,
  kind: true,
  type: true,
  instance: true,
  lower: true,
  upper: true,
  ref: true,
  node: true,
  domain: true,
  scope: true,
});

/** struct sockaddr_tipc, include/uapi/linux/tipc.h. */
const SIZE = 16;
const KIND = 2;
const SCOPE = 3;
const FIRST = 4;
const SECOND = 8;
const THIRD = 12;

const KINDS = { socket: TIPC_SOCKET_ADDR, service: TIPC_SERVICE_ADDR, range: TIPC_SERVICE_RANGE } as const;

function parts(given: TipcAddress, argument: string): [first: number, second: number, third: number] {
  const u32 = (name: string, value: number) => checkUint32(`${argument}.${name}`, value);
  switch (given.kind) {
    case "socket":
      return [u32("ref", given.ref), u32("node", given.node), 0];
    case "service":
      return [
        u32("type", given.type),
        u32("instance", given.instance),
        optionalU32(`${argument}.domain`, given.domain),
      ];
    case "range":
      return [u32("type", given.type), u32("lower", given.lower), u32("upper", given.upper)];
    default:
      throw invalidArgValue(`${argument}.kind`, 'must be "socket", "service" or "range"');
  }
}

export const tipc: AddressCodec<TipcAddress> = {
  family: AF_TIPC,
  keys: KEYS,

  encode(given, argument) {
    const bytes = new Uint8Array(SIZE);
    const [first, second, third] = parts(given, argument);
    bytes[KIND] = KINDS[given.kind];
    bytes[SCOPE] =
      given.scope === undefined ? 0 : checkInteger(`${argument}.scope`, given.scope, -0x80, 0x7f);
    write32(bytes, FIRST, first);
    write32(bytes, SECOND, second);
    write32(bytes, THIRD, third);
    return bytes;
  },

  decode(bytes) {
    if (bytes.length < SIZE) return undefined;
    const [first, second, third] = [readU32(bytes, FIRST), readU32(bytes, SECOND), readU32(bytes, THIRD)];
    const scope = (bytes[SCOPE]! << 24) >> 24;
    switch (bytes[KIND]) {
      case TIPC_SOCKET_ADDR:
        return { family: "tipc", kind: "socket", ref: first, node: second, scope };
      case TIPC_SERVICE_ADDR:
        return { family: "tipc", kind: "service", type: first, instance: second, domain: third, scope };
      case TIPC_SERVICE_RANGE:
        return { family: "tipc", kind: "range", type: first, lower: second, upper: third, scope };
      default:
        return undefined;
    }
  },

  format: (given) => ({ address: `tipc ${given.kind} ${parts(given, "address").join(":")}` }),
};
