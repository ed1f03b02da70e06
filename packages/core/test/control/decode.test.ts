import { describe, expect, it, test } from "vitest";
import {
  AF_BLUETOOTH,
  AF_IEEE802154,
  AF_INET,
  AF_INET6,
  AF_ISDN,
  AF_UNIX,
} from "../../src/constants/address-families.js";
import { SOL_IP, SOL_IPV6, SOL_SOCKET } from "../../src/constants/levels.js";
import { SCM_CREDENTIALS, SCM_PIDFD, SCM_RIGHTS, SCM_SECURITY } from "../../src/constants/socket.js";
import {
  CMSG_SPACE,
  type ControlMessage,
  decodeControl,
  encodeControl,
  type Layout,
} from "../../src/control/index.js";
import { controlItems } from "../../src/control/items.js";

const LAYOUTS = ["64", "32"] as const satisfies readonly Layout[];

/** Control data made by hand, with each item's cmsg_len as given. */
function raw(
  layout: Layout,
  ...items: { length: number | bigint; level: number; type: number; data: number[] }[]
) {
  const parts = items.map(({ length, level, type, data }) => {
    const header = layout === "64" ? 16 : 12;
    const space = CMSG_SPACE(data.length, layout);
    const view = new DataView(new ArrayBuffer(space));
    if (layout === "64") view.setBigUint64(0, BigInt(length), true);
    else view.setUint32(0, Number(length), true);
    view.setInt32(header - 8, level, true);
    view.setInt32(header - 4, type, true);
    const bytes = new Uint8Array(view.buffer);
    bytes.set(data, header);
    return bytes;
  });
  return new Uint8Array(Buffer.concat(parts));
}

const rights: ControlMessage = { name: "rights", value: [3, 4] };
const credentials: ControlMessage = { name: "credentials", value: { pid: 1, uid: 2, gid: 3 } };

describe("decodeControl", () => {
  test("decodes no bytes to no messages", () => {
    expect(decodeControl(new Uint8Array(0))).toEqual([]);
  });

  test("accepts Buffers and views anywhere in their memory", () => {
    const encoded = encodeControl([credentials, rights]);
    const shifted = Buffer.concat([Buffer.alloc(3), encoded, Buffer.alloc(5)]);
    expect(decodeControl(shifted.subarray(3, 3 + encoded.length))).toEqual([credentials, rights]);
  });

  test("returns copies", () => {
    const encoded = encodeControl([{ name: "unknown", level: 9, type: 9, data: Uint8Array.of(1, 2) }]);
    const decoded = decodeControl(Buffer.from(encoded).subarray(0));
    const buffer = Buffer.from(encoded);
    const [message] = decodeControl(buffer);
    buffer.fill(0xff);
    expect(message).toEqual(decoded[0]);
    expect((message as { data: Uint8Array }).data.constructor).toBe(Uint8Array);
  });

  test.each([[undefined], [null], ["x"], [[1]], [new ArrayBuffer(16)]])("refuses %s", (bytes) => {
    expect(() => decodeControl(bytes as never)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "bytes" }),
    );
  });

  test("refuses unknown layouts and families", () => {
    expect(() => decodeControl(new Uint8Array(0), { layout: "16" as never })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument: "options.layout" }),
    );
    expect(() => decodeControl(new Uint8Array(0), { family: "toString" as never })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument: "options.family" }),
    );
    expect(() => decodeControl(new Uint8Array(0), { family: -1 })).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE", argument: "options.family" }),
    );
  });

  describe.each(LAYOUTS)("the %s-bit layout", (layout) => {
    const header = layout === "64" ? 16 : 12;
    const decode = (bytes: Uint8Array, family?: number) => decodeControl(bytes, { layout, family });

    it("decodes level 0 by the socket's family", () => {
      const dir = raw(layout, { length: header + 4, level: 0, type: 1, data: [1, 0, 0, 0] });
      expect(decode(dir, AF_BLUETOOTH)).toEqual([{ name: "hciDir", value: 1 }]);
      expect(decode(dir, AF_INET)).toEqual([{ name: "ipTos", value: 1 }]);
      expect(decode(dir, AF_INET6)).toEqual([{ name: "ipTos", value: 1 }]);
      expect(decode(dir)).toEqual([{ name: "ipTos", value: 1 }]);
      expect(decode(dir, AF_UNIX)).toEqual([
        { name: "unknown", level: 0, type: 1, data: Uint8Array.of(1, 0, 0, 0) },
      ]);
      const label = raw(layout, { length: header + 1, level: 0, type: 3, data: [0x61] });
      expect(decode(label, AF_INET)).toEqual([{ name: "ipSecurity", value: "a" }]);
      expect(decode(label, AF_IEEE802154)).toEqual([{ name: "wpanLqi", value: 0x61 }]);
      const length = layout === "64" ? 16 : 8;
      const time = raw(layout, {
        length: header + length,
        level: 0,
        type: 1,
        data: [1, ...Array(length - 1).fill(0)],
      });
      expect(decode(time, AF_ISDN)).toEqual([{ name: "misdnTimestamp", value: 1_000_000_000n }]);
    });

    it("decodes a payload that the kernel cut to unknown and truncated", () => {
      const bytes = raw(layout, {
        length: header + 4,
        level: SOL_SOCKET,
        type: SCM_CREDENTIALS,
        data: [1, 0, 0, 0],
      });
      const message = {
        name: "unknown",
        level: SOL_SOCKET,
        type: SCM_CREDENTIALS,
        data: Uint8Array.of(1, 0, 0, 0),
        truncated: true,
      } as const;
      expect(decode(bytes)).toEqual([message]);
      expect(encodeControl([message], { layout })).toEqual(bytes);
    });

    it("keeps the kernel's order", () => {
      const messages: ControlMessage[] = [
        credentials,
        { name: "security", value: "unconfined" },
        rights,
        { name: "pidfd", value: 9 },
      ];
      expect(decode(encodeControl(messages, { layout }))).toEqual(messages);
      messages.reverse();
      expect(decode(encodeControl(messages, { layout }))).toEqual(messages);
    });

    it("decodes IP_TOS as one byte or as an int", () => {
      expect(decode(raw(layout, { length: header + 1, level: SOL_IP, type: 1, data: [0xb8] }))).toEqual([
        { name: "ipTos", value: 0xb8 },
      ]);
      expect(
        decode(raw(layout, { length: header + 4, level: SOL_IP, type: 1, data: [0xb8, 0, 0, 0] })),
      ).toEqual([{ name: "ipTos", value: 0xb8 }]);
      expect(
        decode(raw(layout, { length: header + 4, level: SOL_IP, type: 1, data: [0, 1, 0, 0] })),
      ).toMatchObject([{ name: "unknown" }]);
    });

    it("decodes SOL_IP and SOL_IPV6 messages of a dual-stack socket beside each other", () => {
      const messages: ControlMessage[] = [
        {
          name: "ipPktInfo",
          value: { interfaceIndex: 1, specificDestination: "127.0.0.1", address: "127.0.0.1" },
        },
        { name: "ipv6PktInfo", value: { address: "::ffff:127.0.0.1", interfaceIndex: 1 } },
        { name: "ipTtl", value: 64 },
        { name: "ipv6HopLimit", value: 64 },
      ];
      expect(decode(encodeControl(messages, { layout, family: AF_INET6 }), AF_INET6)).toEqual(messages);
    });

    test("decodes a payload that is too long to unknown, not truncated", () => {
      const bytes = raw(layout, {
        length: header + 8,
        level: SOL_SOCKET,
        type: SCM_PIDFD,
        data: [1, 0, 0, 0, 2, 0, 0, 0],
      });
      const [message] = decode(bytes);
      expect(message).toEqual({
        name: "unknown",
        level: SOL_SOCKET,
        type: SCM_PIDFD,
        data: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0),
      });
      expect(encodeControl([message!], { layout })).toEqual(bytes);
    });

    test("decodes rights that end within an int to unknown, and invents no descriptor", () => {
      const bytes = raw(layout, {
        length: header + 6,
        level: SOL_SOCKET,
        type: SCM_RIGHTS,
        data: [3, 0, 0, 0, 4, 0],
      });
      expect(decode(bytes)).toEqual([
        { name: "unknown", level: SOL_SOCKET, type: SCM_RIGHTS, data: Uint8Array.of(3, 0, 0, 0, 4, 0) },
      ]);
    });

    test("decodes empty rights to a message without descriptors", () => {
      expect(decode(raw(layout, { length: header, level: SOL_SOCKET, type: SCM_RIGHTS, data: [] }))).toEqual([
        { name: "rights", value: [] },
      ]);
    });

    test("removes the null byte at the end of a security label, which is bytes if it is no UTF-8", () => {
      const label = (...data: number[]) =>
        decode(raw(layout, { length: header + data.length, level: SOL_SOCKET, type: SCM_SECURITY, data }))[0];
      expect(label(0x61, 0x62, 0)).toEqual({ name: "security", value: "ab" });
      expect(label(0x61, 0x62)).toEqual({ name: "security", value: "ab" });
      expect(label()).toEqual({ name: "security", value: "" });
      expect(label(0xff, 0)).toEqual({ name: "security", value: Uint8Array.of(0xff, 0) });
      expect(label(0x61, 0, 0x62)).toEqual({ name: "security", value: Uint8Array.of(0x61, 0, 0x62) });
    });

    test("ends at a cmsg_len that is too short for a header", () => {
      for (let length = 0; length < header; length++) {
        const bytes = raw(
          layout,
          { length: header + 4, level: SOL_SOCKET, type: SCM_RIGHTS, data: [3, 0, 0, 0] },
          { length, level: SOL_SOCKET, type: SCM_RIGHTS, data: [4, 0, 0, 0] },
          { length: header + 4, level: SOL_SOCKET, type: SCM_RIGHTS, data: [5, 0, 0, 0] },
        );
        expect(decode(bytes)).toEqual([{ name: "rights", value: [3] }]);
      }
    });

    test("cuts a cmsg_len beyond the buffer to the buffer, and marks the message truncated", () => {
      const huge = layout === "64" ? 2n ** 64n - 1n : 2n ** 32n - 1n;
      for (const length of [header + 13, 1_000_000, 0x7fffffff, 0xffffffff, huge]) {
        const bytes = raw(layout, {
          length,
          level: SOL_SOCKET,
          type: SCM_CREDENTIALS,
          data: Array(12).fill(1),
        });
        const [message, ...others] = decode(bytes.subarray(0, header + 12));
        expect(others).toEqual([]);
        expect(message).toMatchObject({
          name: "unknown",
          data: new Uint8Array(12).fill(1),
          truncated: true,
          length: Math.min(Number(length), Number.MAX_SAFE_INTEGER) - header,
        });
      }
    });

    test("skips a message into which the one before reaches", () => {
      const bytes = raw(
        layout,
        { length: header + 5, level: 77, type: 1, data: [1] },
        { length: header + 4, level: SOL_SOCKET, type: SCM_RIGHTS, data: [4, 0, 0, 0] },
      );
      const [first] = decode(bytes);
      expect(first).toMatchObject({ name: "unknown", level: 77 });
      for (const item of controlItems(bytes, layout)) {
        expect(item.start + item.length).toBeLessThanOrEqual(bytes.length);
      }
    });

    test("decodes the whole messages if the bytes are cut anywhere, and the last one is truncated or absent", () => {
      const messages: ControlMessage[] = [
        credentials,
        { name: "security", value: "unconfined" },
        rights,
        { name: "ipv6HopLimit", value: 64 },
        { name: "timestampNs", value: 1_792_000_000_123_456_789n },
      ];
      const bytes = encodeControl(messages, { layout });
      for (let end = 0; end <= bytes.length; end++) {
        const decoded = decode(bytes.subarray(0, end));
        const last = decoded.at(-1);
        const whole = last?.name === "unknown" ? decoded.slice(0, -1) : decoded;
        expect(whole).toEqual(messages.slice(0, whole.length));
        if (last?.name === "unknown") expect(last.truncated).toBe(true);
        // A message is whole as soon as its payload is: the kernel leaves out padding at a buffer's end.
        const complete = messages.filter(
          (_, i) => end >= encodedEnd(messages.slice(0, i + 1), layout),
        ).length;
        expect(whole.length).toBe(complete);
      }
    });

    test("accepts any int as a level or a type", () => {
      for (const [level, type] of [
        [-1, -1],
        [0x7fffffff, -0x80000000],
        [1, 0x10001],
        [0x10001, 1],
        [SOL_IPV6, -50],
      ] as const) {
        const message = { name: "unknown", level, type, data: Uint8Array.of(1) } as const;
        expect(decode(encodeControl([message], { layout }))).toEqual([message]);
      }
    });
  });
});

/** The end of the last message's payload, without padding. */
function encodedEnd(messages: ControlMessage[], layout: Layout): number {
  let end = 0;
  for (const item of controlItems(encodeControl(messages, { layout }), layout))
    end = item.start + item.length;
  return end;
}

describe("times", () => {
  it("an OLD timestamp has 8 bytes in the 32-bit layout and ends in 2038, and any other does not", () => {
    const last = 0x7fffffffn * 1_000_000_000n;
    const old = (value: bigint): ControlMessage => ({ name: "timestampNsOld", value });
    expect(encodeControl([old(last)], { layout: "32" })).toHaveLength(12 + 8);
    expect(encodeControl([old(last)], { layout: "64" })).toHaveLength(16 + 16);
    expect(decodeControl(encodeControl([old(last)], { layout: "32" }), { layout: "32" })).toEqual([
      old(last),
    ]);
    expect(() => encodeControl([old(last + 1_000_000_000n)], { layout: "32" })).toThrow(
      expect.objectContaining({ code: "ERR_OUT_OF_RANGE", argument: "control[0].value" }),
    );
    for (const layout of LAYOUTS) {
      const late: ControlMessage = { name: "timestampNs", value: 2n ** 40n * 1_000_000_000n + 5n };
      expect(encodeControl([late], { layout })).toHaveLength(CMSG_SPACE(16, layout));
      expect(decodeControl(encodeControl([late], { layout }), { layout })).toEqual([late]);
    }
  });

  test("a time before 1970 is negative", () => {
    const message: ControlMessage = { name: "timestampNs", value: -1n };
    expect(decodeControl(encodeControl([message]))).toEqual([message]);
  });

  test("a time whose fraction is a second or more is unknown", () => {
    const bytes = encodeControl([{ name: "timestampNs", value: 5n }]);
    new DataView(bytes.buffer).setBigInt64(bytes.length - 8, 1_000_000_000n, true);
    expect(decodeControl(bytes)).toMatchObject([{ name: "unknown" }]);
  });

  test("a time in microseconds can't have nanoseconds", () => {
    expect(() => encodeControl([{ name: "timestamp", value: 1n }])).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument: "control[0].value" }),
    );
  });
});
