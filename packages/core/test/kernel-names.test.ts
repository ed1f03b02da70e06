import { describe, expect, test } from "vitest";
import { controlMessages } from "../src/control/index.js";
import { socketOptions } from "../src/options/index.js";
import { nameOf, WORDS } from "./support/kernel-names.js";

/** Names that their constant does not make: another entry would have the same. */
const NAMED_OTHERWISE: Readonly<Record<string, string>> = {
  // The kernel takes another value under the number than it delivers.
  timestampingFlags: "SO_TIMESTAMPING_NEW",
  timestampingFlagsOld: "SO_TIMESTAMPING_OLD",
  devmemDmabufId: "SO_DEVMEM_DMABUF",
  // Two levels have the constant.
  ipSecurity: "SCM_SECURITY",
  mcast6JoinGroup: "MCAST_JOIN_GROUP",
  mcast6LeaveGroup: "MCAST_LEAVE_GROUP",
  mcast6JoinSourceGroup: "MCAST_JOIN_SOURCE_GROUP",
  mcast6LeaveSourceGroup: "MCAST_LEAVE_SOURCE_GROUP",
  mcast6BlockSource: "MCAST_BLOCK_SOURCE",
  mcast6UnblockSource: "MCAST_UNBLOCK_SOURCE",
  // The constant says that the program wants it.
  wpanLqi: "WPAN_WANTLQI",
};

const tables = [
  ["control messages", controlMessages],
  ["socket options", socketOptions],
] as const;

describe.each(tables)("names of %s", (_, table) => {
  test.each(Object.entries(table))("%s is made of its constant's words", (name, { constant }) => {
    if (name in NAMED_OTHERWISE) expect(constant).toBe(NAMED_OTHERWISE[name]);
    else expect(name).toBe(nameOf(constant));
  });
});

test("no two names differ in their capitals alone", () => {
  const spellings = new Map<string, string>();
  for (const [, table] of tables) {
    for (const name of Object.keys(table)) {
      expect(spellings.get(name.toLowerCase()) ?? name).toBe(name);
      spellings.set(name.toLowerCase(), name);
    }
  }
});

test("every listed word, and every exception, is of some use", () => {
  const constants = tables.flatMap(([, table]) => Object.values(table).map(({ constant }) => constant));
  const parts = new Set(
    constants.flatMap((constant) => constant.toLowerCase().replace("_2292", "_").split("_")),
  );
  expect([...WORDS.keys()].filter((joined) => !parts.has(joined))).toEqual([]);
  const names = new Set(tables.flatMap(([, table]) => Object.keys(table)));
  expect(Object.keys(NAMED_OTHERWISE).filter((name) => !names.has(name))).toEqual([]);
});
