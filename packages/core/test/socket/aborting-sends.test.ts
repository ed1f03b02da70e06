import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { closeSync } from "../support/files.mjs";
import { rejection } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { bytesOf, drop, fill, read, TYPES, withPair } from "../support/pairs.js";

describe.each(TYPES)("%s", (type) => {
  it("aborted sends of which nothing went send nothing, and the other sends keep their order", () =>
    withPair(type, async (a, b) => {
      const file = openFile("never sent");
      const filled = fill(a);
      const controller = new AbortController();
      const { signal } = controller;
      const first = a.sendmsg({ data: "first!" });
      const aborted = [1, 2].map(() => rejection(a.sendmsg({ data: "never!", fds: [file] }, { signal })));
      const last = a.sendmsg({ data: "last!!" });
      const reason = new Error("changed my mind");
      controller.abort(reason);
      for (const error of await Promise.all(aborted)) {
        expect(error).toMatchObject({ name: "AbortError", code: "ABORT_ERR", bytesSent: 0 });
        expect(error.cause).toBe(reason);
      }
      if (type === "stream") {
        expect(String(bytesOf(await read(b, filled * 6 + 12))).slice(-18)).toBe("fillerfirst!last!!");
      } else {
        await drop(b, filled);
        expect(String((await b.recvmsg()).data)).toBe("first!");
        expect(String((await b.recvmsg()).data)).toBe("last!!");
      }
      await Promise.all([first, last]);
      expect(b.tryRecvmsg()).toBeUndefined();
      closeSync(file);
    }));

  it("when the first waiting send is aborted, the next one goes", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const controller = new AbortController();
      const aborted = rejection(a.sendmsg({ data: "never!" }, { signal: controller.signal }));
      const next = a.sendmsg({ data: "next!!" });
      controller.abort();
      expect((await aborted).code).toBe("ABORT_ERR");
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      expect(String((await b.recvmsg()).data)).toBe("next!!");
      await next;
    }));

  it("a send with an aborted signal sends nothing", () =>
    withPair(type, async (a, b) => {
      const error = await rejection(a.sendmsg({ data: "x" }, { signal: AbortSignal.abort("why") }));
      expect(error).toMatchObject({ code: "ABORT_ERR", cause: "why", bytesSent: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
    }));

  it("a send removes its listener from the signal when it settles", () =>
    withPair(type, async (a, b) => {
      const filled = fill(a);
      const { signal } = new AbortController();
      const sending = a.sendmsg({ data: "x" }, { signal });
      expect(getEventListeners(signal, "abort").length).toBe(1);
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      await sending;
      expect(getEventListeners(signal, "abort").length).toBe(0);
    }));

  it("many receives that wait with one signal share one listener, and all end when it aborts", () =>
    withPair(type, async (a, b) => {
      const controller = new AbortController();
      const { signal } = controller;
      const waits = [a, b].flatMap((end) => Array.from({ length: 20 }, () => end.recvmsg({ signal })));
      expect(getEventListeners(signal, "abort").length).toBe(1);
      controller.abort("why");
      const settled = await Promise.allSettled(waits);
      const rejected = settled.flatMap((wait) => (wait.status === "rejected" ? [wait.reason] : []));
      expect(new Set(rejected).size).toBe(rejected.length);
      for (const error of rejected) expect(error).toMatchObject({ code: "ABORT_ERR", cause: "why" });
      expect(rejected.length).toBe(40);
      expect(getEventListeners(signal, "abort").length).toBe(0);
    }));
});
