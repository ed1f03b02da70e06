import { describe, expect, it } from "vitest";
import { MSG_PEEK, MSG_TRUNC, MSG_ZEROCOPY } from "../../src/constants/message-flags.js";
import { isSettled, rejection, thrown } from "../support/outcome.js";
import { turn } from "../support/waiting.js";
import { countNativeCalls, fill, kernel, memory, TYPES, text } from "./both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("$name sockets", ({ withPair, openFile, itRefuses }) => {
  describe.each(TYPES)("%s", (type) => {
    it("carries a message within the calls", () =>
      withPair(type, async (a, b) => {
        const sending = a.sendmsg({ data: ["he", Buffer.from("llo")] });
        expect(b.tryRecvmsg()).toMatchObject({
          data: Buffer.from("hello"),
          fds: [],
          control: [],
          flags: 0,
          eof: false,
          truncated: false,
          fullLength: 5,
          controlTruncated: false,
          droppedFds: 0,
        });
        expect(await sending).toEqual({ bytes: 5 });
        expect(b.tryRecvmsg()).toBeUndefined();
        await b.sendmsg({ data: "back" });
        const back = await a.recvmsg();
        expect(text(back)).toBe("back");
        expect(back.address).toEqual(type === "dgram" ? { family: "unix" } : undefined);
      }));

    it("serves waiting receives in order", () =>
      withPair(type, async (a, b) => {
        const receives = [b.recvmsg({ size: 1 }), b.recvmsg({ size: 1 }), b.recvmsg({ size: 1 })];
        expect(b.tryRecvmsg()).toBeUndefined();
        for (const data of ["1", "2", "3"]) await a.sendmsg({ data });
        expect((await Promise.all(receives)).map(text)).toEqual(["1", "2", "3"]);
      }));

    it("keeps message boundaries, or joins the data of several sends on a stream", () =>
      withPair(type, async (a, b) => {
        const first = b.recvmsg();
        for (const data of ["one", "two", "three"]) a.trySendmsg({ data });
        const received = [text(await first)];
        for (let message = b.tryRecvmsg(); message; message = b.tryRecvmsg()) received.push(text(message));
        expect(received).toEqual(type === "stream" ? ["onetwothree"] : ["one", "two", "three"]);
      }));

    it("cuts a message that is longer than the room, or delivers the rest later on a stream", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "abcdef" });
        const cut = await b.recvmsg({ size: 4 });
        expect(text(cut)).toBe("abcd");
        const isPacket = type !== "stream";
        expect(cut.truncated).toBe(isPacket);
        expect(cut.flags).toBe(isPacket ? MSG_TRUNC : 0);
        expect(cut.fullLength).toBe(isPacket ? 6 : 4);
        if (isPacket) expect(b.tryRecvmsg()).toBeUndefined();
        else expect(text(b.tryRecvmsg())).toBe("ef");
      }));

    it("fills the caller's buffers", () =>
      withPair(type, async (a, b) => {
        const one = new Uint8Array(4);
        await a.sendmsg({ data: "abc" });
        const { data } = await b.recvmsg({ buffers: one });
        expect([String(data), data.buffer === one.buffer]).toEqual(["abc", true]);
        const two = [Buffer.alloc(2), new Uint16Array(2)];
        await a.sendmsg({ data: "abcde" });
        expect(text(await b.recvmsg({ buffers: two }))).toBe("abcde");
        expect(String(two[0])).toBe("ab");
        expect(Buffer.from(two[1]!.buffer, 0, 3).toString()).toBe("cde");
      }));

    it("passes descriptors, each with another number for the same file and one owner", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const sending = a.sendmsg({ data: "x", fds: [file.sendable, file.sendable] });
          const message = await b.recvmsg();
          await sending;
          expect(message.droppedFds).toBe(0);
          const copy = message.copy();
          expect(message.fds).toEqual([]);
          expect(copy.fds.map((descriptor) => file.isBehind(descriptor))).toEqual([true, true]);
          const [first, second] = copy.takeFds();
          expect(copy.fds).toEqual([]);
          const duplicate = first!.dup();
          expect(duplicate.fd).not.toBe(first!.fd);
          expect(file.isBehind(duplicate)).toBe(true);
          first!.close();
          first!.close();
          expect(first!.fd).toBe(-1);
          expect(thrown(() => first!.dup())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
          expect(thrown(() => first!.detach())).toMatchObject({ code: "ERR_SENDMSG_CLOSED" });
          expect(
            thrown(() =>
              second!.handOver(() => {
                throw new Error("not mine");
              }),
            ).message,
          ).toBe("not mine");
          expect(file.isBehind(second!)).toBe(true);
          duplicate[Symbol.dispose]();
          second!.close();
          expect(await rejection(a.sendmsg({ data: "x", fds: [first!] }))).toMatchObject({
            code: "ERR_SENDMSG_CLOSED",
            bytesSent: 0,
          });
          file.close();
        },
        { maxFds: 2 },
      ));

    it("lets in no more descriptors than maxFds", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const fds = [file.sendable, file.sendable, file.sendable];
          for (let i = 0; i < 3; i++) await a.sendmsg({ data: "x", fds });
          const kept: number[][] = [];
          for (const options of [{ maxFds: 0 }, {}, { maxFds: 253 }]) {
            const message = await b.recvmsg(options);
            kept.push([message.fds.length, message.droppedFds]);
            message[Symbol.dispose]();
          }
          expect(kept).toEqual([
            [0, 3],
            [1, 2],
            [3, 0],
          ]);
          file.close();
        },
        { maxFds: 1 },
      ));

    it.each(["a receive", "the socket"])(
      'accepts all descriptors that a message can have: maxFds "all" of %s',
      (place) =>
        withPair(
          type,
          async (a, b) => {
            const file = openFile();
            await a.sendmsg({ data: "x", fds: new Array(253).fill(file.sendable) });
            const message = await b.recvmsg(place === "a receive" ? { maxFds: "all" } : {});
            expect([message.fds.length, message.droppedFds]).toEqual([253, 0]);
            message[Symbol.dispose]();
            file.close();
          },
          place === "a receive" ? {} : { maxFds: "all" },
        ),
    );

    itRefuses(`refuses a whole send with descriptors if maxFds is "refuse", on a ${type} socket`, () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const message = { data: "with", fds: [file.sendable] };
          const refused = { code: "EPERM", syscall: "sendmsg", bytesSent: 0 };
          const error = await rejection(a.sendmsg(message));
          expect(error).toMatchObject(refused);
          expect(error.message).toContain("SO_PASSRIGHTS");
          expect(thrown(() => a.trySendmsg(message))).toMatchObject(refused);
          file.close();
          await a.sendmsg({ data: "without" });
          expect(text(await b.recvmsg())).toBe("without");
          const argument = { code: "ERR_INVALID_ARG_VALUE", argument: "options.maxFds" };
          expect(await rejection(b.recvmsg({ maxFds: 1 }))).toMatchObject(argument);
        },
        { maxFds: "refuse" },
      ),
    );

    it("delivers new descriptors for each peek, which consumes nothing", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          await a.sendmsg({ data: "abc", fds: [file.sendable] });
          const peeks = [await b.recvmsg({ flags: MSG_PEEK }), await b.recvmsg({ flags: MSG_PEEK, size: 2 })];
          expect(peeks.map(text)).toEqual(["abc", "ab"]);
          const real = await b.recvmsg();
          const numbers = [...peeks, real].map(({ fds }) => fds[0]!.fd);
          expect(new Set(numbers).size).toBe(3);
          expect(text(real)).toBe("abc");
          expect(b.tryRecvmsg()).toBeUndefined();
          for (const message of [...peeks, real]) message[Symbol.dispose]();
          file.close();
        },
        { maxFds: 1 },
      ));

    it("consumes nothing for an aborted receive, and the next one gets the message", () =>
      withPair(type, async (a, b) => {
        const controller = new AbortController();
        const aborted = b.recvmsg({ signal: controller.signal });
        const next = b.recvmsg();
        controller.abort("enough");
        expect(await rejection(aborted)).toMatchObject({
          name: "AbortError",
          code: "ABORT_ERR",
          cause: "enough",
        });
        await a.sendmsg({ data: "for the next" });
        expect(text(await next)).toBe("for the next");
        const { signal } = controller;
        await a.sendmsg({ data: "still there" });
        expect(await rejection(b.recvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR" });
        expect(thrown(() => b.tryRecvmsg({ signal }))).toMatchObject({ code: "ABORT_ERR" });
        expect(await rejection(a.sendmsg({ data: "never" }, { signal }))).toMatchObject({
          code: "ABORT_ERR",
          bytesSent: 0,
        });
        expect(text(b.tryRecvmsg())).toBe("still there");
      }));

    it("gives each message memory that can be transferred", () =>
      withPair(type, async (a, b) => {
        const buffers = [Buffer.alloc(1), Buffer.alloc(8)];
        for (const options of [{}, { size: 2 }, { buffers }]) {
          await a.sendmsg({ data: "ab" });
          const data = (await b.recvmsg(options)).data;
          expect([String(data), data.buffer.byteLength]).toEqual(["ab", 2]);
          structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
        }
      }));

    it("refuses MSG_ZEROCOPY, with which the kernel would read the memory after the send has settled", () =>
      withPair(type, async (a, b) => {
        const message = { data: "x", flags: MSG_ZEROCOPY };
        const expected = {
          name: "TypeError",
          code: "ERR_INVALID_ARG_VALUE",
          argument: "message.flags",
          message: expect.stringMatching(/MSG_ZEROCOPY.*sendmsg\/syscalls/),
          bytesSent: 0,
        };
        expect(await rejection(a.sendmsg(message))).toMatchObject(expected);
        expect(thrown(() => a.trySendmsg(message))).toMatchObject(expected);
        expect(b.tryRecvmsg()).toBeUndefined();
      }));

    it("makes sends wait under back-pressure, keeps their order, and sends nothing of an aborted one", () =>
      withPair(
        type,
        async (a, b) => {
          const file = openFile();
          const controller = new AbortController();
          const count = fill(a, "filler");
          expect(count).toBeGreaterThan(0);
          const first = a.sendmsg({ data: "first!", fds: [file.sendable] });
          const aborted = a.sendmsg({ data: "never!", fds: [file.sendable] }, { signal: controller.signal });
          const last = a.sendmsg({ data: "last!!" });
          // The waiting sends have their own descriptors.
          file.close();
          expect(a.trySendmsg({ data: "no" })).toBeUndefined();
          expect(await isSettled(first)).toBe(false);
          controller.abort();
          expect(await rejection(aborted)).toMatchObject({ code: "ABORT_ERR", bytesSent: 0 });
          let received = "";
          let descriptors = 0;
          while (!received.endsWith("last!!")) {
            const message = await b.recvmsg({ maxFds: 253 });
            received += text(message);
            descriptors += message.fds.length;
            message[Symbol.dispose]();
          }
          // On a stream, a part of a filler may have gone.
          expect(received.replace(/^(filler)*(?:f|fi|fil|fill|fille)?(?=first!)/, "")).toBe("first!last!!");
          expect(descriptors).toBe(1);
          expect(await Promise.all([first, last])).toEqual([{ bytes: 6 }, { bytes: 6 }]);
        },
        { cramped: true },
      ));

    it('shutdown("write") waits for the queued sends, and later sends fail with EPIPE', () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const queued = a.sendmsg({ data: "queued" });
          const shutDown = a.shutdown("write");
          expect(await isSettled(shutDown)).toBe(false);
          expect(await rejection(a.sendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
          expect(thrown(() => a.trySendmsg({ data: "late" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
          let received = "";
          while (!received.endsWith("queued")) received += text(await b.recvmsg());
          await Promise.all([queued, shutDown]);
          if (type === "dgram") expect(b.tryRecvmsg()).toBeUndefined();
          else expect(await b.recvmsg()).toMatchObject({ eof: true, fullLength: 0, flags: 0 });
          // The other direction still works.
          await b.sendmsg({ data: "back" });
          expect(text(await a.recvmsg())).toBe("back");
        },
        { cramped: true },
      ));

    it('shutdown("read") delivers what has arrived and then the end, and the peer gets EPIPE', () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "before" });
        await b.shutdown("read");
        expect(text(await b.recvmsg())).toBe("before");
        for (let i = 0; i < 2; i++) expect(await b.recvmsg()).toMatchObject({ eof: true });
        expect(await rejection(a.sendmsg({ data: "after" }))).toMatchObject({
          code: "EPIPE",
          syscall: "sendmsg",
          message:
            "sendmsg EPIPE: the peer has closed the connection, or shutdown() was called at one end. " +
            "Close this socket; to go on, connect another one",
          bytesSent: 0,
        });
      }));

    it('shutdown("both") ends a waiting receive', () =>
      withPair(type, async (_, b) => {
        const waiting = b.recvmsg();
        await b.shutdown("both");
        expect(await waiting).toMatchObject({ eof: true });
        expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE" });
      }));

    it("close() rejects all waiting calls and all later ones", () =>
      withPair(
        type,
        async (a) => {
          fill(a, "filler");
          const closed = { code: "ERR_SENDMSG_CLOSED", message: "The socket is closed" };
          const file = openFile();
          const waits = [a.recvmsg(), a.recvmsg({ size: 1 })];
          const sends = [a.sendmsg({ data: "queued", fds: [file.sendable] }), a.sendmsg({ data: "behind" })];
          file.close();
          const errors = Promise.all([...waits, ...sends].map(rejection));
          expect(a.closed).toBe(false);
          await Promise.all([a.close(), a.close()]);
          for (const error of await errors) expect(error).toMatchObject(closed);
          expect((await errors).map(({ bytesSent }) => bytesSent)).toEqual([undefined, undefined, 0, 0]);
          expect(a.closed).toBe(true);
          expect(await rejection(a.sendmsg({ data: "x" }))).toMatchObject({ ...closed, bytesSent: 0 });
          expect(await rejection(a.recvmsg())).toMatchObject(closed);
          expect(await rejection(a.shutdown("write"))).toMatchObject(closed);
          expect(thrown(() => a.trySendmsg({ data: "x" }))).toMatchObject({ ...closed, bytesSent: 0 });
          expect(thrown(() => a.tryRecvmsg())).toMatchObject(closed);
          await a[Symbol.asyncDispose]();
        },
        { cramped: true },
      ));

    it("close() ends a loop, and leaving a loop does not close the socket", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "one" });
        for await (const message of b) {
          expect(text(message)).toBe("one");
          break;
        }
        expect(b.closed).toBe(false);
        const loop = (async () => {
          for await (const message of b.messages()) expect(text(message)).toBe("two");
        })();
        await a.sendmsg({ data: "two" });
        await turn();
        await b.close();
        await loop;
      }));

    it("rejects a queued send whose buffer was transferred", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const data = new Uint8Array(16);
          const failure = rejection(a.sendmsg({ data }));
          structuredClone(data.buffer, { transfer: [data.buffer] });
          b.tryRecvmsg();
          while (!(await isSettled(failure))) b.tryRecvmsg();
          expect(await failure).toMatchObject({ code: "ERR_INVALID_STATE", bytesSent: 0 });
        },
        { cramped: true },
      ));
  });
});
