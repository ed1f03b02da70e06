import { type AddressFamilyName, familyName } from "../address/family.js";
import { AF_CAN } from "../constants/address-families.js";
import { CAN_RAW } from "../constants/can.js";
import { SOCK_RAW } from "../constants/socket-types.js";
import { SOCKET_TYPES, type SocketType } from "../control/socket-type.js";
import { invalidArgValue } from "../errors.js";
import type { SocketFacts } from "./facts.js";

/**
 * The socket types that each family has. The first one is the default of a socket that is bound or opened. A socket that connects or
 * listens is a stream by default, if the family has streams.
 *
 * Source: each family's function for socket(2) (struct net_proto_family), and its man page.
 */
const FAMILY_TYPES: Readonly<Record<AddressFamilyName, readonly [SocketType, ...SocketType[]]>> = {
  // unix_create() in net/unix/af_unix.c silently makes a datagram socket in place of a raw one. So "raw" is missing here.
  unix: ["dgram", "stream", "seqpacket"],
  // "seqpacket" is SCTP.
  ipv4: ["dgram", "stream", "seqpacket", "raw"],
  ipv6: ["dgram", "stream", "seqpacket", "raw"],
  // Both types are the same: see netlink(7).
  netlink: ["raw", "dgram"],
  packet: ["raw", "dgram"],
  rds: ["seqpacket"],
  llc: ["dgram", "stream"],
  // "dgram" is for CAN_BCM, CAN_ISOTP and CAN_J1939. None of them is the default, so a program that wants one has to name the protocol.
  can: ["raw", "dgram"],
  tipc: ["dgram", "stream", "seqpacket"],
  // The protocol decides: "seqpacket" is for L2CAP, SCO and ISO, "stream" for RFCOMM, "raw" for HCI.
  bluetooth: ["seqpacket", "stream", "dgram", "raw"],
  iucv: ["stream", "seqpacket"],
  rxrpc: ["dgram"],
  isdn: ["dgram", "raw"],
  ieee802154: ["dgram", "raw"],
  alg: ["seqpacket"],
  // Only VMware's transport has datagrams. On other machines, socket(2) fails.
  vsock: ["stream", "seqpacket", "dgram"],
  qrtr: ["dgram"],
  xdp: ["raw"],
};

/** The types of a family (AF_*). Undefined if the library does not know the family. */
function typesOf(family: number): readonly [SocketType, ...SocketType[]] | undefined {
  const name = familyName(family);
  return name && FAMILY_TYPES[name];
}

/** Throws if the library knows the family (AF_*), and the family does not have this type. Returns SOCK_*. */
export function checkFamilyType(argument: string, family: number, type: SocketType): number {
  const types = typesOf(family);
  if (types === undefined || types.includes(type)) return SOCKET_TYPES[type];
  const allowed = types.length === 1 ? types[0] : `one of ${types.join(", ")}`;
  throw invalidArgValue(
    argument,
    `must be ${allowed} for the family "${familyName(family)}". Received "${type}"`,
  );
}

function defaultType(family: number, use: "bind" | "connect"): SocketType {
  const types = typesOf(family);
  if (types === undefined) {
    throw invalidArgValue(
      "options.type",
      `must be given: the library does not know which types the family ${family} has`,
    );
  }
  return use === "connect" && types.includes("stream") ? "stream" : types[0];
}

/**
 * The arguments of socket(2) for a new socket of this family (AF_*).
 *
 * @param use "connect" for a socket that connects or listens.
 */
export function factsFor(
  family: number,
  options: { type: SocketType | undefined; protocol: number | undefined },
  use: "bind" | "connect",
): SocketFacts {
  const type = checkFamilyType("options.type", family, options.type ?? defaultType(family, use));
  // can_create() in net/can/af_can.c knows no protocol 0.
  const defaultProtocol = family === AF_CAN && type === SOCK_RAW ? CAN_RAW : 0;
  return { family, type, protocol: options.protocol ?? defaultProtocol };
}
