import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as syscalls from "../../src/syscalls/index.js";

test("docs/syscalls.md has a row for every system call", () => {
  const document = readFileSync(new URL("../../../../docs/syscalls.md", import.meta.url), "utf8");
  const rows = document.split("\n").filter((line) => line.startsWith("| `"));
  const documented = rows.flatMap((row) => [...row.matchAll(/`(\w+)\(/g)].map(([, name]) => name!));
  const { NativeLoadError: _, ...calls } = syscalls;
  expect(Object.keys(calls).length).toBeGreaterThan(0);
  expect(Object.keys(calls).filter((name) => !documented.includes(name))).toEqual([]);
});
