import type { InterfaceIndex } from "./interface.js";
import type { Layout, PerLayout } from "./layout.js";

/** What bytes depend on beside the value. */
export interface Encoding {
  readonly layout: Layout;
  /** Finds the index of a network interface that a value names. */
  readonly interfaceIndex: InterfaceIndex;
}

/**
 * How the bytes of a C type become a value, and back. Control messages, socket options and their fields are payloads.
 *
 * `read` is never given fewer bytes than `size`. It returns undefined for bytes that no value stands for.
 * `write` is given zeroes to write on. It checks the value; its errors name `argument`.
 */
export interface Payload<Value> {
  /** As C has it: `int`, `struct ucred`. */
  readonly ctype: string;
  /** sizeof; of what varies in length, the least. */
  readonly size: PerLayout;
  readonly align: PerLayout;
  /** Other lengths that `read` takes: some protocols of the kernel send a shorter or longer form. */
  readonly alsoReads?: readonly number[];
  /** Bytes to keep room for on receiving. Present only on what varies in length; it is no limit. */
  readonly room?: PerLayout;
  read(bytes: Uint8Array, at: number, length: number, layout: Layout): Value | undefined;
  /** The bytes that `value` takes. Present only on what varies in length. */
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

/** The value that a payload stands for. */
export type ValueOf<P> = P extends Payload<infer V> ? V : never;
