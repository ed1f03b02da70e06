import type { AddressFamilyName } from "../address/family.js";
import type { Payload } from "../wire/payload.js";

/** One socket option, with all that the library knows of it: its type, both ways, comes from here. */
// biome-ignore lint/suspicious/noExplicitAny: any value's payload is an entry's.
export interface OptionEntry<Value = any, Given = any, Query = any> {
  readonly level: number;
  /** The kernel's name of the level. */
  readonly levelName: string;
  /** The option's number. */
  readonly option: number;
  /** The kernel's name of it. Ours is the same without `SO_` and underscores; of timestamps, the message's that it switches on. */
  readonly constant: string;
  /** What can be done with it: getsockopt(2), setsockopt(2) or both. */
  readonly direction: "get" | "set" | "both";
  /** The first version of Linux that has it. */
  readonly since: string;
  /** The capability that setting it takes, and for which values. */
  readonly privilege?: string;
  /** The man page or kernel file that describes it. */
  readonly source: string;
  /** The families of sockets that have it; absent: any. */
  readonly families?: readonly AddressFamilyName[];
  /** What getsockopt(2) gives, and setsockopt(2) takes. */
  readonly payload: Payload<Value>;
  /** What setsockopt(2) takes, where that is something else. */
  readonly setPayload?: Payload<Given>;
  /** Once it is on, reports can come on the error queue, beside those that control messages bring. */
  readonly errorQueue?: true;
  /** Not every kernel that programs meet has it: `sendmsg doctor` sets it to `value` on a socket of this type. */
  readonly feature?: {
    /** What a program gets by it. */
    readonly what: string;
    readonly type: "stream" | "dgram";
    readonly value: unknown;
  };
  /** A value that is a list is instructions, which setsockopt(2) is given as a struct sock_fprog. */
  readonly takesProgram?: true;
  /** For what getsockopt(2) gives only into room of the same length: how long it is, by the first `payload.size` bytes of it. */
  readonly lengthOf?: (start: Uint8Array) => number;
  /** What getsockopt(2) has to be given: which association is meant, which address. */
  readonly query?: Payload<Query>;
}

/** What the type of the table shows of an entry: what it takes and gives. With numbers and names, declarations would be much longer. */
export interface TypedOption<Direction extends OptionEntry["direction"], Value, Given = Value, Query = never>
  extends OptionEntry<Value, Given, Query> {
  readonly direction: Direction;
}

/** One that is set to what reading it gives, and that is asked for without a query. */
export interface PlainOption<Direction extends OptionEntry["direction"], Value>
  extends TypedOption<Direction, Value> {}

export type OptionEntries = Readonly<Record<string, OptionEntry>>;
