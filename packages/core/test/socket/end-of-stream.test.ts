import { describe, expect, it } from "vitest";
import type { Message } from "../../src/index.js";
import { TYPES, withPair } from "../support/pairs.js";
import { turn } from "../support/waiting.js";

describe("the end of the stream", () => {
  it.each(["stream", "seqpacket"] as const)("%s: ends the iteration, which does not yield it", (type) =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x" });
      await a.shutdown("write");
      const seen: Message[] = [];
      for await (const message of b) seen.push(message);
      expect(seen.map(({ data }) => String(data))).toEqual(["x"]);
      for (let i = 0; i < 3; i++) {
        const end = await b.recvmsg();
        expect(end).toMatchObject({ eof: true, fullLength: 0, truncated: false, fds: [], control: [] });
        expect(end.data.length).toBe(0);
      }
      await b.sendmsg({ data: "the other direction is open" });
      expect(String((await a.recvmsg()).data)).toBe("the other direction is open");
    }),
  );

  it.each(["stream", "seqpacket"] as const)("%s: ends all waiting receives", (type) =>
    withPair(type, async (a, b) => {
      const waits = [b.recvmsg(), b.recvmsg()];
      await turn();
      await a.close();
      expect((await Promise.all(waits)).map(({ eof }) => eof)).toEqual([true, true]);
    }),
  );

  it.each(TYPES)('%s: comes after shutdown("read"), too', (type) =>
    withPair(type, async (_, b) => {
      const waiting = b.recvmsg();
      await turn();
      await b.shutdown("read");
      expect((await waiting).eof).toBe(true);
      expect((await b.recvmsg()).eof).toBe(true);
    }),
  );
});
