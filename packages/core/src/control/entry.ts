import type { AddressFamilyName } from "../address/family.js";
import type { Payload } from "../wire/payload.js";

/** The names of SOCK_*. */
export type SocketTypeName = "stream" | "seqpacket" | "dgram" | "raw";

export type DeliveringTypes = { readonly [F in AddressFamilyName]?: readonly SocketTypeName[] };

/**
 * Sockets of IP that receive packets. TCP and SCTP say nothing of their packets' headers. Source: net/ipv4/udp.c, raw.c,
 * net/ipv6/udp.c, raw.c.
 */
export const PACKETS: DeliveringTypes = { ipv4: ["dgram", "raw"], ipv6: ["dgram", "raw"] };

/** A socket option that makes the kernel deliver a message. */
export interface Enable {
  readonly level: number;
  readonly option: number;
  /** The kernel's names of the level and of the option. */
  readonly levelName: string;
  readonly constant: string;
  /** What to set, 1 unless given. */
  readonly value?: number;
}

/**
 * One control message, with all that the library knows of it: encode, decode, the types, the room to keep, the option
 * that switches it on and the reference page all come from here.
 */
// biome-ignore lint/suspicious/noExplicitAny: any value's payload is an entry's.
export interface ControlEntry<Value = any> {
  /** The `cmsg_level`. */
  readonly level: number;
  /** The kernel's name of the level. */
  readonly levelName: string;
  /** The `cmsg_type`. */
  readonly type: number;
  /** The kernel's name of the type. */
  readonly constant: string;
  /** `errorQueue`: received, and only with MSG_ERRQUEUE. */
  readonly direction: "send" | "receive" | "both" | "errorQueue";
  /** The socket option that makes the kernel deliver it. */
  readonly enable?: Enable;
  /** The first version of Linux that delivers it; that takes it, where it is only sent. */
  readonly since: string;
  /** The first version that takes it, where it is not the one that first delivered it. */
  readonly sentSince?: string;
  /** The capability that sending it takes, and for which values. */
  readonly privilege?: string;
  /** The man page or kernel file that describes it. */
  readonly source: string;
  /** The families of sockets that have it; absent: any. */
  readonly families?: readonly AddressFamilyName[];
  /** The types of a family's sockets that deliver it; absent: all. */
  readonly types?: DeliveringTypes;
  /** The message is a time of arrival, or the packet's stamps; `wide`: switching it on makes all stamps of the socket 64 bits wide. */
  readonly stamps?: { readonly of: "arrival" | "packet"; readonly wide: boolean };
  /** How often one message can hold it; absent: once. */
  readonly repeats?: number;
  readonly payload: Payload<Value>;
}

/** What the type of the table shows of an entry. With numbers and names, declarations would be much longer. */
export interface TypedMessage<Direction extends ControlEntry["direction"], Value>
  extends ControlEntry<Value> {
  readonly direction: Direction;
}

export type ControlEntries = Readonly<Record<string, ControlEntry>>;
