import { describe, expect, it } from "vitest";
import { DecodedOnce } from "../../src/udp/decoded-once.js";

describe("DecodedOnce", () => {
  const counting = () => {
    const calls: string[] = [];
    const once = new DecodedOnce((bytes) => {
      const text = Buffer.from(bytes).toString();
      calls.push(text);
      return text.toUpperCase();
    });
    return { calls, get: (text: string, from = 0) => once.get(Buffer.from(text), from) };
  };

  it("decodes the same bytes once, wherever they begin", () => {
    const { calls, get } = counting();
    expect([get("abc"), get("x"), get("abc"), get("..abc", 2), get("abc")]).toEqual([
      "ABC",
      "X",
      "ABC",
      "ABC",
      "ABC",
    ]);
    expect(calls).toEqual(["abc", "x"]);
  });

  it("knows no bytes from one another's beginnings", () => {
    const { get } = counting();
    expect([get(""), get("a"), get("ab"), get("a"), get("")]).toEqual(["", "A", "AB", "A", ""]);
  });

  it("gives each its own meaning, also if many different ones come, with equal hashes too", () => {
    const { get } = counting();
    // 31 * "a" + "B" = 31 * "b" + "#": the hash that the class uses makes no difference between these two.
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 2000; i++) expect(get(`${i}`)).toBe(`${i}`);
      for (const text of ["aB", "b#", "aB", "b#"]) expect(get(text)).toBe(text.toUpperCase());
    }
  });

  it("keeps no memory of the caller's", () => {
    const once = new DecodedOnce((bytes) => bytes);
    const bytes = Buffer.from("abc");
    const first = once.get(bytes, 0);
    bytes.fill("z");
    expect(Buffer.from(first).toString()).toBe("abc");
  });
});
