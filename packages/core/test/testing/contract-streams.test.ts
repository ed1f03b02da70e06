import { describe, expect, it } from "vitest";
import { rejection } from "../support/outcome.js";
import { turn } from "../support/waiting.js";
import { countNativeCalls, kernel, memory, readAll, text } from "./both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("$name sockets", ({ withPair, openFile }) => {
  it("stream: an empty send sends nothing, and descriptors need a byte", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      expect(await a.sendmsg({})).toEqual({ bytes: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
      expect(await rejection(a.sendmsg({ fds: [file.sendable] }))).toMatchObject({
        code: "ERR_INVALID_ARG_VALUE",
        argument: "message.fds",
        bytesSent: 0,
      });
      file.close();
    }));

  it.each([
    [100, "aaaabbb+1 ccccdddd+1 ee"],
    [6, "aaaabb+1 bccccd+1 dddee"],
    [5, "aaaab+1 bbccc cdddd+1 ee"],
    [3, "aaa abb+1 bcc ccd+1 ddd ee"],
  ])("stream: delivers descriptors with their send's first byte, with room for %i", (size, expected) =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      for (const data of ["aaaa", "bbb", "cccc", "dddd", "ee"]) {
        await a.sendmsg({ data, fds: data === "bbb" || data === "dddd" ? [file.sendable] : [] });
      }
      await a.close();
      const received: string[] = [];
      for await (const message of b.messages({ size, maxFds: 253 })) {
        received.push(`${text(message)}${message.fds.length > 0 ? `+${message.fds.length}` : ""}`);
        message[Symbol.dispose]();
      }
      expect(received.join(" ")).toBe(expected);
      file.close();
    }),
  );

  const megabyte = Buffer.alloc(1 << 20, "the quick brown fox jumps over the lazy dog ");

  it("stream: a message that goes in parts arrives whole before the next one, and its descriptors once", () =>
    withPair("stream", async (a, b) => {
      const file = openFile();
      const sends = [
        a.sendmsg({ data: megabyte, fds: [file.sendable] }),
        a.sendmsg({ data: "next", fds: [file.sendable] }),
      ];
      file.close();
      const ending = a.shutdown("write");
      let length = 0;
      const at: number[] = [];
      const pieces: Buffer[] = [];
      for await (const message of b.messages({ maxFds: 9 })) {
        for (const _ of message.fds) at.push(length);
        length += message.data.length;
        pieces.push(message.data);
        message[Symbol.dispose]();
      }
      expect(Buffer.concat(pieces).equals(Buffer.concat([megabyte, Buffer.from("next")]))).toBe(true);
      expect(at).toHaveLength(2);
      expect(at[0]).toBe(0);
      expect(await Promise.all(sends)).toEqual([{ bytes: megabyte.length }, { bytes: 4 }]);
      await ending;
    }));

  it("stream: trySendmsg() can take a part", () =>
    withPair("stream", async (a, b) => {
      const { bytes } = a.trySendmsg({ data: megabyte })!;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(megabyte.length);
      await a.close();
      expect((await readAll(b)).bytes.length).toBe(bytes);
    }));

  it.each(["abort", "close"] as const)("stream: %s after a part of a message ends the stream there", (how) =>
    withPair("stream", async (a, b) => {
      const controller = new AbortController();
      const partial = rejection(a.sendmsg({ data: megabyte }, { signal: controller.signal }));
      const behind = rejection(a.sendmsg({ data: "behind" }));
      await turn();
      if (how === "abort") controller.abort();
      else await a.close();
      const error = await partial;
      expect(error.code).toBe(how === "abort" ? "ABORT_ERR" : "ERR_SENDMSG_CLOSED");
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(error.bytesSent).toBeLessThan(megabyte.length);
      if (how === "abort") {
        expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0, cause: error });
        expect(await rejection(a.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
        await b.sendmsg({ data: "receiving goes on" });
        expect(text(await a.recvmsg())).toBe("receiving goes on");
      } else {
        expect(await behind).toMatchObject({ code: "ERR_SENDMSG_CLOSED", bytesSent: 0 });
      }
      expect((await readAll(b)).bytes.length).toBe(error.bytesSent);
    }),
  );

  it("stream: an address fails with EISCONN", () =>
    withPair("stream", async (a) => {
      const address = { path: "/nowhere" };
      expect(await rejection(a.sendmsg({ data: "x", address }))).toMatchObject({
        code: "EISCONN",
        bytesSent: 0,
      });
    }));
});
