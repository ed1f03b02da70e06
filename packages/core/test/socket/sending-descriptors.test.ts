import { describe, expect, it } from "vitest";
import { mayTry } from "../../src/socket/fairness.js";
import { content } from "../support/content.js";
import { calls } from "../support/counted-calls.js";
import { closeSync } from "../support/files.mjs";
import { openFile } from "../support/owned-descriptors.js";
import { cramp, drop, fill, read, TYPES, withPair } from "../support/pairs.js";

describe("trap 38: POSIX locks", () => {
  it("a send that completes at once duplicates nothing, so a locked file keeps its lock", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      const count = await calls("dup", () => a.sendmsg({ fds: [file] }));
      expect(count).toBe(0);
      (await b.recvmsg())[Symbol.dispose]();
      closeSync(file);
    }));

  it("nor does one after a burst, which gives the event loop its turn", () =>
    withPair("seqpacket", async (a, b) => {
      const file = openFile("locked");
      while (mayTry());
      expect(await calls("dup", () => a.sendmsg({ fds: [file] }))).toBe(0);
      b.tryRecvmsg()![Symbol.dispose]();
      closeSync(file);
    }));
});

describe.each(TYPES)("%s", (type) => {
  it("trap 27: no descriptor is lost when the send must wait", () =>
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

  it("takes hold of descriptors within the call: the caller may close them", () =>
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
  it("may change as soon as the call has returned", () =>
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
