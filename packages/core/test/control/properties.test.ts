import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import { familyNumber } from "../../src/address/family.js";
import type { ControlEntry } from "../../src/control/entry.js";
import {
  CMSG_LEN,
  type ControlMessage,
  type ControlName,
  controlMessages,
  decodeControl,
  encodeControl,
  type Layout,
} from "../../src/control/index.js";
import { controlItems } from "../../src/control/items.js";
import { holds, timeout } from "../support/property.js";

const entries = Object.entries<ControlEntry>(controlMessages);

/** Bytes that look like a payload. They include small numbers and address families, because random bytes are hardly ever a time. */
function payloadBytes(length: number): fc.Arbitrary<Uint8Array> {
  const word = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.nat(0xffffff).map((n) => Uint8Array.of(n, n >>> 8, n >>> 16, 0)),
    fc.constantFrom(Uint8Array.of(0, 0, 0, 0), Uint8Array.of(2, 0, 0, 53), Uint8Array.of(10, 0, 0, 53)),
  );
  const words = Math.ceil(length / 4);
  return fc
    .array(word, { minLength: words, maxLength: words })
    .map((parts) => new Uint8Array(Buffer.concat(parts)).slice(0, length));
}

/** Any message of the table, decoded from a random payload. */
function knownMessage(layout: Layout): fc.Arbitrary<ControlMessage> {
  return fc.constantFrom(...entries).chain(([name, { payload }]) => {
    const size = payload.size[layout];
    const length = payload.measure ? fc.integer({ min: size, max: size + 40 }) : fc.constant(size);
    return length
      .chain(payloadBytes)
      .map((bytes) => ({ name, value: payload.read(bytes, 0, bytes.length, layout) }) as ControlMessage)
      .filter((message) => (message as { value: unknown }).value !== undefined);
  });
}

/** Unknown messages, with numbers that the table lacks. */
const unknownMessage: fc.Arbitrary<ControlMessage> = fc.record({
  name: fc.constant("unknown" as const),
  level: fc.integer({ min: 1000, max: 0x7fffffff }),
  type: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  data: fc.uint8Array({ maxLength: 40 }),
});

/** A message that may be cut. Only the last message can be. */
const cutMessage: fc.Arbitrary<ControlMessage> = fc
  .tuple(unknownMessage, fc.integer({ min: 1, max: 100_000 }))
  .map(([message, more]) => {
    const { data, ...rest } = message as Extract<ControlMessage, { name: "unknown" }>;
    return { ...rest, data, truncated: true, length: data.length + more };
  });

const familyOf = (name: string) => {
  if (name === "unknown") return undefined;
  const [family] = (controlMessages[name as ControlName] as ControlEntry).families ?? [];
  return family === undefined ? undefined : familyNumber(family);
};

const families = [undefined, ...new Set(entries.map(([name]) => familyOf(name)))];

/** Items with real levels and types, whose lengths are right, short, long or absurd. */
function hostileBuffer(layout: Layout): fc.Arbitrary<Uint8Array> {
  const header = CMSG_LEN(0, layout);
  const numbers = fc.oneof(
    fc.constantFrom(...entries).map(([, { level, type }]) => [level, type] as const),
    fc.tuple(fc.integer(), fc.integer()),
  );
  const item = fc
    .tuple(
      numbers,
      fc.integer({ min: 0, max: 70 }).chain(payloadBytes),
      fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: -40, max: 40 }), fc.integer()),
      fc.boolean(),
    )
    .map(([[level, type], payload, wrong, padded]) => {
      const length = CMSG_LEN(payload.length, layout);
      const end = padded ? Math.ceil(length / (header - 8)) * (header - 8) : length;
      const bytes = Buffer.alloc(end);
      if (layout === "64") bytes.writeBigInt64LE(BigInt(length + wrong), 0);
      else bytes.writeInt32LE((length + wrong) | 0, 0);
      bytes.writeInt32LE(level, header - 8);
      bytes.writeInt32LE(type, header - 4);
      bytes.set(payload, header);
      return bytes;
    });
  const items = fc.array(item, { maxLength: 6 }).map((parts) => new Uint8Array(Buffer.concat(parts)));
  const cut = fc.tuple(items, fc.nat(400)).map(([bytes, end]) => bytes.slice(0, end));
  return fc.oneof(items, cut, fc.uint8Array({ maxLength: 200 }));
}

/** Detects reads past the end, which give undefined. A proxy would be slow, and guard bytes detect only writes. */
function insideGuards(bytes: Uint8Array, byte: number): Uint8Array {
  const memory = new Uint8Array(bytes.length + 128).fill(byte);
  memory.set(bytes, 64);
  return memory.subarray(64, 64 + bytes.length);
}

/** The bytes after a round trip, without the forms that the value does not keep: see decodeControl. */
const shortError = (size: number) => (was: Uint8Array) =>
  was.length === 16 ? Uint8Array.from({ length: size }, (_, i) => was[i] ?? 0) : was;
const withoutNull = (was: Uint8Array) => (was.at(-1) === 0 ? was.subarray(0, -1) : was);
const USUAL_FORM: Readonly<Record<string, (was: Uint8Array) => Uint8Array>> = {
  ipTos: (was) => was.subarray(0, 1),
  ipRecvErr: shortError(32),
  ipv6RecvErr: shortError(44),
  security: withoutNull,
  ipSecurity: withoutNull,
};

/** sin_zero of struct sockaddr_in, which must be written as zeros. */
const SIN_ZERO = { start: 8, end: 16 };
const zeroed: Readonly<Record<string, { start: number; end: number }>> = {
  ipOrigDstAddr: SIN_ZERO,
  ipRecvErr: { start: 16 + SIN_ZERO.start, end: 16 + SIN_ZERO.end },
};

/** The bytes of an encoded message that are not padding: those that are the same over different earlier contents. */
function withoutPadding(name: string, payload: Uint8Array, layout: Layout): Uint8Array {
  if (name === "unknown") return payload;
  const codec = (controlMessages[name as ControlName] as ControlEntry).payload;
  const value = codec.read(payload, 0, payload.length, layout);
  const over = (ground: number) => {
    const bytes = new Uint8Array(payload.length).fill(ground);
    codec.write(bytes, 0, value, { layout, interfaceIndex: () => undefined }, "value", payload.length);
    return bytes;
  };
  const [low, high] = [over(0), over(0xff)];
  const { start, end } = zeroed[name] ?? { start: 0, end: 0 };
  return payload.filter((_, i) => low[i] === high[i] && !(i >= start && i < end));
}

describe.each(["64", "32"] as const)("the %s-bit layout", { timeout }, (layout) => {
  test("decoding an encoded message gives the message", async () => {
    const list = fc
      .tuple(
        fc.array(fc.oneof(knownMessage(layout), unknownMessage), { maxLength: 5 }),
        fc.option(cutMessage, { nil: undefined }),
      )
      .map(([messages, last]) => (last ? [...messages, last] : messages));
    await holds(
      fc.property(list, (messages) => {
        const shared = messages.filter(({ name }) => familyOf(name) === undefined || !isLevel0(name));
        assert.deepEqual(decodeControl(encodeControl(shared, { layout }), { layout }), shared);
        for (const message of messages) {
          const family = familyOf(message.name);
          assert.deepEqual(decodeControl(encodeControl([message], { layout, family }), { layout, family }), [
            message,
          ]);
        }
      }),
    );
  });

  test("decoding never throws, and never reads past the end", async () => {
    await holds(
      fc.property(hostileBuffer(layout), fc.constantFrom(...families), (bytes, family) => {
        const decoded = decodeControl(insideGuards(bytes, 0x00), { layout, family });
        assert.deepEqual(decodeControl(insideGuards(bytes, 0xff), { layout, family }), decoded);
        assert.deepEqual(decodeControl(bytes, { layout, family }), decoded);
      }),
    );
  });

  test("encoding a decoded message gives the bytes", async () => {
    await holds(
      fc.property(hostileBuffer(layout), fc.constantFrom(...families), (bytes, family) => {
        const decoded = decodeControl(bytes, { layout, family });
        const again = encodeControl(decoded, { layout });
        assert.deepEqual(decodeControl(again, { layout, family }), decoded);
        const before = [...controlItems(bytes, layout)];
        const after = [...controlItems(again, layout)];
        assert.equal(after.length, before.length);
        before.forEach((item, i) => {
          const { name } = decoded[i]!;
          const { level, type, start, length, stated } = after[i]!;
          assert.deepEqual([level, type], [item.level, item.type]);
          const found = bytes.slice(item.start, item.start + item.length);
          const is = again.slice(start, start + length);
          // Bytes that are no UTF-8 stay unchanged, with or without a null byte.
          const isBytes = (decoded[i] as { value?: unknown }).value instanceof Uint8Array;
          const was = isBytes ? found : (USUAL_FORM[name]?.(found) ?? found);
          assert.equal(is.length, was.length);
          assert.equal(stated - length, item.stated - item.length);
          assert.deepEqual(withoutPadding(name, is, layout), withoutPadding(name, was, layout));
        });
      }),
    );
  });
});

function isLevel0(name: string): boolean {
  return name !== "unknown" && controlMessages[name as ControlName].level === 0;
}
