import { expect, it, vi } from "vitest";
import { isBun } from "../../src/runtime.js";

vi.mock("../../src/native/load.js", () => {
  throw new Error("native code was loaded");
});

// In Bun, a module whose mock fails is loaded as it is. (target.ts loads native code: no skipUnless here.)
it.skipIf(isBun)("the table and its codec load no native code", async () => {
  const { decodeOption, encodeOption, socketOptions } = await import("../../src/options/index.js");
  expect(decodeOption("rcvBuf", encodeOption("rcvBuf", 4096))).toBe(4096);
  expect(Object.keys(socketOptions).length).toBeGreaterThan(300);
  await expect(import("../../src/options/access.js")).rejects.toThrow();
});
