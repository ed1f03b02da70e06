import { describe, expect, it } from "vitest";
import { rejection } from "../support/outcome.js";
import { withPair } from "../support/pairs.js";
import { VALUE } from "./refusal.js";

describe("shutdown refuses", () => {
  it.each([undefined, null, "", "rd", "toString", 1, 5n, Symbol("read")])("%o", (how) =>
    withPair("stream", async (a, b) => {
      expect(await rejection(a.shutdown(how as "read"))).toMatchObject({ code: VALUE, argument: "how" });
      await a.sendmsg({ data: "still open" });
      expect(String((await b.recvmsg()).data)).toBe("still open");
    }),
  );

  it("a socket that is closed", () =>
    withPair("stream", async (a) => {
      await a.close();
      expect((await rejection(a.shutdown("both"))).code).toBe("ERR_SENDMSG_CLOSED");
    }));
});
