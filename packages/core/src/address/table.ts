import { invalidArgType, invalidArgValue, quoted } from "../errors.js";
import { keysNamed, suggestionFor, unknownKey } from "../known-keys.js";
import { didYouMean, nearestName } from "../nearest-name.js";
import type { AlgAddress } from "./alg.js";
import type { BluetoothAddress } from "./bluetooth.js";
import type { CanAddress } from "./can.js";
import { type AnyCodec, codecs } from "./codecs.js";
import { familyName, spellingsOf } from "./family.js";
import { ipCodecOf, nodeIpCodec } from "./ip.js";
import type { Ipv4Address } from "./ipv4.js";
import type { Ipv6Address } from "./ipv6.js";
import type { LlcAddress } from "./llc.js";
import type { NetlinkAddress } from "./netlink.js";
import type { NodeAddress } from "./node-address.js";
import type { PacketAddress } from "./packet.js";
import type { QrtrAddress } from "./qrtr.js";
import { type RawAddress, raw } from "./raw.js";
import type { RxrpcAddress } from "./rxrpc.js";
import type { TipcAddress } from "./tipc.js";
import { type UnixAddress, unix } from "./unix.js";
import type { VsockAddress } from "./vsock.js";
import type { XdpAddress } from "./xdp.js";

/** A socket's address. `family` says of which family. You can leave it out if the other fields already say it. */
export type Address =
  | UnixAddress
  | Ipv4Address
  | Ipv6Address
  | AlgAddress
  | BluetoothAddress
  | CanAddress
  | LlcAddress
  | NetlinkAddress
  | PacketAddress
  | QrtrAddress
  | RxrpcAddress
  | TipcAddress
  | VsockAddress
  | XdpAddress
  | RawAddress;

/** What functions take as an address: ours, or one of Node's own modules. */
export type AddressInput = Address | NodeAddress;

const byNumber = new Map<number, AnyCodec>(Object.values(codecs).map((codec) => [codec.family, codec]));

/** The codec for a family (AF_*). Undefined if the library does not know the family. */
export const codecOfNumber = (family: number): AnyCodec | undefined => byNumber.get(family);

function familyByFields(
  address: Partial<Record<"path" | "abstract" | "address", unknown>>,
): AnyCodec | undefined {
  if (address.path !== undefined || address.abstract !== undefined) return unix;
  if (typeof address.address === "string") return ipCodecOf(address.address);
  return undefined;
}

/** The keys of addresses that need no family. */
const USUAL_KEYS = /* @__PURE__ */ keysNamed(["path", "abstract", "address", "port", "family"]);

/** An address has fewer keys. Looking for what is meant takes time, and the object may be anything. */
const MOST_KEYS = 20;

/** The error for an address of which nothing says what it is. If one of its keys is misspelt, the error says so. */
function noAddress(address: object, argument: string): Error {
  if (ArrayBuffer.isView(address)) {
    return invalidArgType(
      argument,
      "an address: an object",
      address,
      "Decode the bytes: decodeAddress(bytes)",
    );
  }
  const wrong = Object.keys(address)
    .slice(0, MOST_KEYS)
    .find((key) => USUAL_KEYS.all[key] !== true && suggestionFor(key, USUAL_KEYS) !== undefined);
  if (wrong !== undefined) return unknownKey(argument, wrong, USUAL_KEYS);
  const { port } = address as { port?: unknown };
  return invalidArgValue(
    argument,
    'must have a "family", a "path", an "abstract" name or an IP "address"' +
      (port === undefined
        ? ""
        : '. For this machine, give address: "127.0.0.1"; to bind to all of its addresses, "0.0.0.0"'),
  );
}

/** What to write instead of a path or a port alone, as net.connect() takes them. */
function fixFor(given: unknown): string | undefined {
  if (typeof given === "string") return `Write { path: ${quoted(given)} }, or { address, port }`;
  return typeof given === "number" ? `Write { address: "127.0.0.1", port: ${given} }` : undefined;
}

/** A number as family needs bytes, or an IP address if the number is Node's. */
function noData(family: number, argument: string): Error {
  const name = familyName(family);
  const other =
    family === 4 || family === 6
      ? `, or { family: ${family}, address, port } with an IP address as text`
      : name === undefined
        ? ""
        : `, or an address with the family's name: ${JSON.stringify(name)}`;
  return invalidArgValue(argument, `must be { family: ${family}, data } with the address's bytes${other}`);
}

const nearestFamily = (name: string): string | undefined =>
  nearestName(
    name,
    Object.keys(codecs).flatMap((family) => spellingsOf(family as keyof typeof codecs)),
  );

/** The codec for an address. Errors name `argument`. */
export function codecOf(address: AddressInput, argument: string): AnyCodec {
  if (address === null || typeof address !== "object") {
    throw invalidArgType(argument, "an address: an object", address, fixFor(address));
  }
  const { family } = address;
  if (family === undefined) {
    const codec = familyByFields(address);
    if (codec) return codec;
    throw noAddress(address, argument);
  }
  if (typeof family === "number") {
    const { address: text, data } = address as { address?: unknown; data?: unknown };
    const codec = nodeIpCodec(family, text);
    if (codec) return codec;
    if (data === undefined) throw noData(family, argument);
    return raw;
  }
  if (typeof family !== "string")
    throw invalidArgType(`${argument}.family`, "of type string or number", family);
  if (Object.hasOwn(codecs, family)) return codecs[family as keyof typeof codecs];
  const codec = nodeIpCodec(family, undefined);
  if (codec) return codec;
  throw invalidArgValue(
    `${argument}.family`,
    `is not the name of an address family: ${quoted(family)}${didYouMean(nearestFamily(family))}`,
  );
}
