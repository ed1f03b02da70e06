import { describe, expect } from "vitest";
import { onRealKernel } from "../support/skip-unless.js";
import { report, withOpenFiles } from "./program.js";

interface Report {
  found: { inOrder: boolean; fds: number; dropped: number; most: number; refused: number };
  offLoop: number;
  leftOver: string[];
}

describe.each(["dgram", "seqpacket"])("descriptors in batches near the limit of open files: %s", (type) => {
  // Room for the program, the duplicates of a message to send, and one received message.
  for (const limit of [700, 1024]) {
    onRealKernel(`none is lost, none is left over: ulimit -n ${limit}`, async () => {
      const { found, leftOver } = await report<Report>("batch-descriptors.mjs", {
        args: [type],
        through: withOpenFiles(limit),
      });
      expect(found).toMatchObject({ inOrder: true, fds: 64 * 253, dropped: 0, refused: 64 * 3 });
      expect(found.most).toBeLessThanOrEqual(limit);
      expect(leftOver).toEqual([]);
    });
  }
});
