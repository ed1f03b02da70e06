import { describe, expect, test } from "vitest";
import * as check from "../src/arguments.js";

// syscalls/bad-input.test.ts tests the messages that users see.

describe("numbers", () => {
  test("pass unchanged at their limits", () => {
    expect(check.checkFd("x", 0)).toBe(0);
    expect(check.checkFd("x", 0x7fffffff)).toBe(0x7fffffff);
    expect(check.checkUint32("x", 0xffffffff)).toBe(0xffffffff);
    expect(check.checkInt32("x", -0x80000000)).toBe(-0x80000000);
    expect(check.checkTimeout("x", 0)).toBe(0);
    expect(check.checkTimeout("x", undefined)).toBe(-1);
  });

  test.each<[string, () => unknown]>([
    ["a descriptor", () => check.checkFd("x", -1)],
    ["a uint32", () => check.checkUint32("x", -1)],
    ["a uint32", () => check.checkUint32("x", 2 ** 32)],
    ["an int32", () => check.checkInt32("x", 2 ** 31)],
    ["flags", () => check.checkFlags("x", 2 ** 32)],
    ["a timeout", () => check.checkTimeout("x", Number.POSITIVE_INFINITY)],
  ])("are refused out of range: %s", (_, call) => {
    expect(call).toThrow(
      expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE", argument: "x" }),
    );
  });

  test("flags may be written signed or unsigned", () => {
    expect(check.checkFlags("x", 0x80000000)).toBe(check.checkFlags("x", -0x80000000));
  });
});

describe("signals", () => {
  test("are AbortSignals, or objects that work like one", () => {
    const { signal } = new AbortController();
    expect(check.checkSignal("x", signal)).toBe(signal);
    expect(check.checkSignal("x", undefined)).toBeUndefined();
    for (const wrong of [null, "signal", {}, { aborted: false }, new EventTarget()]) {
      expect(() => check.checkSignal("x", wrong)).toThrow(
        expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE", argument: "x" }),
      );
    }
  });
});

describe("memory", () => {
  test("is neither copied nor wrapped without need", () => {
    const view = Buffer.alloc(4);
    expect(check.checkView("x", view)).toBe(view);
    expect(check.checkData("x", view)).toBe(view);
    expect(check.checkData("x", [view])).toBe(view);
    expect(check.checkBuffers("x", [view])).toBe(view);
    expect(check.checkOptionalView("x", undefined)).toBeNull();
  });

  test("of any kind of view has the same bytes", () => {
    const memory = new ArrayBuffer(16);
    for (const view of [
      new DataView(memory, 4, 6),
      new Uint16Array(memory, 4, 3),
      new Int8Array(memory, 4, 6),
    ]) {
      const bytes = check.checkView("x", view);
      expect(bytes.buffer).toBe(memory);
      expect([bytes.byteOffset, bytes.byteLength]).toEqual([4, 6]);
    }
    for (const whole of [memory, new SharedArrayBuffer(16)]) {
      const bytes = check.checkView("x", whole);
      expect(bytes.buffer).toBe(whole);
      expect(bytes.byteLength).toBe(16);
    }
  });

  test("may be empty", () => {
    expect(check.checkView("x", new Uint8Array(0)).byteLength).toBe(0);
    expect(check.checkView("x", new ArrayBuffer(0)).byteLength).toBe(0);
    expect(check.checkData("x", [])).toEqual([]);
  });

  test("a list becomes a dense array of its own", () => {
    const list = ["a", Buffer.from("b")];
    const flattened = check.checkData("x", list) as Uint8Array[];
    list.length = 0;
    expect(flattened.map((view) => Buffer.from(view).toString())).toEqual(["a", "b"]);
    expect(check.byteLength(flattened)).toBe(2);
    expect(check.byteLength(flattened[0]!)).toBe(1);
  });
});
