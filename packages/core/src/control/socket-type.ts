import { SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM } from "../constants/socket-types.js";

/** The name of a socket type, SOCK_*. */
export type SocketType = "stream" | "seqpacket" | "dgram" | "raw";

/** The number (SOCK_*) of each name. */
export const SOCKET_TYPES: Readonly<Record<SocketType, number>> = {
  stream: SOCK_STREAM,
  seqpacket: SOCK_SEQPACKET,
  dgram: SOCK_DGRAM,
  raw: SOCK_RAW,
};

const NAMES = new Map(
  (Object.entries(SOCKET_TYPES) as [SocketType, number][]).map(([name, type]) => [type, name]),
);

/** The name of a type (SOCK_*). Undefined if it has none here. */
export const socketTypeName = (type: number): SocketType | undefined => NAMES.get(type);
