import { describe, expect, it, test } from "vitest";
import { AF_INET, AF_UNIX } from "../../src/constants/address-families.js";
import type { ControlEntry } from "../../src/control/entry.js";
import {
  CMSG_ALIGN,
  CMSG_LEN,
  CMSG_SPACE,
  type ControlMessage,
  type ControlName,
  controlMessages,
  encodeControl,
  type Layout,
} from "../../src/control/index.js";
import { LARGEST_CONTROL_SPACE } from "../../src/control/largest-space.js";
import { encodeRights } from "../../src/control/rights.js";
import { controlSpace } from "../../src/control/space.js";
import { namedEntries } from "../../src/control/table.js";
import { machineLayout } from "../../src/wire/layout.js";

const LAYOUTS = ["64", "32"] as const satisfies readonly Layout[];
const encodeAny = (...messages: unknown[]) => encodeControl(messages as ControlMessage[]);

describe("the layout", () => {
  test("is the machine's by default", () => {
    expect(CMSG_SPACE(4)).toBe(CMSG_SPACE(4, machineLayout));
    expect(machineLayout).toBe(["ia32", "arm"].includes(process.arch) ? "32" : "64");
  });

  test("has cmsghdrs of 16 or 12 bytes", () => {
    expect([CMSG_LEN(0, "64"), CMSG_LEN(0, "32")]).toEqual([16, 12]);
    expect([CMSG_SPACE(4, "64"), CMSG_SPACE(4, "32")]).toEqual([24, 16]);
    expect([CMSG_ALIGN(9, "64"), CMSG_ALIGN(9, "32")]).toEqual([16, 12]);
  });

  test.each([[-1], [1.5], [Number.NaN], [2 ** 31]])("refuses a length of %s", (length) => {
    for (const macro of [CMSG_ALIGN, CMSG_LEN, CMSG_SPACE]) {
      expect(() => macro(length)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    }
  });
});

describe("encodeControl", () => {
  it("refuses bytes in place of a message at once, however many there are", () => {
    expect(() => encodeAny(new Uint8Array(1 << 24))).toThrow(
      'The "control[0]" argument must be of type object. Received an instance of Uint8Array',
    );
  });

  it("pads each message with zeros, even the last one", () => {
    for (const layout of LAYOUTS) {
      for (let length = 0; length < 20; length++) {
        const bytes = encodeControl(
          [
            { name: "security", value: "x".repeat(length) },
            { name: "security", value: "y".repeat(length) },
          ],
          { layout },
        );
        expect(bytes).toHaveLength(2 * CMSG_SPACE(length, layout));
        for (let at = CMSG_LEN(length, layout); at < CMSG_SPACE(length, layout); at++) {
          expect(bytes[at]).toBe(0);
          expect(bytes[CMSG_SPACE(length, layout) + at]).toBe(0);
        }
      }
    }
  });

  test("encodes no messages to no bytes", () => {
    expect(encodeControl([])).toHaveLength(0);
  });

  test("refuses a message that the family lacks, which the kernel would ignore", () => {
    const rights: ControlMessage[] = [{ name: "rights", value: [1] }];
    expect(() => encodeControl(rights, { family: "ipv4" })).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "control[0].name",
        message: 'The "control[0].name" argument is "rights", which sockets of the family ipv4 do not have',
      }),
    );
    expect(() => encodeControl(rights, { family: AF_INET })).toThrow();
    expect(encodeControl(rights, { family: AF_UNIX })).toEqual(encodeControl(rights));
    expect(encodeControl(rights, { family: "unix" })).toEqual(encodeControl(rights));
  });

  const rejections: [string, unknown[], string, string][] = [
    ["no object", [null], "ERR_INVALID_ARG_TYPE", "control[0]"],
    ["no name", [{ value: 1 }], "ERR_INVALID_ARG_TYPE", "control[0].name"],
    [
      "a name of Object.prototype",
      [{ name: "constructor", value: 1 }],
      "ERR_INVALID_ARG_VALUE",
      "control[0].name",
    ],
    ["__proto__", [{ name: "__proto__", value: 1 }], "ERR_INVALID_ARG_VALUE", "control[0].name"],
    ["no list of descriptors", [{ name: "rights", value: 3 }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "a negative descriptor",
      [{ name: "rights", value: [0, -1] }],
      "ERR_OUT_OF_RANGE",
      "control[0].value[1]",
    ],
    ["a hole", [{ name: "rights", value: Array(1) }], "ERR_INVALID_ARG_TYPE", "control[0].value[0]"],
    ["half a descriptor", [{ name: "rights", value: [1.5] }], "ERR_OUT_OF_RANGE", "control[0].value[0]"],
    ["no credentials", [{ name: "credentials" }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "the third message's pid",
      [
        { name: "rights", value: [] },
        { name: "rights", value: [] },
        { name: "credentials", value: { pid: "1", uid: 0, gid: 0 } },
      ],
      "ERR_INVALID_ARG_TYPE",
      "control[2].value.pid",
    ],
    [
      "a uid of 33 bits",
      [{ name: "credentials", value: { pid: 1, uid: 2 ** 32, gid: 0 } }],
      "ERR_OUT_OF_RANGE",
      "control[0].value.uid",
    ],
    [
      "a number for a 64-bit value",
      [{ name: "txTime", value: 5 }],
      "ERR_INVALID_ARG_TYPE",
      "control[0].value",
    ],
    [
      "a 64-bit value of 65 bits",
      [{ name: "txTime", value: 2n ** 64n }],
      "ERR_OUT_OF_RANGE",
      "control[0].value",
    ],
    ["a bigint for a number", [{ name: "mark", value: 5n }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "text with a null byte",
      [{ name: "security", value: "a\0" }],
      "ERR_INVALID_ARG_VALUE",
      "control[0].value",
    ],
    ["text that is a number", [{ name: "security", value: 5 }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "a host's name for an address",
      [{ name: "sctpDstAddrV4", value: "localhost" }],
      "ERR_INVALID_ARG_VALUE",
      "control[0].value",
    ],
    [
      "a nested port",
      [{ name: "ipOrigDstAddr", value: { address: "1.2.3.4", port: 65536 } }],
      "ERR_OUT_OF_RANGE",
      "control[0].value.port",
    ],
    ["a value for nothing", [{ name: "rxrpcAck", value: 1 }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "too many time-outs",
      [{ name: "rxrpcSetCallTimeout", value: [1, 2, 3, 4] }],
      "ERR_OUT_OF_RANGE",
      "control[0].value.length",
    ],
    ["bytes that are none", [{ name: "ipRetOpts", value: "x" }], "ERR_INVALID_ARG_TYPE", "control[0].value"],
    [
      "an unknown one's level",
      [{ name: "unknown", level: 2 ** 31, type: 0, data: new Uint8Array() }],
      "ERR_OUT_OF_RANGE",
      "control[0].level",
    ],
    [
      "an unknown one's type",
      [{ name: "unknown", level: 0, data: new Uint8Array() }],
      "ERR_INVALID_ARG_TYPE",
      "control[0].type",
    ],
    [
      "an unknown one's data",
      [{ name: "unknown", level: 0, type: 0, data: [1] }],
      "ERR_INVALID_ARG_TYPE",
      "control[0].data",
    ],
    [
      "a stated length below the data's",
      [{ name: "unknown", level: 0, type: 0, data: new Uint8Array(4), length: 3 }],
      "ERR_OUT_OF_RANGE",
      "control[0].length",
    ],
    [
      "a message behind one that never ends",
      [
        { name: "unknown", level: 0, type: 0, data: new Uint8Array(4), length: 30 },
        { name: "rights", value: [] },
      ],
      "ERR_INVALID_ARG_VALUE",
      "control[0].length",
    ],
  ];
  test.each(rejections)("refuses %s", (_, messages, code, argument) => {
    expect(() => encodeAny(...messages)).toThrow(expect.objectContaining({ code, argument }));
  });

  test("refuses a value that is no list", () => {
    expect(() => encodeControl({} as never)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "control" }),
    );
  });

  test("a list that shrinks while it is read sends no descriptor 0 instead", () => {
    const fds = [5, 6];
    const credentials = {
      get pid() {
        fds.length = 1;
        return 1;
      },
      uid: 0,
      gid: 0,
    };
    expect(() =>
      encodeAny({ name: "credentials", value: credentials }, { name: "rights", value: fds }),
    ).toThrow(expect.objectContaining({ argument: "control[1].value[1]" }));
  });
});

describe("encodeRights", () => {
  test("makes the same bytes as encodeControl", () => {
    for (const layout of LAYOUTS) {
      for (const fds of [[], [0], [1, 2], [3, 4, 0x7fffffff]]) {
        expect(encodeRights(fds, layout)).toEqual(
          encodeControl([{ name: "rights", value: fds }], { layout }),
        );
      }
    }
  });
});

describe("controlSpace", () => {
  test("is the sum of the messages' spaces", () => {
    expect(controlSpace([], AF_UNIX, "64")).toBe(0);
    expect(controlSpace(["credentials"], AF_UNIX, "64")).toBe(32);
    expect(controlSpace(["credentials", "credentials"], AF_UNIX, "64")).toBe(32);
    expect(controlSpace(["credentials", "pidfd"], AF_UNIX, "32")).toBe(24 + 16);
    expect(controlSpace(["rights"], AF_UNIX, "64")).toBe(CMSG_SPACE(253 * 4, "64"));
  });

  it("is enough for timestamp, GRO and packet info together", () => {
    const names: ControlName[] = ["timestampNs", "udpGro", "ipPktInfo", "ipTos"];
    expect(controlSpace(names, AF_INET, "64")).toBe(32 + 24 + 32 + 24);
  });

  test("has no part for messages that the family never delivers", () => {
    expect(controlSpace(["ipPktInfo"], AF_UNIX, "64")).toBe(0);
    expect(controlSpace(["timestampNs", "ipPktInfo"], AF_UNIX, "64")).toBe(32);
  });

  test("counts a message that can come several times as often as it can come", () => {
    const once = CMSG_SPACE(2048, "64");
    expect(controlSpace(["ipv6HopOpts"], 10, "64")).toBe(once);
    expect(controlSpace(["ipv6DstOpts"], 10, "64")).toBe(2 * once);
  });
});

describe("the table", () => {
  const entries = Object.entries<ControlEntry>(controlMessages);

  test.each(entries)("has a complete entry for %s", (_, entry) => {
    expect(entry.since).toMatch(/^\d+\.\d+(\.\d+)?$/);
    expect(entry.source).not.toBe("");
    expect(entry.constant).toMatch(/^[A-Z][A-Z0-9_]+$/);
    if (entry.direction === "send") expect(entry.enable).toBeUndefined();
    const { payload } = entry;
    expect(payload.reserve === undefined).toBe(payload.measure === undefined);
    for (const layout of LAYOUTS) {
      if (payload.reserve) expect(payload.reserve[layout]).toBeGreaterThanOrEqual(payload.size[layout]);
    }
  });

  test("has entries of different lengths if they share level, type and family", () => {
    for (const layout of LAYOUTS) {
      const seen = new Map<string, string>();
      for (const [name, { level, type, families = ["any"], payload }] of entries) {
        for (const family of families) {
          const key = `${level} ${type} ${level === 0 ? family : ""} ${payload.size[layout]}`;
          const other = seen.get(key);
          expect(other === undefined || other === name, `${name} and ${other}`).toBe(true);
          seen.set(key, name);
        }
      }
    }
  });
});

it("LARGEST_CONTROL_SPACE has room for all messages that a socket of any family can receive", () => {
  const received = [...namedEntries()].filter(({ entry }) => entry.direction !== "send");
  const names = received.map(({ name }) => name);
  const families = new Set(received.flatMap(({ families }) => [...(families ?? [])]));
  for (const layout of ["64", "32"] as const) {
    const spaces = [...families].map((family) => controlSpace(names, family, layout));
    const most = Math.max(...spaces);
    expect(most).toBeLessThanOrEqual(LARGEST_CONTROL_SPACE);
    if (layout === "64") expect(most).toBe(LARGEST_CONTROL_SPACE);
  }
});
