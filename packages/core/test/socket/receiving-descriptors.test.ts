import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MSG_PEEK } from "../../src/constants/index.js";
import { Socket, socketpair } from "../../src/index.js";
import { isCloseOnExec, sameFile } from "../support/descriptor-state.js";
import { closeSync, fstatSync } from "../support/files.mjs";
import { has } from "../support/kernel-features.js";
import { rejection, thrown } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { TYPES, withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";

describe.each(TYPES)("%s", (type) => {
  it.each([
    [0, 3, 0, 3],
    [2, 3, 2, 1],
    [3, 3, 3, 0],
    [253, 253, 253, 0],
    [252, 253, 252, 1],
    [0, 253, 0, 253],
  ])("maxFds %i and %i descriptors sent: keeps %i and drops %i", (maxFds, sent, kept, dropped) =>
    withPair(type, async (a, b) => {
      const file = openFile("x");
      await a.sendmsg({ data: "x", fds: new Array(sent).fill(file) });
      using message = await b.recvmsg({ maxFds });
      expect([message.fds.length, message.droppedFds]).toEqual([kept, dropped]);
      expect(message.controlTruncated).toBe(false);
      expect(message.fds.every(({ fd }) => sameFile(fd, file) && isCloseOnExec(fd))).toBe(true);
      closeSync(file);
    }),
  );

  it("lets no descriptor in by default, and delivers the data", () =>
    withPair(type, async (a, b) => {
      await a.sendmsg({ data: "x", fds: [0, 1] });
      const message = await b.recvmsg();
      expect(message).toMatchObject({ fds: [], droppedFds: 2, controlTruncated: false });
      expect(String(message.data)).toBe("x");
    }));

  it("applies the socket's maxFds to every receive that gives none", () =>
    withPair(
      type,
      async (a, b) => {
        for (const expected of [2, 1, 0]) {
          await a.sendmsg({ data: "x", fds: [0, 1, 2] });
          using message = await b.recvmsg(expected === 2 ? {} : { maxFds: expected });
          expect(message.fds.length).toBe(expected);
        }
      },
      { maxFds: 2 },
    ));

  it('a socket that is taken over can accept "all"', () =>
    withPair(type, async (a, b) => {
      const taken = Socket.from(b.detach(), { maxFds: "all" });
      await a.sendmsg({ data: "x", fds: new Array(253).fill(0) });
      using message = await taken.recvmsg();
      expect(message.fds.length).toBe(253);
      await taken.close();
    }));

  it("says which texts maxFds can be", () =>
    withPair(type, async (a) => {
      const refused = "ERR_INVALID_ARG_TYPE";
      expect(await rejection(a.recvmsg({ maxFds: "none" as never }))).toMatchObject({
        code: refused,
        message:
          'The "options.maxFds" argument must be of type number, or "all". Received type string ("none")',
      });
      expect(thrown(() => socketpair(type, { maxFds: "none" as never }))).toMatchObject({
        code: refused,
        message:
          'The "options.maxFds" argument must be of type number, "all" or "refuse". Received type string ("none")',
      });
    }));

  it("loses no descriptor when it closes with unread messages", () =>
    withPair(type, async (a) => {
      for (let i = 0; i < 5; i++) await a.sendmsg({ data: "x", fds: [0, 1, 2] });
    }));

  it("gets new descriptors for each MSG_PEEK, and closes each", () =>
    withPair(type, async (a, b) => {
      const file = openFile("peeked");
      await a.sendmsg({ data: "x", fds: [file, file] });
      const numbers = new Set<number>();
      for (const flags of [MSG_PEEK, MSG_PEEK, 0]) {
        const message = await b.recvmsg({ flags, maxFds: 1 });
        expect([String(message.data), message.fds.length, message.droppedFds]).toEqual(["x", 1, 1]);
        expect(sameFile(message.fds[0]!.fd, file)).toBe(true);
        numbers.add(message.fds[0]!.fd);
        if (numbers.size === 2) message[Symbol.dispose]();
        else message.takeFds()[0]!.close();
      }
      expect(b.tryRecvmsg()).toBeUndefined();
      closeSync(file);
    }));

  const withPidfd = skipUnless("SO_PASSPIDFD is unknown here; Linux has it since 6.5", has.passPidfd());

  withPidfd("delivers the sender's pidfd as a descriptor with an owner", () =>
    withPair(
      type,
      async (a, b) => {
        const isOurs = (fd: number) =>
          new RegExp(`^Pid:\\s+${process.pid}$`, "m").test(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"));
        await a.sendmsg({ data: "x" });
        const message = await b.recvmsg();
        expect(message.control).toEqual([]);
        const pidfd = message.takePidfd()!;
        expect(message.pidfd).toBeUndefined();
        expect(message.takePidfd()).toBeUndefined();
        expect(isOurs(pidfd.fd) && isCloseOnExec(pidfd.fd)).toBe(true);
        pidfd.close();
        await a.sendmsg({ data: "x" });
        using disposed = await b.recvmsg();
        expect(isOurs(disposed.pidfd!.fd)).toBe(true);
      },
      { receive: ["pidfd"] },
    ),
  );
});

describe("stream", () => {
  it("delivers descriptors with the first byte of their send, and ends that receive with the send's bytes", () =>
    withPair("stream", async (a, b) => {
      const [first, second] = [openFile("1"), openFile("2")];
      await a.sendmsg({ data: "aaaa" });
      await a.sendmsg({ data: "b", fds: [first] });
      await a.sendmsg({ data: "cccc" });
      await a.sendmsg({ data: "d", fds: [second] });
      for (const [data, file] of [
        ["aaaab", first],
        ["ccccd", second],
      ] as const) {
        using message = await b.recvmsg({ maxFds: 253 });
        expect(String(message.data)).toBe(data);
        expect(message.fds.map(({ fd }) => fstatSync(fd).ino)).toEqual([fstatSync(file).ino]);
      }
      closeSync(first);
      closeSync(second);
    }));

  it("delivers the descriptors of a send once if its bytes are read in parts", () =>
    withPair("stream", async (a, b) => {
      await a.sendmsg({ data: "abc", fds: [0] });
      for (const [letter, count] of [
        ["a", 1],
        ["b", 0],
        ["c", 0],
      ] as const) {
        using message = await b.recvmsg({ size: 1, maxFds: 5 });
        expect([String(message.data), message.fds.length, message.truncated]).toEqual([letter, count, false]);
      }
    }));
});
