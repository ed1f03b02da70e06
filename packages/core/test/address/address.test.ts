import { SocketAddress } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import {
  type Address,
  addressFamily,
  decodeAddress,
  encodeAddress,
  formatAddress,
  toSocketAddress,
} from "../../src/address/index.js";
import { AF_INET, AF_INET6, AF_UNIX } from "../../src/constants/address-families.js";

const encodeAny = (address: unknown, argument?: string) => encodeAddress(address as Address, argument);

describe("unix", () => {
  test("a path can fill all of sun_path", () => {
    expect(encodeAddress({ path: "/a" })).toEqual(Uint8Array.of(1, 0, 0x2f, 0x61));
    expect(encodeAddress({ path: "p".repeat(108) })).toHaveLength(110);
  });

  test("a path of 109 bytes fails with ENAMETOOLONG, and is not cut", () => {
    for (const path of ["p".repeat(109), new Uint8Array(109).fill(0x70), "é".repeat(55)]) {
      expect(() => encodeAddress({ path }, "to")).toThrow(
        expect.objectContaining({ code: "ENAMETOOLONG", errno: -36, argument: "to.path" }),
      );
    }
    expect(() => encodeAddress({ path: "p".repeat(109) })).toThrow(
      'ENAMETOOLONG: the "address.path" argument has 109 bytes, and a Unix socket\'s address has room for 108',
    );
  });

  test("an abstract name can have 107 bytes", () => {
    expect(encodeAddress({ abstract: "a".repeat(107) })).toHaveLength(110);
    expect(() => encodeAddress({ abstract: "a".repeat(108) })).toThrow(
      expect.objectContaining({ code: "ENAMETOOLONG", argument: "address.abstract" }),
    );
  });

  test("names that are no UTF-8 stay bytes", () => {
    const bytes = Uint8Array.of(0x2f, 0xff);
    expect(decodeAddress(encodeAddress({ path: bytes }))).toEqual({ family: "unix", path: bytes });
    expect(decodeAddress(encodeAddress({ abstract: bytes }))).toEqual({ family: "unix", abstract: bytes });
    expect(decodeAddress(encodeAddress({ path: "/é" }))).toEqual({ family: "unix", path: "/é" });
    expect(decodeAddress(encodeAddress({ abstract: "" }))).toEqual({ family: "unix", abstract: "" });
  });

  test("a path ends at its null byte, or with the sockaddr", () => {
    const bytes = Uint8Array.of(1, 0, 0x61, 0, 0x62, 0);
    expect(decodeAddress(bytes)).toEqual({ family: "unix", path: "a" });
    expect(decodeAddress(bytes.subarray(0, 3))).toEqual({ family: "unix", path: "a" });
  });

  test("an unnamed address has two bytes, or none if the family is known", () => {
    expect(encodeAddress({ family: "unix" })).toEqual(Uint8Array.of(1, 0));
    expect(decodeAddress(Uint8Array.of(1, 0))).toEqual({ family: "unix" });
    expect(decodeAddress(new Uint8Array(0), AF_UNIX)).toEqual({ family: "unix" });
    expect(decodeAddress(new Uint8Array(0))).toEqual({ family: 0, data: new Uint8Array(0) });
  });

  test.each([
    [{ path: "a\0b" }, "ERR_INVALID_ARG_VALUE", "at.path"],
    [{ path: Uint8Array.of(0, 1) }, "ERR_INVALID_ARG_VALUE", "at.path"],
    [{ path: "" }, "ERR_INVALID_ARG_VALUE", "at.path"],
    [{ path: 5 }, "ERR_INVALID_ARG_TYPE", "at.path"],
    [{ family: "unix", path: null }, "ERR_INVALID_ARG_TYPE", "at.path"],
    [{ abstract: 5 }, "ERR_INVALID_ARG_TYPE", "at.abstract"],
    [{ path: "a", abstract: "b" }, "ERR_INVALID_ARG_VALUE", "at"],
  ])("refuses %j", (address, code, argument) => {
    expect(() => encodeAny(address, "at")).toThrow(expect.objectContaining({ code, argument }));
  });
});

describe("ip", () => {
  test("the family can be left out", () => {
    expect(addressFamily({ address: "127.0.0.1", port: 1 })).toBe(AF_INET);
    expect(addressFamily({ address: "::1", port: 1 })).toBe(AF_INET6);
    expect(addressFamily({ path: "x" })).toBe(AF_UNIX);
    expect(addressFamily({ family: 77, data: new Uint8Array() })).toBe(77);
  });

  test("a net.SocketAddress can be encoded, and be made of a decoded address", () => {
    const v4 = new SocketAddress({ address: "192.0.2.1", port: 53 });
    expect(decodeAddress(encodeAddress(v4))).toEqual({ family: "ipv4", address: "192.0.2.1", port: 53 });
    const v6 = new SocketAddress({ address: "2001:db8::1", port: 53, family: "ipv6", flowlabel: 9 });
    const decoded = decodeAddress(encodeAddress(v6));
    expect(decoded).toEqual({ family: "ipv6", address: "2001:db8::1", port: 53, flowlabel: 9 });
    const back = toSocketAddress({ address: "fe80::1%2", port: 53, flowlabel: 0x0ff12345 });
    expect(back).toBeInstanceOf(SocketAddress);
    expect([back.address, back.port, back.family, back.flowlabel]).toEqual(["fe80::1", 53, "ipv6", 0x12345]);
    expect(toSocketAddress({ address: "192.0.2.1", port: 53 }).family).toBe("ipv4");
  });

  test("a zone is a number or an interface's name", () => {
    const scope = (address: string, find?: (name: string) => number | undefined) =>
      (decodeAddress(encodeAddress({ address, port: 0 }, "to", find)) as { scopeId?: number }).scopeId;
    expect(scope("fe80::1%7")).toBe(7);
    expect(scope("fe80::1%0")).toBe(undefined);
    expect(scope("fe80::1%eth0", (name) => (name === "eth0" ? 12 : undefined))).toBe(12);
    for (const zone of ["eth1", "", ".", "..", "a/b", "4294967296", "a".repeat(16)]) {
      expect(() => scope(`fe80::1%${zone}`, () => undefined)).toThrow(
        expect.objectContaining({ argument: "to.address" }),
      );
    }
    expect(() => encodeAddress({ address: "fe80::1%3", port: 1, scopeId: 4 })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE", argument: "address.scopeId" }),
    );
    expect(encodeAddress({ address: "fe80::1%3", port: 1, scopeId: 3 })).toEqual(
      encodeAddress({ address: "fe80::1", port: 1, scopeId: 3 }),
    );
  });

  test.skipIf(process.platform !== "linux" || networkInterfaces().lo === undefined)(
    "the system's own interfaces are found by name",
    () => {
      expect(decodeAddress(encodeAddress({ address: "::1%lo", port: 0 }))).toMatchObject({ scopeId: 1 });
      expect(() => encodeAddress({ address: "::1%no-such-if", port: 0 })).toThrow(
        'The "address.address" argument names no network interface: "no-such-if"',
      );
    },
  );

  test.each([
    [{ address: "127.0.0.1" }, "ERR_INVALID_ARG_TYPE", "to.port"],
    [{ address: "127.0.0.1", port: "80" }, "ERR_INVALID_ARG_TYPE", "to.port"],
    [{ address: "127.0.0.1", port: -1 }, "ERR_OUT_OF_RANGE", "to.port"],
    [{ address: "127.0.0.1", port: 65536 }, "ERR_OUT_OF_RANGE", "to.port"],
    [{ address: "::1", port: 1.5 }, "ERR_OUT_OF_RANGE", "to.port"],
    [{ address: "localhost", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ address: "127.1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ address: "127.0.0.01", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ family: "ipv4", address: "::1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ family: "ipv6", address: "127.0.0.1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ family: "ipv6", port: 1 }, "ERR_INVALID_ARG_TYPE", "to.address"],
    [{ address: "::1", port: 1, flowlabel: 2 ** 32 }, "ERR_OUT_OF_RANGE", "to.flowlabel"],
    [{ address: "::1", port: 1, scopeId: -1 }, "ERR_OUT_OF_RANGE", "to.scopeId"],
    [{ family: "IPV4", address: "127.0.0.1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.family"],
    [{ family: "IPv4", address: "::1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ family: 6, address: "127.0.0.1", port: 1 }, "ERR_INVALID_ARG_VALUE", "to.address"],
    [{ family: "__proto__" }, "ERR_INVALID_ARG_VALUE", "to.family"],
    [{ family: {} }, "ERR_INVALID_ARG_TYPE", "to.family"],
    [{ family: 70000, data: new Uint8Array() }, "ERR_OUT_OF_RANGE", "to.family"],
    [{ family: 9 }, "ERR_INVALID_ARG_VALUE", "to"],
    [{ family: 9, data: "x" }, "ERR_INVALID_ARG_TYPE", "to.data"],
    [{}, "ERR_INVALID_ARG_VALUE", "to"],
    [null, "ERR_INVALID_ARG_TYPE", "to"],
    ["127.0.0.1:80", "ERR_INVALID_ARG_TYPE", "to"],
  ])("refuses %j", (address, code, argument) => {
    expect(() => encodeAny(address, "to")).toThrow(expect.objectContaining({ code, argument }));
  });
});

describe("other families", () => {
  test.each([
    [{ family: "netlink", port: -1 }, "ERR_OUT_OF_RANGE", "address.port"],
    [{ family: "packet" }, "ERR_INVALID_ARG_TYPE", "address.interface"],
    [{ family: "packet", interface: "no-such-if" }, "ERR_INVALID_ARG_VALUE", "address.interface"],
    [{ family: "packet", interface: 1, address: "xx" }, "ERR_INVALID_ARG_VALUE", "address.address"],
    [
      { family: "packet", interface: 1, address: Array(33).fill("00").join(":") },
      "ERR_INVALID_ARG_VALUE",
      "address.address",
    ],
    [{ family: "vsock", port: 1 }, "ERR_INVALID_ARG_TYPE", "address.cid"],
    [{ family: "can", interface: 1, rxId: 1 }, "ERR_INVALID_ARG_TYPE", "address.txId"],
    [{ family: "can", interface: 1, name: 1, pgn: 1, address: 1 }, "ERR_INVALID_ARG_TYPE", "address.name"],
    [
      { family: "can", interface: 1, name: 2n ** 64n, pgn: 1, address: 1 },
      "ERR_OUT_OF_RANGE",
      "address.name",
    ],
    [{ family: "alg", type: "a".repeat(14), name: "x" }, "ERR_INVALID_ARG_VALUE", "address.type"],
    [{ family: "alg", type: "hash", name: "" }, "ERR_INVALID_ARG_VALUE", "address.name"],
    [{ family: "bluetooth", protocol: "iso" }, "ERR_INVALID_ARG_VALUE", "address.protocol"],
    [{ family: "bluetooth", protocol: "sco", address: "11:22" }, "ERR_INVALID_ARG_VALUE", "address.address"],
    [{ family: "tipc", kind: "name" }, "ERR_INVALID_ARG_VALUE", "address.kind"],
    [{ family: "tipc", kind: "socket", ref: 1 }, "ERR_INVALID_ARG_TYPE", "address.node"],
    [{ family: "rxrpc", service: 1 }, "ERR_INVALID_ARG_TYPE", "address.transport"],
    [
      { family: "rxrpc", service: 1, transport: { address: "1.2.3.4", port: -1 } },
      "ERR_OUT_OF_RANGE",
      "address.transport.port",
    ],
    [
      { family: "rxrpc", service: 1, transport: { family: "ipv6", address: "1.2.3.4", port: 1 } },
      "ERR_INVALID_ARG_VALUE",
      "address.transport.family",
    ],
    [{ family: "llc", sap: 1, address: "00:11:22:33:44" }, "ERR_INVALID_ARG_VALUE", "address.address"],
  ])("refuses %o", (address, code, argument) => {
    expect(() => encodeAny(address)).toThrow(expect.objectContaining({ code, argument }));
  });

  test.each([
    undefined,
    { family: "rxrpc" },
    { family: "netlink", groups: null },
    { family: "unix", path: 5 },
    { family: "ipv6", scopeId: 1 },
    { family: "packet", interface: 1, address: Object.create(null) },
  ])("formatting %o, or making a SocketAddress of it, throws an error with a code", (address) => {
    for (const take of [formatAddress, toSocketAddress]) {
      expect(() => take(address as never)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }),
      );
    }
  });

  test("long device addresses and names fit", () => {
    const address = Array.from({ length: 20 }, (_, i) => (i + 16).toString(16)).join(":");
    const packet: Address = {
      family: "packet",
      interface: 1,
      protocol: 0,
      hatype: 32,
      packetType: 0,
      address,
    };
    expect(encodeAddress(packet)).toHaveLength(32);
    expect(decodeAddress(encodeAddress(packet))).toEqual(packet);
    const alg: Address = { family: "alg", type: "aead", name: "n".repeat(127), features: 0, mask: 0 };
    expect(encodeAddress(alg)).toHaveLength(24 + 128);
    expect(decodeAddress(encodeAddress(alg))).toEqual(alg);
  });
});

test("formatAddress gives the text that errors contain", () => {
  expect(formatAddress({ path: "/run/x" })).toEqual({ path: "/run/x" });
  expect(formatAddress({ abstract: "x" })).toEqual({ path: "\0x" });
  expect(formatAddress({ family: "unix" })).toEqual({});
  expect(formatAddress({ path: Uint8Array.of(0x2f, 0xe9) })).toEqual({ path: "/\ufffd" });
  expect(formatAddress({ address: "127.0.0.1", port: 80 })).toEqual({ address: "127.0.0.1", port: 80 });
  expect(formatAddress({ address: "fe80::1", port: 80, scopeId: 2 })).toEqual({
    address: "fe80::1%2",
    port: 80,
  });
  expect(formatAddress({ family: "vsock", cid: 2, port: 5 })).toEqual({ address: "vsock 2", port: 5 });
  expect(formatAddress({ family: 9, data: Uint8Array.of(1) })).toEqual({ address: "family 9: 01" });
});

test("decodeAddress refuses values that are no bytes", () => {
  expect(() => decodeAddress("x" as never)).toThrow(
    expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "bytes" }),
  );
});
