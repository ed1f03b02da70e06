import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EAGAIN, ECONNREFUSED, EPERM, errnoName } from "../src/errno.js";
import {
  AbortError,
  closedError,
  codedError,
  invalidArgType,
  invalidArgValue,
  outOfRange,
  syscallDeniedError,
  systemError,
} from "../src/errors.js";
import { DENIED } from "../src/native/binding.js";
import { failure, succeeded } from "../src/syscalls/failure.js";

test("errno names are those of node:os", async () => {
  const { constants } = await import("node:os");
  // If two names have the same number, the kernel's headers define the second with the first.
  const aliases = new Set(["EWOULDBLOCK", "ENOTSUP"]);
  let compared = 0;
  for (const [name, number] of Object.entries(constants.errno)) {
    if (aliases.has(name)) continue;
    expect(errnoName(number)).toBe(name);
    expect(errnoName(-number)).toBe(name);
    compared++;
  }
  expect(compared).toBeGreaterThan(70);
  expect(errnoName(41)).toBe("E41");
  expect(errnoName(4711)).toBe("E4711");
});

test("a system error looks like Node's own", async () => {
  const net = await import("node:net");
  const theirs = await new Promise<Error>((resolve) => {
    net.connect({ path: "/nonexistent/socket" }).once("error", resolve);
  });
  const ours = systemError(2, "connect", { path: "/nonexistent/socket" });
  expect({ ...ours }).toEqual({ ...theirs, address: undefined, path: "/nonexistent/socket" });
  expect(ours.message).toBe(theirs.message);
  expect(ours.name).toBe(theirs.name);
  expect(String(ours)).toBe("Error: connect ENOENT /nonexistent/socket");
});

test("a system error names an address and port", () => {
  const error = systemError(-ECONNREFUSED, "connect", { address: "127.0.0.1", port: 9 });
  expect(error.message).toBe("connect ECONNREFUSED 127.0.0.1:9");
  expect(error).toMatchObject({ code: "ECONNREFUSED", errno: -111, address: "127.0.0.1", port: 9 });
});

test("an error with a code shows the code in its stack, and keeps the name of its class", () => {
  for (const [error, name, code] of [
    [invalidArgType("fd", "of type number", "3"), "TypeError", "ERR_INVALID_ARG_TYPE"],
    [invalidArgValue("fd", "is closed"), "TypeError", "ERR_INVALID_ARG_VALUE"],
    [outOfRange("fd", ">= 0", -1), "RangeError", "ERR_OUT_OF_RANGE"],
    [closedError("socket"), "Error", "ERR_SENDMSG_CLOSED"],
    [codedError("ERR_INVALID_STATE", "No"), "Error", "ERR_INVALID_STATE"],
  ] as const) {
    expect(error.name).toBe(name);
    expect(error.code).toBe(code);
    expect(error.stack).toContain(`${name} [${code}]: ${error.message}`);
    expect(Object.keys(error)).toEqual("argument" in error ? ["code", "argument"] : ["code"]);
  }
});

test.each<[unknown, string]>([
  [undefined, "undefined"],
  [null, "null"],
  ["text", 'type string ("text")'],
  ["a string that is longer than what is shown", 'type string ("a string that is longer ...)'],
  [-0.5, "type number (-0.5)"],
  [5n, "type bigint (5n)"],
  [true, "type boolean (true)"],
  [Symbol("s"), "type symbol (Symbol(s))"],
  [function named() {}, "function named"],
  [new Map(), "an instance of Map"],
  [Object.create(null), "an object without prototype"],
])("an error about a wrong type describes the value: %#", (value, shown) => {
  expect(invalidArgType("x", "of type y", value).message).toBe(
    `The "x" argument must be of type y. Received ${shown}`,
  );
});

test("an abort error has the signal's reason as its cause", () => {
  const controller = new AbortController();
  controller.abort("enough");
  const error = new AbortError(controller.signal);
  expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", cause: "enough" });
});

test("an error tells whether a filter denied the system call", () => {
  const denied = failure(DENIED - EPERM, "sendmsg");
  expect(denied).toMatchObject({
    code: "EPERM",
    errno: -1,
    syscall: "sendmsg",
    reason: "ERR_SENDMSG_SYSCALL_DENIED",
  });
  expect(denied.message).toMatch(/^sendmsg is not permitted here \(EPERM\): a seccomp filter denies/);
  expect({ ...denied }).toEqual({ ...syscallDeniedError(EPERM, "sendmsg") });
  expect("reason" in failure(-EPERM, "sendmsg")).toBe(false);
});

test("an error shows its explanation in its stack", () => {
  const { message, stack } = syscallDeniedError(EPERM, "sendmsg");
  expect(message).toContain("seccomp");
  expect(stack).toContain(message);
});

test("a count is returned, and a negative errno is thrown", () => {
  expect(succeeded(0, "recvmsg")).toBe(0);
  expect(succeeded(7, "recvmsg")).toBe(7);
  expect(() => succeeded(-EAGAIN, "recvmsg")).toThrow(expect.objectContaining({ code: "EAGAIN" }));
});

test("docs/errors.md has each of the library's own codes, and no others", () => {
  const codesIn = (text: string) => text.match(/\bERR_SENDMSG_\w+/g) ?? [];
  const sources = new URL("../src/", import.meta.url);
  const used = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => codesIn(readFileSync(new URL(file, sources), "utf8")));
  const documented = codesIn(readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8"));
  expect(used.length).toBeGreaterThan(0);
  expect([...new Set(documented)].sort()).toEqual([...new Set(used)].sort());
});
