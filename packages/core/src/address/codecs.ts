import { alg } from "./alg.js";
import { bluetooth } from "./bluetooth.js";
import { can } from "./can.js";
import type { AddressCodec } from "./codec.js";
import type { AddressFamilyName } from "./family.js";
import { ipv4 } from "./ipv4.js";
import { ipv6 } from "./ipv6.js";
import { llc } from "./llc.js";
import { netlink } from "./netlink.js";
import { packet } from "./packet.js";
import { qrtr } from "./qrtr.js";
import { rxrpc } from "./rxrpc.js";
import { tipc } from "./tipc.js";
import { unix } from "./unix.js";
import { vsock } from "./vsock.js";
import { xdp } from "./xdp.js";

// biome-ignore lint/suspicious/noExplicitAny: a codec is only ever given addresses of its own family.
export type AnyCodec = AddressCodec<any>;

/**
 * Every family whose addresses the library knows, by its name in family.ts. Other families have raw addresses: raw.ts.
 */
export const codecs = {
  unix,
  ipv4,
  ipv6,
  alg,
  bluetooth,
  can,
  llc,
  netlink,
  packet,
  qrtr,
  rxrpc,
  tipc,
  vsock,
  xdp,
} as const satisfies { readonly [F in AddressFamilyName]?: AnyCodec };
