import { describe, expect, it } from "vitest";
import { rejection } from "../support/outcome.js";
import { countNativeCalls, kernel, memory, PACKETS } from "./both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("$name sockets", ({ withPair, openFile }) => {
  describe.each(PACKETS)("%s", (type) => {
    it("delivers an empty message, with or without descriptors", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          await a.sendmsg({});
          await a.sendmsg({ fds: [file.sendable] });
          expect(await b.recvmsg()).toMatchObject({ eof: false, fds: [], fullLength: 0 });
          const message = await b.recvmsg();
          expect([message.eof, message.data.length, message.fds.length]).toEqual([false, 0, 1]);
          message[Symbol.dispose]();
          file.close();
        },
        { maxFds: 1 },
      ));

    it("refuses a message that is too long, and delivers any other whole", () =>
      withPair(type, async (a, b) => {
        expect(await rejection(a.sendmsg({ data: Buffer.alloc(1 << 22) }))).toMatchObject({
          code: "EMSGSIZE",
          bytesSent: 0,
        });
        await a.sendmsg({ data: Buffer.alloc(100_000, "long") });
        expect((await b.recvmsg()).data.equals(Buffer.alloc(100_000, "long"))).toBe(true);
      }));
  });

  it("dgram: delivers no end, and the first send to a closed peer fails", () =>
    withPair("dgram", async (a, b) => {
      await a.close();
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "ECONNREFUSED" });
      expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "ENOTCONN" });
    }));
});
