import { describe, expect, test } from "vitest";
import { codecs } from "../../src/address/codecs.js";
import { Socket } from "../../src/index.js";
import { membersOf, rowsOf, sectionsOf } from "../support/pages.js";

// docs/addresses.md has every field of every address.

const INTERFACES: Record<keyof typeof codecs | "Other families", string[]> = {
  unix: ["UnixPathAddress", "UnixAbstractAddress", "UnixUnnamedAddress"],
  ipv4: ["Ipv4Address"],
  ipv6: ["Ipv6Address"],
  netlink: ["NetlinkAddress"],
  packet: ["PacketAddress"],
  vsock: ["VsockAddress"],
  can: ["CanRawAddress", "CanIsotpAddress", "CanJ1939Address"],
  alg: ["AlgAddress"],
  bluetooth: ["HciAddress", "L2capAddress", "RfcommAddress", "ScoAddress"],
  tipc: ["TipcScope", "TipcSocketAddress", "TipcServiceAddress", "TipcServiceRange"],
  xdp: ["XdpAddress"],
  llc: ["LlcAddress"],
  qrtr: ["QrtrAddress"],
  rxrpc: ["RxrpcAddress"],
  "Other families": ["RawAddress"],
};

const sections = sectionsOf("docs/addresses.md").filter(({ heading }) => heading !== "");

test("docs/addresses.md has a section for every family that the library knows", () => {
  expect(sections.map(({ heading }) => heading).sort()).toEqual(
    [...Object.keys(codecs), "Other families"].sort(),
  );
});

describe("docs/addresses.md has a row for every field", () => {
  test.each(Object.entries(INTERFACES))("%s", (family, interfaces) => {
    const rows = rowsOf(sections.find(({ heading }) => heading === family)!.text);
    const documented = rows.flatMap(([names, , absent]) =>
      [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => ({ name: name!, absent: absent! })),
    );
    const members = interfaces.flatMap((name) => [...membersOf("address", name)]);
    const fields = new Set(members.map(([name]) => name).filter((name) => name !== "family"));
    if (family === "Other families") fields.add("family");
    expect(documented.map(({ name }) => name).sort()).toEqual([...fields].sort());
    if (family === "unix") return;
    for (const { name, absent } of documented) {
      const same = members.filter(([member]) => member === name);
      if (same.every(([, { optional }]) => optional)) expect(absent, name).not.toContain("required");
      if (same.every(([, { optional }]) => !optional)) expect(absent, name).toMatch(/required|it is not/);
    }
  });
});

test("docs/addresses.md names the types that each family has", () => {
  const table = sectionsOf("docs/addresses.md")[0]!
    .text.split("\n")
    .filter((line) => /\]\(#\w+\)/.test(line));
  const documented = new Map(
    table.flatMap((line) => {
      const [, , families, types] = line.split("|");
      const names = [...types!.matchAll(/`"(\w+)"`/g)].map(([, name]) => name!);
      return [...families!.matchAll(/#(\w+)/g)].map(([, family]) => [family!, names] as const);
    }),
  );
  for (const family of Object.keys(codecs) as (keyof typeof codecs)[]) {
    for (const type of ["stream", "seqpacket", "dgram", "raw"] as const) {
      let refused = false;
      try {
        // 0x7fffffff is no family's protocol, so no socket is made.
        Socket.open({ family, type, protocol: 0x7fffffff }).close();
      } catch (error) {
        refused = (error as { code: string }).code === "ERR_INVALID_ARG_VALUE";
      }
      expect(documented.get(family)!.includes(type), `${family} ${type}`).toBe(!refused);
    }
  }
});
