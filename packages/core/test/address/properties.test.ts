import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeAddress, encodeAddress } from "../../src/address/index.js";
import { readIpv6, writeIpv4, writeIpv6 } from "../../src/wire/ip-text.js";
import { holds, timeout } from "../support/property.js";
import { samples } from "./samples.js";

const families = [...new Set(samples.map(({ address }) => encodeAddress(address)[0]!)), 0, 200];

const sockaddr = fc
  .tuple(
    fc.constantFrom(...families),
    fc.oneof(
      fc.uint8Array({ maxLength: 126 }),
      fc.constantFrom(...samples).map(({ address }) => encodeAddress(address).slice(2)),
      fc
        .constantFrom(4, 6, 8, 10, 12, 14, 22, 26, 34)
        .chain((n) => fc.uint8Array({ minLength: n, maxLength: n })),
    ),
  )
  .map(([family, rest]) => Uint8Array.of(family, 0, ...rest));

describe("decodeAddress", { timeout }, () => {
  test("never throws, and its result encodes to the same address", async () => {
    await holds(
      fc.property(sockaddr, (bytes) => {
        const decoded = decodeAddress(bytes);
        assert.deepEqual(decodeAddress(encodeAddress(decoded)), decoded);
        assert.deepEqual(decodeAddress(new Uint8Array(Buffer.from(bytes))), decoded);
      }),
    );
  });

  test("accepts any bytes", async () => {
    await holds(
      fc.property(fc.uint8Array({ maxLength: 140 }), (bytes) => {
        const decoded = decodeAddress(bytes);
        assert.deepEqual(decodeAddress(encodeAddress(decoded)), decoded);
      }),
    );
  });

  test("accepts every sample, cut at every byte", () => {
    for (const { address } of samples) {
      const bytes = encodeAddress(address);
      for (let end = 0; end <= bytes.length; end++) {
        const decoded = decodeAddress(bytes.subarray(0, end));
        expect(decodeAddress(encodeAddress(decoded))).toEqual(decoded);
      }
    }
  });
});

describe("IP text", { timeout }, () => {
  const groups = fc.array(
    fc.constantFrom(
      "",
      "0",
      "1",
      "00",
      "abcd",
      "ABCD",
      "12345",
      "g",
      "ffff",
      "1.2.3.4",
      "256.0.0.1",
      "01.2.3.4",
    ),
    { maxLength: 10 },
  );
  const nearIpv6 = fc.oneof(
    groups.map((parts) => parts.join(":")),
    fc.tuple(groups, groups).map(([a, b]) => `${a.join(":")}::${b.join(":")}`),
    fc.ipV6(),
  );

  test("takes the same texts for IPv6 as Node", async () => {
    await holds(
      fc.property(nearIpv6, (text) => {
        assert.equal(writeIpv6(text, new Uint8Array(16), 0), isIPv6(text), text);
      }),
    );
  });

  test("takes the same texts for IPv4 as Node", async () => {
    const part = fc.oneof(fc.nat(300).map(String), fc.constantFrom("", "00", "01", " 1", "1e1", "+1", "0x1"));
    const near = fc.oneof(
      fc.array(part, { maxLength: 6 }).map((parts) => parts.join(".")),
      fc.ipV4(),
      fc.string(),
    );
    await holds(
      fc.property(near, (text) => {
        assert.equal(writeIpv4(text, new Uint8Array(4), 0), isIPv4(text), text);
      }),
    );
  });

  test("prints every address as Node's URL does, and reads it back", async () => {
    const zeroes = fc.array(fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff)), {
      minLength: 8,
      maxLength: 8,
    });
    await holds(
      fc.property(zeroes, (numbers) => {
        const bytes = Uint8Array.from(numbers.flatMap((n) => [n >>> 8, n & 0xff]));
        const text = readIpv6(bytes, 0);
        const back = new Uint8Array(16).fill(0xff);
        assert.equal(writeIpv6(text, back, 0), true);
        assert.deepEqual(back, bytes);
        if (!text.includes(".")) assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
      }),
    );
  });

  test.each([
    ["2001:0db8:0000:0000:0000:ff00:0042:8329", "2001:db8::ff00:42:8329"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::FFFF:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ])("prints as RFC 5952 says: %s is %s", (text, printed) => {
    const bytes = new Uint8Array(16);
    expect(writeIpv6(text, bytes, 0)).toBe(true);
    expect(readIpv6(bytes, 0)).toBe(printed);
  });
});
