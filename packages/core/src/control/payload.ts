import type { Layout, PerLayout } from "./layout.js";

/**
 * What a control message, or a field of one, holds: how its bytes become a value, and back.
 *
 * `read` is never given fewer bytes than `size`. It returns undefined for bytes that no value stands for.
 * `write` finds zeroes, and checks the value: its errors name `argument`.
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
  measure?(value: Value, layout: Layout, argument: string): number;
  write(bytes: Uint8Array, at: number, value: Value, layout: Layout, argument: string, length: number): void;
}

/** The value that a payload stands for. */
export type ValueOf<P> = P extends { read(...args: never[]): infer V | undefined } ? V : never;

export const both = (size: number): PerLayout => ({ "64": size, "32": size });
