import { describe, expect, test } from "vitest";
import { type Address, decodeAddress, encodeAddress } from "../../src/address/index.js";
import { Listener } from "../../src/index.js";
import { rejection, thrown } from "../support/outcome.js";

describe("an abstract name", () => {
  test("as text must not begin with NUL, because the library adds it", () => {
    expect(thrown(() => encodeAddress({ abstract: "\0foo" }))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "address.abstract",
      message:
        'The "address.abstract" argument must not begin with a NUL character: the library adds the leading NUL. ' +
        "If there really is a second NUL, give bytes",
    });
  });

  test("as a path: the error says how to give it", async () => {
    expect((await rejection(Listener.listen({ path: "\0foo" }))).message).toBe(
      'The "at.path" argument must not begin with a NUL byte: give an abstract name as { abstract }, without its leading NUL',
    );
  });

  test("that really begins with another NUL is bytes, in both directions", () => {
    const address: Address = { family: "unix", abstract: Uint8Array.of(0, 102) };
    expect(decodeAddress(encodeAddress(address))).toEqual(address);
    expect(decodeAddress(encodeAddress({ abstract: "a\0b" }))).toEqual({ family: "unix", abstract: "a\0b" });
  });
});
