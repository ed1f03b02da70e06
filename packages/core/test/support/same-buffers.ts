import { expect } from "vitest";

/**
 * Expects these buffers, in this order. Unlike toEqual() of the lists, it also says which one differs, and is fast: toEqual() compares
 * byte by byte in JavaScript, which takes a minute for a megabyte on an emulated machine.
 */
export function expectSameBuffers(got: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, bytes] of wanted.entries()) {
    // Only the failing comparison needs toEqual(), for its message.
    if (Buffer.compare(got[i]!, bytes) !== 0)
      expect(Buffer.from(got[i]!), `buffer ${i} of ${wanted.length}`).toEqual(Buffer.from(bytes));
  }
}
