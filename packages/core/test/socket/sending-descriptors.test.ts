import { describe, expect, it } from "vitest";
import { mayTry } from "../../src/socket/fairness.js";
import { content } from "../support/content.js";
import { calls } from "../support/counted-calls.js";
import { closeSync } from "../support/files.mjs";
import { openFile } from "../support/owned-descriptors.js";
import { cramp, drop, fill, read, TYPES, withPair } from "../support/pairs.js";

describe("the POSIX lock of a file that is sent", () => {
  it("is kept, because a send that completes at once duplicates no descriptor", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      const count = await calls("dup", () => a.sendmsg({ fds: [file] }));
      expect(count).toBe(0);
      (await b.recvmsg())[Symbol.dispose]();
      closeSync(file);
    }));

  it("is kept if the send comes when the event loop's turn is due", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      while (mayTry());
      expect(await calls("dup", () => a.sendmsg({ fds: [file] }))).toBe(0);
      b.tryRecvmsg()![Symbol.dispose]();
      closeSync(file);
    }));
});

describe.each(TYPES)("%s", (type) => {
  it("sends that must wait lose no descriptor", () =>
    withPair(type, async (a, b) => {
      const file = openFile("sixty");
      cramp(a);
      const filled = fill(a);
      const sends = Array.from({ length: 60 }, () => a.sendmsg({ data: "x", fds: [file] }));
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      for (let i = 0; i < 60; i++) {
        using message = await b.recvmsg({ maxFds: 253 });
        expect(message.fds.map(({ fd }) => content(fd))).toEqual(["sixty"]);
      }
      await Promise.all(sends);
      closeSync(file);
    }));

  it("a waiting send has its own descriptors, so that the caller may close his", () =>
    withPair(type, async (a, b) => {
      const file = openFile("still there");
      const filled = fill(a);
      const sending = a.sendmsg({ data: "x", fds: [file] });
      closeSync(file);
      if (type === "stream") await read(b, filled * 6);
      else await drop(b, filled);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(content(message.fds[0]!.fd)).toBe("still there");
      await sending;
    }));
});

describe("the caller's list of descriptors", () => {
  it("can be changed as soon as sendmsg() has returned", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("listed");
      const filled = fill(a);
      const fds = [file];
      const sending = a.sendmsg({ data: "x", fds });
      fds.length = 0;
      await drop(b, filled);
      using message = await b.recvmsg({ maxFds: 1 });
      expect(content(message.fds[0]!.fd)).toBe("listed");
      await sending;
      closeSync(file);
    }));
});
