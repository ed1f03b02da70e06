import type { Layout, PerLayout } from "./layout.js";

/** Finds the index of a network interface by its name. Returns undefined if no interface has that name. */
export type InterfaceLookup = (name: string) => number | undefined;

/** What the encoding of a value depends on. */
export interface Encoding {
  readonly layout: Layout;
  /** Finds the index of a network interface that a value names. */
  readonly interfaceIndex: InterfaceLookup;
}

/**
 * Encodes and decodes the bytes of a C type. Control messages, socket options and their fields are payloads.
 *
 * `read` never gets fewer bytes than `size`. It returns undefined if the bytes are not a valid value. `write` gets bytes that are
 * zero. It checks the value, and its errors name `argument`.
 */
export interface Payload<Value> {
  /** The type's name in C: `int`, `struct ucred`. */
  readonly ctype: string;
  /** sizeof, or the smallest size if the length varies. */
  readonly size: PerLayout;
  readonly align: PerLayout;
  /** Other lengths that `read` accepts, because some kernel protocols send a shorter or longer form. */
  readonly alsoReads?: readonly number[];
  /** How many bytes to reserve when receiving. Only on types whose length varies. A value can be longer. */
  readonly reserve?: PerLayout;
  read(bytes: Uint8Array, at: number, length: number, layout: Layout): Value | undefined;
  /** How many bytes `value` needs. Only on types whose length varies. */
  measure?(value: Value, encoding: Encoding, argument: string): number;
  write(
    bytes: Uint8Array,
    at: number,
    value: Value,
    encoding: Encoding,
    argument: string,
    length: number,
  ): void;
}

/** The type of a payload's values. */
export type ValueOf<P> = P extends Payload<infer V> ? V : never;
