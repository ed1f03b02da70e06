import { describe, expect, it } from "vitest";
import { withPair } from "../pairs.js";

describe("events", () => {
  it("of an earlier socket with the same number are not the next one's", () =>
    withPair("stream", async () => {
      for (let i = 0; i < 50; i++) {
        await withPair("stream", async (a, b) => {
          const receiving = b.recvmsg();
          await new Promise((resolve) => setImmediate(resolve));
          a.trySendmsg({ data: `${i}` });
          expect(String((await receiving).data)).toBe(`${i}`);
        });
      }
    }));
});
