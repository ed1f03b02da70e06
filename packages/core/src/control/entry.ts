import type { AddressFamilyName } from "../address/family.js";
import type { Payload } from "../wire/payload.js";
import type { SocketType } from "./socket-type.js";

export type DeliveringTypes = { readonly [F in AddressFamilyName]?: readonly SocketType[] };

/**
 * The IP sockets that deliver facts from the packets' headers. TCP and SCTP deliver none. Source: net/ipv4/udp.c, raw.c,
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
  /** The value to set. Default: 1. */
  readonly value?: number;
}

/**
 * All that the library knows of one control message. Encoding, decoding, the TypeScript types, the room that it needs, the option
 * that switches it on and the reference page come from here.
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
  /** `errorQueue`: it is received with MSG_ERRQUEUE, and only so. */
  readonly direction: "send" | "receive" | "both" | "errorQueue";
  /** The socket option that makes the kernel deliver it. */
  readonly enable?: Enable;
  /** The first version of Linux that delivers the message. If it can only be sent: the first version that accepts it. */
  readonly since: string;
  /** The first version of Linux that accepts the message from a sender. Absent: the same as `since`. */
  readonly sentSince?: string;
  /** The capability that sending it needs, and for which values. */
  readonly privilege?: string;
  /** The man page or kernel file that describes it. */
  readonly source: string;
  /** The families of sockets that have it. Absent: all. */
  readonly families?: readonly AddressFamilyName[];
  /** Of each family, the types of sockets that deliver it. Absent: all types. */
  readonly types?: DeliveringTypes;
  /**
   * Set if the message is a time of arrival, or the packet's timestamps. `wide`: switching the message on makes all timestamps of
   * the socket 64 bits wide.
   */
  readonly stamps?: { readonly of: "arrival" | "packet"; readonly wide: boolean };
  /** How often it can occur in one message. Absent: once. */
  readonly repeats?: number;
  readonly payload: Payload<Value>;
}

/** An entry in the table's type: only the direction and the value. Numbers and names would make the declarations much longer. */
export interface TypedMessage<Direction extends ControlEntry["direction"], Value>
  extends ControlEntry<Value> {
  readonly direction: Direction;
}

export type ControlEntries = Readonly<Record<string, ControlEntry>>;
