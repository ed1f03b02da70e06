import { afterEach, describe, expect, it, vi } from "vitest";
import { content } from "../support/content.js";
import { closeSync } from "../support/files.mjs";
import { rejection, thrown } from "../support/outcome.js";
import { openFile } from "../support/owned-descriptors.js";
import { bytesOf, cramp, fill, read, withPair } from "../support/pairs.js";
import { skipUnless } from "../support/skip-unless.js";
import { isRoot } from "../support/target.js";
import { turn } from "../support/waiting.js";
import { refuseToWatch } from "../support/watching.js";

/** A megabyte whose neighbouring bytes differ. */
const megabyte = Buffer.alloc(1 << 20, "the quick brown fox jumps over the lazy dog ");

describe("stream", () => {
  it("sends each byte of a long message once, and the descriptors with the first", () =>
    withPair("stream", async (a, b) => {
      const file = openFile("once");
      cramp(a);
      const pieces = [megabyte.subarray(0, 5), "", megabyte.subarray(5, 70_000), megabyte.subarray(70_000)];
      const sending = a.sendmsg({ data: pieces, fds: [file, file, file] });
      const messages = await read(b, megabyte.length, { maxFds: 253 });
      expect(await sending).toEqual({ bytes: megabyte.length });
      expect(bytesOf(messages).equals(megabyte)).toBe(true);
      expect(messages.map(({ fds }) => fds.length).filter((length) => length > 0)).toEqual([3]);
      expect(messages[0]!.fds.map(({ fd }) => content(fd))).toEqual(["once", "once", "once"]);
      for (const message of messages) message[Symbol.dispose]();
      closeSync(file);
    }));

  skipUnless("only root may send another user's credentials", isRoot)(
    "repeats the other control messages with each part, so that all bytes have the given credentials",
    () =>
      withPair(
        "stream",
        async (a, b) => {
          const file = openFile("once");
          const given = { pid: process.pid, uid: 65_534, gid: 65_534 };
          const message = {
            data: megabyte,
            fds: [file],
            control: [{ name: "credentials", value: given }] as const,
          };
          for (const waits of [false, true]) {
            // A send that must wait is queued before its first byte goes.
            const filled = waits ? 6 * fill(a) : 0;
            const sending = a.sendmsg(message);
            await read(b, filled);
            const messages = await read(b, megabyte.length, { maxFds: 253 });
            expect(await sending).toEqual({ bytes: megabyte.length });
            const bytesByUid = new Map<unknown, number>();
            for (const { data, control } of messages) {
              for (const item of control) {
                if (item.name !== "credentials") continue;
                const { uid } = item.value;
                bytesByUid.set(uid, (bytesByUid.get(uid) ?? 0) + data.length);
              }
            }
            expect([...bytesByUid]).toEqual([[given.uid, megabyte.length]]);
            expect(messages.map(({ fds }) => fds.length).filter((length) => length > 0)).toEqual([1]);
            for (const each of messages) each[Symbol.dispose]();
          }
          closeSync(file);
        },
        { receive: ["credentials"] },
      ),
  );

  it("does not mix long messages that wait behind each other", () =>
    withPair("stream", async (a, b) => {
      cramp(a);
      const size = 100_000;
      const sends = ["a", "b", "c"].map((letter) => a.sendmsg({ data: Buffer.alloc(size, letter) }));
      const all = bytesOf(await read(b, 3 * size));
      expect(all.equals(Buffer.concat(["a", "b", "c"].map((letter) => Buffer.alloc(size, letter))))).toBe(
        true,
      );
      await Promise.all(sends);
    }));

  it("an aborted message of which a part went rejects, all later ones reject, and the peer sees the end", () =>
    withPair("stream", async (a, b) => {
      const file = openFile("went");
      const controller = new AbortController();
      const partly = rejection(a.sendmsg({ data: megabyte, fds: [file] }, { signal: controller.signal }));
      const behind = rejection(a.sendmsg({ data: "behind", fds: [file] }));
      await turn();
      controller.abort("enough");
      const error = await partly;
      expect(error).toMatchObject({ code: "ABORT_ERR", cause: "enough" });
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(error.bytesSent).toBeLessThan(megabyte.length);
      expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0, cause: error });
      expect((await rejection(a.sendmsg({ data: "after" }))).code).toBe("EPIPE");

      const arrived = await read(b, megabyte.length, { maxFds: 1 });
      expect(bytesOf(arrived).length).toBe(error.bytesSent);
      expect((await b.recvmsg()).eof).toBe(true);
      expect(arrived.flatMap(({ fds }) => fds.map(({ fd }) => content(fd)))).toEqual(["went"]);
      for (const message of arrived) message[Symbol.dispose]();
      closeSync(file);
    }));

  it("close() during a message says how many bytes went", () =>
    withPair("stream", async (a, b) => {
      const sending = rejection(a.sendmsg({ data: megabyte }));
      await a.close();
      const error = await sending;
      expect(error.code).toBe("ERR_SENDMSG_CLOSED");
      expect(bytesOf(await read(b, megabyte.length)).length).toBe(error.bytesSent);
    }));

  it("a message of which a part went when the peer closes rejects, and says how many bytes went", () =>
    withPair("stream", async (a, b) => {
      const sending = rejection(a.sendmsg({ data: megabyte }));
      const behind = rejection(a.sendmsg({ data: "behind" }));
      await b.close();
      const error = await sending;
      expect(["EPIPE", "ECONNRESET"]).toContain(error.code);
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(await behind).toMatchObject({ code: "EPIPE", bytesSent: 0 });
    }));

  it("a buffer that is transferred after a part of it went ends the stream", () =>
    withPair("stream", async (a, b) => {
      const copy = new Uint8Array(megabyte);
      const sending = rejection(a.sendmsg({ data: copy }));
      structuredClone(copy, { transfer: [copy.buffer] });
      const arrived = read(b, megabyte.length);
      const error = await sending;
      expect(error.code).toBe("ERR_INVALID_STATE");
      expect(bytesOf(await arrived).length).toBe(error.bytesSent);
    }));

  it("trySendmsg() says how many bytes went", () =>
    withPair("stream", async (a, b) => {
      const { bytes } = a.trySendmsg({ data: megabyte })!;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(megabyte.length);
      await a.shutdown("write");
      expect(bytesOf(await read(b, megabyte.length)).length).toBe(bytes);
    }));

  it("an empty message sends nothing, and settles in its turn", () =>
    withPair("stream", async (a, b) => {
      expect(await a.sendmsg({})).toEqual({ bytes: 0 });
      expect(b.tryRecvmsg()).toBeUndefined();
      const filled = fill(a);
      const sends = [a.sendmsg({ data: "before" }), a.sendmsg({ data: [] }), a.sendmsg({ data: "behind" })];
      expect(String(bytesOf(await read(b, filled * 6 + 12))).slice(-12)).toBe("beforebehind");
      expect(await Promise.all(sends)).toEqual([{ bytes: 6 }, { bytes: 0 }, { bytes: 6 }]);
    }));
});

describe("a stream that can't wait for room for the rest of a message", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("refuses all later messages, because the peer could not tell where they begin", () =>
    withPair("stream", async (a, b) => {
      const endRefusal = refuseToWatch();
      const error = await rejection(a.sendmsg({ data: megabyte }));
      expect(error.code).toBe("ENOSPC");
      expect(error.bytesSent).toBeGreaterThan(0);
      expect(await rejection(a.sendmsg({ data: "next" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      expect(thrown(() => a.trySendmsg({ data: "next" }))).toMatchObject({ code: "EPIPE" });
      endRefusal();
      const arrived = bytesOf(await read(b, megabyte.length));
      expect(arrived.equals(megabyte.subarray(0, error.bytesSent as number))).toBe(true);
      expect((await b.recvmsg()).eof).toBe(true);
    }));
});
