import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../src/address/index.js";
import { decodeControl } from "../../src/control/index.js";
import { thrown } from "../support/outcome.js";

const bytes = new Uint8Array(0);
const anyName = (name: string) => name as never;

describe("the name of an address family", () => {
  test.each([
    ["inet", "ipv4"],
    ["AF_INET", "ipv4"],
    ["inet6", "ipv6"],
    ["IPV6", "ipv6"],
    ["AF_UNIX", "unix"],
    ["AF_LOCAL", "unix"],
    ["local", "unix"],
    ["Unix", "unix"],
    ["AF_NETLINK", "netlink"],
  ])("%s: the errors say %s", (given, name) => {
    const suggestion = `. Did you mean "${name}"?`;
    expect(thrown(() => encodeAddress({ family: given, address: "::1", port: 1 })).message).toBe(
      `The "address.family" argument is not the name of an address family: "${given}"${suggestion}`,
    );
    expect(thrown(() => decodeControl(bytes, { family: anyName(given) })).message).toContain(
      `Received "${given}"${suggestion}`,
    );
  });
});

describe("an address without a family", () => {
  test.each([
    [{ host: "127.0.0.1", port: 1 }, 'has no property "host". Did you mean "address"?'],
    [{ adress: "127.0.0.1", port: 1 }, 'has no property "adress". Did you mean "address"?'],
    [{ pth: "/run/x" }, 'has no property "pth". Did you mean "path"?'],
    [{ cid: 1 }, 'must have a "family", a "path", an "abstract" name or an IP "address"'],
    [
      { port: 1 },
      'must have a "family", a "path", an "abstract" name or an IP "address". ' +
        'For this machine, give address: "127.0.0.1"; to bind to all of its addresses, "0.0.0.0"',
    ],
    [
      new Uint8Array(4),
      "must be an address: an object. Received an instance of Uint8Array. Decode the bytes: decodeAddress(bytes)",
    ],
    [
      "app.sock",
      'must be an address: an object. Received type string ("app.sock"). Write { path: "app.sock" }, or { address, port }',
    ],
    [
      8080,
      'must be an address: an object. Received type number (8080). Write { address: "127.0.0.1", port: 8080 }',
    ],
  ])("%j: the error says what is missing or misspelt", (address, text) => {
    expect(thrown(() => encodeAddress(address as never)).message).toBe(`The "address" argument ${text}`);
  });

  test.each([
    [{ family: "netlink", pid: 1 }, 'The "address" argument has no property "pid". Did you mean "port"?'],
    [
      { address: "::1", port: 1, flowInfo: 1 },
      'The "address" argument has no property "flowInfo". Did you mean "flowlabel"?',
    ],
    [
      { address: "127.0.0.1", port: 1, scopeId: 1 },
      'The "address" argument has no property "scopeId". It can have "address", "port", "family", "size" and "flowlabel"',
    ],
    [
      { path: "x", port: 1 },
      'The "address" argument has no property "port". It can have "path", "family" and "abstract"',
    ],
  ])("%j: the error says which property is wrong", (address, text) => {
    expect(thrown(() => encodeAddress(address as never)).message).toBe(text);
  });
});
