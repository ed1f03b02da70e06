import { describe, expect, it } from "vitest";
import { familyNumber } from "../../src/address/family.js";
import {
  SO_LINGER,
  SOL_SOCKET,
  TLS_1_3_VERSION,
  TLS_CIPHER_AES_GCM_256,
  TLS_CIPHER_CHACHA20_POLY1305,
} from "../../src/constants/index.js";
import {
  decodeOption,
  encodeOption,
  type OptionEntry,
  type OptionInput,
  type OptionName,
  socketOptions,
} from "../../src/options/index.js";
import { thrown } from "../support/outcome.js";

const entries = Object.entries<OptionEntry>(socketOptions);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("the table of options", () => {
  it.each(entries)("%s has a known level, a version and a source", (name, entry) => {
    expect(name).toMatch(/^[a-z][A-Za-z0-9]*$/);
    expect(entry.since).toMatch(/^\d+\.\d+(\.\d+)?$/);
    expect(entry.source.length).toBeGreaterThan(3);
    expect(entry.level).toBeGreaterThanOrEqual(0);
    expect(entry.option).toBeGreaterThanOrEqual(0);
    for (const family of entry.families ?? []) expect(familyNumber(family)).toBeGreaterThan(0);
    const { payload } = entry;
    for (const layout of ["64", "32"] as const) {
      expect(payload.reserve?.[layout] ?? payload.size[layout]).toBeGreaterThanOrEqual(payload.size[layout]);
      expect([1, 2, 4, 8]).toContain(payload.align[layout]);
    }
    if (entry.query) expect(entry.query.size["64"]).toBeLessThanOrEqual(payload.size["64"]);
  });

  it("has each number once at a level of a family", () => {
    const seen = new Map<string, string>();
    for (const [name, { level, option, families }] of entries) {
      const key = `${level}:${option}:${[...(families ?? [])].join()}`;
      expect(seen.get(key), `${name} has the number of`).toBeUndefined();
      seen.set(key, name);
    }
  });
});

describe("the codec of options", () => {
  const samples: { [N in OptionName]?: [OptionInput<N>, string] } = {
    reusePort: [true, "01000000"],
    rcvBuf: [65_536, "00000100"],
    linger: [{ onOff: true, seconds: 3 }, "0100000003000000"],
    maxPacingRate: [1000n, "e8030000"],
    bindToDevice: ["lo", "6c6f00"],
    ipLocalPortRange: [{ low: 0x1234, high: 0x5678 }, "34127856"],
    ipAddSourceMembership: [
      { group: "232.1.2.3", interfaceAddress: "127.0.0.1", source: "10.0.0.1" },
      "e80102037f0000010a000001",
    ],
    packetAddMembership: [
      { interface: 1, type: 1, address: Uint8Array.of(1, 2) },
      "01000000010002000102000000000000",
    ],
    canRawFilter: [
      [
        { id: 1, mask: 2 },
        { id: 3, mask: 4 },
      ],
      "01000000020000000300000004000000",
    ],
    sctpResetStreams: [{ association: 1, flags: 2, streams: [5, 6] }, "010000000200020005000600"],
    sctpAuthKey: [{ association: 1, number: 2, key: Uint8Array.of(9, 8) }, "01000000020002000908"],
    sctpHmacIdent: [[3, 1], "0200000003000100"],
    icmpv6Filter: [[1, 0, 0, 0, 0, 0, 0, 2], `01000000${"00000000".repeat(6)}02000000`],
  };

  it.each(Object.entries(samples))("%s has the bytes of C, both ways", (name, sample) => {
    const [value, bytes] = sample as [never, string];
    expect(hex(encodeOption(name as OptionName, value))).toBe(bytes);
    const decoded = decodeOption(name as OptionName, Buffer.from(bytes, "hex"));
    expect(decoded).toEqual(value);
  });

  it("gives times in nanoseconds, and reads seconds as wide as the layout's long", () => {
    expect(hex(encodeOption("rcvTimeo", 1_500_000_000n, { layout: "64" }))).toBe(
      "0100000000000000" + "20a1070000000000",
    );
    expect(hex(encodeOption("rcvTimeo", 1_500_000_000n, { layout: "32" }))).toBe("01000000" + "20a10700");
    expect(decodeOption("rcvTimeo", Buffer.from("0100000020a10700", "hex"), { layout: "32" })).toBe(
      1_500_000_000n,
    );
  });

  it("writes a pacing rate in 64 bits only if it needs them, and takes all ones for no limit", () => {
    expect(encodeOption("maxPacingRate", 0xffffffffn)).toHaveLength(8);
    for (const wrong of [Symbol("x"), Object.create(null)]) {
      expect(thrown(() => encodeOption("maxPacingRate", wrong))).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
      });
    }
    expect(hex(encodeOption("maxPacingRate", 0xffffffffffffffffn))).toBe("ffffffff");
    expect(decodeOption("maxPacingRate", Buffer.from("ffffffff", "hex"))).toBe(0xffffffffffffffffn);
    expect(decodeOption("maxPacingRate", Buffer.from("0000000001000000", "hex"))).toBe(1n << 32n);
  });

  it("takes an integer of which the kernel gave one byte for that byte", () => {
    expect(decodeOption("ipMulticastTtl", Uint8Array.of(7))).toBe(7);
  });

  it("leaves out fields of newer kernels that this kernel did not give", () => {
    const old = decodeOption("tcpInfo", new Uint8Array(104));
    expect(old.totalRetrans).toBe(0);
    expect("pacingRate" in old).toBe(false);
    const newer = decodeOption("tcpInfo", new Uint8Array(120));
    expect(newer.maxPacingRate).toBe(0n);
    expect("bytesAcked" in newer).toBe(false);
    expect(decodeOption("tcpInfo", Uint8Array.of(1, 0, 0, 0, 0, 0, 0x97, 3)).windowScale).toEqual({
      send: 7,
      receive: 9,
    });
  });

  it("writes fields of newer kernels only if they are given", () => {
    const events = {
      dataIo: true,
      association: false,
      address: false,
      sendFailure: false,
      peerError: false,
      shutdown: true,
      partialDelivery: false,
      adaptationLayer: false,
      authentication: false,
      senderDry: false,
    };
    expect(hex(encodeOption("sctpEvents", events))).toBe("01000000000100000000");
    expect(hex(encodeOption("sctpEvents", { ...events, streamChange: true }))).toBe(
      "0100000000010000000000000100",
    );
  });

  it("requires TLS keys of the cipher's length", () => {
    const part = (length: number) => new Uint8Array(length).fill(length);
    const crypto = {
      version: TLS_1_3_VERSION,
      cipher: TLS_CIPHER_AES_GCM_256,
      iv: part(8),
      key: part(32),
      salt: part(4),
      recordSequence: part(8),
    };
    const bytes = encodeOption("tlsTx", crypto);
    expect(hex(bytes)).toBe(`04033400${"08".repeat(8)}${"20".repeat(32)}${"04".repeat(4)}${"08".repeat(8)}`);
    expect(decodeOption("tlsTx", bytes)).toEqual(crypto);
    const other = { ...crypto, cipher: TLS_CIPHER_CHACHA20_POLY1305 };
    expect(thrown(() => encodeOption("tlsTx", other))).toMatchObject({
      code: "ERR_OUT_OF_RANGE",
      argument: "value.iv.length",
    });
    expect(thrown(() => encodeOption("tlsTx", { ...crypto, cipher: 1 }))).toMatchObject({
      code: "ERR_INVALID_ARG_VALUE",
      argument: "value.cipher",
    });
    expect(thrown(() => decodeOption("tlsTx", bytes.subarray(0, 20)))).toMatchObject({
      code: "ERR_SENDMSG_OPTION_VALUE",
    });
  });

  it("writes SCTP's lists of addresses without gaps", () => {
    const addresses = [
      { family: "ipv4", address: "10.0.0.1", port: 7 },
      { family: "ipv6", address: "fd00::1", port: 7 },
    ] as const;
    const bytes = encodeOption("sctpBindxAdd", [...addresses]);
    expect(bytes).toHaveLength(16 + 28);
    expect(decodeOption("sctpBindxAdd", bytes)).toMatchObject(addresses);
    const both = Uint8Array.of(5, 0, 0, 0, 2, 0, 0, 0, ...bytes, 0, 0, 0, 0);
    expect(decodeOption("sctpGetPeerAddrs", both)).toMatchObject({ association: 5, addresses });
    expect(thrown(() => decodeOption("sctpBindxAdd", bytes.subarray(0, 30)))).toMatchObject({
      code: "ERR_SENDMSG_OPTION_VALUE",
    });
  });

  const bad: [name: OptionName, value: unknown, code: string, argument: string][] = [
    ["reusePort", 1, "ERR_INVALID_ARG_TYPE", "value"],
    ["rcvBuf", "1", "ERR_INVALID_ARG_TYPE", "value"],
    ["rcvBuf", 2 ** 31, "ERR_OUT_OF_RANGE", "value"],
    ["rcvTimeo", 5, "ERR_INVALID_ARG_TYPE", "value"],
    ["rcvTimeo", 5n, "ERR_INVALID_ARG_VALUE", "value"],
    ["linger", undefined, "ERR_INVALID_ARG_TYPE", "value"],
    ["linger", { onOff: 1, seconds: 0 }, "ERR_INVALID_ARG_TYPE", "value.onOff"],
    ["linger", { onOff: true }, "ERR_INVALID_ARG_TYPE", "value.seconds"],
    ["tcpCongestion", 5, "ERR_INVALID_ARG_TYPE", "value"],
    ["tcpCongestion", "a\0b", "ERR_INVALID_ARG_VALUE", "value"],
    ["tcpCongestion", "a-name-without-end", "ERR_OUT_OF_RANGE", "value.length"],
    ["ipMulticastIf", { address: "::1", interface: 0 }, "ERR_INVALID_ARG_VALUE", "value.address"],
    [
      "ipMulticastIf",
      { address: "1.2.3.4", interface: "no such" },
      "ERR_INVALID_ARG_VALUE",
      "value.interface",
    ],
    ["ipLocalPortRange", { low: -1, high: 1 }, "ERR_OUT_OF_RANGE", "value.low"],
    ["maxPacingRate", 5, "ERR_INVALID_ARG_TYPE", "value"],
    ["maxPacingRate", -1n, "ERR_OUT_OF_RANGE", "value"],
    ["canRawFilter", {}, "ERR_INVALID_ARG_TYPE", "value"],
    ["canRawFilter", [{ id: 1 }], "ERR_INVALID_ARG_TYPE", "value[0].mask"],
    ["sctpHmacIdent", [0x10000], "ERR_OUT_OF_RANGE", "value[0]"],
    ["sctpAuthKey", { association: 0, number: 0 }, "ERR_INVALID_ARG_TYPE", "value.key"],
    ["sctpEvents", { dataIo: 1 }, "ERR_INVALID_ARG_TYPE", "value.dataIo"],
    ["tcpMd5Sig", { address: { address: "1.2.3.4", port: 0 } }, "ERR_INVALID_ARG_TYPE", "value.key"],
    ["mcastJoinGroup", { interface: 0, group: 5 }, "ERR_INVALID_ARG_TYPE", "value.group"],
    ["packetAddMembership", { interface: 0, type: 0, address: "" }, "ERR_INVALID_ARG_TYPE", "value.address"],
  ];
  it.each(bad)("%s: refuses %o, and names what is wrong", (name, value, code, argument) => {
    expect(thrown(() => encodeOption(name, value as never))).toMatchObject({ code, argument });
  });

  it("refuses unknown names", () => {
    for (const name of ["SO_REUSEPORT", "toString", "__proto__"]) {
      expect(thrown(() => encodeOption(name as OptionName, true as never))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "name",
      });
    }
    expect(thrown(() => decodeOption(5 as never, new Uint8Array(4)))).toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
      argument: "name",
    });
  });

  it("has the kernel's numbers", () => {
    expect(socketOptions.linger).toMatchObject({ level: SOL_SOCKET, option: SO_LINGER });
  });
});
