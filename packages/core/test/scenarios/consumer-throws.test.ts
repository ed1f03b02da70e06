import { expect, test } from "vitest";
import { TYPES } from "../support/pairs.js";
import { report } from "./program.js";

test.each(TYPES)(
  "a loop over the messages of a %s socket loses no descriptor, however the program leaves it",
  async (type) => {
    const { found, ...rest } = await report("consumer.mjs", {
      args: [type],
      nodeOptions: ["--expose-gc", "--no-warnings"],
    });
    const ofSocket = [
      "thrown 3",
      "the consumer's own",
      "left 3",
      "rejected 3",
      "returned 3",
      "next 3",
      false,
      "last 3",
      "ended",
    ];
    const ofListener = type === "dgram" ? [] : ["refused by the consumer", 6, false];
    expect(found).toEqual([...ofSocket, ...ofListener]);
    // The four messages that were not disposed of had three descriptors each.
    expect(rest).toEqual({ warnings: 12, leftOver: [] });
  },
);
