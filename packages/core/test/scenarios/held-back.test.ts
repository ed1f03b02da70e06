import { describe, expect } from "vitest";
import { onRealKernel } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

// The library limits how many descriptors of one user wait to be closed. A user who sends no descriptors is not affected.

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
