import { describe, expect } from "vitest";
import { onRealKernel } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

// What waits to be closed is bounded by user, among others. Who sends no descriptors has no part in it.

describe.each(["stream", "dgram"])("while too many of a user's descriptors hang: %s", (type) => {
  onRealKernel("what brings none is received, what brings some waits until there are fewer", async () => {
    expect(await report("held-back.mjs", { args: [type], through: withOpenFiles(1024) })).toEqual({
      bytes: ["bytes", 0],
      descriptor: "waits",
      later: ["descriptor", 1],
      leftOver: [],
    });
  });
});
