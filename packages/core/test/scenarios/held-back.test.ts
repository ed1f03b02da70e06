import { describe, expect } from "vitest";
import { onRealKernel } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

// What waits to be closed is bounded by user, among others. Who sends no descriptors has no part in it.

describe.each(["stream", "dgram"])(
  "while too many of a user's descriptors hang in close(2), readiness by %s",
  (type) => {
    onRealKernel("messages without descriptors are received, and those with descriptors wait", async () => {
      expect(await report("held-back.mjs", { args: [type], through: withOpenFiles(1024) })).toEqual({
        bytes: ["bytes", 0],
        descriptor: "waits",
        later: ["descriptor", 1],
        leftOver: [],
      });
    });
  },
);
