import { describe, expect, it } from "vitest";
import { rejection, thrown } from "../support/outcome.js";
import { turn } from "../support/waiting.js";
import { CONNECTED, countNativeCalls, fill, kernel, memory, readAll, text } from "./both-transports.js";

countNativeCalls();

describe.each([kernel, memory])("$name sockets", ({ withPair, withListener, openFile }) => {
  describe.each(CONNECTED)("%s", (type) => {
    it("delivers the end as a message with eof each time, and iteration does not yield it", () =>
      withPair(type, async (a, b) => {
        await a.sendmsg({ data: "last" });
        const waiting = [b.recvmsg(), b.recvmsg()];
        await a.close();
        expect((await Promise.all(waiting)).map(({ eof, data }) => [eof, String(data)])).toEqual([
          [false, "last"],
          [true, ""],
        ]);
        for (let i = 0; i < 2; i++) expect(b.tryRecvmsg()).toMatchObject({ eof: true, fds: [] });
        expect((await readAll(b)).messages).toEqual([]);
        expect(await rejection(b.sendmsg({ data: "x" }))).toMatchObject({ code: "EPIPE", bytesSent: 0 });
      }));

    it("is reset by a peer that closes with unread data", () =>
      withPair(type, async (a, b) => {
        await b.sendmsg({ data: "unread" });
        await a.sendmsg({ data: "what came" });
        await a.close();
        // On a stream, the error comes when everything is read. On seqpacket, it comes first.
        if (type === "stream") expect(text(await b.recvmsg())).toBe("what came");
        expect(await rejection(b.recvmsg())).toMatchObject({ code: "ECONNRESET", syscall: "recvmsg" });
        if (type !== "stream") expect(text(await b.recvmsg())).toBe("what came");
        expect(await b.recvmsg()).toMatchObject({ eof: true });
      }));

    it("ends a loop with ECONNRESET if the peer closes with unread data", () =>
      withPair(type, async (a, b) => {
        await b.sendmsg({ data: "unread" });
        await a.close();
        expect(await rejection(b.messages().next())).toMatchObject({ code: "ECONNRESET" });
      }));

    it("rejects queued sends when the peer closes", () =>
      withPair(
        type,
        async (a, b) => {
          fill(a, "filler");
          const failures = [a.sendmsg({ data: "queued" }), a.sendmsg({ data: "behind" })].map(rejection);
          await b.close();
          for (const error of await Promise.all(failures)) {
            expect(error.bytesSent).toBe(0);
            expect(["EPIPE", "ECONNRESET"]).toContain(error.code);
          }
        },
        { cramped: true },
      ));

    it("is accepted in order, by calls that wait and by later ones", () =>
      withListener(type, async (listener, connect) => {
        expect(listener.tryAccept()).toBeUndefined();
        const waiting = listener.accept();
        const clients = [await connect(), await connect(), await connect()];
        for (const [i, client] of clients.entries()) await client.sendmsg({ data: `client ${i}` });
        const servers = [await waiting, listener.tryAccept()!, await listener.accept()];
        const received = [];
        for (const server of servers) received.push(text(await server.recvmsg()));
        expect(received).toEqual(["client 0", "client 1", "client 2"]);
        for (const server of servers) await server.close();
        expect((await clients[0]!.recvmsg()).eof).toBe(true);
      }));

    it("inherits the listener's maxFds", () =>
      withListener(type, async (listener, connect) => {
        const client = await connect();
        const file = openFile();
        await client.sendmsg({ data: "x", fds: [file.sendable, file.sendable] });
        file.close();
        const server = await listener.accept();
        const message = await server.recvmsg();
        expect([message.fds.length, message.droppedFds]).toEqual([1, 1]);
        message[Symbol.dispose]();
        await server.close();
      }));

    it("is not taken by an aborted accept(), and the listener's close() rejects the waiting calls", () =>
      withListener(type, async (listener, connect) => {
        const controller = new AbortController();
        const aborted = listener.accept({ signal: controller.signal });
        const next = listener.accept();
        controller.abort();
        expect(await rejection(aborted)).toMatchObject({ code: "ABORT_ERR" });
        await connect();
        await (await next).close();

        const waiting = rejection(listener.accept());
        const loop = (async () => {
          for await (const _ of listener) throw new Error("nobody connects");
        })();
        await turn();
        await listener.close();
        const closed = { code: "ERR_SENDMSG_CLOSED", message: "The listener is closed" };
        expect(await waiting).toMatchObject(closed);
        await loop;
        expect(listener.closed).toBe(true);
        expect(await rejection(listener.accept())).toMatchObject(closed);
        expect(thrown(() => listener.tryAccept())).toMatchObject(closed);
        expect(await rejection(connect())).toMatchObject({ code: "ECONNREFUSED", syscall: "connect" });
      }));

    it("is reset if nobody accepted it when the listener closes", () =>
      withListener(type, async (listener, connect) => {
        const client = await connect();
        await listener.close();
        expect(await rejection(client.recvmsg())).toMatchObject({ code: "ECONNRESET" });
        expect(await client.recvmsg()).toMatchObject({ eof: true });
      }));
  });
});
