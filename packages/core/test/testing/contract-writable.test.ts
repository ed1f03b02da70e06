import { describe, expect, it } from "vitest";
import { isSettled, rejection } from "../support/outcome.js";
import { turn } from "../support/waiting.js";
import { countNativeCalls, fill, kernel, memory, TYPES } from "./both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("writable() of $name sockets", ({ withPair }) => {
  describe.each(TYPES)("%s", (type) => {
    it("settles at once while there is room, and otherwise when the peer has received, for all callers", () =>
      withPair(
        type,
        async (a, b) => {
          await a.writable();
          const sent = fill(a, "filler");
          const waits = [a.writable(), a.writable({})];
          expect(await isSettled(Promise.race(waits))).toBe(false);
          for (let i = 0; i < sent; i++) b.tryRecvmsg(type === "stream" ? { size: 6 } : {});
          await Promise.all(waits);
          expect(a.trySendmsg({ data: "filler" })).toEqual({ bytes: 6 });
        },
        { cramped: true },
      ));

    it("waits for the sends that are queued", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const order: string[] = [];
          const queued = a.sendmsg({ data: "queued" }).then(() => order.push("sent"));
          const writable = a.writable().then(() => order.push("writable"));
          while (order.length < 2) {
            b.tryRecvmsg();
            await turn();
          }
          await Promise.all([queued, writable]);
          expect(order).toEqual(["sent", "writable"]);
        },
        { cramped: true },
      ));

    it("rejects when it is aborted, when writing is shut down, and when the socket is closed", () =>
      withPair(
        type,
        async (a, b) => {
          for (const socket of [a, b]) fill(socket, "filler");
          const controller = new AbortController();
          const aborted = rejection(a.writable({ signal: controller.signal }));
          const shutDown = rejection(a.writable());
          controller.abort("why");
          expect(await aborted).toMatchObject({ code: "ABORT_ERR", cause: "why" });
          await a.shutdown("write");
          expect(await shutDown).toMatchObject({ code: "EPIPE" });
          expect(await rejection(a.writable())).toMatchObject({ code: "EPIPE" });
          const closed = rejection(b.writable());
          await b.close();
          expect(await closed).toMatchObject({ code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" });
          expect(await rejection(b.writable())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
          expect(await rejection(a.writable(5 as never))).toMatchObject({ code: "ERR_INVALID_ARG_TYPE" });
        },
        { cramped: true },
      ));

    it("settles when the peer closes", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const waiting = a.writable();
          await b.close();
          await waiting;
          expect(["EPIPE", "ECONNRESET", "ECONNREFUSED"]).toContain(
            (await rejection(a.sendmsg({ data: "x" }))).code,
          );
        },
        { cramped: true },
      ));
  });
});
