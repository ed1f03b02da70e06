// TypeScript and C++ have the same numbers and names.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UIO_MAXIOV } from "../../src/arguments.js";
import * as constants from "../../src/constants/index.js";
import { EINVAL } from "../../src/errno.js";
import * as contract from "../../src/native/binding.js";
import { binding } from "../../src/native/load.js";

const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

/** Both spellings of a name come to the same: kMsgDontWait and MSG_DONTWAIT. */
const key = (name: string) => name.replaceAll("_", "").toUpperCase();

const numbersOf = (module: object) =>
  Object.fromEntries(
    Object.entries(module)
      .filter(([, value]) => typeof value === "number")
      .map(([name, value]) => [key(name), value as number]),
  );

/** `02000000` is octal in C++, `16 << 20` a shift. */
function numberIn(literal: string): number {
  const [number, shift = "0"] = literal.split(" << ");
  return Number(number!.replace(/^0(?=\d)/, "0o")) * 2 ** Number(shift);
}

/** The constants of a header. */
function constantsOf(header: string): Record<string, number> {
  const found = text(`native/src/${header}`).matchAll(/^constexpr \w+ k(\w+) = ([^;]+);/gm);
  return Object.fromEntries([...found].map(([, name, value]) => [key(name!), numberIn(value!)]));
}

test("contract.h has the numbers of binding.ts, and no others", () => {
  expect(constantsOf("contract.h")).toEqual(numbersOf(contract));
});

test("the kernel's numbers in kernel.h are those of src/constants", () => {
  const known = numbersOf({ ...constants, UIO_MAXIOV });
  const { INSTRUCTION, CLOEXEC, NONBLOCK, ATFDCWD, ...shared } = constantsOf("kernel.h");
  expect(Object.keys(shared).length).toBeGreaterThan(0);
  expect(shared).toEqual(Object.fromEntries(Object.keys(shared).map((name) => [name, known[name]])));
  // These have no name in src/constants.
  expect([INSTRUCTION, ATFDCWD]).toEqual([8, -100]);
  expect([CLOEXEC, NONBLOCK]).toEqual([constants.SOCK_CLOEXEC, constants.SOCK_NONBLOCK]);
});

test("syscalls.h has the calls of binding.ts, in their order", () => {
  const calls = [...text("native/src/syscalls.h").matchAll(/^ {2}CALL\((\w+), (\w+), \d+\)/gm)];
  expect(calls.map(([, , name]) => name)).toEqual([...contract.CALLS]);
  // The enumerator is named like the call.
  expect(calls.map(([, name]) => name!.toLowerCase())).toEqual([...contract.CALLS]);
});

describe("the binary", () => {
  const members = [
    ...text("src/native/binding.ts")
      .split("export interface Binding {")[1]!
      .matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm),
  ];

  test("has what the Binding describes, and nothing else", () => {
    expect(Object.keys(binding()).sort()).toEqual(members.map(([, name]) => name!).sort());
  });

  test("knows as many system calls as CALLS", () => {
    const { CALLS } = contract;
    const native = binding();
    expect(CALLS.map((_, i) => native.pathOf(i)).filter((path) => path === -EINVAL)).toEqual([]);
    expect(native.pathOf(CALLS.length)).toBe(-EINVAL);
  });
});
