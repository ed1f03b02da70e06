import type { AddressFamilyName } from "../address/family.js";
import type { Payload } from "../wire/payload.js";

/** All that the library knows of one socket option. The TypeScript types of its values come from here, too. */
// biome-ignore lint/suspicious/noExplicitAny: any value's payload is an entry's.
export interface OptionEntry<Value = any, Given = any, Query = any> {
  readonly level: number;
  /** The kernel's name of the level. */
  readonly levelName: string;
  /** The option's number. */
  readonly option: number;
  /**
   * The kernel's name of the option. Our name is the same words in camelCase, without `SO_`. An option for timestamps has the name
   * of the control message that it switches on: SO_TIMESTAMP_NEW is `timestamp`.
   */
  readonly constant: string;
  /** Whether it works with getsockopt(2), setsockopt(2) or both. */
  readonly direction: "get" | "set" | "both";
  /** The first version of Linux that has it. */
  readonly since: string;
  /** The capability that setting it needs, and for which values. */
  readonly privilege?: string;
  /** The man page or kernel file that describes it. */
  readonly source: string;
  /** The families of sockets that have it. Absent: all. */
  readonly families?: readonly AddressFamilyName[];
  /** The bytes that getsockopt(2) gives, and that setsockopt(2) takes. */
  readonly payload: Payload<Value>;
  /** The bytes that setsockopt(2) takes, if getsockopt(2) gives something else. */
  readonly setPayload?: Payload<Given>;
  /**
   * While the option is on, reports can come on the error queue. If a control message names the option in its `enable`, this is not
   * set, because the message's direction says it.
   */
  readonly errorQueue?: true;
  /**
   * For options that some kernels in use lack. `sendmsg doctor` tries the option: it sets it to `value` on a socket of this type.
   */
  readonly feature?: {
    /** What the option gives a program. */
    readonly what: string;
    readonly type: "stream" | "dgram";
    readonly value: unknown;
  };
  /** A value that is a list of instructions is passed to setsockopt(2) as a struct sock_fprog. */
  readonly takesProgram?: true;
  /**
   * For an option that getsockopt(2) gives only if the buffer has exactly its length: finds that length in the option's first
   * `payload.size` bytes.
   */
  readonly lengthOf?: (start: Uint8Array) => number;
  /** The bytes that getsockopt(2) reads from the buffer: they say which association, or which address, is meant. */
  readonly query?: Payload<Query>;
}

/**
 * An entry in the table's type: only what the option takes and gives. Numbers and names would make the declarations much longer.
 */
export interface TypedOption<Direction extends OptionEntry["direction"], Value, Given = Value, Query = never>
  extends OptionEntry<Value, Given, Query> {
  readonly direction: Direction;
}

/** An option that is read without a query, and that takes the same kind of value as it gives. */
export interface PlainOption<Direction extends OptionEntry["direction"], Value>
  extends TypedOption<Direction, Value> {}

export type OptionEntries = Readonly<Record<string, OptionEntry>>;
